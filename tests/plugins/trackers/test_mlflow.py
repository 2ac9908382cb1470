"""MLflow's own client finds a resumed run's settings, steps, evaluations, episodes and model."""

import json
from pathlib import Path
from urllib.parse import urlparse

import pytest

from mentor_core.support.errors import RunError
from mentor_plugins.trackers.mlflow import MlflowTracker

for needed in ("mlflow", "sqlalchemy", "alembic"):
    pytest.importorskip(needed, reason="needs the extra mlflow")


@pytest.mark.slow
def test_a_resumed_run_has_each_step_once(resumed_run):
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{resumed_run.directory / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("mentor")
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "run"
    assert run.data.tags["owner"] == "me"
    assert run.data.tags["model"] == str(resumed_run.directory / "model")
    assert run.data.params["train.tasks_per_step"] == "2"

    def steps(name):
        return [point.step for point in client.get_metric_history(run.info.run_id, name)]

    assert steps("loss") == steps("terms/outcome/mean") == [1, 2]
    assert steps("before/eval/success") == [0]
    assert steps("after/eval/interval/low") == [2]
    artifacts = Path(urlparse(run.info.artifact_uri).path)
    assert artifacts.is_relative_to(resumed_run.directory)
    table = json.loads((artifacts / "episodes" / "step-1.json").read_text())
    assert len(table["data"]) == 8
    assert table["columns"][:4] == ["step", "environment", "task", "won"]


def test_an_address_that_means_another_file_after_a_resume_is_refused(mentor):
    settings = ["--set", 'trackers=["mlflow"]', "--set", "tracker_options.mlflow.tracking_uri="]
    said = mentor("run", "--dry-run", *settings[:-1], f"{settings[-1]}sqlite:///x.db", code=2).err
    assert "expected an absolute path" in said
    said = mentor(
        "run", "--dry-run", *settings[:-1], settings[-1] + "http://${NO_HOST}", code=2
    ).err
    assert "the environment variable NO_HOST is not set" in said


def test_a_store_that_cannot_be_used_is_one_message_without_the_password(tmp_path):
    tracker = MlflowTracker(tracking_uri="ftp://me:hunter22222@host/x")
    with pytest.raises(RunError, match=r"^tracker 'mlflow': ftp://\*\*\*@host/x: ") as raised:
        tracker.start(tmp_path, {}, 0)
    assert "hunter22222" not in str(raised.value)
    tracker.finish()
