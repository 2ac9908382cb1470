"""The main job through the command line: it learns, survives and resumes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from mentor_core.contracts.trajectory import read_trajectories

pytestmark = pytest.mark.slow

SMALL = [
    *("--set", "env_options.train_size=64", "--set", "evaluate.tasks=8"),
    *("--set", "train.tasks_per_step=4", "--set", "train.checkpoint_every=2"),
]


def mentor(*arguments: str, **options) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "mentor_core", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **options,
    )


def finish(process: subprocess.Popen, code: int = 0) -> str:
    output, _ = process.communicate(timeout=600)
    assert process.returncode == code, output
    return output


def metrics(run: Path) -> list[dict]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def rewards(run: Path) -> list[float]:
    return [line["reward"] for line in metrics(run)]


def episodes_by_step(run: Path) -> Counter[int]:
    trajectories = read_trajectories(run / "trajectories" / "train.jsonl")
    return Counter(trajectory.policy_version for trajectory in trajectories)


def wait_for_step(process: subprocess.Popen, run: Path, step: int) -> None:
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline:
        if (run / "metrics.jsonl").exists() and len(metrics_so_far(run)) >= step:
            return
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.05)
    raise AssertionError(f"step {step} was not reached")


def metrics_so_far(run: Path) -> list[str]:
    return [line for line in (run / "metrics.jsonl").read_text().splitlines() if line.endswith("}")]


def weights(run: Path):
    from safetensors.torch import load_file

    return load_file(run / "model" / "model.safetensors")


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """A run of six steps that nothing interrupted."""
    run = tmp_path_factory.mktemp("whole") / "run"
    output = finish(mentor("run", "--steps", "6", "--output", str(run), *SMALL))
    assert "before and after" in output
    return run


def test_a_run_leaves_plain_files(whole):
    names = {path.name for path in whole.iterdir()}
    assert {"config.toml", "versions.json", "state.json", "metrics.jsonl"} <= names
    assert {"report.md", "report.json", "report.html"} <= names
    assert json.loads((whole / "state.json").read_text()) == {"status": "finished", "steps": 6}
    assert [line["step"] for line in metrics(whole)] == [1, 2, 3, 4, 5, 6]
    versions = Counter(
        t.policy_version for t in read_trajectories(whole / "trajectories/train.jsonl")
    )
    assert versions == dict.fromkeys(range(6), 32)
    assert "| eval | after |" in (whole / "report.md").read_text()
    assert not [name for name in metrics(whole)[0] if "calculator" in name]


def test_the_saved_model_loads_and_has_learnt_something(whole, student):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(whole / "model")
    tokenizer = AutoTokenizer.from_pretrained(whole / "model")
    assert tokenizer.get_vocab() == student.tokenizer.get_vocab()
    assert tokenizer.chat_template == student.tokenizer.chat_template
    old, new = student.model.state_dict(), model.state_dict()
    assert old.keys() == new.keys()
    assert any(not torch.equal(old[name], new[name].to(old[name].dtype)) for name in old)


def test_a_killed_run_resumes_to_the_same_end(whole, tmp_path):
    """kill -9 in the middle: no finished line is lost or doubled, and the end is the same."""
    import torch

    run = tmp_path / "run"
    process = mentor("run", "--steps", "6", "--output", str(run), *SMALL)
    wait_for_step(process, run, 3)
    process.kill()
    process.wait()
    with (run / "metrics.jsonl").open("a") as file:
        file.write('{"step": 4, "rew')  # a line that was being written
    output = finish(mentor("run", "--resume", str(run)))
    assert "before and after" in output
    assert [line["step"] for line in metrics(run)] == [1, 2, 3, 4, 5, 6]
    assert rewards(run) == rewards(whole)
    versions = Counter(
        t.policy_version for t in read_trajectories(run / "trajectories/train.jsonl")
    )
    assert versions == dict.fromkeys(range(6), 32)
    mine, theirs = weights(run), weights(whole)
    for name, tensor in theirs.items():
        assert torch.equal(mine[name], tensor), name


TINY = [
    *("--steps", "2", "--set", "env_options.train_size=16", "--set", "evaluate.tasks=2"),
    *("--set", "train.tasks_per_step=2", "--set", "train.group_size=4"),
    *("--set", "train.checkpoint_every=1"),
]


def test_a_run_killed_at_any_time_goes_on_or_begins_again_in_its_place(tmp_path):
    """kill -9 from before anything is written until the report is, each time twice."""
    began = time.monotonic()
    finish(mentor("run", "--output", str(tmp_path / "whole"), *TINY))
    seconds = time.monotonic() - began
    for number, shares in enumerate([(0.2, 0.9), (0.4, 0.6), (0.5, 0.5), (0.8, 0.3), (0.95, 0.95)]):
        run = tmp_path / f"run-{number}"
        arguments = ["--output", str(run), *TINY]
        for share in shares:
            process = mentor("run", *arguments)
            time.sleep(seconds * share)
            process.kill()
            process.communicate()
            if (run / "config.toml").exists():
                arguments = ["--resume", str(run)]
        finish(mentor("run", *arguments))
        assert rewards(run) == rewards(tmp_path / "whole")
        assert episodes_by_step(run) == {0: 8, 1: 8}


def test_a_damaged_checkpoint_is_left_out_and_the_run_ends_the_same(whole, tmp_path):
    """A flipped bit in it would silently give another model, and a missing state, too."""
    import torch

    run = tmp_path / "run"
    process = mentor("run", "--steps", "6", "--output", str(run), *SMALL)
    wait_for_step(process, run, 5)
    process.kill()
    process.wait()
    optimizer = run / "checkpoints/checkpoint-4/optimizer.pt"
    content = bytearray(optimizer.read_bytes())
    content[len(content) // 2] ^= 1
    optimizer.write_bytes(content)
    output = finish(mentor("run", "--resume", str(run)))
    assert "note: checkpoint-4 is left out: optimizer.pt is not as it was written" in output
    assert rewards(run) == rewards(whole)
    assert episodes_by_step(run) == dict.fromkeys(range(6), 32)
    mine, theirs = weights(run), weights(whole)
    assert all(torch.equal(mine[name], tensor) for name, tensor in theirs.items())
    kept = {"checkpoint-4", "checkpoint-6", "damaged-4"}
    assert {path.name for path in (run / "checkpoints").iterdir()} == kept


def test_a_damaged_student_is_saved_again(whole, tmp_path):
    """It was trained, and is to be evaluated."""
    import torch

    run = shutil.copytree(whole, tmp_path / "run")
    (run / "model/model.safetensors").write_bytes(b"torn")
    (run / "state.json").write_text('{"status": "running", "steps": 6}')
    (run / "trajectories/eval-after.jsonl").unlink()
    output = finish(mentor("run", "--resume", str(run)))
    assert "is left out: model.safetensors is not as it was written" in output
    mine, theirs = weights(run), weights(whole)
    assert all(torch.equal(mine[name], tensor) for name, tensor in theirs.items())
    assert (run / "report.json").read_text() == (whole / "report.json").read_text()


def test_a_full_disk_is_one_line_and_the_run_resumes(whole, tmp_path):
    """The student fits, its optimizer does not: files may have 6 MB."""
    import resource

    run = tmp_path / "run"
    limit = (6_000_000, resource.RLIM_INFINITY)
    full = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit)}
    output = finish(mentor("run", "--steps", "6", "--output", str(run), *SMALL, **full), 2)
    assert "Traceback" not in output
    *_, last = output.splitlines()
    assert last.startswith(f"Error: {run}/checkpoints/checkpoint-2 cannot be written: ")
    finish(mentor("run", "--resume", str(run)))
    assert rewards(run) == rewards(whole)


def test_two_cannot_resume_one_run(tmp_path):
    run = tmp_path / "run"
    first = mentor("run", "--steps", "4", "--output", str(run), *SMALL)
    wait_for_step(first, run, 1)
    output = finish(mentor("run", "--resume", str(run)), 2)
    assert f"Error: {run} is in use by another process (process {first.pid}" in output
    finish(first)
    assert [line["step"] for line in metrics(run)] == [1, 2, 3, 4]
    output = finish(mentor("run", "--resume", str(run)))
    assert output == f"{run} is finished; its figures are in {run}/report.md\n"


def test_ctrl_c_saves_and_the_run_resumes(tmp_path):
    run = tmp_path / "run"
    process = mentor("run", "--steps", "3", "--output", str(run), *SMALL)
    wait_for_step(process, run, 1)
    process.send_signal(signal.SIGINT)
    output = finish(process, 130)
    assert f"mentor run --resume {run}" in output
    assert "Traceback" not in output
    assert json.loads((run / "state.json").read_text())["status"] == "interrupted"
    assert list((run / "checkpoints").glob("checkpoint-*/mentor_state.json"))
    finish(mentor("run", "--resume", str(run)))
    assert [line["step"] for line in metrics(run)] == [1, 2, 3]


def test_reward_rises(tmp_path):
    """Twelve steps on two-step problems are enough for a rise beyond the noise of a batch."""
    run = tmp_path / "run"
    size = ["--set", "env_options.max_steps=2", "--set", "evaluate.tasks=0"]
    finish(mentor("run", "--steps", "12", "--output", str(run), *size))
    first, last = rewards(run)[:4], rewards(run)[-4:]
    assert sum(last) / 4 > sum(first) / 4 + 0.05


def test_two_processes_train_one_model(tmp_path):
    """Groups may span processes, and each process plays its own episodes.

    `--multi_gpu` is accelerate's word for several processes; without a GPU they use gloo.
    """
    run = tmp_path / "run"
    launch = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu"]
    launch += ["--num_processes", "2", "--num_machines", "1", "--main_process_port", "0"]
    launch += ["--mixed_precision", "no", "--dynamo_backend", "no", "-m", "mentor_core"]
    small = [*SMALL, "--set", "train.tasks_per_step=3"]
    output = subprocess.run(
        [*launch, "run", "--steps", "2", "--output", str(run), *small],
        check=False,
        capture_output=True,
        text=True,
        timeout=600,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert output.returncode == 0, output.stdout + output.stderr
    assert [line["step"] for line in metrics(run)] == [1, 2]
    parts = [read_trajectories(run / f"trajectories/{name}.jsonl") for name in ("train", "train-1")]
    for step in range(2):
        mine = [[t for t in part if t.policy_version == step] for part in parts]
        assert [len(part) for part in mine] == [12, 12]
        together = Counter(t.task_id for part in mine for t in part)
        assert sorted(together.values()) == [8, 8, 8]
        assert len({t.seed for part in mine for t in part}) == 24
        shared = {t.task_id for t in mine[0]} & {t.task_id for t in mine[1]}
        assert len(shared) == 1, "the middle group is split between the processes"
    evaluated = read_trajectories(run / "trajectories/eval-after.jsonl")
    assert len({t.task_id for t in evaluated}) == 8
    assert weights(run)


# Several environments ----------------------------------------------------------------------------

MIXED = [
    *("--env", "calculator,dice=0.5", "--set", "env_options.calculator.train_size=64"),
    *("--set", "evaluate.tasks=4", "--set", "train.tasks_per_step=3"),
    *("--set", "train.group_size=4", "--set", "train.checkpoint_every=1"),
]


def test_a_mixture_trains_resumes_and_is_read_again(outsider, tmp_path):
    """Each environment has its share, metrics and rows in the report, also after kill -9."""
    path = os.pathsep.join([str(outsider), os.environ.get("PYTHONPATH", "")])
    options = {"env": {**os.environ, "PYTHONPATH": path}}
    whole, run = tmp_path / "whole", tmp_path / "killed"
    output = finish(mentor("run", "--steps", "4", "--output", str(whole), *MIXED, **options))
    assert "calculator,dice=0.5: before and after" in output
    assert all(
        f"{split}/{name}" in output for split in ("eval", "ood") for name in ("calcul", "dice")
    )
    played = read_trajectories(whole / "trajectories/train.jsonl")
    groups = {(t.policy_version, t.group): t.env for t in played}
    assert Counter(groups.values()) == {"calculator": 8, "dice": 4}
    for line in metrics(whole):
        assert {
            "success",
            "calculator/success",
            "dice/success",
            "dice/groups/zero_variance",
        } <= set(line)
    figures = json.loads((whole / "report.json").read_text())
    assert figures["after"]["eval/episodes"] == 8
    assert figures["after"]["eval/dice/episodes"] == figures["before"]["ood/dice/episodes"] == 4
    assert "| ood/dice | after |" in (whole / "report.md").read_text()

    process = mentor("run", "--steps", "4", "--output", str(run), *MIXED, **options)
    wait_for_step(process, run, 2)
    process.kill()
    process.wait()
    finish(mentor("run", "--resume", str(run), **options))
    assert rewards(run) == rewards(whole)
    again = read_trajectories(run / "trajectories/train.jsonl")
    assert [t.task_key for t in again] == [t.task_key for t in played]

    output = finish(mentor("eval", str(whole), "--split", "eval", **options))
    assert "eval/dice" in output
    output = finish(mentor("eval", str(whole), "--split", "eval", "--env", "dice", **options))
    assert "eval/dice" not in output
    output = finish(mentor("score", str(whole), "--rewards", "teacher,outcome", **options))
    assert "no references" not in output
    assert "no answers" not in output
    output = finish(mentor("show", str(whole), "--env", "dice", "-n", "1", **options))
    assert "dice?" in output
    output = finish(
        mentor(
            "compare-rewards", str(whole), "--rewards", "sparse", "--against", "mentor", **options
        )
    )
    assert "advantages change sign" in output
