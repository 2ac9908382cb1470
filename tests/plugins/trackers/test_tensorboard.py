"""TensorBoard's own reader finds a resumed run's steps, evaluations, episodes and model."""

import pytest

pytest.importorskip("tensorboard", reason="needs the extra tensorboard")


def read(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    return EventAccumulator(str(folder)).Reload()


def text(events, name):
    (event,) = events.Tensors(f"{name}/text_summary")
    return event.tensor_proto.string_val[0].decode()


@pytest.mark.slow
def test_a_resumed_run_has_each_step_once(resumed_run):
    events = read(resumed_run.directory / "tensorboard")
    assert [event.step for event in events.Scalars("loss")] == [1, 2]
    assert [event.step for event in events.Scalars("terms/outcome/mean")] == [1, 2]
    lines = text(events, "episodes").splitlines()
    assert lines[0].startswith("| step | environment | task | won |")
    assert len(lines) == 2 + 8
    evaluated = read(resumed_run.directory / "tensorboard" / "evaluations")
    assert [event.step for event in evaluated.Scalars("before/eval/success")] == [0]
    assert [event.step for event in evaluated.Scalars("after/ood/interval/high")] == [2]
    assert text(evaluated, "model") == str(resumed_run.directory / "model")
    assert '"tasks_per_step": 2' in text(evaluated, "settings")
