"""What a run tells its trackers, and what one that fails means for the others."""

import pytest
from pydantic import Field

from mentor_core.contracts.tracker import Tracker
from mentor_core.support.errors import PluginError
from mentor_runs.assembly.trackers import Trackers


class Diary(Tracker):
    told: list = Field(default_factory=list)
    fails_at: str = ""

    def _note(self, what, *more):
        self.told.append((what, *more))
        if what == self.fails_at:
            raise LookupError("no connection")

    def start(self, directory, config, step):
        self._note("start", step)

    def log(self, step, metrics):
        self._note("log", step, metrics)

    def log_evaluation(self, name, step, metrics):
        self._note("evaluation", name, step)

    def log_model(self, directory):
        self._note("model", directory)

    def finish(self):
        self._note("finish")


class Plain(Tracker):
    """As trackers were before they heard of evaluations."""

    def start(self, directory, config, step): ...

    def log(self, step, metrics): ...


def test_all_hear_all_and_a_tracker_need_not_listen_to_everything(tmp_path):
    first, second = Diary(), Diary()
    trackers = Trackers({"first": first, "plain": Plain(), "second": second})
    trackers.start(tmp_path, {}, 0)
    trackers.log_evaluation("before", 0, {})
    trackers.log_trajectories(1, [])
    trackers.log(1, {"reward": None})
    trackers.log_model(tmp_path)
    trackers.finish()
    trackers.finish()
    assert first.told == second.told
    assert [what for what, *_ in first.told] == ["start", "evaluation", "log", "model", "finish"]


def test_nothing_is_told_before_the_start(tmp_path):
    """Of several processes the main one alone starts them."""
    diary = Diary()
    trackers = Trackers({"diary": diary})
    trackers.log(1, {})
    trackers.log_trajectories(1, [])
    trackers.finish()
    assert diary.told == []


@pytest.mark.parametrize("call", ["start", "log", "finish"])
def test_one_that_raises_is_named_and_all_that_were_started_are_finished(tmp_path, call):
    """A bug of a tracker's would be a traceback; a connection of another's would stay open."""
    bad, good = Diary(fails_at=call), Diary()
    trackers = Trackers({"good": good, "bad": bad})

    def use():
        trackers.start(tmp_path, {}, 0)
        trackers.log(1, {})
        trackers.finish()

    with pytest.raises(PluginError, match=r"^tracker 'bad': LookupError: no connection$"):
        use()
    trackers.finish()  # as a run does, whatever happened
    assert good.told[-1] == ("finish",)
    assert bad.told[-1] == ("finish",)
