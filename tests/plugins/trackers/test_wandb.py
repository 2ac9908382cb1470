"""The files that `wandb sync` uploads hold a resumed run's data, each step once."""

import json
import struct

import pytest

from mentor_core.support.errors import ConfigError
from mentor_plugins.trackers.wandb import WandbTracker

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


def test_online_without_a_key_is_refused_before_the_run(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    with pytest.raises(ConfigError, match="set WANDB_API_KEY"):
        WandbTracker(mode="online")
