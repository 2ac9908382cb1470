"""splice: the teacher's way back from the student's own mistakes, and nothing else, is taught."""

from __future__ import annotations

import copy
from dataclasses import replace
from itertools import pairwise

import pytest
import torch

from mentor_core.contracts.lessons import PlayedGroup
from mentor_core.contracts.plan import Start
from mentor_core.contracts.policy import Limits, Sampling
from mentor_core.contracts.trajectory import Call, Trajectory, Turn
from mentor_core.play.rollout import Rollout
from mentor_plugins.lessons.splice import Splice
from mentor_plugins.trainers.grpo.imitation import likelihoods
from mentor_plugins.trainers.taught import taught_tokens
from mentor_runs.assembly.assemble import assemble
from mentor_runs.settings.resolve import resolve
from mentor_toolkit.scripts import play_expert, replay

SETTINGS = {
    "env_options": {"train_size": 40, "min_steps": 3, "max_steps": 3},
    "rollout": {"max_turn_tokens": 48, "max_episode_tokens": 400},
}


@pytest.fixture(scope="module")
def played(student):
    """Real episodes of the student, one a task, with the tasks' references."""
    from mentor_core.door.registry import POLICIES, create

    parts = assemble(resolve(SETTINGS))
    env = parts.domains["calculator"].env
    tasks = env.tasks("train")
    policy = create(POLICIES, "transformers")
    policy.prepare(student, Sampling(1.0), Limits(48, 400))
    with parts.executor() as executor:
        rollout = Rollout(parts.make_env, policy, executor)
        episodes = rollout.run([Start(task, 7 + n, n) for n, task in enumerate(tasks)])
    return [
        PlayedGroup(task, n, [episode], [play_expert(env, task)], 1.0, env, 0)
        for n, (task, episode) in enumerate(zip(tasks, episodes, strict=True))
        if episode.outcome == 0.0
    ]


def test_own_turns_have_no_loss_and_keep_their_ids_and_the_correction_solves_the_task(
    played, student
):
    rows = Splice().taught(played, lambda row: None)
    assert len(rows) > 5
    own = {group.task.key: group.played[0] for group in played}
    for row in rows:
        first, env = own[row.task.key], played[0].env
        _, info = env.reset(seed=0, options={"task": row.task})
        record = taught_tokens(student.chat, env.parser, row.trajectory, info["tools"], row.skip)
        kept = first.turns[row.skip].span[0]
        assert record.prompt + record.completion[:kept] == (
            first.tokens.prompt + first.tokens.completion[:kept]
        )
        assert set(record.mask[:kept]) == {0}
        assert 2 in record.mask[kept:]
        before = [turn.observation for turn in first.turns[: row.skip]]
        assert [turn.observation for turn in row.trajectory.turns[: row.skip]] == before
        assert row.trajectory.source == "spliced"
        again = replay(env, row.task, replace(row.trajectory, tokens=None))
        assert again.outcome == 1.0


def test_the_wrong_turn_stays_in_view_or_is_replaced(played):
    """The one teaches recovery, the other the right choice after a right beginning."""
    wrong = {row.task.key: row for row in Splice().taught(played, lambda row: None)}
    replaced = {
        row.task.key: row for row in Splice(keep_wrong=False).taught(played, lambda row: None)
    }
    both = wrong.keys() & replaced.keys()
    assert both
    for key in both:
        assert wrong[key].skip == replaced[key].skip + 1
        assert len(wrong[key].trajectory.turns) == len(replaced[key].trajectory.turns) + 1


def test_a_correction_that_solves_nothing_is_not_taught(played):
    """A reference of another task, say: its turns are right there and wrong here."""
    for group, other in pairwise(played):
        astray = replace(group, references=other.references)
        for row in Splice().taught([astray], lambda row: None):
            assert row.trajectory.outcome == 1.0  # both tasks have one answer


def test_solved_broken_and_replayed_episodes_teach_nothing(played):
    [episode] = played[0].played
    for other in (
        replace(episode, outcome=1.0),
        replace(episode, outcome=None),
        replace(episode, end="error"),
        replace(episode, replayed=1),
        replace(episode, tokens=None),
    ):
        assert Splice().taught([replace(played[0], played=[other])], lambda row: None) == []
    assert Splice().taught([replace(played[0], references=[])], lambda row: None) == []


def test_weights_of_a_group_add_up_to_its_failures(played):
    groups = [replace(g, played=list(g.played) * 4, failed=0.75) for g in played[:6]]
    rows = Splice(most=3).taught(groups, lambda row: None)
    assert rows
    for group in groups:
        weights = [row.weight for row in rows if row.task == group.task]
        assert sum(weights) == pytest.approx(0.75 if weights else 0)
        assert len(weights) <= 3


def test_recovery_is_learnt_from_splices_and_not_from_references_alone(played, student):
    """At equal rows and steps: how likely is the teacher's correction after a mistake?"""
    env = played[0].env
    rows = Splice(most=1).taught(played, lambda row: None)
    half = len(rows) // 2

    def record(task, trajectory, skip):
        _, info = env.reset(seed=0, options={"task": task})
        return taught_tokens(student.chat, env.parser, trajectory, info["tools"], skip)

    spliced = [record(row.task, row.trajectory, row.skip) for row in rows]
    references = {group.task.key: group.references[0] for group in played}
    plain = [record(row.task, references[row.task.key], 0) for row in rows[:half]]

    def nll_after(taught):
        model = copy.deepcopy(student.model)
        optimizer = torch.optim.AdamW(model.parameters(), 3e-4)
        for step in range(6):
            batch = taught[step * 4 % half :][:4]
            nll_BT, mask_BT = likelihoods(batch, model)
            loss = (nll_BT * mask_BT).sum() / mask_BT.sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            nll_BT, mask_BT = likelihoods(spliced[half:], model)
        return float((nll_BT * mask_BT).sum() / mask_BT.sum())

    assert nll_after(spliced[:half]) < 0.9 * nll_after(plain)


def test_a_planted_wrong_call_is_corrected_after_it(played):
    """The first turn is right, the second is not: the correction begins after the second."""
    group = played[0]
    [reference] = group.references
    wrong = Turn("", [Call("add", {"a": 1, "b": 1})])
    own = Trajectory(group.task.id, group.task.env, turns=[reference.turns[0], wrong])
    own.outcome, own.end = 0.0, "answered"
    assert Splice().spliced(group, own) is None  # nothing was sampled after the mistake
