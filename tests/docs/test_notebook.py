"""The notebook runs from its first cell to its last, and is committed without results."""

from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).parents[2] / "docs" / "notebooks" / "first_run.ipynb"


@pytest.fixture
def notebook():
    return pytest.importorskip("nbformat").read(NOTEBOOK, as_version=4)


def test_no_result_is_committed(notebook):
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code
    assert not any(cell.outputs or cell.execution_count for cell in code)


@pytest.mark.slow
def test_the_notebook_runs(notebook, tmp_path, monkeypatch):
    from nbclient import NotebookClient

    monkeypatch.setenv("MENTOR_STEPS", "1")
    monkeypatch.setenv("MENTOR_TASKS", "4")
    where = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=600, resources=where).execute()
    printed = "".join(
        output.get("text", "") or output.get("data", {}).get("text/plain", "")
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
    )
    assert "trained student" in printed
    assert "eval " in printed and "→" in printed
    assert "outcome" in printed
    assert printed.count("━") < 1000, "progress is shown as bars of a terminal"
    assert (tmp_path / "notebook-run" / "report.html").is_file()
