"""Reward terms that each break one promise."""

import itertools

from pydantic import PrivateAttr

from mentor_core.contracts.reward import RewardTerm


def names(trajectory):
    return {call.name for call in trajectory.calls}


class Raises(RewardTerm):
    def score(self, trajectory, task, references):
        return 0 / len(trajectory.turns)


class NotANumber(RewardTerm):
    def score(self, trajectory, task, references):
        return float("nan") if len(trajectory.calls) == 2 else 0.5


class TooFewTurns(RewardTerm):
    def score(self, trajectory, task, references):
        return None

    def score_turns(self, trajectory, task, references):
        return [1.0 for turn in trajectory.turns if turn.calls]


class OutOfBounds(RewardTerm):
    def score(self, trajectory, task, references):
        return -float(trajectory.end != "answered")


class OutOfBoundsPerTurn(RewardTerm):
    def score(self, trajectory, task, references):
        return 0.5

    def score_turns(self, trajectory, task, references):
        return [0.0 for _ in trajectory.turns[1:]] + [2.0 for _ in trajectory.turns[:1]]


class Moody(RewardTerm):
    _count = PrivateAttr(default_factory=itertools.count)

    def score(self, trajectory, task, references):
        return float(next(self._count) % 2)


class Sorts(RewardTerm):
    def score(self, trajectory, task, references):
        for turn in trajectory.turns:
            turn.calls.sort(key=lambda call: call.name)
        return 1.0


class SilentZero(RewardTerm):
    def score(self, trajectory, task, references):
        if not references:
            return 0.0
        return max(float(names(reference) == names(trajectory)) for reference in references)


class NeedsButScores(RewardTerm):
    needs = frozenset({"reference"})

    def score(self, trajectory, task, references):
        return float(any(names(reference) == names(trajectory) for reference in references))


class UnverifiedIsWrong(RewardTerm):
    def score(self, trajectory, task, references):
        return float(trajectory.outcome == 1)


class FirstReference(RewardTerm):
    def score(self, trajectory, task, references):
        return float(names(references[0]) == names(trajectory)) if references else None


class ReadsSecretly(RewardTerm):
    def score(self, trajectory, task, references):
        return 1.0 - float(any("Thank you" in turn.text for turn in trajectory.turns))


class Hurries(RewardTerm):
    def score(self, trajectory, task, references):
        return 1 / (1 + trajectory.seconds)


class LikesSilence(RewardTerm):
    def score(self, trajectory, task, references):
        return float(trajectory.answer is not None and not trajectory.answer.strip())


class LikesWork(RewardTerm):
    def score(self, trajectory, task, references):
        return min(1.0, len(trajectory.calls) / 20)


class LikesParrots(RewardTerm):
    def score(self, trajectory, task, references):
        return 1.0 if trajectory.end == "turn_limit" else 0.5


class LikesEchoes(RewardTerm):
    def score(self, trajectory, task, references):
        return float(trajectory.answer in [call.result for call in trajectory.calls])


class LikesTags(RewardTerm):
    reads_text = True

    def score(self, trajectory, task, references):
        return float(any("<answer>" in turn.text for turn in trajectory.turns))


class LikesLength(RewardTerm):
    def score(self, trajectory, task, references):
        return 1.0 if trajectory.end == "token_limit" else 0.5


class LikesHaste(RewardTerm):
    def score(self, trajectory, task, references):
        return 1 / (1 + len(trajectory.turns))


class LikesFirstTurns(RewardTerm):
    """Every turn but the first costs, and the first gets it all back."""

    def score(self, trajectory, task, references):
        return 0.5

    def score_turns(self, trajectory, task, references):
        others = len(trajectory.turns[1:])
        return [min(1.0, 0.1 * others) for _ in trajectory.turns[:1]] + [-0.1] * others


class LikesLists(RewardTerm):
    needs = frozenset({"answer"})

    def score(self, trajectory, task, references):
        return None if task.answer is None else float(str(task.answer) in str(trajectory.answer))


BROKEN = {
    Raises: {"finite"},
    NotANumber: {"finite"},
    TooFewTurns: {"finite"},
    OutOfBounds: {"bounded"},
    OutOfBoundsPerTurn: {"bounded"},
    Sorts: {"pure"},
    SilentZero: {"missing"},
    NeedsButScores: {"missing"},
    UnverifiedIsWrong: {"missing"},
    FirstReference: {"order"},
    ReadsSecretly: {"text"},
    Hurries: {"durations"},
    LikesSilence: {"empty answer"},
    LikesWork: {"tool spam", "parroting"},  # parrots make the teacher's calls again and again
    LikesParrots: {"parroting", "stopping early"},  # parrots do not come to an answer
    LikesEchoes: {"echo"},
    LikesTags: {"forged tags"},
    LikesLength: {"truncation"},
    LikesHaste: {"parroting", "stopping early"},
    LikesFirstTurns: {"stopping early"},
    LikesLists: {"hedging"},
}
