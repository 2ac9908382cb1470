"""ToolExecutor: many calls at once, in order, and a hung one harms nobody else."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from mentor_core.contracts.execution import ToolExecutor, ToolJobs
from mentor_core.contracts.trajectory import Call
from mentor_core.tools.tool import Tool

release = threading.Event()


def wait(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


async def wait_async(seconds: float) -> float:
    await asyncio.sleep(seconds)
    return seconds


def hang() -> None:
    release.wait(20)


async def hang_async() -> None:
    await asyncio.sleep(20)


def break_down() -> None:
    raise RuntimeError("boom")


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("boom")


def odd(what: str) -> object:
    if what == "unspeakable":
        raise Unspeakable
    if what == "exit":
        raise SystemExit(1)
    circle: list[object] = []
    circle.append(circle)
    return {"keys": {(1, 2): 3}, "circle": circle, "half": "a\ud800"}[what]


async def odd_async(what: str) -> object:
    return odd(what)


TOOLS = {
    f.__name__: Tool(f) for f in (wait, wait_async, hang, hang_async, break_down, odd, odd_async)
}


def jobs(*calls, parallel=True):
    return ToolJobs([(Call(name, args), TOOLS[name]) for name, args in calls], parallel)


def results(job):
    return [call.result for call, _ in job.calls]


@pytest.fixture
def executor():
    release.clear()
    with ToolExecutor(workers=32, limit_seconds=10) as executor:
        yield executor
    release.set()


@pytest.mark.parametrize("parallel", [True, False])
def test_results_stay_with_their_calls(executor, parallel):
    # Results in another order would be shown to the policy as those of other calls.
    seconds = [0.05, 0.01, 0.03, 0.0, 0.02]
    names = ["wait", "wait_async"] * 3
    calls = [(n, {"seconds": s}) for n, s in zip(names, seconds, strict=False)]
    job = jobs(*calls, parallel=parallel)
    executor.run([job])
    assert [float(text) for text in results(job)] == seconds
    assert all(call.failure is None and call.seconds >= 0 for call, _ in job.calls)


@pytest.mark.parametrize("name", ["wait", "wait_async"])
@pytest.mark.parametrize("split", [True, False])
def test_32_calls_of_50_ms_overlap(executor, name, split):
    # One after another they take 1.6 s a turn, which is what a rollout would mostly wait for.
    calls = [(name, {"seconds": 0.05})] * 32
    started = time.perf_counter()
    executor.run([jobs(call) for call in calls] if split else [jobs(*calls)])
    assert time.perf_counter() - started < 0.8


def test_calls_that_change_state_run_one_after_another(executor):
    job = jobs(*[("wait", {"seconds": 0.02})] * 5, parallel=False)
    started = time.perf_counter()
    executor.run([job])
    assert time.perf_counter() - started >= 0.1


@pytest.mark.parametrize("name", ["hang", "hang_async"])
def test_a_hung_tool_fails_alone(name):
    # One web page that does not answer would hold up the whole batch.
    release.clear()
    with ToolExecutor(workers=2, limit_seconds=0.3) as executor:
        hung, quick = jobs((name, {})), [jobs(("wait", {"seconds": 0.01})) for _ in range(8)]
        executor.submit(hung)
        started = time.perf_counter()
        executor.run(quick)
        assert time.perf_counter() - started < 0.25
        assert all(results(job) == ["0.01"] for job in quick)
        while executor.running:
            executor.collect(timeout=None)
        ((call, _),) = hung.calls
        assert call.failure == "timeout"
        assert "longer than 0.3 s" in call.result
        after = jobs(("wait", {"seconds": 0.0}))
        executor.run([after])
        assert results(after) == ["0"]
    release.set()


def test_more_hung_calls_than_workers_do_not_stop_it():
    release.clear()
    with ToolExecutor(workers=2, limit_seconds=0.2) as executor:
        hung = [jobs(("hang", {})) for _ in range(2)]
        executor.run(hung)
        quick = jobs(("wait", {"seconds": 0.0}))
        executor.run([quick])
        assert results(quick) == ["0"]
        assert all(call.failure == "timeout" for job in hung for call, _ in job.calls)
    release.set()


@pytest.mark.parametrize("name", ["hang", "hang_async"])
@pytest.mark.parametrize("parallel", [True, False])
def test_what_has_not_ended_at_the_deadline_is_given_up(executor, name, parallel):
    """An episode whose time is up would wait for the limits of all its calls, one by one."""
    job = jobs(("wait", {"seconds": 0.0}), (name, {}), (name, {}), parallel=parallel)
    started = time.perf_counter()
    job.deadline = started + 0.2
    executor.run([job])
    assert 0.2 <= time.perf_counter() - started < 1
    assert [call.failure for call, _ in job.calls] == [None, "timeout", "timeout"]


def test_a_call_that_waits_for_a_worker_does_not_begin_after_its_deadline():
    release.clear()
    with ToolExecutor(workers=1, limit_seconds=0.5) as executor:
        hung, queued, after = jobs(("hang", {})), jobs(("hang", {})), jobs(("wait", {"seconds": 0}))
        queued.deadline = time.perf_counter() + 0.1
        for job in (hung, queued):
            executor.submit(job)
        assert executor.collect(timeout=None) == [queued]
        assert [(c.failure, c.seconds) for c, _ in queued.calls] == [("timeout", 0.0)]
        executor.run([after])  # the hung call's thread is replaced, and just that one
        assert results(after) == ["0"]
        assert executor._threads == 1
    release.set()


def test_a_tool_that_breaks_is_a_failed_call(executor):
    # A bug in a tool is data for the episode, not the end of the run.
    job = jobs(("break_down", {}), ("wait", {"seconds": "x"}), ("wait", {"seconds": 0.0}))
    executor.run([job])
    assert [call.failure for call, _ in job.calls] == ["tool_error", "tool_error", None]
    assert "RuntimeError: boom" in job.calls[0][0].result


def test_an_empty_turn_ends_at_once(executor):
    executor.run([jobs()])
    assert executor.running == 0


def test_collect_does_not_wait_unless_told(executor):
    executor.submit(jobs(("wait", {"seconds": 0.1})))
    assert executor.collect() == []
    assert executor.collect(timeout=0.01) == []
    assert len(executor.collect(timeout=5)) == 1


def test_threads_end_with_the_executor():
    # A long run opens many executors: leaked threads would pile up.
    before = set(threading.enumerate())
    with ToolExecutor(limit_seconds=5) as executor:
        calls = ("wait", {"seconds": 0.01}), ("wait_async", {"seconds": 0.01})
        executor.run([jobs(*calls), jobs(*calls)])
        assert set(threading.enumerate()) - before
    deadline = time.perf_counter() + 5
    while set(threading.enumerate()) - before and time.perf_counter() < deadline:
        time.sleep(0.01)
    assert not set(threading.enumerate()) - before


def test_a_timed_out_async_call_leaks_no_thread():
    before = set(threading.enumerate())
    with ToolExecutor(limit_seconds=0.2) as executor:
        executor.run([jobs(("hang_async", {}), ("wait", {"seconds": 0.01}))])
    deadline = time.perf_counter() + 2
    while set(threading.enumerate()) - before and time.perf_counter() < deadline:
        time.sleep(0.01)
    assert not set(threading.enumerate()) - before


@pytest.mark.parametrize("tool", ["odd", "odd_async"])
def test_what_cannot_be_shown_or_saved_is_a_failure_and_no_hang(tool):
    whats = ["keys", "circle", "unspeakable", "exit", "half"]
    job = jobs(*((tool, {"what": what}) for what in whats))
    with ToolExecutor(limit_seconds=20) as executor:
        began = time.perf_counter()
        executor.run([job])
        assert time.perf_counter() - began < 10
    assert results(job) == [
        "Error: TypeError: keys must be str, int, float, bool or None, not tuple",
        "Error: ValueError: Circular reference detected",
        "Error: Unspeakable",
        f"Error: {tool} tried to end the program",
        "a\N{REPLACEMENT CHARACTER}",
    ]
    assert [call.failure for call, _ in job.calls] == ["tool_error"] * 4 + [None]


ENDINGS = {kind.__name__: kind for kind in (KeyboardInterrupt, SystemExit, GeneratorExit)}
ENDINGS |= {"CancelledError": asyncio.CancelledError, "BaseException": BaseException}


def end(what: str) -> None:
    raise ENDINGS[what]


async def end_async(what: str) -> None:
    await asyncio.sleep(0)
    end(what)


async def end_later(what: str) -> str:
    asyncio.get_running_loop().call_soon(end, what)
    await asyncio.sleep(0.01)
    return "ended"


async def stop_loop() -> str:
    asyncio.get_running_loop().stop()
    await asyncio.sleep(0)
    return "stopped"


def late() -> None:
    raise TimeoutError("the server did not answer")


async def late_async() -> None:
    late()


TOOLS |= {f.__name__: Tool(f) for f in (end, end_async, end_later, stop_loop, late, late_async)}


@pytest.mark.parametrize("what", ENDINGS)
@pytest.mark.parametrize("tool", ["end", "end_async"])
def test_a_tool_that_ends_its_thread_is_a_failed_call_at_once(executor, tool, what):
    # The call ran into its time limit, and every async call after it, too.
    job = jobs((tool, {"what": what}), (tool, {"what": what}), parallel=False)
    began = time.perf_counter()
    executor.run([job])
    assert time.perf_counter() - began < 5
    assert [call.failure for call, _ in job.calls] == ["tool_error"] * 2
    assert all(what in result or "end the program" in result for result in results(job))
    after = jobs(("wait_async", {"seconds": 0.01}), ("wait", {"seconds": 0.01}))
    executor.run([after])
    assert results(after) == ["0.01", "0.01"]


@pytest.mark.parametrize("call", [("end_later", {"what": "KeyboardInterrupt"}), ("stop_loop", {})])
def test_nothing_that_a_tool_starts_ends_the_event_loop(executor, call):
    job = jobs(call)
    executor.run([job])
    after = jobs(("wait_async", {"seconds": 0.01}))
    executor.run([after])
    assert results(job) in (["ended"], ["stopped"])
    assert results(after) == ["0.01"]


@pytest.mark.parametrize("tool", ["late", "late_async"])
def test_a_tools_own_timeout_is_no_time_limit_of_ours(executor, tool):
    # It said that the call took longer than 10 s, after none.
    job = jobs((tool, {}))
    executor.run([job])
    assert results(job) == ["Error: TimeoutError: the server did not answer"]


def test_run_leaves_the_jobs_of_others_to_them(executor):
    # A replay inside a rollout took the rollout's jobs, which then waited for ever.
    theirs = [jobs(("wait", {"seconds": 0.01})), jobs(("wait_async", {"seconds": 0.01}))]
    for job in theirs:
        executor.submit(job)
    time.sleep(0.1)
    mine = jobs(("wait", {"seconds": 0.05}), ("wait_async", {"seconds": 0.05}))
    executor.run([mine, ToolJobs([])])
    assert results(mine) == ["0.05", "0.05"]
    assert executor.running == 2
    found = []
    while executor.running:
        found += executor.collect(timeout=None)
    assert set(map(id, found)) == set(map(id, theirs))


def test_many_threads_may_run_at_once(executor):
    def run(number):
        for _ in range(20):
            job = jobs(("wait", {"seconds": number / 1000}), ("wait_async", {"seconds": 0.001}))
            executor.run([job])
            assert results(job) == [f"{number / 1000}", "0.001"]
        ended.append(number)

    ended = []
    threads = [threading.Thread(target=run, args=(number,)) for number in range(1, 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(ended) == [1, 2, 3, 4, 5]
