"""Gates have options, and a refusal is an observation that the policy reads."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call, Turn
from mentor_core.door.registry import ENVIRONMENTS, GATES, create, load
from mentor_runs.assembly.assemble import assemble
from mentor_runs.settings.resolve import resolve

TASK = Task("1", "calculator", "")
CALLS = st.builds(
    Call,
    st.sampled_from(["add", "divide"]),
    st.fixed_dictionaries({"a": st.integers(0, 1)}),
    failure=st.sampled_from([None, "bad_arguments", "refused"]),
)


@given(st.lists(st.lists(CALLS, max_size=3), max_size=4), CALLS, st.integers(1, 3), st.booleans())
def test_a_call_is_refused_if_and_only_if_it_was_made_often_enough(turns, call, most, failed):
    played = [Turn(text="", calls=calls) for calls in turns]
    same = [
        earlier
        for calls in turns
        for earlier in calls
        if earlier.name == call.name and earlier.arguments == call.arguments
        and (earlier.failure or not failed)
    ]  # fmt: skip
    gate = create(GATES, "repeated", {"most": most, "failed": failed})
    assert (gate.refuse(call, TASK, played) is not None) == (len(same) >= most)


def test_the_policy_reads_why_and_the_tool_is_not_run():
    gate = create(GATES, "repeated")
    env = load(ENVIRONMENTS, "calculator")(gate=gate)
    env.reset(seed=0)
    call = env.turn_text("", [Call("divide", {"a": 1, "b": 0})])
    (first,), *_ = env.step(call)
    (second,), *_, info = env.step(call)
    assert "the same call failed before" in second["content"]
    assert "the same call" not in first["content"]
    assert info["calls"][0].failure == "refused"
    env.close()


def test_a_run_passes_the_options_and_refuses_unknown_ones(mentor):
    parts = assemble(resolve({"gate": "repeated", "gate_options": {"most": 3, "failed": False}}))
    gate = parts.domains["calculator"].env.gate
    assert (gate.most, gate.failed) == (3, False)
    for domain in parts.domains.values():
        domain.env.close()
    out, _ = mentor("run", "--set", "gate=repeated", "--set", "gate_options.most=2", "--dry-run")
    assert "most = 2" in out
    _, err = mentor(
        "run", "--set", "gate=repeated", "--set", "gate_options.mots=2", "--dry-run", code=2
    )
    assert "did you mean most?" in err
