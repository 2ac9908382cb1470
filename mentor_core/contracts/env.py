"""ToolEnv: a Gymnasium environment in which a policy uses tools to solve a task.

The action is one assistant turn, as text; the observation is the messages that it causes. `step`
has three parts, so that a rollout engine can run the tools of many episodes at once. `begin` parses
the turn, an executor runs its calls, and `finish` observes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, ClassVar

import gymnasium
from gymnasium.error import ResetNeeded
from pydantic import ValidationError

from mentor_core.contracts.component import Component, option_error
from mentor_core.contracts.domain import ToolDomain
from mentor_core.contracts.episode import begun
from mentor_core.contracts.execution import ToolExecutor, ToolJobs
from mentor_core.contracts.offered import Offered
from mentor_core.contracts.parsing import CallParser, HermesParser
from mentor_core.contracts.shifts import TOOLS, check_names, check_split, in_turn, renamed_tasks
from mentor_core.contracts.spaces import AssistantText, Messages, Observation
from mentor_core.contracts.task import SPLITS, Split, Task
from mentor_core.contracts.trajectory import Call, EndReason, Turn
from mentor_core.support.errors import DataError, PluginError, bounded, nearest
from mentor_core.support.scalars import as_float
from mentor_core.tools.tool import Tool, ToolError

__all__ = ["ActionGate", "Judge", "Pending", "ToolEnv"]


class Judge(Component, ABC):
    """Scores turns before they are played; one judge serves all episodes, so it keeps no state."""

    @abstractmethod
    def scores(
        self, task: Task, turns: Sequence[Turn], candidates: Sequence[Turn]
    ) -> list[float | None]:
        """A score in [0, 1] for each candidate, higher for better ones; None: not judged.

        Args:
            turns: the turns that were played, with their results.
            candidates: turns whose calls are parsed and have no results.
        """

    def say(self, task: Task, turns: Sequence[Turn], candidate: Turn) -> str | None:
        """The critique of a candidate, which a policy may read; None: nothing to say."""
        return None


class ActionGate(Component, ABC):
    """Looks at a call before it is executed; one gate serves all episodes, so it keeps no state.

    Attributes:
        needs_judge: true if the gate asks the run's judge.
    """

    needs_judge: ClassVar[bool] = False

    def start(self, judge: Judge) -> None:
        """Called once before the first episode, if the gate needs a judge."""

    @abstractmethod
    def refuse(self, call: Call, task: Task, turns: Sequence[Turn]) -> str | None:
        """The reason why `call` must not run, which the policy reads; None lets the call run."""


@dataclass(slots=True, eq=False)
class Pending:
    """A turn that has begun: its calls are parsed, and `jobs` are still to be executed."""

    turn: Turn
    content: str
    jobs: ToolJobs


class ToolEnv(gymnasium.Env[Observation, str], ToolDomain):
    """Base class of tool domains: plays episodes with the methods of `ToolDomain` that a subclass
    defines.

    Args:
        split: the split that `reset` draws tasks from, if no task is given.
        max_turns: an episode of more assistant turns is truncated.
        parser: the model family's call format.
        gate: if given, is asked before each call.
        render_mode: only None.
        **options: validated against the class's `Options`.

    Attributes:
        tools: own name → tool; records and the domain's code use the own names.

    Raises:
        ConfigError: an option is unknown or invalid, or there is no such split.
        PluginError: two tools have one name, or a tool's method hides one of `ToolEnv`'s own.
    """

    metadata: dict[str, Any] = {"render_modes": []}

    def __init__(
        self,
        *,
        split: Split = "train",
        max_turns: int = 8,
        parser: CallParser | None = None,
        gate: ActionGate | None = None,
        render_mode: None = None,
        **options: Any,
    ) -> None:
        try:
            self.options = self.Options(**options)
        except ValidationError as error:
            what, known = f"environment {self.name!r}", self.Options.model_fields
            raise option_error(what, error, options, known) from None
        self.max_turns = max_turns
        self.parser = parser or HermesParser()
        self.gate = gate
        self.render_mode = render_mode
        self.action_space = AssistantText()
        self.observation_space = Messages()
        self.tools = self._by_name(self.make_tools())
        self.state: Any = None
        self.task: Task | None = None
        self.trajectory = begun(Task("", "", ""))
        self._tasks: dict[Split, list[Task]] = {}
        self._executor: ToolExecutor | None = None
        self._offered = Offered(self.name, self.tools, {})
        check_names(self.name, self.shifts)
        self.split = split

    @property
    def splits(self) -> tuple[Split, ...]:
        """The splits that `tasks` takes: train, eval, ood and the shifts."""
        return (*SPLITS, *self.shifts)

    @property
    def split(self) -> Split:
        """The split that `reset` draws from.

        Raises:
            ConfigError: on assignment, if the environment has no such split.
        """
        return self._split

    @split.setter
    def split(self, split: Split) -> None:
        check_split(f"environment {self.name!r}", split, self.splits)
        self._split = split

    def tasks(self, split: Split) -> list[Task]:
        """The tasks of a split (cached).

        Raises:
            ConfigError: the environment has no such split; names its splits.
        """
        check_split(f"environment {self.name!r}", split, self.splits)
        if split not in self._tasks:
            found = renamed_tasks(self.tasks("eval")) if split == TOOLS else self.load_tasks(split)
            if split == "ood":
                found = in_turn([found, *map(self.tasks, self.shifts)])
            self._tasks[split] = found
        return self._tasks[split]

    @property
    def offered(self) -> Mapping[str, Tool]:
        """Shown name → tool: `tools` under the names of `aliases_for`."""
        return self._offered.tools

    @property
    def schemas(self) -> list[dict[str, Any]]:
        """The schemas of the tools offered; before an episode those of `make_tools`."""
        return [tool.schema for tool in self.offered.values()]

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start an episode.

        Args:
            seed: reseeds `self.np_random`.
            options: `{"task": Task}` or `{"task": "task id"}`; without, a random task of the split.

        Returns:
            The opening messages, and `{"task_id", "tools"}`.

        Raises:
            DataError: the split has no task, or no task of that id.
        """
        super().reset(seed=seed)
        self.task = self._choose((options or {}).get("task"))
        self.trajectory = begun(self.task)
        self.state = self.start(self.task)
        self.refresh_tools()
        opening = self.opening(self.task)
        self.trajectory.prompt, self.trajectory.tools = list(opening), list(self.tools)
        return tuple(opening), {"task_id": self.task.id, "tools": self.schemas}

    def step(self, action: str) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Play one assistant turn: `begin`, run the calls, `finish`."""
        pending = self.begin(action)
        if pending.jobs.calls:
            if self._executor is None:
                self._executor = ToolExecutor()
            self._executor.run([pending.jobs])
        return self.finish(pending)

    def begin(self, action: str) -> Pending:
        """Parse a turn and check its calls.

        Raises:
            gymnasium.error.ResetNeeded: no episode is running.
        """
        if self.task is None or self.end is not None:
            raise ResetNeeded("the episode has ended: call reset() first")
        parsed = self.parser.parse(action)
        if not parsed.calls and not parsed.failure:
            parsed.calls = [self.as_shown(call) for call in self.read_calls(parsed.content)]
            parsed.keep_sound()
        turn = Turn(text=action, calls=parsed.calls, parse_failure=parsed.failure)
        runnable = []
        for call in turn.calls:
            tool = self.offered.get(call.name)
            if tool is None:
                call.failure = "unknown_tool"
                near = nearest(call.name, self.offered)
                call.result = f"Error: unknown tool {bounded(call.name, 100)!r}{near}"
            else:
                try:
                    tool.validate(call.arguments)
                except ToolError as error:
                    call.failure, call.result = "bad_arguments", bounded(f"Error: {error}")
            self._offered.read(call)
            if tool is None or call.failure is not None:
                continue
            reason = self.gate.refuse(call, self.task, self.turns) if self.gate else None
            if reason is not None:
                call.failure, call.result = "refused", f"Error: {reason}"
                continue
            call.key = self.canonical(call)
            runnable.append((call, self.tools[call.name]))
        return Pending(turn, parsed.content, ToolJobs(runnable, self.parallel_calls))

    def finish(self, pending: Pending) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Observe the results of a turn, and decide if the episode ends.

        Returns:
            Messages, reward (the outcome if the episode ends and has one, else 0), terminated,
            truncated, and info: `calls`, `end`, `answer`, `outcome`.
        """
        turn = pending.turn
        self.turns.append(turn)
        for call in turn.calls:
            name = bounded(self.as_shown(call).name, 100)
            turn.observation.append({"role": "tool", "name": name, "content": call.result})
        if turn.parse_failure:
            complaint = f"Error: {self.parser.complain(turn.parse_failure)}"
            turn.observation.append({"role": "tool", "name": "", "content": complaint})
        silent = not turn.calls and not turn.parse_failure
        reply = self.reply(pending.content) if silent else None
        if reply is not None:
            turn.observation.append({"role": "user", "content": reply})
        if silent and reply is None:
            self.answer = self.read_answer(pending.content)
            self.end = "answered" if pending.content.strip() else "policy_stopped"
        elif self.is_over():
            self.end = "finished"
        elif len(self.turns) >= self.max_turns:
            self.end = "turn_limit"
        if self.end is not None:
            self.trajectory.outcome = self._outcome()
        return self.step_result(turn)

    def as_shown(self, call: Call) -> Call:
        """A recorded call with the names that the policy is shown."""
        return self._offered.shown(call)

    def turn_text(self, content: str, calls: Sequence[Call]) -> str:
        """The text of a turn with content and calls, in the call format with shown names."""
        return self.parser.render(content, [self.as_shown(call) for call in calls])

    def step_result(self, turn: Turn) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """The result of `step`; all but calls and observation come from `trajectory`."""
        played = self.trajectory
        truncated = played.end == "turn_limit"
        info = {
            "calls": turn.calls,
            "end": played.end,
            "answer": played.answer,
            "outcome": played.outcome,
        }
        if played.error is not None:
            info["error"] = played.error
        terminated = played.end is not None and not truncated
        return tuple(turn.observation), float(played.outcome or 0.0), terminated, truncated, info

    def stop(self, end: EndReason) -> float | None:
        """End the episode from outside (out of tokens, say); returns the outcome so far."""
        self.end = end
        self.trajectory.outcome = outcome = self._outcome()
        return outcome

    def _outcome(self) -> float | None:
        """The result of `verify`, which may be a bool or a scalar of numpy, as a float."""
        outcome = self.verify()
        number = as_float(outcome)
        if outcome is not None and number is None:
            raise PluginError(
                f"{self.name}: verify returned {outcome!r:.80}; expected a number in [0, 1] or None"
            )
        return number

    def snapshot(self) -> Any:
        """A copy of the episode as it stands, for any number of calls of `restore`."""
        random = self.np_random.bit_generator.state
        return deepcopy((self.task, self.state, self.trajectory, random))

    def restore(self, snapshot: Any) -> None:
        """Return to a `snapshot` of this environment or of another instance of its class."""
        self.task, self.state, self.trajectory, random = deepcopy(snapshot)
        self.np_random.bit_generator.state = random
        self.refresh_tools()

    def refresh_tools(self) -> None:
        """Set `tools` and `offered` to the present tools of the episode."""
        tools = self.tools_for(self.task) if self.task is not None else None
        if tools is not None:
            self.tools = self._by_name(tools)
        aliases = self.aliases_for(self.task) if self.task is not None else {}
        self._offered = Offered(self.name, self.tools, aliases)

    def close(self) -> None:
        """Release the environment's resources."""
        if self._executor is not None:
            self._executor.close()
            self._executor = None

    def _by_name(self, tools: Iterable[Tool]) -> dict[str, Tool]:
        named: dict[str, Tool] = {}
        for tool in tools:
            if tool.name in named:
                raise PluginError(f"environment {self.name!r} has two tools named {tool.name!r}")
            method = getattr(tool.function, "__name__", "")
            if getattr(tool.function, "__self__", None) is self and hasattr(ToolEnv, method):
                raise PluginError(
                    f"environment {self.name!r}: the tool {tool.name!r} is made from the method "
                    f"{method!r}, which hides the one that every environment has; call it "
                    f"otherwise: Tool(self.{method}_tool, name={tool.name!r})"
                )
            named[tool.name] = tool
        return named

    def _choose(self, wanted: Task | str | None) -> Task:
        if isinstance(wanted, Task):
            return wanted
        tasks = self.tasks(self.split)
        if not tasks:
            raise DataError(f"environment {self.name!r} has no task in split {self.split!r}")
        if wanted is None:
            return tasks[int(self.np_random.integers(0, len(tasks)))]
        for task in tasks:
            if task.id == wanted:
                return task
        known = [task.id for task in tasks]
        raise DataError(
            f"no task {wanted!r} in split {self.split!r} of environment {self.name!r}"
            f"{nearest(wanted, known) if len(known) < 10_000 else ''}"
        )
