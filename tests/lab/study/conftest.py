"""A study that trains for seconds, and finished cells without any training."""

from __future__ import annotations

import pytest
import tomli_w

from mentor_core.contracts.trajectory import Call, Trajectory, Turn, write_trajectories
from mentor_lab.study.cells import plan
from mentor_lab.study.file import read_study
from mentor_lab.study.folder import CellState, StudyFolder

TINY = {
    "study": {"description": "Two methods, two seeds.", "seeds": [0, 1], "baseline": "base"},
    "settings": {
        "train": {"steps": 1, "tasks_per_step": 1, "group_size": 2},
        "rollout": {"max_turns": 3, "max_turn_tokens": 40},
    },
    "evaluate": {"splits": ["eval", "phrasing"], "tasks": 2},
    "environments": {
        "easy": {
            "env": "calculator",
            "env_options": {
                "train_size": 2,
                "eval_size": 2,
                "ood_size": 2,
                "min_steps": 1,
                "max_steps": 1,
            },
        }
    },
    "methods": {"base": {"steps": 0}, "sparse": {"rewards": "sparse"}},
    "quick": {"study": {"seeds": [0]}, "settings": {"train": {"group_size": 3}}},
}


def changed(*changes):
    """TINY with other values: ("study.seeds", [0]), …; None removes a key."""
    import copy

    values = copy.deepcopy(TINY)
    for path, value in changes:
        *tables, key = path.split(".")
        table = values
        for name in tables:
            table = table.setdefault(name, {})
        if value is None:
            del table[key]
        else:
            table[key] = value
    return values


@pytest.fixture
def write(tmp_path):
    """write(("study.seeds", [0])) → the file of a changed TINY."""

    def write(*changes, name="tiny.toml"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(tomli_w.dumps(changed(*changes)), encoding="utf-8")
        return file

    return write


@pytest.fixture
def played(write, tmp_path):
    """played({"base": [[0, 1]], …}, ("study.seeds", [0])) → a study whose cells have finished.

    The outcomes are those of the tasks of `eval`, one list a seed; None for a cell that failed. The
    student calls `add`, and the teacher as well.
    """

    def played(outcomes, *changes):
        splits = ("evaluate.splits", ["eval"])
        methods = {name: TINY["methods"].get(name, {"rewards": "sparse"}) for name in outcomes}
        study = read_study(str(write(splits, ("methods", methods), *changes)))
        cells, _ = plan(study)
        folder = StudyFolder(tmp_path / "studies")
        folder.open(study)
        for cell in cells:
            number = study.seeds.index(cell.seed)
            place = folder.begin(cell)
            found = outcomes[cell.method][number]
            if found is None:
                CellState(status="failed", tasks=cell.tasks, reason="no such model").write(place)
                continue
            file = place / "evaluations" / "eval.jsonl"
            file.parent.mkdir()
            episodes(file, found)
            done = {"seconds": 10.0, "sampled_tokens": 100, "references": 2}
            CellState(status="finished", tasks=cell.tasks, **done).write(place)
        episodes(folder.teacher("easy"), [1.0] * 50)
        return study, cells, folder

    return played


def episodes(file, outcomes):
    with file.open("w", encoding="utf-8") as stream:
        write_trajectories(
            stream,
            [
                Trajectory(
                    f"task-{number}",
                    "calculator",
                    turns=[Turn("", [Call("add", {"a": 1, "b": 2})])],
                    outcome=outcome,
                    end="answered",
                )
                for number, outcome in enumerate(outcomes)
            ],
        )
