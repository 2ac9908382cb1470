"""The suite finds each planted defect under its own name, and nothing in mentor's own terms."""

import importlib.util
from pathlib import Path

import pytest

from mentor_core.door.registry import REWARD_TERMS, create, names
from mentor_lab.rewards.attacks import ATTACKS
from mentor_lab.rewards.conformance import check_reward
from mentor_lab.rewards.properties import PROPERTIES

_SPEC = importlib.util.spec_from_file_location("planted", Path(__file__).with_name("planted.py"))
planted = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(planted)


def failed(term, examples=50):
    return {v.property: v for v in check_reward(term, examples) if v.problem is not None}


@pytest.mark.parametrize("term", planted.BROKEN, ids=lambda term: term.__name__)
def test_a_planted_defect_fails_on_its_own_property(term):
    assert set(failed(term())) == planted.BROKEN[term]


def test_a_term_that_is_not_deterministic_fails_on_that_whatever_else():
    assert "deterministic" in failed(planted.Moody())


def test_every_property_has_a_planted_defect():
    every = {p.name for p in (*PROPERTIES, *ATTACKS)}
    assert every == {name for found in planted.BROKEN.values() for name in found} | {
        "deterministic"
    }


PROGRESS = "instrumented_progress"
VARIANTS = [  # judge asks a server
    *((name, {}) for name in names(REWARD_TERMS) if name not in ("judge", PROGRESS)),
    (PROGRESS, {"milestones": ["3", "7"]}),
    ("tool_selection", {"mode": "set"}),
    ("tool_selection", {"mode": "overlap"}),
    ("teacher", {"mode": "sequence"}),
    ("teacher", {"mode": "set"}),
    ("length", {"unit": "turns"}),
    ("length", {"unit": "characters"}),
]


@pytest.mark.parametrize(("name", "options"), VARIANTS, ids=str)
def test_mentors_own_terms_pass(name, options):
    verdicts = check_reward(create(REWARD_TERMS, name, options), examples=25)
    assert not [str(verdict) for verdict in verdicts if verdict.problem is not None]
    untested = {verdict.property for verdict in verdicts if not verdict.tested}
    assert untested <= {"text"}


def test_the_counter_example_is_small_and_readable():
    problem = str(failed(planted.LikesWork())["tool spam"])
    first, *lines = problem.splitlines()
    assert first == "tool spam: it gives 0.45 where the honest episode gets 0.05"
    assert lines[1:4] == ["turn 1: add() → 7"] + [f"turn {n}: add() → 7" for n in (2, 3)]
    assert "answer ''" in str(failed(planted.LikesSilence())["empty answer"])


def test_the_same_term_gets_the_same_verdicts():
    one, two = (list(map(str, check_reward(planted.Hurries(), 30))) for _ in range(2))
    assert one == two
