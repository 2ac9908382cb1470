"""Speed of the webshop domain: `python benchmarks/webshop_speed.py [--products 100000]`.

1. The search index of 100,000 products is built and kept in an empty folder, then opened from
   there. One search is timed, uncached, for queries of 2 to 12 words, and one of 10,000 characters.
   The documents have as many words as the 1,000 real products (124 on average, log-normal). Words
   are drawn by Zipf's law from 200,000, so that most documents have common words and rare ones.
   Queries are drawn like the documents, which is hard: real queries have fewer of the most common
   words.
2. Whole episodes are played on the embedded catalogue, on one core. Their steps through
   `ToolEnv.step` (a turn's text in, the page out) are timed. The expert plays every eval task; its
   planning is not counted. A random walk searches for words of a random task, and clicks at random
   on the page. Only the index is warm: first visits are counted, too.

Run it with OMP_NUM_THREADS=1; the figures are medians and 99th percentiles of wall time.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from pathlib import Path

import numpy as np

from mentor_core.contracts.trajectory import Call
from mentor_envs.webshop.env import WebShop
from mentor_envs.webshop.search import open_index

WORDS = 200_000
MEAN_WORDS = 124


def documents(count: int, rng: np.random.Generator) -> list[str]:
    """Documents of Zipf-distributed words."""
    share = 1.0 / np.arange(1, WORDS + 1)
    cumulative = np.cumsum(share / share.sum())
    lengths = np.maximum(3, rng.lognormal(np.log(MEAN_WORDS) - 0.32, 0.8, count)).astype(int)
    names = np.array([spell(number) for number in range(WORDS)])
    return [" ".join(names[np.searchsorted(cumulative, rng.random(n))]) for n in lengths]


def spell(number: int) -> str:
    """A pronounceable word for a number, different for each number."""
    syllables = [a + b for a in "bdfgklmnprtvz" for b in "aeiou"]
    word = ""
    while number or not word:
        number, digit = divmod(number, len(syllables))
        word += syllables[digit]
    return word + "x"  # no suffix that the stemmer would take off


def index_speed(count: int) -> None:
    """Part 1."""
    rng = np.random.default_rng(0)
    texts = documents(count, rng)
    words = sum(text.count(" ") + 1 for text in texts)
    print(f"{count} products, {words / count:.0f} words each")
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        open_index(texts, Path(folder))
        print(f"index built and kept: {time.perf_counter() - started:.1f} s (at most 60)")
        started = time.perf_counter()
        index = open_index(texts, Path(folder))
        print(f"index opened:         {time.perf_counter() - started:.1f} s")
        pool = [text.split() for text in texts[:1000]]
        draw = random.Random(0)
        queries = [
            " ".join(draw.choices(draw.choice(pool), k=draw.randint(2, 12))) for _ in range(1000)
        ]
        seconds = []
        for query in dict.fromkeys(queries):
            started = time.perf_counter()
            index.search(query)
            seconds.append(time.perf_counter() - started)
        typical, slow = np.percentile(seconds, [50, 99]) * 1e3
        print(f"a search: {typical:.2f} ms, 99 % within {slow:.2f} ms (at most 5)")
        long = " ".join(word for words in pool for word in words)[:10_000]
        started = time.perf_counter()
        index.search(long)
        print(f"a query of 10,000 characters: {(time.perf_counter() - started) * 1e3:.1f} ms")


def step_speed(walks: int) -> None:
    """Part 2."""
    env = WebShop(max_turns=15)
    tasks = env.tasks("eval")
    env.reset(seed=0)
    env.step('<tool_call>{"name": "search", "arguments": {"keywords": "tea"}}</tool_call>')
    spent, steps = 0.0, 0
    for task in tasks:
        expert, calls = env.expert(task), None
        env.reset(options={"task": task})
        while env.end is None and expert is not None:
            turn = env.parser.render(*expert.send(calls))  # type: ignore[arg-type]
            started = time.perf_counter()
            calls = env.step(turn)[4]["calls"]
            spent += time.perf_counter() - started
            steps += 1
    print(f"\nexpert: {steps / spent:.0f} steps/s; {steps} steps")
    draw = random.Random(0)
    chosen = [draw.choice(env.tasks("train")) for _ in range(walks)]
    spent, steps = 0.0, 0
    for task in chosen:
        env.reset(options={"task": task})
        while env.end is None:
            targets = list(env.shop.visits.targets(env.state))
            if not targets or draw.random() < 0.1:
                keywords = " ".join(draw.sample(task.prompt.split(), 4))
                call = Call("search", {"keywords": keywords})
            else:
                call = Call("click", {"target": draw.choice(targets)})
            turn = env.parser.render("", [call])
            started = time.perf_counter()
            env.step(turn)
            spent += time.perf_counter() - started
            steps += 1
    print(f"random walks: {steps / spent:.0f} steps/s (at least 3,000); {steps} steps")
    env.close()


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--walks", type=int, default=2000)
    options = parser.parse_args()
    print(f"load of the machine: {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    index_speed(options.products)
    step_speed(options.walks)


if __name__ == "__main__":
    main()
