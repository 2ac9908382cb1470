"""Nothing is recorded twice in a store that only grows, whatever a resumed run tells again."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mentor_core.support.errors import RunError
from mentor_plugins.trackers.recorded import Recorded, ends_well, finite, run_name

EVENTS = st.lists(
    st.tuples(st.integers(1, 6), st.sets(st.sampled_from("abc"), min_size=1)), max_size=12
).map(lambda events: sorted(events, key=lambda event: event[0]))


def record(directory, events, store):
    note = Recorded.of(directory, "x")
    for step, names in events:
        if fresh := note.fresh(step, dict.fromkeys(names, 0.5)):
            store += [(step, name) for name in fresh]
            note.keep(step, fresh)
    return note


@settings(deadline=None, max_examples=50)  # each writes files
@given(EVENTS, st.data())
def test_a_killed_run_that_tells_its_steps_again_records_each_value_once(
    tmp_path_factory, events, data
):
    """Killed anywhere, resumed from any earlier step: the store is that of a run in one go."""
    folder = tmp_path_factory.mktemp("run")
    once = [(step, name) for step, names in events for name in names]
    told = data.draw(st.integers(0, len(events)))
    until = events[told - 1][0] if told else 0
    from_step = data.draw(st.integers(0, until))
    store = []
    record(folder, events[:told], store)
    record(folder, [event for event in events if event[0] > from_step], store)
    at_checkpoint = [event for event in events[told:] if event[0] <= from_step]
    missed = {(step, name) for step, names in at_checkpoint for name in names}
    assert set(store) | missed == set(once)
    if len(set(once)) == len(once):  # else one process itself tells a value twice
        assert len(store) == len(set(store))


def test_the_id_of_a_run_outlives_a_kill(tmp_path):
    note = Recorded.of(tmp_path, "x")
    assert note.is_new
    note.keep(3, ["a"])
    note.keep(once="before")
    again = Recorded.of(tmp_path, "x")
    assert (again.id, again.step, again.once) == (note.id, 3, ["before"])
    assert not again.is_new
    assert Recorded.of(tmp_path, "y").id != note.id


@pytest.mark.parametrize("text", ["", "[]", '{"id": ', '{"idea": "x"}'])
def test_a_broken_note_is_named_with_the_way_out(tmp_path, text):
    (tmp_path / "tracker-x.json").write_text(text)
    with pytest.raises(RunError, match=r"tracker-x.json cannot be read.* Delete the file"):
        Recorded.of(tmp_path, "x")


def test_what_was_not_measured_is_left_out_and_never_zero():
    assert finite({"a": None, "b": float("nan"), "c": float("inf"), "d": 0}) == {"d": 0.0}


def test_a_stage_is_named_after_its_run(tmp_path):
    run = tmp_path / "calculator-1"
    (run / "warm").mkdir(parents=True)
    (run / "config.toml").touch()
    assert [run_name(run), run_name(run / "warm")] == ["calculator-1", "calculator-1-warm"]


def test_a_run_that_an_error_ends_is_not_called_finished():
    """`finish` is called in a `finally`, whatever ended the run."""
    seen = []

    def run(error):
        try:
            if error:
                raise error
        finally:
            seen.append(ends_well())

    run(None)
    for error in (KeyboardInterrupt(), RunError("x")):
        with pytest.raises(type(error)):
            run(error)
    assert seen == [True, False, False]


def test_the_note_is_plain_json(tmp_path):
    Recorded.of(tmp_path, "x").keep(1, ["b", "a"])
    note = json.loads((tmp_path / "tracker-x.json").read_text())
    assert note == {"id": note["id"], "step": 1, "names": ["a", "b"], "once": []}
