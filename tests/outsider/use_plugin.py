"""Run by test_outsider.py where the plugin is installed: what a user of it would see, as JSON."""

from __future__ import annotations

import json
import sys

import gymnasium

import mentor_core.gym  # noqa: F401  registers the environments
from mentor_core.contracts.reward import Example
from mentor_core.door import registry
from mentor_core.support.errors import MentorError
from mentor_runs.assembly.reward import Reward


def reason_why_it_fails(term: str) -> str:
    try:
        registry.load(registry.REWARD_TERMS, term)
    except MentorError as error:
        return str(error)
    return ""


def reward_of_the_expert() -> float:
    """An episode of the plugin's environment, its preset's terms and mentor's composer."""
    env = registry.load(registry.ENVIRONMENTS, "dice")()
    tasks = env.tasks("train")
    references = registry.create(registry.SOURCES, "expert").find(tasks, env)
    names, options = ("outcome", "brevity"), {"brevity": {"turns": 1}}
    terms = {n: registry.create(registry.REWARD_TERMS, n, options.get(n)) for n in names}
    composer = registry.create(registry.COMPOSERS, "weighted_sum")
    reward = Reward(terms, {"outcome": 0.8, "brevity": 0.2}, composer)
    scores = reward.score([Example(references[task.id][0], task) for task in tasks])
    (value,) = set(composer.compose(scores, 0.0).rewards_B.tolist())
    return float(value)


report = {
    "entries": {
        kind.name: {
            entry.name: entry.problem
            for entry in registry.entries(kind)
            if entry.distribution.startswith("mentor-plugin-")
        }
        for kind in (
            registry.ENVIRONMENTS,
            registry.REWARD_TERMS,
            registry.PRESETS,
            registry.STUDENTS,
            registry.COMMANDS,
        )
    },
    "plugins": [
        [broken.plugin, broken.distribution, broken.problem] for broken in registry.broken_plugins()
    ],
    "load_broken": reason_why_it_fails("broken"),
    "reward": reward_of_the_expert(),
    "preset": registry.resource(registry.PRESETS, "short"),
    "gymnasium": gymnasium.make("mentor/dice-v0").unwrapped.name,
    "length": registry.targets(registry.REWARD_TERMS)["mentor-core:length"],
    "load_length": reason_why_it_fails("length"),
}
json.dump(report, sys.stdout)
