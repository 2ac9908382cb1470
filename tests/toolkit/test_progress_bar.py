"""Progress in a log: few lines, and no estimate that misleads."""

import io
import re

import pytest
from rich.console import Console

from mentor_toolkit.progress_bar import bar, watched


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("mentor_toolkit.progress_bar.time.monotonic", lambda: 1000 + now[0])
    return now


def lines(clock, moments, total, **options):
    """What a log holds where something ends at each of `moments`, in seconds."""
    log = io.StringIO()
    with bar(Console(file=log, **options.pop("console", {})), "eval", total, **options) as shown:
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


def seconds_left(line):
    found = re.search(r"([\d,]+) s left", line)
    return int(found[1]) if found else None


@pytest.mark.parametrize("terminal", [True, False])
def test_the_first_of_many_that_are_under_way_say_nothing_of_the_rest(clock, terminal):
    moments = [80, 82, 84, *[110] * 60, *[118] * 65]
    options = {"console": {"force_terminal": terminal, "width": 200}, "at_once": 256}
    left = [seconds_left(line) for line in lines(clock, moments, 128, **options)]
    assert all(seconds is None or seconds <= 118 for seconds in left)


def test_going_through_tasks_is_shown_once(clock):
    log = io.StringIO()
    with watched(Console(file=log), "references", "abc") as tasks:
        assert (len(tasks), tasks[1], list(tasks), list(tasks)) == (3, "b", [*"abc"], [*"abc"])
    assert log.getvalue().splitlines() == ["references 1/3", "references 3/3"]
