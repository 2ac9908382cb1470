"""Which episodes have a place on the page."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from mentor_lab.report.choose import choose
from mentor_lab.report.read import Episode, Run
from mentor_lab.testing import trajectory_of


def episode(part, number, change="", end="answered", **fields):
    played = trajectory_of("3", **fields)
    played.end = end
    return Episode(part, Path(f"{part}.jsonl"), number, 0, played, change)


changes = st.sampled_from(["", "", "", "regressed", "learned"])
ends = st.sampled_from(["answered", "answered", "error"])


@st.composite
def runs(draw):
    evaluated = [
        episode("eval-after", number, draw(changes), draw(ends))
        for number in range(draw(st.integers(0, 30)))
    ]
    trained = [
        episode("train", number, "", draw(ends), policy_version=number // 4, group=0)
        for number in range(draw(st.integers(0, 40)))
    ]
    run = Run(Path(), "run", {}, "finished", 1)
    run.evaluations, run.training = {"eval": {"after": evaluated}}, trained
    return run


@given(runs(), st.integers(1, 60))
def test_the_most_wanted_episodes_are_never_crowded_out(run, most):
    (chosen,) = choose([run], most)
    every = list(run)
    assert len(chosen) == len({id(e) for e in chosen}) == min(most, len(every))
    regressed = [e for e in every if e.change == "regressed"]
    broken = [e for e in every if e.trajectory.end == "error" and e.change != "regressed"]
    assert chosen[: len(regressed)] == regressed[:most]
    rest = chosen[len(regressed) : len(regressed) + len(broken)]
    assert all(e.trajectory.end == "error" for e in rest)


def test_training_and_evaluation_have_a_place_each():
    run = Run(Path(), "run", {}, "finished", 1)
    run.evaluations = {"eval": {"after": [episode("eval-after", n) for n in range(1000)]}}
    run.training = [episode("train", n, policy_version=n // 8, group=0) for n in range(1000)]
    (chosen,) = choose([run], 160)
    parts = [e.part for e in chosen]
    assert parts.count("train") == parts.count("eval-after") == 80
    steps = {e.trajectory.policy_version for e in chosen if e.part == "train"}
    assert len(steps) == 10  # whole groups, from anywhere in the training
    assert choose([run], 160) == [chosen]
