"""`mentor teach` and `mentor teacher`: with real servers, good and hostile, and with kill -9."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter

import pytest

from mentor_core.contracts.trajectory import read_trajectories
from mentor_envs.calculator.env import Calculator
from mentor_plugins.models.loading import model_path
from mentor_plugins.teacher_store.store import TeacherStore
from mentor_toolkit.scripts import play_expert

pytest.importorskip("httpx")

SCRIPT = "import sys; sys.argv[0] = 'mentor'; from mentor_core.cli import main; main()"


@pytest.fixture(scope="module")
def solutions():
    """A task's prompt → the expert's turns."""
    env = Calculator()
    return {task.prompt: play_expert(env, task).turns for task in env.tasks("train")[:200]}


def completion(solutions, request, model="big-1"):
    """What a good teacher says next."""
    messages = request["messages"]
    (prompt,) = (message["content"] for message in messages if message["role"] == "user")
    number = sum(message["role"] == "assistant" for message in messages)
    turn = solutions[prompt][number]
    calls = [
        {
            "id": f"c{number}-{index}",
            "type": "function",
            "function": {"name": call.name, "arguments": json.dumps(call.arguments)},
        }
        for index, call in enumerate(turn.calls)
    ]
    message = {"role": "assistant", "content": None if calls else turn.text}
    if calls:
        message["tool_calls"] = calls
    return 200, {
        "model": model,
        "choices": [{"message": message, "finish_reason": "tool_calls" if calls else "stop"}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 10},
    }


@pytest.fixture
def good(served, solutions):
    return served(lambda _, request: completion(solutions, request))


def asked(server, store, *more, tasks=4):
    return (
        "teach", "--teacher", "openai", "--model", "m", "--env", "calculator",
        "--tasks", tasks, "--store", store, "--option", f"base_url={server.url}/v1",
        "--option", "backoff=0.01", *more,
    )  # fmt: skip


def attempts(store):
    with TeacherStore.open(store).database as database:
        return list(TeacherStore(database).stream())


def ledger(store):
    """State → requests."""
    with sqlite3.connect(store) as connection:
        return dict(connection.execute("SELECT state, COUNT(*) FROM requests GROUP BY state"))


def test_a_teachers_attempts_are_verified_priced_and_kept(mentor, good, tmp_path):
    store, prices = tmp_path / "t.db", tmp_path / "prices.toml"
    prices.write_text('["big-*"]\nprompt = 1\ncompletion = 10\n')
    out, _ = mentor(*asked(good, store, "--prices", prices))
    assert "4 of 4 tasks have what was wanted; 4 attempts verified" in out
    for attempt in attempts(store):
        trajectory, made = attempt.trajectory, attempt.trajectory.provenance
        assert (attempt.verdict, trajectory.source, trajectory.outcome) == (
            "verified",
            "teacher",
            1,
        )
        assert (made.player, made.model, made.server) == ("openai", "big-1", f"{good.url}/v1")
        assert made.sampling["temperature"] == 0.0
        assert made.usage.requests == len(trajectory.turns)
        assert made.usage.prompt_tokens == 100 * len(trajectory.turns)
        assert made.cost == pytest.approx(2e-4 * len(trajectory.turns))
        assert made.made_at and made.prompt_version and made.seconds > 0
    assert ledger(store) == {"answered": len(good.requests)}
    assert f"ledger: {len(good.requests)} requests, ${2e-4 * len(good.requests):.4f}" in out


def test_nothing_is_asked_for_twice(mentor, good, tmp_path):
    store = tmp_path / "t.db"
    mentor(*asked(good, store))
    paid = len(good.requests)
    out, _ = mentor(*asked(good, store))
    assert "4 attempts were there before" in out
    mentor(*asked(good, store, tasks=2))
    assert len(good.requests) == paid
    mentor(*asked(good, store, "--samples", 2))  # another sample is another attempt
    assert len(good.requests) > paid
    by_task = Counter(attempt.trajectory.task_id for attempt in attempts(store))
    assert set(by_task.values()) == {2}


def test_shards_share_the_work(mentor, good, tmp_path):
    stores = [tmp_path / "a.db", tmp_path / "b.db"]
    for part, store in enumerate(stores, 1):
        mentor(*asked(good, store, "--shard", f"{part}/2"))
    found = [{a.trajectory.task_id for a in attempts(store)} for store in stores]
    assert len(found[0]) == len(found[1]) == 2
    assert not found[0] & found[1]
    out, _ = mentor("teacher", "import", *stores)
    assert "2 attempts are new" in out
    paid = len(good.requests)
    mentor(*asked(good, stores[0]))  # the merged store lacks nothing
    assert len(good.requests) == paid


def test_a_wrong_answer_is_tried_again_by_the_schedule(mentor, served, solutions, tmp_path):
    def respond(_, request):
        status, reply = completion(solutions, request)
        message = reply["choices"][0]["message"]
        if request["temperature"] == 0 and message["content"]:
            message["content"] = "Answer: -77"
        return status, reply

    store = tmp_path / "t.db"
    out, _ = mentor(*asked(served(respond), store, "--temperatures", "0,0.5"))
    assert "4 attempts verified, 0 taken on trust, 4 refused" in out
    assert "4: outcome wrong" in out
    temperatures = {
        a.verdict: a.trajectory.provenance.sampling["temperature"] for a in attempts(store)
    }
    assert temperatures == {"refused": 0.0, "verified": 0.5}


def test_a_model_without_tool_calls_is_taught_to_write_them(mentor, served, solutions, tmp_path):
    def respond(_, request):
        messages = request["messages"]
        prompt = next(m["content"] for m in messages if m["content"] in solutions)
        turn = solutions[prompt][sum(m["role"] == "assistant" for m in messages)]
        return 200, {"choices": [{"message": {"content": turn.text}, "finish_reason": "stop"}]}

    store = tmp_path / "t.db"
    server = served(respond)
    mentor(*asked(server, store, "--option", "tools=text"))
    assert [a.verdict for a in attempts(store)] == ["verified"] * 4
    assert all("tools" not in request for *_, request in server.requests)


@pytest.mark.parametrize(
    ("trouble", "verified"),
    [
        ((429, "slow down", {"Retry-After": "0"}), 4),
        ((429, "slow down"), 4),
        ((500, "down"), 4),
        ((200, b'{"choices": [{"mess'), 4),
        ((None, "closed"), 4),
        ((200, {"answer": 42}), 3),  # no chat completion: paid for, and of no use
        ((200, {"choices": [{"message": {"content": "Answer: 1e999"}}]}), 3),
    ],
)
def test_a_hostile_reply_costs_one_attempt_at_most(
    mentor, served, solutions, tmp_path, trouble, verified
):
    """The server gives one such reply, in the midst of good ones."""
    count, lock = 0, threading.Lock()

    def respond(_, request):
        nonlocal count
        with lock:
            count += 1
            now = count
        return trouble if now == 3 else completion(solutions, request)

    store = tmp_path / "t.db"
    mentor(*asked(served(respond), store, "--attempts", 1))
    verdicts = Counter(attempt.verdict for attempt in attempts(store))
    assert verdicts["verified"] == verified
    assert set(ledger(store)) == {"answered"}


def test_a_call_to_nowhere_and_a_doubled_id_are_survived(mentor, served, solutions, tmp_path):
    def respond(_, request):
        status, reply = completion(solutions, request)
        message = reply["choices"][0]["message"]
        if len(request["messages"]) == 2 and "tool_calls" in message:
            nowhere = {"id": "c0-0", "function": {"name": "fly", "arguments": "{}"}}
            message["tool_calls"].append({**nowhere, "type": "function"})
        return status, reply

    store = tmp_path / "t.db"
    mentor(*asked(served(respond), store))
    for attempt in attempts(store):
        assert attempt.verdict == "verified"
        assert [c.name for c in attempt.trajectory.turns[0].calls][-1] == "fly"


def test_a_stalled_server_does_not_hold_up_the_others(mentor, served, solutions, tmp_path):
    release, count, lock = threading.Event(), 0, threading.Lock()

    def respond(_, request):
        nonlocal count
        with lock:
            count += 1
            now = count
        if now == 2:
            release.wait(60)
        return completion(solutions, request)

    began = time.monotonic()
    store = tmp_path / "t.db"
    mentor(*asked(served(respond), store, "--option", "timeout=1"))
    release.set()
    assert time.monotonic() - began < 30
    assert len(attempts(store)) == 4


def test_no_byte_of_a_store_or_an_output_has_the_key(
    mentor, served, solutions, tmp_path, monkeypatch
):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret-key-1234567")

    def respond(_, request):
        status, reply = completion(solutions, request)
        reply["echo"] = "Bearer sk-very-secret-key-1234567"
        reply["choices"][0]["message"]["refusal"] = "sk-very-secret-key-1234567"
        return status, reply

    out = mentor(*asked(served(respond), tmp_path / "t.db"))
    failing = served(lambda *_: (401, "wrong key sk-very-secret-key-1234567"))
    error = mentor(*asked(failing, tmp_path / "u.db", tasks=10), code=2)
    assert "401" in error[1]
    for said in (*out, *error):
        assert "very-secret" not in said
    for file in tmp_path.iterdir():
        assert b"very-secret" not in file.read_bytes()
    with sqlite3.connect(tmp_path / "t.db") as connection:
        import zlib

        for (reply,) in connection.execute("SELECT reply FROM requests"):
            assert b"very-secret" not in zlib.decompress(reply)


def test_a_budget_of_requests_stops_and_the_next_call_goes_on(mentor, good, tmp_path):
    store = tmp_path / "t.db"
    out, _ = mentor(*asked(good, store, "--max-requests", 5, tasks=8))
    assert len(good.requests) == 5
    assert "stopped: --max-requests 5 is spent: the ledger has 5" in out
    out, _ = mentor(*asked(good, store, "--max-requests", 5, tasks=8))
    assert len(good.requests) == 5
    out, _ = mentor(*asked(good, store, tasks=8))
    assert "8 of 8 tasks" in out
    bodies = [json.dumps(request, sort_keys=True) for *_, request in good.requests]
    assert len(bodies) == len(set(bodies))  # nothing was paid for twice


def test_a_budget_in_dollars(mentor, good, tmp_path):
    prices = tmp_path / "prices.toml"
    prices.write_text('["big-*"]\nprompt = 10000\ncompletion = 0\n["m"]\nprompt=1\ncompletion=1\n')
    out, _ = mentor(
        *asked(good, tmp_path / "t.db", "--prices", prices, "--max-cost", 3),
        "--option", "concurrency=1",
    )  # fmt: skip
    assert len(good.requests) == 3  # a dollar each
    assert "--max-cost 3 is spent: the ledger has $3.0000" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--max-cost", "0"], "0.0 is not in the range x>0"),
        (["--max-requests", "0"], "0 is not in the range x>=1"),
        (["--max-cost", "1"], "--max-cost needs the price of 'm': give --prices FILE"),
        (["--shard", "3/2"], "expected I/N with I from 1 to N"),
        (["--temperatures", "warm"], "expected temperatures such as 0,0.7,1"),
        (["--option", "modle=x"], "unknown option 'modle'"),
        (["--option", "model=x"], "--model and --option model= both name"),
        (["--teacher", "opnai"], "unknown teacher 'opnai'; did you mean openai"),
        (["--store", "no/such/t.db"], "there is no directory no/such"),
    ],
)
def test_bad_input_is_one_message(mentor, good, tmp_path, arguments, said):
    _, error = mentor(*asked(good, tmp_path / "t.db", *arguments), code=2)
    assert said in " ".join(error.split())
    assert not good.requests


def test_a_server_without_the_model_ends_the_collection_with_its_words(mentor, served, tmp_path):
    server = served(lambda *_: (404, "the model `m` does not exist"))
    _, error = mentor(*asked(server, tmp_path / "t.db", tasks=400), code=2)
    assert "the model `m` does not exist" in error
    assert len(server.requests) < 400


def test_forged_outcomes_are_refused_and_verify_finds_edited_stores(mentor, tmp_path):
    store, file, again = tmp_path / "t.db", tmp_path / "e.jsonl", tmp_path / "u.db"
    mentor("teach", "--teacher", "expert", "--tasks", 5, "--store", store)
    mentor("teacher", "export", store, "--output", file)
    first, *others = file.read_text().splitlines()
    forged = json.loads(first)
    forged["turns"][0]["calls"][0]["result"] = "4711"
    stranger = {**json.loads(first), "task_id": "nobody"}
    stranger["prompt"][-1]["content"] = "What is nobody's question?"
    file.write_text("\n".join([json.dumps(forged), *others, json.dumps(stranger), ""]))
    out, _ = mentor("teacher", "import", again, file, "--env", "calculator")
    assert "6 rows, 5 new" in out
    assert "4 verified" in out
    assert "1 refused: other results when replayed" in out
    assert "1 left out: no such task" in out
    with sqlite3.connect(again) as connection:
        connection.execute("UPDATE attempts SET verdict = 'verified'")
    out, _ = mentor("teacher", "verify", again, "--env", "calculator", code=1)
    assert "1 verdicts changed" in out


def test_what_is_exported_and_imported_is_the_same(mentor, tmp_path):
    store, file, again = tmp_path / "t.db", tmp_path / "e.jsonl", tmp_path / "u.db"
    mentor("teach", "--teacher", "expert", "--tasks", 20, "--store", store)
    mentor("teacher", "export", store, "--output", file)
    for _ in range(2):  # a second import adds nothing
        mentor("teacher", "import", again, file, "--env", "calculator")
    before, after = attempts(store), attempts(again)
    assert [a.trajectory for a in before] == [a.trajectory for a in after]
    assert [a.trajectory.provenance for a in before] == [a.trajectory.provenance for a in after]


def test_an_unreadable_row_is_told_with_file_and_line_and_costs_no_other(mentor, tmp_path):
    store, file, again = tmp_path / "t.db", tmp_path / "e.jsonl", tmp_path / "u.db"
    mentor("teach", "--teacher", "expert", "--tasks", 2, "--store", store)
    mentor("teacher", "export", store, "--output", file)
    first, second = file.read_text().splitlines()
    file.write_text(f'{first}\n{{"task_id": 3}}\n{second}\n')
    out, _ = mentor("teacher", "import", again, file, "--env", "calculator")
    assert f"1 not read (the first: {file}:2: " in out
    assert len(attempts(again)) == 2


@pytest.mark.parametrize("name", ["openai", "responses", "anthropic", "trl", "sharegpt", "toolrl"])
def test_every_format_goes_out_and_comes_back_verified(mentor, tmp_path, name):
    """Rows of others claim no outcome: what counts is what comes of their replay."""
    store, file, again = tmp_path / "t.db", tmp_path / "e.jsonl", tmp_path / "u.db"
    mentor("teach", "--teacher", "expert", "--tasks", 8, "--store", store)
    mentor("teacher", "export", store, "--output", file, "--format", name, "--scrub")
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    for row in rows:
        for claimed in ("outcome", "task_id", "env", "end_reason", "final_answer"):
            row.pop(claimed, None)
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    out, _ = mentor("teacher", "import", again, file, "--env", "calculator", "--format", name)
    assert "8 rows, 8 new" in out
    assert "8 verified" in out, out
    before, after = attempts(store), attempts(again)
    assert [a.trajectory.task_id for a in before] == [a.trajectory.task_id for a in after]
    assert [[(call.name, call.arguments) for call in a.trajectory.calls] for a in before] == [
        [(call.name, call.arguments) for call in a.trajectory.calls] for a in after
    ]


def test_a_wrong_row_of_another_format_is_refused(mentor, tmp_path):
    row = {
        "messages": [
            {"role": "user", "content": Calculator().tasks("train")[0].prompt},
            {"role": "assistant", "content": "Answer: 4711"},
        ]
    }
    file, store = tmp_path / "rows.jsonl", tmp_path / "t.db"
    file.write_text(json.dumps(row) + "\n")
    out, _ = mentor("teacher", "import", store, file, "--env", "calculator", "--format", "openai")
    assert "1 refused: outcome wrong" in out


def test_listings_say_who_solved_what_at_which_cost(mentor, good, tmp_path):
    store, prices = tmp_path / "t.db", tmp_path / "prices.toml"
    prices.write_text('["big-*"]\nprompt = 1000\ncompletion = 0\n')
    mentor(*asked(good, store, "--prices", prices))
    mentor("teach", "--teacher", "expert", "--tasks", 6, "--store", store)
    rows = {
        row["teacher"]: row
        for row in json.loads(mentor("teacher", "ls", store, "--json")[0])["teachers"]
    }
    assert rows["openai"]["cost"] == pytest.approx(0.1 * len(good.requests))
    assert rows["openai"]["cost_per_verified"] == pytest.approx(0.1 * len(good.requests) / 4)
    assert (rows["expert"]["verified"], rows["expert"]["cost"]) == (6, None)
    (coverage,) = json.loads(mentor("teacher", "stats", store, "--json")[0])["coverage"]
    assert (coverage["none"], coverage["one"], coverage["several"]) == (0, 2, 4)
    assert "Answer:" in mentor("teacher", "show", store, "-n", 1)[0]
    mentor("teacher", "gc", store)
    rows = {
        row["teacher"]: row
        for row in json.loads(mentor("teacher", "ls", store, "--json")[0])["teachers"]
    }
    assert rows["openai"]["requests"] == len(good.requests)


def test_a_run_takes_its_references_from_a_store(mentor, tmp_path):
    store, out = tmp_path / "t.db", tmp_path / "run"
    mentor("teach", "--teacher", "expert", "--tasks", 12, "--store", store)
    mentor(
        "run", "--env", "calculator", "--teacher", store, "--steps", 1, "--output", out,
        "--set", "train.tasks_per_step=2", "--set", "train.group_size=2",
        "--set", "evaluate.tasks=0",
    )  # fmt: skip
    known = {attempt.trajectory.task_id for attempt in attempts(store)}
    references = read_trajectories(out / "references.jsonl")
    assert references
    assert {reference.task_id for reference in references} <= known
    assert {reference.source for reference in references} == {"expert"}
    _, error = mentor(
        "run", "--env", "calculator", "--teacher", store, "--dry-run",
        "--set", "env_options.seed=77", code=2,
    )  # fmt: skip
    assert "has no verified attempt at any of" in error


LIVE = """
from mentor_envs.calculator.env import Calculator


class Live(Calculator):
    replayable = False
"""


def test_what_cannot_be_replayed_is_marked_and_not_used_unasked(mentor, tmp_path):
    """A live server's results cannot be checked: the store says so, and so must a run."""
    code, store = tmp_path / "live.py", tmp_path / "t.db"
    code.write_text(LIVE)
    env = f"{code}:Live"
    out, _ = mentor("teach", "--teacher", "expert", "--env", env, "--tasks", 3, "--store", store)
    assert "0 attempts verified, 3 taken on trust" in out
    run = ("run", "--env", env, "--teacher", store, "--dry-run")
    _, error = mentor(*run, code=2)
    assert "has no verified attempt" in error
    _, error = mentor(*run, "--set", "source_options.trusted=true")
    assert "3 reference(s) of calculator taken on trust" in error


def test_an_evaluation_says_who_played(mentor, good, tmp_path):
    file = tmp_path / "e.jsonl"
    mentor(
        "eval", "--env", "calculator", "--policy", "openai", "--split", "train", "--count", 2,
        "--set", "evaluate.policy_options.model=m", "--temperature", 0.5,
        "--set", f"evaluate.policy_options.base_url={good.url}/v1", "--output", file,
    )  # fmt: skip
    for trajectory in read_trajectories(file):
        made = trajectory.provenance
        assert (made.player, made.model, made.server) == ("openai", "m", f"{good.url}/v1")
        assert made.sampling["temperature"] == 0.5
        assert made.usage.prompt_tokens == 100 * len(trajectory.turns)


@pytest.mark.slow
def test_transformers_serve_teaches(mentor, transformers_server, tmp_path):
    """A real server: its tokens are counted, its model named, and it is asked once."""
    store = tmp_path / "t.db"
    arguments = (
        "teach", "--teacher", "openai", "--model", str(model_path("embedded/calculator")),
        "--option", f"base_url={transformers_server}", "--option", "tools=text",
        "--option", "concurrency=2", "--tasks", 6, "--attempts", 1, "--store", store,
    )  # fmt: skip
    mentor(*arguments)
    before, found = ledger(store), attempts(store)
    assert len(found) == 6
    assert all(a.trajectory.provenance.usage.completion_tokens > 0 for a in found)
    assert before == {"answered": sum(len(a.trajectory.turns) for a in found)}
    mentor(*arguments)
    assert ledger(store) == before


@pytest.mark.slow
def test_a_local_model_teaches(mentor, tmp_path):
    store = tmp_path / "t.db"
    mentor(
        "teach", "--teacher", "hf", "--model", "embedded/calculator", "--tasks", 24,
        "--store", store, "--attempts", 2,
    )  # fmt: skip
    found = attempts(store)
    assert {a.verdict for a in found} == {"verified", "refused"}
    assert {a.trajectory.provenance.model for a in found} == {"embedded/calculator"}
    assert all(a.trajectory.tokens is None for a in found)


@pytest.mark.slow
def test_ten_kills_lose_nothing_and_pay_for_nothing_twice(served, solutions, tmp_path):
    """kill -9 at ten moments: store and ledger agree with what the server counted."""

    def respond(_, request):
        time.sleep(0.02)
        return completion(solutions, request)

    server, store = served(respond), tmp_path / "t.db"
    arguments = [
        *map(str, asked(server, store, "--samples", 2, "--option", "concurrency=4", tasks=200))
    ]
    draw = random.Random(0)
    for _ in range(10):
        before = len(server.requests)
        process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, *arguments], stdout=subprocess.DEVNULL, env=os.environ
        )
        while len(server.requests) < before + draw.randrange(1, 60) and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
    finished = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments], capture_output=True, text=True, check=True
    )
    assert "200 of 200 tasks have what was wanted" in finished.stdout
    asked_for = Counter(json.dumps(request, sort_keys=True) for *_, request in server.requests)
    assert ledger(store) == {"answered": len(asked_for)}
    # What was on its way when the process died is all that may have been asked for again.
    assert sum(asked_for.values()) - len(asked_for) <= 10 * 4  # kills × concurrency
    with sqlite3.connect(store) as connection:
        ((tries,),) = connection.execute("SELECT SUM(tries) FROM requests")
    assert len(asked_for) <= sum(asked_for.values()) <= tries
    found = attempts(store)
    assert Counter(a.trajectory.task_id for a in found) == {a.trajectory.task_id: 2 for a in found}
    assert len(found) == 400
    assert {a.verdict for a in found} == {"verified"}
