"""Measure how often 95 % intervals of a success rate hold the truth, in simulated evaluations.

    python benchmarks/interval_coverage.py

Tasks differ: the chance of success of each is drawn from a beta distribution, and k episodes of
each are played. Prints the share of 1,000 evaluations whose interval holds the mean chance. The
compared intervals are `mentor eval`'s, Wilson's over all episodes, and Student's t over the tasks.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import binomtest, sem, t

from mentor_runs.evaluation.intervals import estimate

TRIALS = 1000
SIZES = ((10, 4), (20, 4), (128, 1), (128, 8))
CHANCES = {
    "tasks alike": (50.0, 50.0),
    "tasks that differ": (2.0, 2.0),
    "tasks solved always or never": (0.2, 0.2),
    "one success in ten": (0.3, 2.7),
}


def main() -> None:
    """Print the table."""
    draw = np.random.default_rng(0)
    print(f"{'tasks x episodes':18} {'chances':30} {'mentor':>7} {'Wilson':>7} {'t':>7}")
    for tasks, k in SIZES:
        for name, (a, b) in CHANCES.items():
            held = np.zeros(3)
            for _ in range(TRIALS):
                successes = draw.binomial(k, draw.beta(a, b, tasks))
                held += [low <= a / (a + b) <= high for low, high in intervals(successes, k)]
            shares = " ".join(f"{100 * share:6.1f}%" for share in held / TRIALS)
            print(f"{f'{tasks} x {k}':18} {name:30} {shares}")


def intervals(successes: np.ndarray, k: int) -> list[tuple[float, float]]:
    """The three intervals of one evaluation."""
    shares, episodes = successes / k, k * len(successes)
    mentor = estimate(shares.tolist(), episodes).interval
    wilson = binomtest(int(successes.sum()), episodes).proportion_ci(0.95, "wilson")
    half = t.ppf(0.975, len(shares) - 1) * sem(shares)
    assert mentor is not None
    return [mentor, (wilson.low, wilson.high), (shares.mean() - half, shares.mean() + half)]


if __name__ == "__main__":
    main()
