"""Files in HotpotQA's form: read as they are, and refused with file and row."""

from __future__ import annotations

import gzip
import json
import time

import pytest

from mentor_core.support.errors import DataError
from mentor_envs.retrieval.env import Retrieval
from mentor_toolkit.scripts import play_expert

ROW = {
    "_id": "5a8b57f25542995d1e6f1371",
    "question": "Where was the author of Grey Water born?",
    "answer": "Kirnham",
    "type": "bridge",
    "level": "hard",
    "supporting_facts": [["Grey Water", 0], ["Rosa Kruger", 1], ["Rosa Kruger", 0]],
    "context": [
        ["Grey Water", ["Grey Water is a novel.", " It is by Rosa Kruger."]],
        ["Rosa Kruger", ["Rosa Kruger is a writer.", " She was born in Kirnham."]],
        ["Other", ["Nothing."]],
    ],
}


def write(path, rows):
    text = json.dumps(rows) if path.suffix != ".jsonl" else "\n".join(map(json.dumps, rows))
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def test_hugging_faces_export_is_the_same_file(tmp_path):
    # It has columns where HotpotQA's own files have pairs, and another name for the id.
    exported = {key: value for key, value in ROW.items() if key != "_id"} | {
        "id": ROW["_id"],
        "supporting_facts": dict(
            zip(("title", "sent_id"), zip(*ROW["supporting_facts"], strict=True), strict=True)
        ),
        "context": dict(
            zip(("title", "sentences"), zip(*ROW["context"], strict=True), strict=True)
        ),
    }
    own = Retrieval(tasks_file=write(tmp_path / "own.jsonl", [ROW]))
    other = Retrieval(tasks_file=write(tmp_path / "exported.jsonl", [exported]))
    assert other.corpus.documents == own.corpus.documents
    (task,), (same,) = own.tasks("train"), other.tasks("train")
    assert same.id == task.id
    assert same.metadata["hops"] == task.metadata["hops"]
    assert play_expert(other, same).outcome == 1.0


@pytest.mark.parametrize("name", ["dev.json", "dev.json.gz", "dev.jsonl"])
def test_questions_and_their_corpus_are_read(tmp_path, name):
    other = {
        "question": "Is it so?",
        "answer": "yes",
        "split": "ood",
        "context": [["Other", ["Nothing."]], ["Other", ["Something."]]],
    }
    env = Retrieval(tasks_file=write(tmp_path / name, [ROW, other]))
    (task,), (asked,) = env.tasks("train"), env.tasks("ood")
    assert (task.id, task.answer) == (ROW["_id"], "Kirnham")
    assert [document.title for document in env.corpus.documents] == [
        "Grey Water",
        "Rosa Kruger",
        "Other",
        "Other",
    ]
    played = play_expert(env, task)
    assert (played.outcome, [call.name for call in played.calls]) == (1.0, ["search", "read"] * 2)
    assert played.calls[0].result == "d1 | Grey Water | Grey Water is a novel."
    assert (
        played.calls[3].result == "Rosa Kruger: Rosa Kruger is a writer. She was born in Kirnham."
    )
    assert env.expert(asked) is None
    assert asked.id == "row-2"


def test_a_file_is_indexed_once_until_it_changes(tmp_path):
    path = write(tmp_path / "dev.json", [ROW])
    first, second = Retrieval(tasks_file=path), Retrieval(tasks_file=path)
    assert first.corpus is second.corpus
    write(path, [ROW, ROW | {"_id": "b", "context": [["New", ["Text."]]]}])
    assert [len(Retrieval(tasks_file=path).corpus.documents), len(first.corpus.documents)] == [4, 3]
    assert len(first.tasks("train")) == 1  # of the same version as its documents


def test_without_all_supporting_documents_there_is_no_expert(tmp_path):
    # Its answer would teach to guess.
    rows = [ROW | {"context": ROW["context"][1:]}, ROW | {"_id": "b", "supporting_facts": []}]
    env = Retrieval(tasks_file=write(tmp_path / "dev.json", rows))
    for task in (*env.tasks("train"), *env.tasks("eval")):
        assert "no_reference" in task.metadata and env.expert(task) is None


def test_an_expert_that_does_not_find_its_document_does_not_answer(tmp_path):
    crowd = [["Grey Water", [f"Grey Water {n}."]] for n in range(9)]
    rows = [ROW | {"context": [*crowd, *ROW["context"]]}]
    env = Retrieval(tasks_file=write(tmp_path / "dev.json", rows), results=1)
    (task,) = env.tasks("train")
    assert play_expert(env, task).outcome == 0.0


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (3, "expected an object such as"),
        ({k: v for k, v in ROW.items() if k != "answer"}, "no key 'answer'"),
        (ROW | {"answer": None}, "answer must be some text, got null"),
        (ROW | {"question": ""}, "question must be some text"),
        (ROW | {"_id": ROW["_id"]}, "is that of"),
        (ROW | {"_id": 0.5}, "_id must be a text or a whole number"),
        (ROW | {"split": "dev"}, "unknown split 'dev'"),
        ({k: v for k, v in ROW.items() if k != "context"}, "no key 'context'"),
        (ROW | {"context": {"title": []}}, "context must be a list"),
        (ROW | {"context": [["Title", "text"]]}, "context: paragraph 1 must be"),
        (ROW | {"context": [["Title", ["a"]], ["Title", [3]]]}, "context: paragraph 2 must be"),
        (ROW | {"context": [["", ["a"]]]}, "context: paragraph 1 must be"),
        (ROW | {"supporting_facts": [["Title"]]}, "supporting_facts must be pairs"),
        (ROW | {"context": {"title": ["a"], "sentences": []}}, "of one length"),
        (ROW | {"supporting_facts": {"title": ["a"]}}, "title and sent_id"),
    ],
)
def test_a_broken_row_is_named_by_file_and_row(tmp_path, row, expected):
    rows = [ROW | {"_id": "first"} if expected != "is that of" else ROW, row]
    path = write(tmp_path / "dev.json", rows)
    with pytest.raises(DataError) as raised:
        Retrieval(tasks_file=path).tasks("train")
    assert str(raised.value).startswith(f"{path}: row 2: ")
    assert expected in str(raised.value)
    write(tmp_path / "dev.jsonl", rows)
    with pytest.raises(DataError, match=r"dev\.jsonl:2: "):
        Retrieval(tasks_file=tmp_path / "dev.jsonl").tasks("train")


@pytest.mark.parametrize("content", [b"", b"[]", b"[{", b"\xff", b'[{"context": []}]'])
def test_a_file_without_questions_is_named(tmp_path, content):
    (tmp_path / "dev.json").write_bytes(content)
    for path in (tmp_path / "dev.json", tmp_path / "none.json"):
        with pytest.raises(DataError, match=path.name):
            Retrieval(tasks_file=path).tasks("train")


def test_questions_without_any_document_are_refused(tmp_path):
    path = write(tmp_path / "dev.json", [ROW | {"context": []}])
    with pytest.raises(DataError, match="no row has a context"):
        Retrieval(tasks_file=path).tasks("train")


@pytest.mark.slow
def test_twenty_thousand_paragraphs_are_searched_quickly(tmp_path):
    def paragraph(n):
        return [f"Title {n}", [f"Word{n % 977} word{n % 1009} of number {n}."] * 5]

    rows = [
        ROW | {"_id": n, "context": [paragraph(10 * n + i) for i in range(10)]} for n in range(2000)
    ]
    env = Retrieval(tasks_file=write(tmp_path / "dev.json", rows))
    started = time.perf_counter()
    assert len(env.corpus.documents) == 20_000
    assert time.perf_counter() - started < 60
    started = time.perf_counter()
    for n in range(100):
        assert env.search(f"title of number {n}").partition("\n")[0].split(" | ")[1] == f"Title {n}"
    assert time.perf_counter() - started < 5
