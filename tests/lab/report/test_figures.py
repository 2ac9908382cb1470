"""Figures are what plotly takes, and have what they are to show."""

import plotly.graph_objects as go
import pytest

from mentor_lab.report import figures
from mentor_lab.report.read import open_run, read_episodes


def read(path):
    run = open_run(path)
    read_episodes(run, lambda trajectory: {"outcome": trajectory.outcome, "teacher": None})
    return run


def drawn(runs):
    several = [figure for stage in figures.curves(runs).values() for figure in stage]
    single = [figures.success, figures.tools, figures.endings, figures.time]
    return [*(draw(runs) for draw in single), *figures.scores_by_split(runs), *several]


@pytest.mark.parametrize("count", [1, 2])
def test_plotly_takes_every_figure(make_run, count):
    for figure in drawn([read(make_run(name)) for name in "ab"[:count]]):
        go.Figure(
            {"data": figure.traces, "layout": figure.layout}
        )  # raises on what it does not know


def test_ids_are_told_apart(make_run):
    ids = [figure.id for figure in drawn([read(make_run())])]
    assert len(ids) == len(set(ids))


def test_success_has_a_bar_for_each_split_and_its_interval(make_run):
    figure = figures.success([read(make_run(before=[0] * 4, after=[1, 1, 1, 0]))])
    assert [trace["name"] for trace in figure.traces] == ["before", "after"]
    after = figure.traces[1]
    assert dict(zip(after["x"], after["y"], strict=True)) == {"eval": 0.75, "ood": 0.75}
    assert all(size > 0 for size in after["error_y"]["arrayminus"])


def test_a_term_that_scores_nothing_has_no_bar(make_run):
    eval_, _ = figures.scores_by_split([read(make_run())])
    assert all(trace["x"] == ["outcome"] for trace in eval_.traces)


def test_the_teacher_stands_beside_the_student(make_run):
    figure = figures.tools([read(make_run())])
    assert [trace["name"] for trace in figure.traces] == ["teacher", "before", "training", "after"]
    for trace in figure.traces:
        assert sum(trace["y"]) == pytest.approx(1)


def test_a_run_of_nothing_is_drawn_without_series(make_run):
    path = make_run(before=(), after=(), steps=0)
    (path / "references.jsonl").unlink()
    for figure in drawn([read(path)]):
        assert figure.traces == []
