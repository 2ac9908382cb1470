"""Tables of episodes are small and show what a person looks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.contracts.trajectory import Call, Trajectory, Turn
from mentor_plugins.trackers.csv_files import CsvTracker
from mentor_plugins.trackers.episode_table import columns_and_cells

OUTCOMES = st.lists(st.sampled_from([None, 0.0, 0.5, 1.0]), max_size=20)


def episode(outcome, number=0, **more):
    return Trajectory(f"t{number}", "calculator", outcome=outcome, **more)


@given(OUTCOMES, st.integers(0, 9))
def test_a_table_is_bounded_and_has_lost_and_won_episodes(outcomes, most):
    rows = CsvTracker(episodes=most).table(1, [episode(o, n) for n, o in enumerate(outcomes)])
    assert len(rows) == min(most, len(outcomes))
    assert len({row["task"] for row in rows}) == len(rows)
    won = sum(row["won"] is True for row in rows)
    assert won >= min(most // 2, outcomes.count(1.0))
    assert len(rows) - won >= min(most // 2, len(outcomes) - outcomes.count(1.0))


@pytest.mark.parametrize(("step", "count"), [(1, 1), (2, 0), (10, 0), (11, 1)])
def test_the_first_step_has_a_table_and_then_one_in_ten(step, count):
    assert len(CsvTracker().table(step, [episode(1.0)])) == count


def test_a_row_says_what_was_asked_done_and_scored():
    calls = [
        Call("add", {"a": 1, "b": 2}, "3"),
        Call("ad", {}, "there is no tool ad", failure="unknown_tool"),
    ]
    played = episode(
        None,
        prompt=[
            {"role": "system", "content": "Use tools."},
            {"role": "user", "content": "1 + 2?" + "x" * 5000},
        ],
        turns=[Turn("…", calls)],
        end="answered",
        answer="3",
        scores={"outcome": None, "format": 1.0},
        reward=0.5,
    )
    (row,) = CsvTracker().table(1, [played])
    assert row["prompt"].startswith("1 + 2?xx")
    assert len(row["prompt"]) == 2000
    assert row["calls"] == "add(a=1, b=2) → 3\nad() → unknown_tool: there is no tool ad"
    assert (row["won"], row["outcome"], row["terms/outcome"]) == (None, None, None)
    assert (row["reward"], row["terms/format"], row["answer"]) == (0.5, 1.0, "3")


def test_rows_with_other_columns_share_a_table():
    columns, cells = columns_and_cells([{"a": 1}, {"b": 2, "a": 3}])
    assert (columns, cells) == (["a", "b"], [[1, None], [3, 2]])
