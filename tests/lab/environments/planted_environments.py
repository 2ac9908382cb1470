"""An environment that keeps every promise, and ones that each break one."""

import random
import tempfile
import threading
import time
from dataclasses import replace

from mentor_core.contracts.env import ToolEnv
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call
from mentor_core.tools.tool import Tool


class Sums(ToolEnv):
    """Add two numbers; the state is the total so far."""

    name = "sums"
    system_prompt = "Use the tools, then say the total."

    def make_tools(self):
        return [Tool(self.add)]

    def add(self, amount: int) -> int:
        """Add to the total.

        Args:
            amount: how much.
        """
        self.state["total"] += amount
        return self.state["total"]

    def numbers(self, task):
        return task.metadata["numbers"]

    def load_tasks(self, split):
        draw = random.Random(split)
        pairs = [(draw.randint(100, 499), draw.randint(500, 899)) for _ in range(8)]
        return [
            Task(f"{split}-{n}", "sums", self.ask(a, b), str(a + b), split, {"numbers": (a, b)})
            for n, (a, b) in enumerate(pairs)
        ]

    def ask(self, a, b):
        return f"How much is {a} and {b}?"

    def start(self, task):
        return {"total": 0}

    def verify(self):
        return float(self.answer == self.task.answer)

    def expert(self, task):
        for number in self.numbers(task):
            (call,) = yield "", [Call("add", {"amount": number})]
        yield call.result, []


class SeedOfItsOwn(Sums):
    def reset(self, *, seed=7, options=None):
        return super().reset(seed=seed, options=options)


class TwinTasks(Sums):
    def load_tasks(self, split):
        return [*super().load_tasks(split), super().load_tasks(split)[0]]


class StrangeTasks(Sums):
    name = "other"


class TrainsOnEval(Sums):
    def load_tasks(self, split):
        tasks = super().load_tasks(split)
        if split == "train":
            (known, *_) = super().load_tasks("eval")
            tasks.append(replace(known, id="train-8", split="train"))
        return tasks


class TrainsOnAShift(TrainsOnEval):
    shifts = {"larger": "larger numbers"}

    def load_tasks(self, split):
        tasks = Sums.load_tasks(self, split)
        if split == "larger":
            (known, *_) = Sums.load_tasks(self, "train")
            tasks.append(replace(known, id="larger-8", split="larger"))
        return tasks


class NotDescribed(Sums):
    def make_tools(self):
        return [Tool(self.put)]

    def put(self, n: int) -> int:
        """Add to the total."""
        return self.add(n)

    def expert(self, task):
        for number in self.numbers(task):
            (call,) = yield "", [Call("put", {"n": number})]
        yield call.result, []


class NoDescription(Sums):
    def make_tools(self):
        return [Tool(self.add, description=" ")]


class ExpertErrs(Sums):
    def expert(self, task):
        if task.id == "eval-3":
            yield "1", []
        yield from super().expert(task)


class ExpertRaises(Sums):
    def expert(self, task):
        if task.id == "eval-3":
            raise KeyError("eval-3")
        yield from super().expert(task)


class ExpertDawdles(Sums):
    def expert(self, task):
        for _ in range(20):
            yield "", [Call("add", {"amount": 0})]

    def verify(self):
        return 1.0 if self.end == "turn_limit" else super().verify()


class TellsInThePrompt(Sums):
    def ask(self, a, b):
        return f"{super().ask(a, b)} (It is {a + b}.)"


class TellsInASchema(Sums):
    def tools_for(self, task):
        return [Tool(self.add, description=f"Add to the total, up to {task.answer}.")]


class TellsWhatWasWrong(Sums):
    def add(self, amount: int) -> int:
        """Add to the total.

        Args:
            amount: how much.
        """
        if amount not in self.numbers(self.task):
            raise ValueError(f"{amount} is not on the way to {self.task.answer}")
        return super().add(amount)


class Moody(Sums):
    def start(self, task):
        return {"total": random.random()}

    def verify(self):
        return 1.0


class Remembers(Sums):
    """It goes on with the total of the episode before."""

    def start(self, task):
        return self.state or {"total": 0}

    def verify(self):
        return 1.0


class KeepsElsewhere(Sums):
    def start(self, task):
        self.total = 0

    def add(self, amount: int) -> int:
        """Add to the total.

        Args:
            amount: how much.
        """
        self.total += amount
        return self.total


class Shares(Sums):
    board = {}

    def start(self, task):
        self.board["total"] = 0

    def snapshot(self):
        return super().snapshot(), dict(self.board)

    def restore(self, snapshot):
        super().restore(snapshot[0])
        self.board.update(snapshot[1])

    def add(self, amount: int) -> int:
        """Add to the total.

        Args:
            amount: how much.
        """
        self.board["total"] += amount
        return self.board["total"]


class LeavesAThread(Sums):
    def start(self, task):
        if not hasattr(self, "thread"):
            self.thread = threading.Thread(target=time.sleep, args=(30,), daemon=True)
            self.thread.start()
        return super().start(task)


class LeavesAFile(Sums):
    def start(self, task):
        if not hasattr(self, "file"):
            self.file = tempfile.TemporaryFile()  # noqa: SIM115
        return super().start(task)


class LeavesADirectory(Sums):
    def start(self, task):
        tempfile.mkdtemp()
        return super().start(task)


class NeverForgets(Sums):
    known = []

    def start(self, task):
        self.known.append(self)
        return super().start(task)


class Raises(Sums):
    def verify(self):
        return float(int(self.answer or 0) == int(self.task.answer))


class CannotStart(Sums):
    def start(self, task):
        if task.id == "eval-5":
            raise KeyError(task.id)
        return super().start(task)


class Crashes(Sums):
    def add(self, amount: int) -> int:
        """Add to the total.

        Args:
            amount: how much.
        """
        if amount < 0:
            raise TypeError("unsupported")
        return super().add(amount)


class Generous(Sums):
    def verify(self):
        return 2.0 if self.end == "token_limit" else super().verify()


BROKEN = {
    SeedOfItsOwn: "gymnasium",
    TwinTasks: "tasks",
    StrangeTasks: "tasks",
    TrainsOnEval: "apart",
    TrainsOnAShift: "apart",
    NotDescribed: "tools",
    NoDescription: "tools",
    ExpertErrs: "expert",
    ExpertRaises: "expert",
    ExpertDawdles: "expert",
    TellsInThePrompt: "secret",
    TellsInASchema: "secret",
    TellsWhatWasWrong: "secret",
    Moody: "seed",
    Remembers: "seed",
    KeepsElsewhere: "snapshot",
    Shares: "instances",
    LeavesAThread: "closing",
    LeavesAFile: "closing",
    LeavesADirectory: "closing",
    NeverForgets: "closing",
    Raises: "robust",
    CannotStart: "robust",
    Crashes: "refusing",
    Generous: "outcome",
}
