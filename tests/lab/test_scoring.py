import codecs
import gzip
import json
import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.contracts.reward import Example
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call, format_trajectory, read_trajectories
from mentor_core.support.errors import ConfigError, DataError
from mentor_lab.scoring import (
    Broken,
    Inputs,
    Row,
    Tally,
    read_lines,
    score_files,
    task_of,
)
from mentor_lab.testing import trajectory_of
from mentor_plugins.commands.kept import end_lines
from mentor_runs.assembly.assemble import make_reward
from mentor_runs.settings.config import RewardConfig
from mentor_runs.settings.resolve import resolve

ADD = Call("add", {"a": 1, "b": 2}, "3")
TEACHER = trajectory_of([ADD], "3", outcome=1.0, source="teacher")


def reward(**settings):
    return resolve({"reward": settings}).reward


def write(path, *lines):
    texts = [line if isinstance(line, str) else format_trajectory(line).strip() for line in lines]
    path.write_text("".join(f"{text}\n" for text in texts))
    return path


def episodes(count):
    return [
        trajectory_of(
            *[[ADD]] * (i % 3), "3", outcome=i % 2, policy_version=i // 40, group=i // 8 % 5
        )
        for i in range(count)
    ]


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_scores_are_those_of_the_training_in_the_files_order(tmp_path, jobs):
    file = write(tmp_path / "t.jsonl", *episodes(300))
    inputs = Inputs(reward(preset="mentor"), {}, {TEACHER.task_key: [TEACHER]})
    rows = list(score_files([file], inputs, jobs, keep=True))
    assert [row.where for row in rows] == [f"{file}:{i + 1}" for i in range(300)]
    made = make_reward(inputs.reward)
    examples = [Example(t, task_of(t), [TEACHER]) for t in episodes(300)]
    expected = made.composer.compose(made.score(examples), 1.0).rewards_B.tolist()
    assert [row.reward for row in rows] == expected
    assert [row.trajectory.reward for row in rows] == expected
    assert [row.trajectory.scores for row in rows] == [e.trajectory.scores for e in examples]


def test_what_is_broken_is_named_and_never_a_score(tmp_path):
    unverified = trajectory_of("3", outcome=math.nan)
    line = json.dumps({**json.loads(format_trajectory(TEACHER)), "outcome": math.nan})
    file = write(tmp_path / "t.jsonl", TEACHER, "{", "", '{"task_id": 3}', line, unverified)
    file.write_bytes(file.read_bytes() + b"\xff\xfe\n")
    items = list(score_files([file], Inputs(reward(terms={"outcome": 1, "answered": 1}))))
    broken = [item.problem for item in items if isinstance(item, Broken)]
    assert [problem.split(": ")[0] for problem in broken] == [f"{file}:{n}" for n in (2, 4, 5, 7)]
    first, missing = (item for item in items if isinstance(item, Row))
    assert (first.reward, first.failures) == (1.0, {})
    assert math.isnan(missing.values_K[0]) and missing.failures == {}


def test_a_byte_order_mark_costs_no_line(tmp_path):
    """Editors on Windows write one, and files that were joined have some in their midst."""
    file = write(tmp_path / "t.jsonl", TEACHER)
    file.write_bytes(codecs.BOM_UTF8 + b"\n" + (codecs.BOM_UTF8 + file.read_bytes()) * 2)
    items = list(score_files([file], Inputs(reward(terms={"outcome": 1}))))
    assert [item.where for item in items] == [f"{file}:2", f"{file}:3"]
    assert read_trajectories(file) == [TEACHER, TEACHER]
    file.write_bytes(file.read_bytes().splitlines()[1])
    end_lines(file)
    assert read_trajectories(file) == [TEACHER]


def test_a_batch_is_one_training_step_and_broken_lines_do_not_split_it(tmp_path, monkeypatch):
    seen = []

    def compose(self, scores, training_progress):
        seen.append((len(scores.values_BK), scores.groups_B.tolist()))
        return original(self, scores, training_progress)

    from mentor_plugins.composers.weighted_sum import WeightedSum

    original = WeightedSum.compose
    monkeypatch.setattr(WeightedSum, "compose", compose)
    steps = [
        trajectory_of("3", outcome=1.0, policy_version=step, group=g)
        for step in (0, 1)
        for g in (5, 5, 2)
    ]
    file = write(tmp_path / "t.jsonl", *steps[:2], "{", *steps[2:])
    settings = reward(terms={"answered": 1}, composer="weighted_sum")
    list(score_files([file], Inputs(settings)))
    assert seen == [(3, [0, 0, 1]), (3, [0, 0, 1])]


def test_tasks_are_used_where_known_and_rebuilt_where_not():
    record = trajectory_of(
        "3",
        prompt=[
            {"role": "system", "content": "s"},
            {"role": "user", "content": "one"},
            {"role": "user", "content": "two"},
        ],
    )
    assert task_of(record) == Task("task-1", "tests", "two")
    assert task_of(trajectory_of("3")).prompt == ""


def test_files_that_cannot_be_read_say_so(tmp_path):
    torn = tmp_path / "t.jsonl.gz"
    torn.write_bytes(gzip.compress(b"{}\n" * 10_000)[:-20])
    for path in (torn, tmp_path / "absent.jsonl"):
        with pytest.raises(DataError, match=path.name):
            list(read_lines([path]))


def test_a_wrong_reward_is_refused_before_a_line_is_read(tmp_path):
    settings = RewardConfig(terms={"outcome": 1.0}, composer="weighted_sum", term_options={"x": {}})
    with pytest.raises(ConfigError):
        next(score_files([tmp_path / "absent.jsonl"], Inputs(settings)))


@given(st.lists(st.just(math.nan) | st.floats(-100, 100), max_size=20))
def test_tally(values):
    tally = Tally()
    for value in values:
        tally.add(value)
    scored = [value for value in values if not math.isnan(value)]
    assert (tally.seen, tally.scored) == (len(values), len(scored))
    if scored:
        assert tally.mean == pytest.approx(statistics.fmean(scored), abs=1e-9)
    if len(scored) > 1:
        assert tally.std == pytest.approx(statistics.stdev(scored), abs=1e-6)
