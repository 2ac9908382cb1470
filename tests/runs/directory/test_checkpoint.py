"""Checkpoints: what is not exactly what was written is never resumed from."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_runs.directory.checkpoint import (
    CHECKSUMS,
    damage,
    drop_old,
    newest_whole,
    seal,
    set_aside,
)

FILES = st.dictionaries(
    st.sampled_from(["model.safetensors", "optimizer.pt", "rng_state.pth", "deep/er", "ünlesbar"]),
    st.binary(min_size=1, max_size=64),
    min_size=1,
)


@pytest.fixture(scope="module")
def make(tmp_path_factory):
    def make(files):
        folder = tmp_path_factory.mktemp("sealed")
        for name, content in files.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(content)
        seal(folder)
        assert damage(folder) is None
        return folder

    return make


@given(FILES, st.data())
def test_any_byte_changed_in_any_file_is_seen(make, files, data):
    """A flipped bit would silently give another model; in the checksums it gives an older one."""
    folder = make(files)
    file = folder / data.draw(st.sampled_from([*sorted(files), CHECKSUMS]))
    content = bytearray(file.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    file.write_bytes(bytes(content))
    assert damage(folder)


@given(FILES, st.data())
def test_any_file_cut_short_is_seen(make, files, data):
    folder = make(files)
    file = folder / data.draw(st.sampled_from([*sorted(files), CHECKSUMS]))
    content = file.read_bytes()
    file.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    assert damage(folder)


@given(FILES, st.data())
def test_any_file_that_is_missing_or_came_later_is_seen(make, files, data):
    folder = make(files)
    name = data.draw(st.sampled_from([*sorted(files), CHECKSUMS, "pytorch_model.bin"]))
    if (folder / name).exists():
        (folder / name).unlink()
    else:
        (folder / name).touch()
    assert damage(folder)


def test_the_checksums_are_those_of_a_common_tool(make):
    folder = make({"model.safetensors": b"abc"})
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert (folder / CHECKSUMS).read_text() == f"{digest}  model.safetensors\n"


def checkpoints(folder, *steps):
    for step in steps:
        (folder / f"checkpoint-{step}").mkdir()
        (folder / f"checkpoint-{step}" / "model").write_text(f"{step}")
        seal(folder / f"checkpoint-{step}")


def names(folder: Path):
    return sorted(path.name for path in folder.iterdir())


def test_the_newest_whole_one_is_taken_and_what_was_left_out_is_said(tmp_path):
    checkpoints(tmp_path, 8, 9, 10, 11, 100)
    (tmp_path / "checkpoint-100" / CHECKSUMS).unlink()
    (tmp_path / "checkpoint-11" / "model").write_text("12")
    (tmp_path / "checkpoint-10" / "model").unlink()
    (tmp_path / "checkpoint-of-mine").mkdir()
    said = []
    assert newest_whole(tmp_path, said.append) == (tmp_path / "checkpoint-9", 9)
    assert said == [
        "checkpoint-100 is left out: it was not finished",
        "checkpoint-11 is left out: model is not as it was written",
        "checkpoint-10 is left out: model is missing",
    ]


def test_where_none_is_whole_there_is_none(tmp_path):
    assert newest_whole(tmp_path / "nowhere") is None
    checkpoints(tmp_path, 1)
    (tmp_path / "checkpoint-1" / "model").unlink()
    assert newest_whole(tmp_path) is None


def test_what_is_left_out_is_kept_under_another_name(tmp_path):
    """Else a damaged one would count as kept, and an older whole one would be deleted for it."""
    checkpoints(tmp_path, 1, 2, 3)
    set_aside(tmp_path, 2)
    set_aside(tmp_path, 1)
    assert names(tmp_path) == ["checkpoint-1", "damaged-2", "damaged-3"]
    checkpoints(tmp_path, 2)
    set_aside(tmp_path, 1)
    assert names(tmp_path) == ["checkpoint-1", "damaged-2", "damaged-3"]


def test_old_ones_are_deleted_by_their_step_and_not_by_their_name(tmp_path):
    checkpoints(tmp_path, 8, 9, 10)
    drop_old(tmp_path, 2)
    assert names(tmp_path) == ["checkpoint-10", "checkpoint-9"]
