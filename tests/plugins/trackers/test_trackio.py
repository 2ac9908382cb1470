"""trackio's own reader finds a resumed run's steps, evaluations, episodes and model."""

import json
import os
import subprocess
import sys

import pytest

from mentor_core.support.errors import ConfigError
from mentor_plugins.trackers.trackio import TrackioTracker

pytest.importorskip("trackio", reason="needs the extra trackio")

READ = """
import json
from trackio import Api
from trackio.sqlite_storage import SQLiteStorage

(run,) = Api().runs("mentor")
print(json.dumps({"name": run.name, "config": run.config,
                  "logs": SQLiteStorage.get_logs("mentor", run.name)}))
"""


@pytest.mark.slow
def test_a_resumed_run_has_each_step_once(resumed_run):
    done = subprocess.run(
        [sys.executable, "-c", READ],
        env={**os.environ, "TRACKIO_DIR": str(resumed_run.store)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["name"].startswith("run-")
    assert found["config"]["train"]["tasks_per_step"] == 2
    logs = found["logs"]
    assert [row["step"] for row in logs if "loss" in row] == [1, 2]
    assert [row["step"] for row in logs if "before/eval/success" in row] == [0]
    assert [row["step"] for row in logs if "after/eval/interval/low" in row] == [2]
    (table,) = [row["episodes"] for row in logs if "episodes" in row]
    assert len(table["_value"]) == 8
    assert {"won", "prompt", "calls", "reward"} <= set(table["_value"][0])
    (model,) = [row["model"] for row in logs if "model" in row]
    assert str(resumed_run.directory / "model") in json.dumps(model)


@pytest.mark.parametrize("variable", ["TRACKIO_SPACE_ID", "TRACKIO_SERVER_URL"])
def test_a_variable_that_sends_the_run_elsewhere_is_refused(monkeypatch, variable):
    """A run sends nothing to anybody unless a setting says so."""
    monkeypatch.setenv(variable, "somebody/space")
    with pytest.raises(ConfigError, match=f"{variable} is set; unset"):
        TrackioTracker()
