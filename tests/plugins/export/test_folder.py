"""The directory of an export: whole or not there, and never over somebody's files."""

import pytest

from mentor_core.support.errors import RunError
from mentor_plugins.export.folder import EXPORT, ExportFolder, Facts

FACTS = Facts(
    run="r", environment="calculator", checkpoint=None, parser="hermes", source="", mentor="0"
)


def write(path, text):
    folder = ExportFolder(path)
    folder.check()
    (folder.begin() / "README.md").write_text(text)
    return folder


def test_an_interrupted_export_leaves_nothing_that_looks_whole(tmp_path):
    write(tmp_path / "out", "half")
    assert not (tmp_path / "out").exists()
    write(tmp_path / "out", "whole").finish(FACTS)
    assert (tmp_path / "out" / "README.md").read_text() == "whole"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert ExportFolder.read(tmp_path / "out") == FACTS


def test_an_older_export_is_replaced_as_a_whole(tmp_path):
    write(tmp_path / "out", "old").finish(FACTS)
    (tmp_path / "out" / "model-f16.gguf").write_text("old")
    again = write(tmp_path / "out", "new")
    assert (tmp_path / "out" / "README.md").read_text() == "old"  # until the new one is whole
    again.finish(FACTS)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"README.md", EXPORT}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_other_files_are_not_replaced(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(RunError, match="is no export"):
        ExportFolder(tmp_path).check()
    with pytest.raises(RunError, match="is no export"):
        ExportFolder(tmp_path / "thesis.txt").check()
    (tmp_path / "empty").mkdir()
    ExportFolder(tmp_path / "empty").check()


def test_facts_that_cannot_be_read_are_told(tmp_path):
    (tmp_path / EXPORT).write_text("{}")
    with pytest.raises(RunError, match=EXPORT):
        ExportFolder.read(tmp_path)
    assert ExportFolder.read(tmp_path / "nothing") is None
