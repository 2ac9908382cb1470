"""The files that `wandb sync` uploads hold a resumed run's data, each step once."""

import json
import os
import struct
import subprocess
import sys

import pytest

pytest.importorskip("wandb", reason="needs the extra wandb")

BLOCK, HEADER = 32768, 7


def records(path):
    """The records of a `.wandb` file: LevelDB's log format, with a header of 7 bytes."""
    from wandb.proto.wandb_internal_pb2 import Record

    data, place, parts = path.read_bytes(), HEADER, b""
    while place + HEADER <= len(data):
        if BLOCK - place % BLOCK < HEADER:  # the rest of a block is padding
            place += BLOCK - place % BLOCK
            continue
        _, length, kind = struct.unpack("<IHB", data[place : place + HEADER])
        parts += data[place + HEADER : place + HEADER + length]
        place += HEADER + length
        if kind in (1, 4):  # whole, or the last part
            record = Record()
            record.ParseFromString(parts)
            parts = b""
            yield record


def values(items):
    return {each.key or "/".join(each.nested_key): json.loads(each.value_json) for each in items}


@pytest.mark.slow
def test_a_resumed_run_has_each_step_once(resumed_run):
    folder = resumed_run.directory / "wandb"
    files = sorted(folder.glob("offline-run-*/*.wandb"))
    assert len(files) == 2  # one a process; `wandb sync` joins them by the id
    found = [record for file in files for record in records(file)]
    runs = [record.run for record in found if record.HasField("run")]
    (identity,) = {run.run_id for run in runs}
    assert identity == json.loads((resumed_run.directory / "tracker-wandb.json").read_text())["id"]
    assert {(r.project, r.run_group, r.display_name, *r.tags) for r in runs} == {
        ("mentor", "g", "run", "first")
    }
    rows = [values(record.history.item) for record in found if record.HasField("history")]
    assert [row["step"] for row in rows] == [1, 2]
    assert all("loss" in row for row in rows)
    assert rows[0]["episodes/_type"] == "table-file"
    assert rows[0]["episodes/nrows"] == 8
    summary = {}
    for record in found:
        if record.HasField("summary"):
            summary |= values(record.summary.update)
    assert {"before/eval/success", "before/eval/interval/low", "after/ood/success"} <= set(summary)
    assert summary["model"] == str(resumed_run.directory / "model")


@pytest.mark.slow
def test_neither_secrets_nor_the_command_line_are_recorded(resumed_run):
    for file in (resumed_run.directory / "wandb").rglob("*"):
        if file.is_file():
            data = file.read_bytes()
            assert resumed_run.secret.encode() not in data, file
            assert b"--resume" not in data, file


@pytest.mark.slow
@pytest.mark.parametrize("key", ["", "x" * 40])
def test_online_without_a_key_that_a_server_knows_is_refused_before_the_run(key, tmp_path):
    """In a process of its own: the library remembers the first answer. Nobody listens on port 9."""
    variables = {"HOME": str(tmp_path), "WANDB_BASE_URL": "http://127.0.0.1:9"}
    variables |= {"WANDB_API_KEY": key} if key else {}
    settings = ["--set", 'trackers=["wandb"]', "--set", "tracker_options.wandb.mode=online"]
    done = subprocess.run(
        [sys.executable, "-m", "mentor_core", "run", "--dry-run", *settings],
        env={**os.environ, **variables},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 2, done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("Error: tracker 'wandb': mode is online, and ")
    assert "set WANDB_API_KEY" in last
    assert "x" * 40 not in done.stderr
