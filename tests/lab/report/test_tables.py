"""Tables of the page."""

from mentor_core.contracts.provenance import Provenance, Usage
from mentor_lab.report import tables
from mentor_lab.report.read import open_run, read_episodes


def read(path):
    run = open_run(path)
    read_episodes(run)
    return run


def test_seeds_of_one_run_have_a_mean_and_an_interval(make_run):
    runs = [
        read(make_run("a", after=[1, 1, 1, 1], seed=0)),
        read(make_run("b", after=[1, 1, 0, 0], seed=1)),
    ]
    rows = {row[1]: list(row) for row in tables.seeds(runs).rows}
    assert rows["eval"] == ["a, b", "eval", "2", "75.0%", "0.0 – 100.0 %"]


def test_one_seed_says_that_it_gives_no_interval(make_run):
    run = read(make_run())
    assert all("one seed" in row[-1] for row in tables.seeds([run]).rows)


def test_zero_successes_still_have_an_interval(make_run):
    run = read(make_run(before=[0] * 4, after=[0] * 4))
    cells = tables.evaluations(run).rows[0]
    assert cells[3:5] == ("0.0%", "0.0 – 49.0%")


def test_time_is_that_of_the_phases_and_adds_up(make_run):
    spent = tables.phases(read(make_run(steps=3)))
    assert spent == {
        "evaluation before": 8.0,  # 4 seconds in each split
        "training: rollouts": 6.0,
        "training: rewards": 1.5,
        "training: update": 4.5,
        "evaluation after": 8.0,
    }


def test_the_gap_counts_what_the_student_does_otherwise(make_run):
    table, last = tables.gaps(read(make_run(steps=3)))
    assert [row[0] for row in table.rows] == ["1", "2", "3"]
    assert {row[-1] for row in table.rows} == {"50.0%"}  # every second episode is the teacher's
    assert last.first_divergence == {1: 2}
    titles = [counts.title for counts in tables.gap_counts(last)]
    assert titles == ["First divergence", "Wrong arguments"]


def test_money_is_unknown_where_a_server_counted_and_no_price_is_known(make_run):
    run = read(make_run())
    usage = Usage(3, 100, 20)
    for reference in run.teacher[:2]:
        reference.provenance = Provenance("openai", "big", usage=usage)
    row = tables.costs(run).rows[0]
    assert list(row[1:]) == ["openai big", str(len(run.teacher)), "6", "200", "40", "unknown"]
    run.teacher[0].provenance = Provenance("openai", "big", usage=usage, cost=0.25)
    assert tables.costs(run).rows[0][-1] == "0.2500"
    assert tables.costs(run).rows[1][-1] == "–"


def test_several_environments_have_figures_each(make_run):
    run = read(make_run(before=[0] * 4, after=[1] * 4))
    for by_time in run.evaluations.values():
        for episodes in by_time.values():
            episodes[0].trajectory.env = "dice"
    rows = [(row[0], row[1], row[3]) for row in tables.evaluations(run).rows]
    assert rows[:3] == [
        ("eval", "before", "0.0%"),
        ("eval", "after", "100.0%"),
        ("eval/calculator", "before", "0.0%"),
    ]
    assert ("ood/dice", "after", "100.0%") in rows
