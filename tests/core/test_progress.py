"""Progress in a log: few lines, and no estimate that misleads."""

import io

import pytest
from rich.console import Console

from mentor_core.progress import bar


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("mentor_core.progress.time.monotonic", lambda: 1000 + now[0])
    return now


def lines(clock, moments, total):
    """What a log holds where something ends at each of `moments`, in seconds."""
    log = io.StringIO()
    with bar(Console(file=log), "eval", total) as shown:
        for moment in moments:
            clock[0] = moment
            shown.advance()
    return log.getvalue().splitlines()


def test_the_time_left_is_told_when_enough_has_ended_to_know_it(clock):
    # 64 episodes at a time: the first ends after 4 s, and soon after it most others.
    moments = [4, *[5] * 60, 12, 20, 21]
    assert lines(clock, moments, 64) == [
        "eval 1/64",
        "eval 63/64    0 s left",
        "eval 64/64",
    ]


def test_a_log_has_a_line_every_ten_seconds_and_one_at_the_end(clock):
    shown = lines(clock, range(1, 101), 100)
    assert shown[0] == "eval 1/100"
    assert shown[1] == "eval 12/100    88 s left"
    assert shown[-1] == "eval 100/100"
    assert len(shown) == 10
