"""Files are written whole or not at all, and a disk that takes no more is told with the path."""

import errno
import json
import os
import resource

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.support.errors import RunError
from mentor_toolkit.disk import check_writable, cut_lines, write_atomically, writing


def names(folder):
    return sorted(path.name for path in folder.iterdir())


STEPS = st.lists(st.integers(0, 5), max_size=6)


@given(STEPS, st.integers(0, 6), st.integers(1, 11))
def test_cut_keeps_finished_lines_in_order_and_drops_a_torn_one(
    tmp_path_factory, steps, limit, torn
):
    file = tmp_path_factory.mktemp("cut") / "lines.jsonl"
    whole = "".join(f'{{"step": {step}}}\n' for step in steps)
    file.write_text(whole + '{"step": 0}\n'[:torn])
    cut_lines(file, lambda line: line["step"] < limit)
    assert [json.loads(line)["step"] for line in file.read_text().splitlines()] == [
        step for step in steps if step < limit
    ]
    assert names(file.parent) == ["lines.jsonl"]


def test_a_cut_that_fails_leaves_the_file_as_it_was(tmp_path):
    file = tmp_path / "lines.jsonl"
    file.write_text('{"step": 1}\n{"stp": 2}\n')
    with pytest.raises(KeyError):
        cut_lines(file, lambda line: line["step"] < 2)
    assert file.read_text() == '{"step": 1}\n{"stp": 2}\n'


def test_cutting_what_is_not_there_makes_no_file(tmp_path):
    cut_lines(tmp_path / "lines.jsonl", lambda _: True)
    assert names(tmp_path) == []


def test_a_file_is_replaced_whole(tmp_path):
    file = tmp_path / "state.json"
    write_atomically(file, "old")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(file, "new \ud800")
    assert file.read_text() == "old"
    write_atomically(file, "größer")
    assert file.read_text(encoding="utf-8") == "größer"
    assert names(tmp_path) == ["state.json"]


@pytest.fixture
def almost_full():
    """Files of this process can be no longer than 4 KB."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, old[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, old)


def test_a_full_disk_is_one_message_with_the_path(tmp_path, almost_full):
    file = tmp_path / "state.json"
    write_atomically(file, "old")
    with pytest.raises(RunError) as error, writing(file):
        write_atomically(file, "new" * 4096)
    assert str(error.value) == f"{file} cannot be written: {os.strerror(errno.EFBIG)}"
    assert file.read_text() == "old"


@pytest.mark.parametrize("library", ["safetensors", "torch"])
def test_what_libraries_raise_on_a_full_disk_is_one_message_too(tmp_path, almost_full, library):
    torch = pytest.importorskip("torch")
    from safetensors.torch import save_file

    tensor = torch.zeros(4096)
    with pytest.raises(RunError, match=rf"^{tmp_path} cannot be written: .+$") as error:  # noqa: SIM117
        with writing(tmp_path, Exception):
            if library == "torch":
                torch.save(tensor, tmp_path / "x")
            else:
                save_file({"x": tensor}, tmp_path / "x")
    assert "\n" not in str(error.value)


def test_whether_a_folder_can_be_written_is_tried_and_leaves_nothing(tmp_path):
    check_writable(tmp_path / "a" / "b")
    assert names(tmp_path) == []
    (tmp_path / "a").mkdir()
    check_writable(tmp_path / "a")
    assert names(tmp_path) == ["a"]
    (tmp_path / "file").touch()
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone" / "away")
    for wrong in (tmp_path / "file" / "run", tmp_path / "nowhere", tmp_path / ("x" * 300)):
        with pytest.raises(RunError, match="cannot be written: "):
            check_writable(wrong)
    assert names(tmp_path) == ["a", "file", "nowhere"]
