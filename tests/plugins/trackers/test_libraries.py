"""A tracker whose library is missing is refused before the run, with the command that helps."""

import sys

import pytest

from mentor_core.door.registry import TRACKERS, names

LIBRARY = {
    "mlflow": "mlflow",
    "opentelemetry": "opentelemetry.sdk.trace",
    "tensorboard": "tensorboard",
    "trackio": "trackio",
    "wandb": "wandb",
}


@pytest.mark.parametrize("name", LIBRARY)
def test_a_missing_library_is_named_with_its_extra(name, monkeypatch, mentor):
    for module in [each for each in sys.modules if each.partition(".")[0] == name]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, LIBRARY[name], None)
    trackers = f'trackers=["jsonl", "{name}"]'
    said = mentor("run", "--dry-run", "--set", trackers, code=2).err
    assert f"pip install 'mentor-core[{name}]'" in said
    assert said.startswith(f"Error: tracker '{name}' needs {LIBRARY[name]}")


def test_every_tracker_with_a_library_is_tested():
    assert set(names(TRACKERS)) == {"csv", "jsonl", *LIBRARY}
