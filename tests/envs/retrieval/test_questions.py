"""Generated questions: the same for everyone, and really of several hops."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from mentor_envs.retrieval.corpus import words
from mentor_envs.retrieval.env import Retrieval
from mentor_envs.retrieval.matching import normalise
from mentor_envs.retrieval.questions import generate
from mentor_envs.retrieval.relations import RELATIONS, UNSEEN
from mentor_toolkit.scripts import play_expert

env = Retrieval(train_size=1500)
SPLITS = ("train", "eval", "length", "relations")


def says(text, answer):
    return f" {normalise(answer)} " in f" {normalise(text)} "


def documents(task):
    return [env.corpus.find(hop["id"]) for hop in task.metadata["hops"]]


@pytest.mark.parametrize("split", SPLITS)
def test_a_task_depends_on_seed_split_and_index_only(split):
    tasks = env.tasks(split)
    generate.cache_clear()
    assert list(generate(split, 20, 0)) == tasks[:20]
    assert generate(split, 4, 1)[3].prompt != tasks[3].prompt


@pytest.mark.parametrize("split", SPLITS)
def test_the_answer_is_in_the_last_document_alone(split):
    # Otherwise one hop is enough, or none.
    for task in env.tasks(split):
        *earlier, last = documents(task)
        assert says(last.text, task.answer), task
        assert not says(task.prompt, task.answer), task
        assert not any(says(f"{d.title} {d.text}", task.answer) for d in earlier), task


@pytest.mark.parametrize("split", SPLITS)
def test_a_bridge_question_does_not_name_where_it_leads(split):
    for task in env.tasks(split):
        first, *later = documents(task)
        assert says(task.prompt, first.title), task
        for before, after in zip([first, *later], later, strict=False):
            if task.metadata["form"] == "bridge":
                assert not set(words(after.title)) & set(words(task.prompt)), task
                assert says(before.text, after.title), task
            else:
                assert says(task.prompt, after.title), task


def test_a_search_for_the_question_does_not_find_the_last_document():
    # The bridge could be left out.
    tasks = [task for task in env.tasks("train") if task.metadata["form"] == "bridge"]
    found = Counter()
    for task in tasks:
        ids = [document.id for document in env.corpus.search(task.prompt, 5)]
        found["first"] += task.metadata["hops"][0]["id"] in ids
        found["last"] += task.metadata["hops"][-1]["id"] in ids
    assert found["first"] > 0.9 * len(tasks)
    assert found["last"] < 0.05 * len(tasks)


def test_answers_cannot_be_guessed():
    counts = Counter(task.answer for task in env.tasks("train"))
    assert len(counts) > 500
    assert counts.most_common(1)[0][1] < 0.02 * counts.total()


def test_the_winner_of_a_comparison_is_not_always_the_same():
    tasks = [task for task in env.tasks("train") if task.metadata["form"] == "comparison"]
    second = 0
    for task in tasks:
        loser, winner = documents(task)
        second += task.prompt.index(winner.title) > task.prompt.index(loser.title)
    assert 0.15 * len(env.tasks("train")) < len(tasks) < 0.5 * len(env.tasks("train"))
    assert 0.4 * len(tasks) < second < 0.6 * len(tasks)


def test_train_and_eval_ask_about_other_subjects():
    # What was learnt by heart in training would pass for searching.
    def subjects(split):
        return {
            hop["query"]
            for task in env.tasks(split)
            for hop in task.metadata["hops"][: 1 if task.metadata["form"] == "bridge" else 2]
        }

    assert not subjects("train") & (subjects("eval") | subjects("length") | subjects("relations"))


def test_the_shifts_have_three_hops_or_relations_that_train_never_has():
    used = {split: Counter() for split in SPLITS}
    for split in SPLITS:
        for task in env.tasks(split):
            used[split].update(task.metadata["relations"])
            new = UNSEEN.intersection(task.metadata["relations"])
            assert task.metadata["n_hops"] == (3 if split == "length" else 2)
            assert bool(new) == (split == "relations")
    assert set(used["train"]) == set(RELATIONS) - UNSEEN
    assert set(used["relations"]) >= UNSEEN


def test_prompts_are_short_different_and_metadata_is_json():
    for split in SPLITS:
        tasks = env.tasks(split)
        assert len({task.prompt for task in tasks}) == len(tasks)
        for task in tasks:
            assert len(task.prompt) < 150
            assert json.loads(json.dumps(task.metadata)) == task.metadata


@pytest.mark.parametrize("split", ["eval", "length", "relations"])
def test_the_expert_solves_every_task_and_earns_the_answer_last(split):
    for task in env.tasks(split):
        played = play_expert(env, task)
        assert (played.outcome, played.end) == (1.0, "answered"), task
        assert len(played.turns) == 2 * task.metadata["n_hops"] + 1
        shown = [m["content"] for turn in played.turns for m in turn.observation]
        assert [says(text, task.answer) for text in shown] == [False] * (len(shown) - 1) + [True]
        assert max(map(len, shown)) < 400


def test_a_split_larger_than_the_world_repeats_questions():
    # It must not search for ever.
    tasks = generate("length", 1200, 0)
    assert len(tasks) == len({task.id for task in tasks}) == 1200
