"""The ledger adds up what was paid, also for a request that had to be paid for again."""

from __future__ import annotations

import pytest

from mentor_plugins.teacher_store.database import Database
from mentor_plugins.teacher_store.ledger import Budget, Ledger, Stopped
from mentor_plugins.teacher_store.prices import Price, Prices

REPLY = {"model": "m", "usage": {"prompt_tokens": 1_000_000, "completion_tokens": 0}}


@pytest.fixture
def database(tmp_path):
    with Database(tmp_path / "t.db", create=True) as opened:
        yield opened


def test_a_reply_that_was_deleted_and_bought_again_is_counted_twice(database):
    """Else a budget would allow more than was agreed to."""
    ledger = Ledger(database, "t", Prices({"m": Price(prompt=1, completion=0)}), Budget(cost=2))
    for paid in (1.0, 2.0):
        assert ledger.remembered("k") is None
        ledger.begin("k")
        ledger.answered("k", REPLY, 0.1)
        assert ledger.remembered("k") == REPLY
        assert ledger.spent == (1, paid)
        with database.writing() as connection:  # as `mentor teacher gc` does
            connection.execute("UPDATE requests SET reply = NULL")
    with pytest.raises(Stopped, match=r"--max-cost 2 is spent: the ledger has \$2"):
        ledger.begin("k")


def test_an_unknown_price_stays_unknown_and_takes_no_known_one_away(database):
    unknown, known = Prices(), Prices({"m": Price(prompt=1, completion=0)})
    for prices, cost in ((unknown, None), (known, 1.0), (unknown, 1.0)):
        ledger = Ledger(database, "t", prices, Budget())
        ledger.begin("k")
        ledger.answered("k", REPLY, 0.1)
        assert ledger.spent == (1, cost)
