"""Files of rows: read one at a time, whatever is wrong with some of them, and written whole."""

import gzip
import json
import time
import tracemalloc

import pytest

from mentor_core import ConfigError, DataError, RecordFormat, RowError, Trajectory, Turn
from mentor_core.door.registry import RECORD_FORMATS, create
from mentor_plugins.record_formats.files import Unread, read_file, read_rows, write_file

OPENAI = create(RECORD_FORMATS, "openai")


def row(number):
    return {
        "messages": [
            {"role": "user", "content": f"{number} + 1?"},
            {"role": "assistant", "content": str(number + 1)},
        ],
        "task_id": str(number),
    }


def trajectories(count):
    return (OPENAI.read(row(number)) for number in range(count))


def ids(found):
    return [str(each) if isinstance(each, Unread) else each.task_id for each in found]


def test_a_bad_line_costs_itself_only_and_says_where_it_is(tmp_path):
    file = tmp_path / "rows.jsonl"
    good = [json.dumps(row(number), ensure_ascii=False).encode() for number in range(3)]
    deep = b'{"messages": ' + b"[" * 100_000
    bad = [b'{"messages": [', b"\xff\xfe", b"[1]", b"", b'{"messages": 3}', deep]
    file.write_bytes(b"\xef\xbb\xbf" + b"\n".join([good[0], *bad, good[1], good[2]]))
    assert ids(read_file(file, OPENAI)) == [
        "0",
        f"{file}:2: not JSON",
        f"{file}:3: not UTF-8",
        f"{file}:4: not a JSON object",
        f"{file}:6: messages is not a list",
        f"{file}:7: not JSON",
        "1",
        "2",
    ]


@pytest.mark.parametrize("name", ["rows.json", "rows.json.gz", "rows.jsonl", "rows.jsonl.gz"])
def test_lines_and_lists_are_read_compressed_or_not(tmp_path, name):
    rows = [row(number) for number in range(5)]
    lines = "".join(f"{json.dumps(each)}\n" for each in rows)
    text = json.dumps(rows, indent=2) if ".json" in name.replace(".jsonl", "") else lines
    data = text.encode()
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    assert [found for _, found in read_rows(tmp_path / name)] == rows


def test_json_lines_may_be_called_json(tmp_path):
    """BFCL's are."""
    file = tmp_path / "rows.json"
    file.write_text(f"{json.dumps(row(0))}\n{json.dumps(row(1))}\n")
    assert ids(read_file(file, OPENAI)) == ["0", "1"]


@pytest.mark.parametrize("size", [7, 64, 1 << 16])
def test_a_list_is_the_same_in_whatever_parts_it_is_read(tmp_path, monkeypatch, size):
    monkeypatch.setattr("mentor_plugins.record_formats.files._CHUNK", size)
    items = [{"a": "]},é" * 50, "b": [1.5, -2, True]}, {}, {"c": 'quo"te\\'}]
    file = tmp_path / "rows.json"
    file.write_text(json.dumps(items, ensure_ascii=False, indent=1), encoding="utf-8")
    assert [found for _, found in read_rows(file)] == items
    file.write_text(" [ ] ")
    assert list(read_rows(file)) == []


@pytest.mark.parametrize("broken", ['[{"a": 1}, {"a" 2}]', '[{"a": 1}, {"a": ', '[{"a": 1} {}]'])
def test_a_list_is_read_up_to_where_it_breaks(tmp_path, broken):
    file = tmp_path / "rows.json"
    file.write_text(broken)
    *whole, (where, why) = read_rows(file)
    assert [found for _, found in whole] == [{"a": 1}]
    assert str(where) == f"{file}: row {len(whole) + 1}"
    assert "not JSON from here on" in str(why)


def test_items_of_a_list_that_are_no_rows_cost_themselves_only(tmp_path):
    file = tmp_path / "rows.json"
    file.write_text(json.dumps([3, row(1)]))
    assert ids(read_file(file, OPENAI)) == [f"{file}: row 1: not a JSON object", "1"]


def test_a_torn_archive_gives_what_is_whole(tmp_path):
    file = tmp_path / "rows.jsonl.gz"
    lines = "".join(f"{json.dumps(row(number))}\n" for number in range(2000))
    file.write_bytes(gzip.compress(lines.encode())[:-3000])
    *whole, last = read_file(file, OPENAI)
    assert len(whole) > 100
    assert isinstance(last, Unread)
    assert "the file is damaged from here on" in last.why


def test_a_file_that_is_not_there_is_an_error_of_the_users(tmp_path):
    for name in ("none.jsonl", "none.json", "none.parquet"):
        with pytest.raises(DataError, match="No such file"):
            list(read_rows(tmp_path / name))
    (tmp_path / "folder").mkdir()
    with pytest.raises(DataError, match="not a data set"):
        list(read_rows(tmp_path / "folder"))


@pytest.mark.parametrize("kind", ["parquet", "saved", "hub"])
def test_data_sets_are_read_by_datasets(tmp_path, kind):
    import datasets

    rows = [row(number) for number in range(3)]
    data_set = datasets.Dataset.from_list(rows)
    path = tmp_path / "set"
    if kind == "parquet":
        path = tmp_path / "rows.parquet"
        data_set.to_parquet(path)
    elif kind == "saved":
        data_set.save_to_disk(path)
    else:
        path.mkdir()
        data_set.to_parquet(path / "train-00000.parquet")
    assert ids(read_file(path, OPENAI)) == ["0", "1", "2"]
    assert str(next(read_rows(path))[0]) == f"{path}: row 1"


def test_a_format_that_breaks_costs_its_row_only(tmp_path):
    class Broken(RecordFormat):
        holds = ("task_id",)

        def read(self, row):
            return Trajectory(row["task_id"], row["nothing"])

        def write(self, trajectory, tools=()):
            raise KeyError("nothing")

    file = tmp_path / "rows.jsonl"
    write_file(file, trajectories(1), OPENAI)
    (found,) = read_file(file, Broken())
    assert found.why == "the format broke: KeyError: 'nothing'"
    (refused,) = write_file(tmp_path / "new.jsonl", trajectories(1), Broken()).refused
    assert "KeyError" in refused.why


def test_what_cannot_be_written_is_told_and_the_others_are_written(tmp_path):
    gsm8k = create(RECORD_FORMATS, "gsm8k")
    asked = [{"role": "user", "content": "?"}]
    good = Trajectory("good", "", prompt=asked, turns=[Turn("#### 3")])
    file = tmp_path / "new" / "rows.jsonl.gz"
    written = write_file(file, [good, Trajectory("bad", ""), good], gsm8k)
    assert written.count == 2
    assert [str(each) for each in written.refused] == [
        f"{file}: row 2: there is not one question that everything else follows"
    ]
    assert ids(read_file(file, gsm8k)) == ["good", "good"]


def test_a_file_is_replaced_only_by_a_whole_one(tmp_path):
    file = tmp_path / "rows.jsonl"
    write_file(file, trajectories(2), OPENAI)
    before = file.read_bytes()

    def cut_short():
        yield from trajectories(1)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_file(file, cut_short(), OPENAI)
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


def test_halves_of_characters_become_whole_ones(tmp_path):
    file = tmp_path / "rows.jsonl"
    write_file(file, [Trajectory("t", "", turns=[Turn("a\ud83d b\ud83d\ude00")])], OPENAI)
    (found,) = read_file(file, OPENAI)
    assert found.turns[0].text == "a\ufffd b😀"


def test_sessions_of_the_hub_have_a_file_each_and_are_not_read(tmp_path):
    hub_trace = create(RECORD_FORMATS, "hub_trace")
    write_file(tmp_path / "traces", trajectories(2), hub_trace)
    first, second = sorted((tmp_path / "traces").iterdir())
    for file in (first, second):
        lines = [json.loads(line) for line in file.read_text().splitlines()]
        assert [line["type"] for line in lines] == ["session", "message", "message"]
    with pytest.raises(ConfigError, match="written only"):
        next(read_file(first, hub_trace))
    with pytest.raises(RowError, match="written only"):
        hub_trace.read(lines[0])


def test_scrubbed_files_have_no_secret(tmp_path):
    file = tmp_path / "rows.jsonl"
    key = "sk-" + "a1B2" * 8
    told = Trajectory("t", "", prompt=[{"role": "user", "content": f"mail a@b.com {key}"}])
    told.turns = [Turn("done")]
    schema = {"name": "mail", "description": "Mails to root@example.org."}
    write_file(file, [told], OPENAI, tools=[schema], scrub=True)
    text = file.read_text()
    assert "mail [email] ***" in text
    assert "Mails to [email]." in text
    write_file(file, [told], OPENAI)
    assert key in file.read_text()


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.json"])
def test_memory_does_not_grow_with_the_rows(tmp_path, name):
    """100,000 rows, 13 MB of text: far more than what may be held at a time."""
    file = tmp_path / name
    lines = [json.dumps(row(number)) for number in range(1000)]
    with file.open("w") as stream:
        if name.endswith(".json"):
            stream.write("[" + ",\n".join([",\n".join(lines)] * 100) + "]")
        else:
            stream.write(("\n".join(lines) + "\n") * 100)
    started = time.monotonic()
    tracemalloc.start()
    count = sum(1 for _ in read_rows(file))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 100_000
    assert peak < 2_000_000, f"{peak} bytes after {time.monotonic() - started:.1f} s"


@pytest.mark.slow
def test_a_file_is_copied_in_constant_memory(tmp_path):
    old, new = tmp_path / "old.jsonl", tmp_path / "new.jsonl"
    write_file(old, trajectories(100_000), OPENAI)
    tracemalloc.start()
    written = write_file(new, read_file(old, OPENAI), create(RECORD_FORMATS, "trl"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert written.count == 100_000
    assert peak < 5_000_000
