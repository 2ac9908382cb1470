"""CallGraph: a call answers for its descendants, and for nothing else."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.contracts.reward import Composed
from mentor_core.contracts.trajectory import Call
from mentor_core.door.registry import CREDITS, create
from mentor_lab.testing import trajectory_of
from mentor_toolkit.noting import NotedLayout

HEALTHY = [Call("add", {"a": 3, "b": 4}, "71"), Call("multiply", {"a": 71, "b": 2}, "142")]
FAILING = [
    Call("add", {"a": 5, "b": 6}, "83"),
    Call("divide", {"a": 83, "b": 0}, "Error", "tool_error"),
]
PROMPT = {"prompt": [{"role": "user", "content": "3, 4, 5 and 6?"}]}


def layout_of(sources, turns=None):
    """A token a step."""
    spans = [(step, step + 1) for step in range(len(sources))]
    turns = range(len(sources)) if turns is None else turns
    return NotedLayout(len(sources), spans, turns=turns, note=sources)


def assigned(episodes, groups=None, **options):
    """The advantages of each step; an episode is a reward, additions of steps, and sources."""
    rewards, added, sources = zip(*episodes, strict=True)
    composed = Composed(np.array(rewards, dtype=float), [np.array(a, dtype=float) for a in added])
    groups_B = np.array(groups if groups is not None else [0] * len(episodes))
    layouts = [layout_of(of_episode) for of_episode in sources]
    return create(CREDITS, "call_graph", options).assign(composed, groups_B, layouts)


def branches(failing):
    """Two turns of parallel calls and an answer, as steps, with the number of each one's turn."""
    steps = [[HEALTHY[0]], *([[FAILING[0]]] if failing else []), [HEALTHY[1]]]
    steps += [[FAILING[1]]] if failing else []
    return trajectory_of(*steps, "142", **PROMPT), [0, 0, 1, 1, 2] if failing else [0, 1, 2]


def test_the_healthy_branch_is_as_in_a_run_without_the_failing_one(record_property):
    """The credit `group` gives the healthy calls less, as the whole episode earned less."""
    found, plain = {}, {}
    for failing in (True, False):
        steps, turns = branches(failing)
        sources = create(CREDITS, "call_graph").note(steps, turns)
        added = [0.2, 0.0, 0.3, -0.4, 0.5] if failing else [0.2, 0.3, 0.5]
        other = (0.4, [0.1, 0.3], [[], [0]])
        found[failing] = assigned([(sum(added), added, sources), other])[0]
        rewards = Composed(np.array([sum(added), 0.4]))
        layouts = [layout_of(sources), layout_of(other[2])]
        group = create(CREDITS, "group", {"scale": "none"})
        plain[failing] = group.assign(rewards, np.zeros(2, int), layouts)[0]
    healthy = found[True][[0, 2, 4]]
    record_property("with and without the failing branch", f"{healthy}, {found[False]}")
    assert healthy.tolist() == found[False].tolist()
    assert found[True][1] == found[True][3] < 0  # the failed call, and the one that it builds on
    assert plain[True][0] == pytest.approx(plain[False][0] - 0.2)


def worlds(count, steps=4):
    """Random graphs, with a reward of each step that depends on its action and its sources'."""
    draw = np.random.default_rng(0)
    for _ in range(count):
        sources = [[s for s in range(step) if draw.random() < 0.4] for step in range(steps)]
        yield sources, draw.random((steps, 2**steps)), draw.uniform(0.2, 0.8, steps)


def gradients(sources, tables, chances, graph):
    """Mean and variance of each step's part of the gradient, over all actions exactly."""
    episodes, odds, scores = [], [], []
    for actions in product((0, 1), repeat=len(chances)):
        pairs = zip(sources, actions, strict=True)
        seen = [[*(actions[source] for source in of_step), own] for of_step, own in pairs]
        keys = [int("".join(map(str, bits)), 2) for bits in seen]
        rewards = [tables[step, key] for step, key in enumerate(keys)]
        episodes.append((sum(rewards), rewards, graph))
        odds.append(np.prod([p if a else 1 - p for a, p in zip(actions, chances, strict=True)]))
        scores.append(np.array(actions) - chances)
    advantages = np.stack(assigned(episodes, range(len(episodes))))
    parts, odds = advantages * np.stack(scores), np.array(odds)[:, None]
    mean = (odds * parts).sum(0)
    return mean, (odds * (parts - mean) ** 2).sum()


def test_over_random_graphs_the_mean_is_equal_and_the_variance_lower(record_property):
    """Compared with all following steps, which is a graph in which each step builds on the last."""
    ratios = []
    for sources, tables, chances in worlds(1000):
        mean, variance = gradients(sources, tables, chances, sources)
        chain = [[step - 1] if step else [] for step in range(len(chances))]
        plain_mean, plain_variance = gradients(sources, tables, chances, chain)
        assert mean == pytest.approx(plain_mean, abs=1e-12)
        ratios.append(variance / plain_variance)
    record_property("variance, as a share of that of all following steps", np.mean(ratios))
    record_property("graphs with a lower variance", np.mean(np.array(ratios) < 1 - 1e-9))
    assert max(ratios) < 1 + 1e-9
    assert np.mean(ratios) < 0.8


def test_sources_by_hand():
    def of(*turns, numbers=None, **fields):
        steps = trajectory_of(*turns, **(PROMPT | fields))
        numbers = range(len(steps.turns)) if numbers is None else numbers
        return create(CREDITS, "call_graph").note(steps, numbers)

    use = Call("multiply", {"a": 71, "b": 9})
    assert of([HEALTHY[0]], [use]) == [[], [0]]
    assert of([HEALTHY[0]], [use], numbers=[0, 0]) == [[], []]  # made before the result was seen
    known = {"prompt": [{"role": "user", "content": "What is 71 + 1?"}]}
    assert of([HEALTHY[0]], [use], **known) == [[], []]  # the prompt has the value, too
    failed = Call("add", {}, "71", "tool_error")
    assert of([failed], [use]) == [[], []]
    assert of([HEALTHY[0]], [FAILING[0]], "It is 71.") == [[], [], [0]]
    # nobody can tell which result the answer uses: all that there are
    assert of([HEALTHY[0]], [failed], [FAILING[0]], "yes") == [[], [], [], [0, 2]]
    # what the user was asked, all later turns build on
    assert of("Which one?", [HEALTHY[0]], [use]) == [[], [0], [0, 1]]
    assert of() == []


EPISODES = st.lists(
    st.tuples(
        st.floats(0, 1) | st.just(np.nan),
        st.lists(st.floats(-1, 1) | st.just(np.nan), max_size=4),
        st.integers(0, 2),
    ),
    min_size=1,
    max_size=6,
)


@given(EPISODES, st.floats(0.1, 1), st.randoms())
def test_advantages_are_finite_and_those_of_unscored_episodes_are_zero(episodes, discount, draw):
    batch = [
        (reward, added, [[s for s in range(i) if draw.random() < 0.5] for i in range(len(added))])
        for reward, added, _ in episodes
    ]
    found = assigned(batch, [group for *_, group in episodes], discount=discount)
    for (reward, added, _), of_T in zip(episodes, found, strict=True):
        assert of_T.shape == (len(added),)
        assert np.isfinite(of_T).all()
        assert not (np.isnan(reward) and of_T.any())


def test_each_edge_of_the_shortest_way_discounts_once():
    # 0 → 1 → 2 → 3 and 0 → 3
    [found] = assigned([(15.0, [1, 2, 4, 8], [[], [0], [1], [0, 2]])], discount=0.5)
    assert found.tolist() == [1 + 2 / 2 + 4 / 4 + 8 / 2, 2 + 4 / 2 + 8 / 4, 4 + 8 / 2, 8]
