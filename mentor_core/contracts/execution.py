"""ToolExecutor: runs the tool calls of many episodes at the same time.

Async tools share one event loop, sync tools a bounded pool of daemon threads. Every call has a time
limit, and results keep the order of the calls. A call over its limit fails, in its own episode
only. The call's thread is abandoned and replaced, so that no other episode waits.
"""

from __future__ import annotations

import asyncio
import math
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, Self

from mentor_core.contracts.trajectory import Call, whole_text
from mentor_core.support.event_loop import EventLoop
from mentor_core.tools.tool import Tool, ToolError, render_result

__all__ = ["ToolExecutor", "ToolJobs"]


@dataclass(slots=True, eq=False)
class ToolJobs:
    """The calls of one turn that are to be executed.

    Attributes:
        calls: pairs of a call and its tool; `result`, `failure` and `seconds` are filled in.
        parallel: true if the calls of this turn may overlap.
        deadline: time at which running calls are given up, and after which no call begins; in
            seconds of `time.perf_counter`.
    """

    calls: Sequence[tuple[Call, Tool]]
    parallel: bool = True
    deadline: float = math.inf


_Settle = Callable[[str, BaseException | None], bool]
_Done = queue.SimpleQueue[ToolJobs]


class _OverLimit(Exception):
    """A call is over its time limit; different from a tool's own TimeoutError."""


class _Limit(NamedTuple):
    deadline: float
    holds_thread: bool
    settle: _Settle


class ToolExecutor:
    """Use as a context manager, or call `close`.

    Args:
        workers: most sync calls that run at the same time.
        limit_seconds: time limit of one call.
    """

    def __init__(self, workers: int = 32, limit_seconds: float = 30.0) -> None:
        self.workers, self.limit_seconds = workers, limit_seconds
        self._tasks: deque[Callable[[], bool]] = deque()
        self._done: _Done = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)  # a task to do, or closed
        self._idle = 0
        self._threads = 0
        self._closed = False
        self._loop: EventLoop | None = None
        self._running: set[ToolJobs] = set()
        self._limits: dict[Future[None], _Limit] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, jobs: Sequence[ToolJobs]) -> None:
        """Execute all and return when every call has a result or a failure.

        Jobs submitted elsewhere go on meanwhile, and are left for `collect`.
        """
        done: _Done = queue.SimpleQueue()
        for job in jobs:
            self._begin(job, done)
        for _ in jobs:
            while True:
                try:
                    done.get(timeout=self._expire())
                    break
                except queue.Empty:  # a call may be over its limit
                    continue

    def submit(self, jobs: ToolJobs) -> None:
        """Start the calls; `collect` returns the jobs once all of them have ended."""
        self._running.add(jobs)
        self._begin(jobs, self._done)

    def _begin(self, jobs: ToolJobs, done: _Done) -> None:
        """Start the calls; the jobs are put into `done` once all of them have ended."""
        if jobs.parallel and len(jobs.calls) > 1:
            remaining = [len(jobs.calls)]

            def count(_: object) -> None:
                with self._lock:
                    remaining[0] -= 1
                    last = remaining[0] == 0
                if last:
                    done.put(jobs)

            for call, tool in jobs.calls:
                self._start(call, tool, jobs.deadline).add_done_callback(count)
        else:
            self._next_in_order(jobs, 0, done)

    def collect(self, timeout: float | None = 0.0) -> list[ToolJobs]:
        """Jobs that have ended since the last call.

        Args:
            timeout: seconds to wait for the first job; None waits as long as any job is running.
        """
        ended: list[ToolJobs] = []
        give_up = None if timeout is None else time.perf_counter() + timeout
        while self._running and not ended:
            wait = self._expire()
            if give_up is not None:
                wait = min(wait, max(give_up - time.perf_counter(), 0.0))
            try:
                ended.append(self._done.get(timeout=wait) if wait else self._done.get_nowait())
            except queue.Empty:
                if give_up is not None and time.perf_counter() >= give_up:
                    break
        while not self._done.empty():
            ended.append(self._done.get())
        self._running.difference_update(ended)
        return ended

    @property
    def ready(self) -> bool:
        """True if `collect` has ended jobs to return now."""
        if not self._running:
            return False
        self._expire()
        return not self._done.empty()

    @property
    def running(self) -> int:
        """Number of submitted jobs not yet collected."""
        return len(self._running)

    def close(self) -> None:
        """Let the threads and the event loop end, without waiting for hung calls."""
        with self._lock:
            self._closed, self._threads = True, 0
            self._tasks.clear()
            self._changed.notify_all()
            loop, self._loop = self._loop, None
        if loop is not None:
            loop.close()

    def _next_in_order(self, jobs: ToolJobs, index: int, done: _Done) -> None:
        if index == len(jobs.calls):
            done.put(jobs)
            return
        future = self._start(*jobs.calls[index], jobs.deadline)
        future.add_done_callback(lambda _: self._next_in_order(jobs, index + 1, done))

    def _start(self, call: Call, tool: Tool, deadline: float) -> Future[None]:
        ended: Future[None] = Future()
        started: list[float] = []

        def begin() -> float:
            """Seconds that the call may take, from now; 0 if the call must not begin."""
            now = time.perf_counter()
            left = min(self.limit_seconds, deadline - now)
            with self._lock:
                if left <= 0 or ended not in self._limits:
                    return 0.0
                started.append(now)
                self._limits[ended] = _Limit(now + left, not tool.is_async, settle)
            return left

        def settle(value: str, failure: BaseException | None) -> bool:
            """Record the end of the call; False if it had ended before, by its time limit."""
            with self._lock:
                if self._limits.pop(ended, None) is None:
                    return False
                now = time.perf_counter()
                began = started[0] if started else now
                call.seconds = now - began
                limit = min(self.limit_seconds, max(deadline - began, 0.0))
                _record(call, value, failure, limit)
            ended.set_result(None)
            return True

        with self._lock:
            self._limits[ended] = _Limit(deadline, False, settle)
        if tool.is_async:
            if seconds := begin():
                self._event_loop().start(self._await(call, tool, seconds, settle))
        else:
            self._enqueue(partial(_call, call, tool, begin, settle))
        return ended

    async def _await(self, call: Call, tool: Tool, seconds: float, settle: _Settle) -> None:
        try:
            value, failure = await asyncio.wait_for(_outcome(call, tool), seconds)
        except TimeoutError:
            value, failure = "", _OverLimit()
        except asyncio.CancelledError as error:  # by the tool itself, or as the loop ends
            value, failure = "", error
        settle(value, failure)

    def _enqueue(self, body: Callable[[], bool]) -> None:
        with self._lock:
            self._closed = False
            self._tasks.append(body)
            self._ensure_workers()

    def _ensure_workers(self) -> None:
        """Wake or start a thread if a task waits; the caller holds the lock."""
        if self._idle >= len(self._tasks):
            self._changed.notify()
        elif self._threads < self.workers:
            self._threads += 1
            threading.Thread(target=self._work, name="mentor-tool", daemon=True).start()

    def _work(self) -> None:
        in_time = True
        while in_time:  # a thread that was given up on has been replaced: it ends
            with self._lock:
                while not self._tasks:
                    if self._closed:
                        return
                    self._idle += 1
                    self._changed.wait()
                    self._idle -= 1
                body = self._tasks.popleft()
            in_time = body()

    def _expire(self) -> float:
        """Fail calls over their limit; returns the seconds until the next call may be."""
        while True:
            now = time.perf_counter()
            with self._lock:
                limits = list(self._limits.values())
            over = [limit for limit in limits if limit.deadline <= now]
            if not over:
                # A call may begin at any time, so never wait longer than one limit.
                return min([self.limit_seconds, *(limit.deadline - now for limit in limits)])
            for limit in over:  # the next call of a turn may begin, and be over its limit at once
                if limit.settle("", _OverLimit()) and limit.holds_thread:
                    with self._lock:  # the hung thread no longer counts: a new one may start
                        self._threads -= 1
                        if self._tasks:
                            self._ensure_workers()

    def _event_loop(self) -> EventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = EventLoop("mentor-tool-loop")
            return self._loop


async def _outcome(call: Call, tool: Tool) -> tuple[str, BaseException | None]:
    """The result of an async tool, or its exception: some exceptions would end the event loop."""
    try:
        return render_result(await tool.call(call.arguments)), None
    except asyncio.CancelledError:  # its limit has come
        raise
    except BaseException as error:  # noqa: BLE001 - a tool's failure is data for the episode
        return "", error


def _call(call: Call, tool: Tool, begin: Callable[[], float], settle: _Settle) -> bool:
    if not begin():
        return True
    try:
        value = render_result(tool.call(call.arguments))
    except BaseException as error:  # noqa: BLE001 - a tool's failure is data for the episode
        return settle("", error)
    return settle(value, None)


def _record(call: Call, value: str, failure: BaseException | None, limit: float) -> None:
    if failure is None:
        call.result = value
    elif isinstance(failure, _OverLimit):
        call.failure = "timeout"
        call.result = f"Error: {call.name} took longer than {limit:g} s"
    else:
        call.failure = "tool_error"
        call.result = f"Error: {_reason(failure)}"
    call.result = whole_text(call.result)


def _reason(failure: BaseException) -> str:
    kind = type(failure).__name__
    try:
        text = str(failure)
    except BaseException:  # noqa: BLE001 - an exception that cannot be shown is still a failure
        text = ""
    if text and isinstance(failure, ToolError):
        return text
    return f"{kind}: {text}" if text else kind
