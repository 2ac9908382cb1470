"""The table of before and after."""

import io
import json
from dataclasses import replace

import pytest
from rich.console import Console

from mentor_core.contracts.report import Report
from mentor_core.contracts.trajectory import Call
from mentor_lab.testing import trajectory_of
from mentor_runs.evaluation.report import (
    COLUMNS,
    as_json,
    as_markdown,
    as_metrics,
    as_table,
    table_rows,
    write_reports,
)
from mentor_runs.evaluation.summary import summarise

BEFORE = summarise(
    [trajectory_of("3", outcome=o, task_id=f"t{n}") for n, o in enumerate((1.0, 0.0, 0.0, 0.0))]
)
AFTER = summarise(
    [
        trajectory_of([Call("add", {}, failure="timeout")], "3", outcome=1.0, task_id=task)
        for task in ("t0", "t1")
    ]
)
UNVERIFIED = summarise([trajectory_of("3")])
SUMMARIES = {"eval": {"before": BEFORE, "after": AFTER}, "ood": {"before": UNVERIFIED}}


def test_each_split_has_a_row_before_and_one_after():
    assert table_rows(SUMMARIES) == [
        ("eval", "before", "4", "25.0%", "4.6 – 69.9%", "0.250", "1.0", "0.0", "–"),
        ("eval", "after", "2", "100.0%", "34.2 – 100.0%", "1.000", "2.0", "1.0", "100.0%"),
        ("ood", "before", "1", "–", "not verified", "–", "1.0", "0.0", "–"),
    ]


def test_the_report_is_a_markdown_table_with_the_facts_below():
    report = as_markdown(SUMMARIES, ["reward: outcome 1"])
    table, facts = report.split("\n\n")
    assert facts == "- reward: outcome 1\n"
    lines = table.splitlines()
    assert {line.count("|") for line in lines} == {len(COLUMNS) + 1}
    assert lines[2] == "| " + " | ".join(table_rows(SUMMARIES)[0]) + " |"


@pytest.mark.parametrize("split", ["eval", "eval/calculator", "eval/reasoning_gym"])
def test_a_terminal_of_80_columns_shows_every_figure_whole(split):
    out = io.StringIO()
    partial = replace(AFTER, outcome=0.6, episodes=1000, turns=12.5, calls=11.5)
    Console(file=out, width=80).print(as_table({split: {"before": partial}}, "x"))
    assert "…" not in out.getvalue()
    (row,) = table_rows({split: {"before": partial}})
    for whole in " ".join(row).split():
        assert whole in out.getvalue()


@pytest.mark.parametrize("split", ["eval", "ood/phrasing", "ood/num_terms"])
def test_a_terminal_of_60_columns_shows_what_matters_whole(split):
    out = io.StringIO()
    summaries = {split: {"before": BEFORE, "after": replace(AFTER, outcome=0.6)}}
    Console(file=out, width=60).print(as_table(summaries, "x", 60))
    shown = out.getvalue()
    assert max(map(len, shown.splitlines())) <= 60
    for row in table_rows(summaries):
        cells = dict(zip(COLUMNS, row, strict=True))
        for column in ("split", "model", "episodes", "success", "95 % interval", "outcome"):
            assert all(word in shown.split() for word in cells[column].split())
            assert all(word in shown.split() for word in column.split())


def test_programs_read_the_same_figures_by_name():
    figures = json.loads(as_json({**SUMMARIES, "eval/dice": {"after": AFTER}}))
    assert list(figures) == ["before", "after"]
    assert figures["before"]["eval/success"] == 0.25
    assert figures["before"]["ood/success"] is None
    assert figures["after"]["eval/dice/success"] == 1.0
    assert figures["after"]["eval/dice/interval"] == [AFTER.interval[0], AFTER.interval[1]]
    assert figures["after"]["eval/ends"] == {"answered": 1.0}


def test_a_run_without_evaluation_still_has_a_report():
    assert as_markdown({}, ["a fact"]).endswith("|\n\n- a fact\n")


def test_the_name_of_a_model_is_shown_as_it_is():
    """Brackets in a path are markup to rich, which would swallow them or raise."""
    out = io.StringIO()
    table = as_table({"eval": {"models/[bold]/[/x]": BEFORE}}, "calculator: [red]")
    Console(file=out, width=120).print(table)
    assert "models/[bold]/[/x]" in out.getvalue()
    assert "calculator: [red]" in out.getvalue()
    assert "4.6 – 69.9%" in out.getvalue()


def test_the_terminal_shows_the_mean_outcome_where_it_says_more_than_success():
    def columns(summaries):
        return [column.header for column in as_table(summaries, "t").columns]

    assert "outcome" not in columns(SUMMARIES)
    partial = {"eval": {"before": replace(BEFORE, outcome=0.6)}}
    assert columns(partial) == list(COLUMNS)


def test_trackers_are_told_plain_numbers_by_name():
    told = as_metrics({"eval": BEFORE, "ood": UNVERIFIED})
    assert told["eval/success"] == told["eval/outcome"] == 0.25
    assert told["eval/interval/low"] == pytest.approx(0.0456, abs=1e-4)
    assert told["eval/end/answered"] == 1.0
    assert told["ood/success"] is told["ood/interval/high"] is None
    assert all(value is None or isinstance(value, (int, float)) for value in told.values())


class Short(Report):
    """Writes a word."""

    word: str = "done"

    def write(self, run):
        (run / "short.txt").write_text(self.word)
        return run / "short.txt"


class Broken(Report):
    """Cannot be written."""

    def write(self, run):
        raise KeyError("a bug")


def test_a_report_that_fails_costs_the_others_and_the_run_nothing(tmp_path):
    out = io.StringIO()
    reports = {"broken": Broken(), "short": Short(word="over")}
    write_reports(tmp_path, reports, Console(file=out, width=200))
    assert (tmp_path / "short.txt").read_text() == "over"
    assert "warning: the report 'broken' could not be written: KeyError: 'a bug'" in out.getvalue()
    assert f"report short    {tmp_path / 'short.txt'}" in out.getvalue()
