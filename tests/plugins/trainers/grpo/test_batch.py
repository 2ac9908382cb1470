"""One batch of training: rewards, advantages and metrics of trajectories written by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.contracts.learner import Critic, Learner
from mentor_core.contracts.reward import Composed, Composer, Example, RewardTerm
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call, Tokens, Turn
from mentor_core.door.registry import CREDITS, CRITICS, create
from mentor_core.support.errors import PluginError, RewardError
from mentor_lab.testing import trajectory_of
from mentor_plugins.trainers.grpo.batch import join, measure, score_part
from mentor_plugins.trainers.grpo.learners import outcomes_by_task, rewards_by_task, teach
from mentor_runs.assembly.references import References
from mentor_runs.assembly.reward import Reward

NONE = References({}, {})


class Outcome(RewardTerm):
    def score(self, trajectory, task, references):
        return trajectory.outcome


class Calls(RewardTerm):
    """1 for calls, 0 for none; per turn likewise."""

    def score(self, trajectory, task, references):
        return float(bool(trajectory.calls))

    def score_turns(self, trajectory, task, references):
        return [float(bool(turn.calls)) for turn in trajectory.turns]


class HasReference(RewardTerm):
    def score(self, trajectory, task, references):
        return 1.0 if references else None


class First(Composer):
    """The first term, or progress where it scores nothing."""

    at_nan: bool = False

    def compose(self, scores, training_progress):
        rewards_B = scores.values_BK[:, 0]
        return Composed(
            np.nan_to_num(rewards_B, nan=training_progress) if self.at_nan else rewards_B
        )


REWARD = Reward({"outcome": Outcome(), "calls": Calls()}, {"outcome": 1.0}, First())


def played(group, outcome, calls=0, **fields):
    """An episode of 1 + calls turns, of 3 sampled tokens each and 2 written in between."""
    tokens, turns = Tokens([1, 2]), []
    for number in range(calls + 1):
        span = tokens.add_sampled([5, 6, 7], [-0.1] * 3)
        turns.append(Turn("", [Call("add", {})] if number < calls else [], span=span))
        if number < calls:
            tokens.add_written([8, 9])
    fields = {"end": "answered", "task_id": f"task-{group}"} | fields
    return trajectory_of(turns=turns, tokens=tokens, group=group, outcome=outcome, **fields)


def part_of(*trajectories, reward=REWARD, references=NONE, mask_truncated=False, learners=None):
    tasks = [Task(trajectory.task_id, "tests", "?") for trajectory in trajectories]
    return score_part(trajectories, tasks, references, reward, mask_truncated, learners)


def batch_of(*trajectories, reward=REWARD, training_progress=0.0, **options):
    part = part_of(*trajectories, reward=reward, **options)
    return join([part], reward, create(CREDITS, "group", {"scale": "none"}), training_progress)


def metrics_of(*trajectories, **options):
    return measure(batch_of(*trajectories, **options))


def test_means_and_stds_are_those_of_the_terms():
    metrics = metrics_of(played(0, 1.0, 1), played(0, 0.0), played(1, 0.5), played(1, 0.5))
    assert metrics["reward"] == metrics["terms/outcome/mean"] == 0.5
    assert metrics["reward_std"] == pytest.approx(np.std([1, 0, 0.5, 0.5]))
    assert metrics["terms/calls/mean"] == 0.25
    assert metrics["terms/calls/std"] == pytest.approx(np.std([1, 0, 0, 0]))
    assert metrics["success"] == 0.25
    assert (metrics["turns"], metrics["calls"]) == (1.25, 0.25)
    assert metrics["sampled_tokens"] == 15


def test_what_was_not_scored_is_not_zero():
    """A mean that took it for 0 would show a reward that falls while nothing is learnt."""
    metrics = metrics_of(played(0, 1.0), played(0, None), played(0, None), played(0, 0.5))
    assert metrics["reward"] == 0.75
    assert metrics["unscored"] == metrics["terms/outcome/scored"] == 0.5
    assert metrics["success"] == 0.5


def test_a_batch_of_which_nothing_was_scored_has_no_reward():
    metrics = metrics_of(played(0, None), played(0, None))
    assert [metrics[name] for name in ("reward", "reward_std", "success")] == [None] * 3
    assert (metrics["unscored"], metrics["groups/zero_variance"]) == (1.0, 1.0)


def test_what_was_not_scored_gets_no_advantage_and_moves_no_one_elses():
    batch = batch_of(played(0, 1.0), played(0, None), played(0, 0.0))
    assert [set(advantages) for advantages in batch.advantages_T] == [{0.5}, {0.0}, {-0.5}]


@pytest.mark.parametrize(
    ("outcomes", "zero_variance"),
    [
        ([(0, 1.0), (0, 0.0)], 0.0),
        ([(0, 1.0), (0, 1.0)], 1.0),
        ([(0, 1.0), (0, 1.0 - 1e-12)], 1.0),
        ([(0, 1.0), (0, 1.0 - 1e-6)], 0.0),
        ([(0, 1.0), (0, None)], 1.0),
        ([(0, 1.0), (0, None), (0, 0.0)], 0.0),
        ([(0, None), (0, None)], 1.0),
        ([(0, 0.0), (0, 1.0), (7, 1.0), (7, 1.0)], 0.5),
        ([(0, 0.0), (1, 1.0), (0, 0.0), (1, 0.0)], 0.5),
    ],
)
def test_a_group_has_zero_variance_where_no_two_rewards_differ(outcomes, zero_variance):
    metrics = metrics_of(*(played(group, outcome) for group, outcome in outcomes))
    assert metrics["groups/zero_variance"] == zero_variance


def test_failures_of_calls_are_shares_of_the_calls_by_reason():
    failures = [None, "timeout", "timeout", "unknown_tool"]
    calls = [Call("add", {}, failure=failure) for failure in failures]
    metrics = metrics_of(
        trajectory_of(calls, "3", group=0, outcome=1.0), trajectory_of("3", group=0)
    )
    assert metrics["calls/failed"] == 0.75
    assert metrics["calls/failed/timeout"] == 0.5
    assert metrics["calls/failed/unknown_tool"] == 0.25
    assert metrics["calls"] == 2.0


def test_without_calls_no_share_of_them_failed():
    metrics = metrics_of(trajectory_of("3", outcome=1.0), trajectory_of("3", outcome=1.0))
    assert metrics["calls/failed"] is None


def test_malformed_calls_are_a_share_of_the_turns():
    malformed = Turn("<tool_call>{", parse_failure="malformed_call")
    metrics = metrics_of(
        trajectory_of(turns=[malformed, Turn("3")], outcome=1.0), trajectory_of("3", "4")
    )
    assert metrics["turns/malformed_call"] == 0.25


def test_end_reasons_are_shares_of_the_episodes():
    ends = ("answered", "answered", "turn_limit", "error")
    metrics = metrics_of(*(played(0, 0.0, end=end) for end in ends))
    found = {name: value for name, value in metrics.items() if name.startswith("end/")}
    assert found == {"end/answered": 0.5, "end/turn_limit": 0.25, "end/error": 0.25}


@pytest.mark.parametrize(("mask", "share"), [(True, 0.5), (False, 0.0)])
def test_truncation_is_told_by_the_end_reason(mask, share):
    ends = ("answered", "token_limit", "turn_limit", "time_limit", "finished", "error")
    metrics = metrics_of(*(played(0, 0.0, end=end) for end in ends), mask_truncated=mask)
    assert metrics["masked_episodes"] == share


def test_layouts_say_where_the_sampled_tokens_are():
    part = part_of(played(0, 1.0, 1), trajectory_of("3", group=0))
    assert [(layout.length, layout.spans) for layout in part.layouts] == [
        (8, [(0, 3), (5, 8)]),
        (0, [None]),
    ]
    batch = batch_of(played(0, 1.0, 1), played(0, 0.0))
    assert [len(advantages) for advantages in batch.advantages_T] == [8, 3]


def test_equal_ids_of_two_environments_are_two_tasks():
    trajectories = [played(0, 1.0, env="dice"), played(0, 1.0, env="shop")]
    reward = Reward({"has": HasReference()}, {"has": 1.0}, First())
    references = References({("dice", "task-0"): [trajectory_of("3")]}, {})
    tasks = [Task(t.task_id, t.env, "?") for t in trajectories]
    scores = score_part(trajectories, tasks, references, reward, False).scores
    assert scores.values_BK[0, 0] == 1
    assert np.isnan(scores.values_BK[1, 0])


def test_each_episode_is_scored_with_the_references_of_its_own_task():
    reward = Reward({"has": HasReference()}, {"has": 1.0}, First())
    references = References({("tests", "task-1"): [trajectory_of("3")]}, {})
    batch = [played(0, 1.0), played(1, 1.0)]
    scores = part_of(*batch, reward=reward, references=references).scores
    assert np.isnan(scores.values_BK[0, 0])
    assert scores.values_BK[1, 0] == 1
    assert [t.scores for t in batch] == [{"has": None}, {"has": 1.0}]


def test_a_term_that_breaks_its_bounds_stops_the_run():
    with pytest.raises(RewardError, match="'outcome' on a trajectory of task 'task-0' gave 2"):
        part_of(played(0, 2.0))


def test_the_composer_hears_how_far_the_training_is():
    reward = Reward({"outcome": Outcome()}, {"outcome": 1.0}, First(at_nan=True))
    batch = batch_of(played(0, None), played(0, 0.0), reward=reward, training_progress=0.25)
    assert batch.composed.rewards_B.tolist() == [0.25, 0.0]


def test_of_several_environments_each_has_metrics_of_its_own_beside_the_whole():
    call = {"calls": 1}
    dice, shop = {"env": "dice"}, {"env": "shop", "end": "turn_limit"}
    batch = batch_of(
        played(0, 1.0, **call, **dice),
        played(0, 0.0, **dice),
        played(1, 1.0, **shop),
        played(1, 1.0, **shop),
    )
    whole = measure(batch)
    metrics = measure(batch, ["dice", "shop", "files"])
    assert whole.items() <= metrics.items()
    assert whole == measure(batch, ["dice"])
    assert (whole["success"], metrics["dice/success"], metrics["shop/success"]) == (0.75, 0.5, 1.0)
    assert (metrics["dice/groups/zero_variance"], metrics["shop/groups/zero_variance"]) == (
        0.0,
        1.0,
    )
    assert (metrics["dice/calls"], metrics["shop/calls"]) == (0.5, 0.0)
    assert (metrics["dice/terms/calls/mean"], metrics["shop/terms/calls/mean"]) == (0.5, 0.0)
    assert (metrics["dice/end/answered"], metrics["shop/end/turn_limit"]) == (1.0, 1.0)
    assert "dice/end/turn_limit" not in metrics
    assert not [name for name in metrics if name.startswith("files/")]


EPISODES = st.lists(
    st.builds(
        played,
        group=st.integers(0, 2),
        outcome=st.sampled_from((None, 0.0, 0.5, 1.0)),
        calls=st.integers(0, 2),
        end=st.sampled_from(("answered", "token_limit", "error")),
        env=st.sampled_from(("dice", "shop")),
    ),
    min_size=2,
    max_size=8,
)


PAIRS = {
    "group": None,
    "turn": None,
    "turn_critic": "linear",
    "hier_critic": "td",
    "multi_critic": "linear_terms",
}


def judging(name):
    """A reward by turns, a credit, and its critic, which has learnt from two batches."""
    credit = create(CREDITS, name)
    critic = create(CRITICS, PAIRS[name]) if PAIRS[name] else None
    terms = {"outcome": Outcome(), "calls": Calls()}
    reward = Reward(terms, {"outcome": 1.0, "calls": 0.5}, TurnsToo())
    for outcome in (0.0, 1.0):
        step(reward, credit, critic, [played(0, outcome, 1), played(0, 1.0), played(1, 0.5, 2)])
    return reward, credit, critic


def step(reward, credit, critic, *processes):
    """One step of a training, with the episodes of each process."""
    learners = {"critic": critic} if critic is not None else {}
    parts = [part_of(*some, reward=reward, learners=learners) for some in processes]
    batch = join(parts, reward, credit, 0.5, critic)
    return batch, teach(batch, learners)


def assert_equal(ones, others):
    for one, other in zip(ones, others, strict=True):
        np.testing.assert_array_equal(one, other)
        assert np.isfinite(one).all()


@given(EPISODES, st.integers(1, 7), st.sampled_from([*PAIRS]))
def test_two_processes_together_are_as_one(trajectories, cut, name):
    """Otherwise a run on two devices would learn something else than one on one."""
    cut = min(cut, len(trajectories) - 1)
    reward, credit, critic = judging(name)
    whole, figures = step(reward, credit, critic, trajectories)
    reward, credit, again = judging(name)
    joined, others = step(reward, credit, again, trajectories[:cut], trajectories[cut:])
    assert measure(joined, ["dice", "shop"]) == measure(whole, ["dice", "shop"])
    assert joined.tasks == whole.tasks == [t.task_key for t in trajectories]
    np.testing.assert_array_equal(joined.scores.groups_B, whole.scores.groups_B)
    np.testing.assert_array_equal(joined.rewards_B, whole.rewards_B)
    assert_equal(joined.advantages_T, whole.advantages_T)
    assert figures == others
    assert critic is None or critic.state() == again.state()


@given(
    EPISODES, st.integers(0, 8), st.sampled_from([*PAIRS]), st.sampled_from(["expert", "spliced"])
)
def test_a_taught_row_changes_nothing_but_itself(trajectories, place, name, source):
    """Bit for bit: no mean, no std, no reward, no value, no state of a critic, no sampler."""
    taught = played(0, 1.0, 3, source=source, env="shop")
    place = min(place, len(trajectories))
    mixed = [*trajectories[:place], taught, *trajectories[place:]]
    reward, credit, critic = judging(name)
    plain, _ = step(reward, credit, critic, trajectories)
    reward, credit, again = judging(name)
    batch, _ = step(reward, credit, again, mixed)
    own = batch.advantages_T.pop(place)
    assert not own.any()
    assert np.isnan(batch.rewards_B[place])
    assert_equal(batch.advantages_T, plain.advantages_T)
    assert critic is None or critic.state() == again.state()
    seen = measure(batch)
    for figure, value in measure(plain).items():
        if figure in ("reward", "reward_std", "success") or figure.endswith(("/mean", "/std")):
            assert seen[figure] == value
    for told in (rewards_by_task, outcomes_by_task):
        assert {t: v for t, v in told(batch).items() if v} == {
            t: v for t, v in told(plain).items() if v
        }


def test_the_same_row_as_the_students_own_changes_its_group():
    """The broken variant: so the test above can fail."""
    reward, credit, _ = judging("group")
    plain, _ = step(reward, credit, None, [played(0, 0.0), played(0, 0.5)])
    mixed, _ = step(reward, credit, None, [played(0, 0.0), played(0, 0.5), played(0, 1.0)])
    assert mixed.advantages_T[0][0] != plain.advantages_T[0][0]


def test_what_teaches_a_critic():
    """Neither what was not scored, nor what broke: a critic would predict faults of the machine."""
    reward, credit, critic = judging("turn_critic")
    before = critic.state()
    _, figures = step(reward, credit, critic, [played(0, None), played(0, 1.0, end="error")])
    assert figures == {"critic/episodes": 0.0}
    assert critic.state() == before
    _, figures = step(reward, credit, critic, [played(0, None), played(0, 1.0), played(0, 0.0, 1)])
    assert figures["critic/episodes"] == 2.0
    assert critic.state() != before


def test_no_row_trains_the_value_that_it_is_judged_by():
    """Otherwise a critic that remembers episodes would leave no advantage at all."""
    reward, credit, critic = judging("turn_critic")
    batch = [played(0, 1.0, 2), played(0, 0.0)]
    values = critic.values([critic.note(Example(t, Task("t", "tests", "?"))) for t in batch])
    judged, _ = step(reward, credit, critic, batch)
    assert_equal(judged.composed.values_N, values)


class Wrong(Critic):
    shape: tuple = ()
    value: float = 0.0

    def note(self, example):
        return len(example.trajectory.turns)

    def values(self, notes):
        return [np.full((count + 1, *self.shape), self.value) for count in notes]

    def learn(self, notes, judged):
        return {}


@pytest.mark.parametrize(
    ("options", "said"), [({"shape": (2,)}, "shapes"), ({"value": np.nan}, "not finite")]
)
def test_values_that_are_none_stop_the_run(options, said):
    with pytest.raises(PluginError, match=f"the critic Wrong gave values .*{said}"):
        step(*judging("turn_critic")[:2], Wrong(**options), [played(0, 1.0), played(0, 0.0)])


class Counted(First, Learner):
    """A composer that learns: a reward is divided by the number of episodes seen before."""

    _seen: int = 1

    def note(self, example):
        return example.trajectory.outcome

    def learn(self, notes, judged):
        assert notes == judged.outcomes
        self._seen += len(notes)
        return {"seen": float(self._seen)}

    def compose(self, scores, training_progress):
        return Composed(scores.values_BK[:, 0] / self._seen)


def test_composers_and_terms_may_learn_too():
    composer = Counted()
    reward = Reward({"outcome": Outcome()}, {"outcome": 1.0}, composer)
    credit = create(CREDITS, "group", {"scale": "none"})
    learners = {"composer": composer}
    for expected, seen in ((1.0, 3.0), (1 / 3, 5.0)):
        part = part_of(played(0, 1.0), played(0, 0.0), reward=reward, learners=learners)
        batch = join([part], reward, credit, 0.0)
        assert batch.rewards_B[0] == expected
        assert teach(batch, learners) == {"composer/episodes": 2.0, "composer/seen": seen}


class TurnsToo(First):
    def compose(self, scores, training_progress):
        return Composed(scores.values_BK[:, 0], [turns_NK[:, 1] for turns_NK in scores.turns_NK])
