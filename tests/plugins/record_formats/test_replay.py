"""Episodes that went out in a format of others come back as references that are believed."""

import json

import pytest

from mentor_core import HermesParser
from mentor_core.door.registry import ENVIRONMENTS, RECORD_FORMATS, SOURCES, create, load
from mentor_runs.assembly.references import replayed_in, verified


@pytest.mark.parametrize("env_name", ["calculator", "files"])
@pytest.mark.parametrize(
    "name", ["anthropic", "mentor", "openai", "responses", "sharegpt", "toolrl", "trl"]
)
def test_an_experts_episodes_are_replayed(name, env_name):
    env = load(ENVIRONMENTS, env_name)()
    tasks = env.tasks("train")[:20]
    record_format = create(RECORD_FORMATS, name)
    offered = {}
    for found in create(SOURCES, "expert").find(tasks, env).values():
        for played in found:
            assert HermesParser.OPEN in played.turns[0].text  # calls stand in the text, too
            row = json.loads(json.dumps(record_format.write(played, env.schemas)))
            back = record_format.read(row)
            offered.setdefault(back.task_key, []).append(back)
    references = verified(offered, replayed_in(env, tasks))
    assert len(references.of) == 20, references.notes()
