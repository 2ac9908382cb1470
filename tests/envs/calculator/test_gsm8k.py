"""Question and answer rows: read, refused with file and line, and turned into references."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from mentor_core.support.errors import DataError
from mentor_envs.calculator.env import Calculator
from mentor_envs.calculator.gsm8k import conversion_report, main, read_tasks
from mentor_envs.calculator.marks import NoReference, convert

GSM8K = Path(__file__).resolve().parents[4] / "shared/data/gsm8k/train.jsonl.gz"
needs_gsm8k = pytest.mark.skipif(not GSM8K.exists(), reason="GSM8K is not beside the checkout")


def write(path, *rows):
    path.write_text("".join(f"{r if isinstance(r, str) else json.dumps(r)}\n" for r in rows))
    return path


def solves(env, task):
    env.reset(options={"task": task})
    expert, calls = env.expert(task), None
    while env.end is None:
        text, wanted = next(expert) if calls is None else expert.send(calls)
        *_, info = env.step(env.parser.render(text, wanted))
        calls = info["calls"]
    return info["outcome"]


@pytest.mark.parametrize(
    ("marks", "answer", "expected"),
    [
        ("<<48/2=24>> <<48+24=72>>", "72", [("divide", 48, 2), ("add", 48, {"step": 0})]),
        ("<<1+2+3=6>>", "6", [("sum_numbers", [1, 2, 3])]),
        (
            "<<2*(3+4)-1=13>>",
            "13",
            [("add", 3, 4), ("multiply", 2, {"step": 0}), ("subtract", {"step": 1}, 1)],
        ),
        ("<<20%*50=10>>", "10", [("divide", 20, 100), ("multiply", {"step": 0}, 50)]),
        ("<<-3+5=2>>", "2", [("add", -3, 5)]),
        ("<<7//2=3>>", "3", [("divide", 7, 2), ("floor", {"step": 0})]),
        ("<<$1,000*2=2,000>>", "2000", [("multiply", 1000, 2)]),
        ("<<10/3=3.33>> <<3.33*3=10>>", "10", [("divide", 10, 3), ("multiply", {"step": 0}, 3)]),
        ("<<5=5>> <<5+1=6>>", "6", [("add", 5, 1)]),
        ("<<2*3=6>> so 6 x 4 = $24", "24", [("multiply", 2, 3), ("multiply", {"step": 0}, 4)]),
        ("05 eggs: <<05+01=6>>", "6", [("add", 5, 1)]),
    ],
)
def test_marks_become_calls(marks, answer, expected):
    # The reference would teach other calls than those the solution makes.
    steps = convert(marks, answer).steps
    assert [(step["name"], *step["arguments"].values()) for step in steps] == expected


@pytest.mark.parametrize(
    ("marks", "reason"),
    [
        ("no marks", "no calculation"),
        ("<<5=5>>", "no calculation"),
        ("<<5+x=6>>", "not arithmetic"),
        ("<<5+>>", "not arithmetic"),
        ("<<__import__('os')=6>>", "not arithmetic"),
        ("<<5/0=6>>", "refused by a tool"),
        ("<<5+2=6>>", "wrong result"),
        ("<<5+2=7>>", "other answer"),
        ("<<" + "(" * 500 + "=6>>", "not arithmetic"),
    ],
)
def test_what_cannot_be_converted_says_why(marks, reason):
    # A wrong reference is worse than none.
    with pytest.raises(NoReference) as raised:
        convert(marks, "6")
    assert raised.value.reason == reason


GOOD = {"question": "How many?", "answer": "<<1+1=2>>2\n#### 2"}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("{", "not JSON"),
        ("[1]", "expected an object"),
        ({"answer": "2"}, "no key 'question'"),
        ({"qestion": "How many?", "answer": "2"}, "did you mean qestion?"),
        ({"question": "How many?"}, "no key 'answer'"),
        ({"question": 3, "answer": "2"}, "question must be some text, got 3"),
        ({"question": "  ", "answer": "2"}, "question must be some text"),
        ({"question": "How many?", "answer": None}, "answer must be a string or a number"),
        ({"question": "How many?", "answer": True}, "answer must be a string or a number"),
        ({"question": "How many?", "answer": [2]}, "answer must be a string or a number"),
        ('{"question": "How many?", "answer": NaN}', "answer must be a finite number"),
        ({"question": "How many?", "answer": 10**400}, "answer must be a finite number"),
        ({"question": "How many?", "answer": "so\n#### "}, "answer must be an answer"),
        (GOOD | {"split": "tran"}, "unknown split 'tran'; did you mean train"),
        (GOOD | {"id": [1]}, "id must be a text"),
        (GOOD | {"id": "row-1"}, "id 'row-1' is that of"),
        (GOOD | {"question": "How \ud800?"}, "not Unicode text"),
    ],
)
def test_a_broken_row_is_named_by_file_and_line(tmp_path, row, expected):
    # Among 7,473 rows nobody finds it otherwise.
    path = write(tmp_path / "rows.jsonl", GOOD, "", row)
    with pytest.raises(DataError) as raised:
        read_tasks(path)
    assert str(raised.value).startswith(f"{path}:3: ")
    assert expected in str(raised.value)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe"])
@pytest.mark.parametrize("name", ["rows.jsonl", "rows.jsonl.gz"])
def test_a_file_without_rows_is_named(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"rows\.jsonl"):
        read_tasks(path)


def test_a_missing_or_broken_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"none\.jsonl"):
        Calculator(tasks_file=tmp_path / "none.jsonl").tasks("train")
    whole = gzip.compress(json.dumps(GOOD).encode() * 100)
    (tmp_path / "cut.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"cut\.jsonl\.gz"):
        read_tasks(tmp_path / "cut.jsonl.gz")


def test_a_file_from_windows_is_read(tmp_path):
    (tmp_path / "rows.jsonl").write_bytes(b"\xef\xbb\xbf" + json.dumps(GOOD).encode() + b"\r\n")
    (task,) = read_tasks(tmp_path / "rows.jsonl")
    assert task.prompt == GOOD["question"]


def test_rows_are_split_by_their_own_word_or_by_their_place(tmp_path):
    rows = [GOOD] * 20 + [GOOD | {"split": "ood", "id": 7}]
    env = Calculator(tasks_file=write(tmp_path / "rows.jsonl", *rows))
    ids = {split: [task.id for task in env.tasks(split)] for split in ("train", "eval", "ood")}
    assert ids["train"] == [f"row-{n}" for n in range(1, 19)]
    assert ids["eval"] == ["row-19", "row-20"]
    assert ids["ood"] == ["7"]
    one = Calculator(tasks_file=write(tmp_path / "one.jsonl", GOOD))
    assert (len(one.tasks("train")), len(one.tasks("eval"))) == (1, 0)


@pytest.mark.parametrize("answer", [2, 2.0, "2", "so it is 2\n#### 2", "#### $2.00"])
def test_answers_of_every_form_are_verified(tmp_path, answer):
    env = Calculator(tasks_file=write(tmp_path / "a.jsonl", {"question": "?", "answer": answer}))
    (task,) = env.tasks("train")
    assert env.expert(task) is None
    assert "no_reference" in task.metadata
    for text, outcome in (("Answer: 2", 1.0), ("Answer: 3", 0.0)):
        env.reset(options={"task": task})
        assert env.step(text)[1] == outcome


def test_a_reference_longer_than_the_episode_is_none(tmp_path):
    marks = "".join(f"<<{n}+1={n + 1}>>" for n in range(1, 9))
    path = write(tmp_path / "long.jsonl", {"question": "?", "answer": f"{marks}\n#### 9"})
    for turns, found in ((8, False), (9, True)):
        env = Calculator(tasks_file=path, max_turns=turns)
        (task,) = env.tasks("train")
        assert (env.expert(task) is not None) is found


@needs_gsm8k
def test_more_than_nine_in_ten_rows_of_gsm8k_have_a_reference(capsys):
    # Fewer references mean less to learn from; the table is in the documentation.
    report = conversion_report(read_tasks(GSM8K))
    assert report["rows"] == 7473
    assert report["converted"] >= 7071
    assert sum(report.values()) == 2 * 7473
    main([str(GSM8K)])
    assert "converted" in capsys.readouterr().out


@needs_gsm8k
@pytest.mark.parametrize("step", [50, pytest.param(1, marks=pytest.mark.slow)])
def test_every_reference_of_gsm8k_reaches_the_answer(step):
    # A reference that fails would teach a wrong solution.
    env = Calculator(tasks_file=GSM8K, max_turns=20)
    tasks = [t for t in env.tasks("train") + env.tasks("eval") if "steps" in t.metadata][::step]
    assert len(tasks) > 100
    assert [task.id for task in tasks if solves(env, task) != 1.0] == []
    env.close()
