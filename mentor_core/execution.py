"""ToolExecutor: runs the tool calls of many episodes at the same time.

Async tools share one event loop, sync tools a bounded pool of daemon threads; every call has
a time limit; results keep the order of the calls. A call that outlives its limit costs its own
episode a failure: its thread is abandoned and replaced, so nobody else waits for it.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

from mentor_core.tool import Tool, ToolError, render_result
from mentor_core.trajectory import Call

__all__ = ["ToolExecutor", "ToolJobs"]


@dataclass(slots=True, eq=False)
class ToolJobs:
    """The calls of one turn that are to be executed.

    Attributes:
        calls: each with its tool; `result`, `failure` and `seconds` are filled in.
        parallel: whether the calls of this turn may overlap.
    """

    calls: Sequence[tuple[Call, Tool]]
    parallel: bool = True


_Settle = Callable[[Any, BaseException | None], bool]


class ToolExecutor:
    """Use as a context manager, or call `close`.

    Args:
        workers: most sync calls that run at the same time.
        limit_seconds: time limit of one call.
    """

    def __init__(self, workers: int = 32, limit_seconds: float = 30.0) -> None:
        self.workers, self.limit_seconds = workers, limit_seconds
        self._tasks: queue.SimpleQueue[Callable[[], bool] | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[ToolJobs] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._idle = 0
        self._threads = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._running: set[ToolJobs] = set()
        self._deadlines: dict[Future[None], tuple[float, _Settle]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, jobs: Sequence[ToolJobs]) -> None:
        """Execute all and return when every call has a result or a failure."""
        for job in jobs:
            self.submit(job)
        waiting = set(map(id, jobs))
        while waiting:
            waiting -= {id(job) for job in self.collect(timeout=None)}

    def submit(self, jobs: ToolJobs) -> None:
        """Start the calls; `collect` returns the jobs once all of them have ended."""
        self._running.add(jobs)
        if jobs.parallel and len(jobs.calls) > 1:
            remaining = [len(jobs.calls)]

            def count(_: object) -> None:
                with self._lock:
                    remaining[0] -= 1
                    last = remaining[0] == 0
                if last:
                    self._done.put(jobs)

            for call, tool in jobs.calls:
                self._start(call, tool).add_done_callback(count)
        else:
            self._next_in_order(jobs, 0)

    def collect(self, timeout: float | None = 0.0) -> list[ToolJobs]:
        """Jobs that have ended since the last call.

        Args:
            timeout: seconds to wait for the first one; None waits as long as any is running.
        """
        ended: list[ToolJobs] = []
        give_up = None if timeout is None else time.perf_counter() + timeout
        while self._running and not ended:
            wait = self._expire()
            if give_up is not None:
                left = max(give_up - time.perf_counter(), 0.0)
                wait = left if wait is None else min(wait, left)
            try:
                ended.append(self._done.get(timeout=wait) if wait != 0 else self._done.get_nowait())
            except queue.Empty:
                if give_up is not None and time.perf_counter() >= give_up:
                    break
        while not self._done.empty():
            ended.append(self._done.get())
        self._running.difference_update(ended)
        return ended

    @property
    def running(self) -> int:
        """Number of submitted jobs not yet collected."""
        return len(self._running)

    def close(self) -> None:
        """Let the threads and the event loop end; a hung call does not hold this up."""
        with self._lock:
            threads, self._threads = self._threads, 0
        for _ in range(threads):
            self._tasks.put(None)
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._loop = None

    def _next_in_order(self, jobs: ToolJobs, index: int) -> None:
        if index == len(jobs.calls):
            self._done.put(jobs)
            return
        future = self._start(*jobs.calls[index])
        future.add_done_callback(lambda _: self._next_in_order(jobs, index + 1))

    def _start(self, call: Call, tool: Tool) -> Future[None]:
        ended: Future[None] = Future()
        started = time.perf_counter()

        def settle(value: Any, failure: BaseException | None) -> bool:
            """Record how the call ended; False where it had ended already (its limit came)."""
            with self._lock:
                if self._deadlines.pop(ended, None) is None:
                    return False
                call.seconds = time.perf_counter() - started
                _record(call, value, failure, self.limit_seconds)
            ended.set_result(None)
            return True

        self._deadlines[ended] = (started + self.limit_seconds, settle)
        if tool.is_async:
            self._spawn(self._await(call, tool, settle))
        else:
            self._enqueue(partial(_call, call, tool, settle))
        return ended

    async def _await(self, call: Call, tool: Tool, settle: _Settle) -> None:
        try:
            value = await asyncio.wait_for(tool.call(call.arguments), self.limit_seconds)
        except Exception as error:  # noqa: BLE001 - a tool's failure is data for the episode
            settle(None, error)
        else:
            settle(value, None)

    def _enqueue(self, body: Callable[[], bool]) -> None:
        with self._lock:
            if self._tasks.qsize() >= self._idle and self._threads < self.workers:
                self._threads += 1
                threading.Thread(target=self._work, name="mentor-tool", daemon=True).start()
        self._tasks.put(body)

    def _work(self) -> None:
        in_time = True
        while in_time:  # a thread that was given up on has been replaced: it ends
            with self._lock:
                self._idle += 1
            body = self._tasks.get()
            with self._lock:
                self._idle -= 1
            if body is None:
                return
            in_time = body()

    def _expire(self) -> float | None:
        """Fail the calls that are over their limit; seconds until the next one will be."""
        now = time.perf_counter()
        for deadline, settle in list(self._deadlines.values()):
            if deadline <= now and settle(None, TimeoutError()):
                with self._lock:
                    self._threads -= 1
        deadlines = [deadline for deadline, _ in list(self._deadlines.values())]
        return max(min(deadlines) - now, 0.0) if deadlines else None

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            threading.Thread(
                target=self._loop.run_forever, name="mentor-tool-loop", daemon=True
            ).start()
        asyncio.run_coroutine_threadsafe(coroutine, self._loop)


def _call(call: Call, tool: Tool, settle: _Settle) -> bool:
    try:
        value = tool.call(call.arguments)
    except Exception as error:  # noqa: BLE001 - a tool's failure is data for the episode
        return settle(None, error)
    return settle(value, None)


def _record(call: Call, value: Any, failure: BaseException | None, limit: float) -> None:
    if failure is None:
        call.result = render_result(value)
    elif isinstance(failure, TimeoutError):
        call.failure = "timeout"
        call.result = f"Error: {call.name} took longer than {limit:g} s"
    elif isinstance(failure, ToolError):
        call.failure = "tool_error"
        call.result = f"Error: {failure}"
    else:
        call.failure = "tool_error"
        call.result = f"Error: {type(failure).__name__}: {failure}"
