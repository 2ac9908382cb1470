"""judged: a call with a low score is refused in the judge's words, and nothing is executed."""

from __future__ import annotations

import pytest

from mentor_core.contracts.env import Judge
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call, Turn
from mentor_core.door.registry import ENVIRONMENTS, GATES, JUDGES, create, load
from mentor_core.support.errors import ConfigError, PluginError
from mentor_runs.assembly.assemble import assemble
from mentor_runs.settings.resolve import resolve

TASK = Task("1", "calculator", "")


class Fixed(Judge):
    """One score for all, and no words."""

    score: float | None = 0.5

    def scores(self, task, turns, candidates):
        return [self.score for _ in candidates]


def judged(judge, **options):
    gate = create(GATES, "judged", options)
    gate.start(judge)
    return gate


def refused(count):
    return [Turn("", [Call("add", {}, failure="refused")])] * count


@pytest.mark.parametrize(
    ("score", "threshold", "runs"),
    [(0.5, 0.5, True), (0.4, 0.5, False), (None, 1.0, True), (0.0, 0.0, True)],
)
def test_a_call_runs_from_the_threshold_on_and_if_it_is_not_judged(score, threshold, runs):
    gate = judged(Fixed(score=score), threshold=threshold)
    assert (gate.refuse(Call("add", {}), TASK, []) is None) == runs


def test_after_some_refusals_the_call_runs():
    """A judge that is wrong must not hold an episode to its last turn."""
    gate = judged(Fixed(score=0.0), rounds=2)
    call, done = Call("add", {}), Turn("", [Call("add", {})])
    assert gate.refuse(call, TASK, refused(1)) == "the call is judged 0.00, and 1.00 is needed"
    assert gate.refuse(call, TASK, [done, *refused(2)]) is None
    assert gate.refuse(call, TASK, [*refused(2), done]) is not None


def test_the_policy_reads_the_critique_and_the_tool_is_not_run():
    env = load(ENVIRONMENTS, "calculator")(gate=judged(create(JUDGES, "grounded")))
    env.reset(seed=0)
    state = env.snapshot()[1]
    (message,), *_, info = env.step(env.turn_text("", [Call("add", {"a": 987654, "b": 1})]))
    assert "987654 of add(a=…) stands neither in the task nor in a result" in message["content"]
    assert info["calls"][0].failure == "refused"
    assert env.state == state
    assert info["calls"][0].seconds == 0.0
    env.close()


@pytest.mark.parametrize("scores", [[], [1.5], [float("nan")], [0.1, 0.2]])
def test_a_judge_that_gives_no_score_is_named(scores):
    class Odd(Judge):
        def scores(self, task, turns, candidates):
            return scores

    with pytest.raises(PluginError, match="the judge Odd gave"):
        judged(Odd()).refuse(Call("add", {}), TASK, [])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"gate": "judged"}, "gate=judged needs a judge; use --set judge=grounded"),
        ({"judge": "grounded"}, "judge=grounded: no gate asks the judge; use --set gate=judged"),
        (
            {"gate": "repeated", "judge": "grounded"},
            "judge=grounded: gate=repeated asks no judge; use --set gate=judged",
        ),
        ({"gate": "judged", "judge": "groundet"}, "unknown turn judge 'groundet'"),
        (
            {"gate": "judged", "judge": "grounded", "judge_options": {"text": True}},
            "turn judge 'grounded': unknown option 'text'; did you mean texts?",
        ),
    ],
)
def test_gate_and_judge_come_together(settings, said):
    with pytest.raises(ConfigError) as refused:
        assemble(resolve(settings))
    assert said in str(refused.value)


def test_a_run_is_played_with_the_judge(mentor):
    out, _ = mentor(
        "run", "--set", "gate=judged", "--set", "judge=grounded",
        "--set", "judge_options.known=[0, 1, 2, 3]", "--dry-run",
    )  # fmt: skip
    assert 'judge = "grounded"' in out


def test_a_judge_that_accuses_the_expert_is_named_before_the_run(mentor):
    """Else the run would end with an expert that gave up, and nobody would know why."""
    _, err = mentor(
        "run", "--set", "gate=judged", "--set", "judge=grounded",
        "--set", "judge_options.known=[]", "--dry-run", code=2,
    )  # fmt: skip
    assert "after the run's gate had refused a call (Error: " in err
    assert "stands neither in the task nor in a result" in err
