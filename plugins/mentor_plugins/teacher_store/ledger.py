"""Ledger: every request to a teacher's server, and how much of a budget is left.

A request is noted before it is sent, and once more when its reply arrives. After a crash, the
ledger gives the replies that arrived, so that nothing is paid for twice. Requests without a reply
stay noted as "sent": only the server knows if they were paid for.
"""

from __future__ import annotations

import json
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mentor_core.support.errors import MentorError
from mentor_core.support.redaction import hide
from mentor_plugins.endpoint import usage_in
from mentor_plugins.teacher_store.database import Database
from mentor_plugins.teacher_store.prices import Prices

__all__ = ["Budget", "Ledger", "Stopped"]


class Stopped(MentorError):
    """No further request may be sent; says why."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits on the cost of a store; None: no limit.

    Attributes:
        cost: US dollars for all requests in the ledger.
        requests: number of all requests in the ledger, with the failed ones.
        minutes: wall time from when the collection began.
    """

    cost: float | None = None
    requests: int | None = None
    minutes: float | None = None


class Ledger:
    """Notes requests in a store; see `mentor_core.contracts.teacher.RequestLog`.

    Args:
        teacher: id of the teacher that asks.
        interrupted: true if the user asked to stop.

    Attributes:
        stopped: why no further request is sent; None while requests are.
        broken: true if the reason is that the store cannot be written.
    """

    def __init__(
        self,
        database: Database,
        teacher: str,
        prices: Prices,
        budget: Budget,
        interrupted: Callable[[], bool] = lambda: False,
    ) -> None:
        self.database, self.teacher, self.prices, self.budget = database, teacher, prices, budget
        self.interrupted, self.broken = interrupted, False
        self.stopped: str | None = None
        self._began = time.monotonic()
        self._lock = threading.Lock()

    def remembered(self, key: str) -> Any:
        rows = self.database.rows(
            "SELECT reply FROM requests WHERE key = ? AND state = 'answered'", (key,)
        )
        return json.loads(zlib.decompress(rows[0][0])) if rows and rows[0][0] else None

    def begin(self, key: str) -> None:
        with self._lock:
            self.check()
            try:
                with self.database.writing() as connection:
                    connection.execute(
                        "INSERT INTO requests (key, teacher, state, tries, began_at) "
                        "VALUES (?, ?, 'sent', 1, ?) ON CONFLICT (key) DO UPDATE SET "
                        "state = 'sent', tries = tries + 1, began_at = excluded.began_at, "
                        "problem = NULL",
                        (key, self.teacher, datetime.now(UTC).isoformat(timespec="seconds")),
                    )
            except MentorError as error:
                self._break(error)
                raise

    def answered(self, key: str, reply: Any, seconds: float) -> None:
        # Added up: a request whose reply `gc` deleted was paid for before, too.
        usage = usage_in(reply if isinstance(reply, dict) else {})
        packed = zlib.compress(json.dumps(reply, ensure_ascii=False).encode())
        try:
            with self.database.writing() as connection:
                connection.execute(
                    "UPDATE requests SET state = 'answered', seconds = ?1, model = ?2, "
                    "prompt_tokens = prompt_tokens + ?3, "
                    "completion_tokens = completion_tokens + ?4, "
                    "cost = COALESCE(cost + ?5, ?5, cost), reply = ?6 WHERE key = ?7",
                    (
                        seconds,
                        usage.model,
                        usage.prompt_tokens,
                        usage.completion_tokens,
                        self.prices.cost(usage),
                        packed,
                        key,
                    ),
                )
        except MentorError as error:  # what is paid for could not be kept: pay for no more
            self._break(error)
            raise

    def failed(self, key: str, problem: str) -> None:
        with self.database.writing() as connection:
            connection.execute(
                "UPDATE requests SET state = 'failed', problem = ? WHERE key = ?",
                (hide(problem)[:500], key),
            )

    def check(self) -> None:
        """Raise if no further request may be sent.

        Raises:
            Stopped: says why no further request may be sent; `stopped` keeps the reason.
        """
        self.stopped = self.stopped or self._why_stop()
        if self.stopped:
            raise Stopped(self.stopped)

    @property
    def spent(self) -> tuple[int, float | None]:
        """Requests in the ledger, and their cost in US dollars; None if no price is known."""
        ((requests, cost),) = self.database.rows("SELECT COUNT(*), SUM(cost) FROM requests")
        return requests, cost

    def _break(self, error: MentorError) -> None:
        self.stopped, self.broken = str(error), True

    def _why_stop(self) -> str | None:
        if self.interrupted():
            return "stopped by the user"
        minutes = (time.monotonic() - self._began) / 60
        if self.budget.minutes is not None and minutes >= self.budget.minutes:
            return f"--max-minutes {self.budget.minutes:g} are over"
        if self.budget.requests is not None or self.budget.cost is not None:
            requests, cost = self.spent
            if self.budget.requests is not None and requests >= self.budget.requests:
                return f"--max-requests {self.budget.requests} is spent: the ledger has {requests}"
            if self.budget.cost is not None and (cost or 0.0) >= self.budget.cost:
                return f"--max-cost {self.budget.cost:g} is spent: the ledger has ${cost:.4f}"
        return None
