"""Evaluation: what `mentor run` and `mentor eval` share."""

from __future__ import annotations

from rich.console import Console

from mentor_plugins.commands.splits import Evaluation
from mentor_plugins.policies.scripted import ScriptedPolicy
from mentor_runs.assembly.assemble import assemble
from mentor_runs.settings.resolve import resolve


def evaluation(**settings):
    sizes = {"train_size": 0, "eval_size": 3, "ood_size": 2}
    parts = assemble(resolve({"env_options": sizes, "train": {"steps": 0}, **settings}))
    player = ScriptedPolicy(turns=["Answer: 1"])
    return Evaluation(parts, player, parts.executor(), Console(quiet=True))


def test_all_episodes_of_a_split_are_played_and_counted():
    played = evaluation()
    played.prepare(None)
    ended = []
    trajectories = played.play("eval", played.starts("eval"), ended.append)
    played.add("eval", "before", trajectories)
    played.close()
    assert {t.task_id for t in ended} == {t.task_id for t in trajectories}
    assert played.summaries["eval"]["before"].episodes == 3


def test_the_same_episodes_are_played_before_and_after():
    """Another draw of episodes would look like learning."""
    settings = {"evaluate": {"samples": 2, "temperature": 1.0}, "seed": 5}
    one, two = (evaluation(**settings).starts("ood") for _ in range(2))
    assert one == two
    assert len({start.seed for start in one}) == len(one) == 18


def test_ood_is_told_shift_by_shift():
    """A mean of several shifts says nothing of any."""
    played = evaluation()
    played.prepare(None)
    played.add("ood", "before", played.play("ood", played.starts("ood"), lambda _: None))
    played.close()
    assert {key: by["before"].episodes for key, by in played.summaries.items()} == {
        "ood": 9,
        "ood/phrasing": 2,
        "ood/numbers": 2,
        "ood/length": 2,
        "ood/tools": 3,
    }


def test_a_split_that_was_not_played_has_no_figures():
    played = evaluation()
    played.add("eval", "before", [])
    assert played.summaries == {}
