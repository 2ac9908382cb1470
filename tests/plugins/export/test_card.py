"""The model card: what a stranger reads about the model must be what the run has measured."""

import json

import pytest
from huggingface_hub import ModelCard

from mentor_core.contracts.trajectory import read_trajectories
from mentor_plugins.export.card import NOT_MEASURED, Card, card_text
from mentor_plugins.export.figures import Served, figures_of
from mentor_runs.directory.run_directory import RunDirectory
from mentor_runs.evaluation.paired import compare
from mentor_runs.evaluation.summary import summarise


def card(path, checkpoint=None, **more):
    run = RunDirectory.open(path)
    facts = {"licence": "apache-2.0", "parser": "hermes", "dtype": "float32"} | more
    return Card(run=run, checkpoint=checkpoint, figures=figures_of(run, checkpoint), **facts)


def rows(text, start):
    return [line for line in text.splitlines() if line.startswith(f"| {start} |")]


def test_the_hub_reads_the_front_matter(ended_run):
    read = ModelCard(card_text(card(ended_run)))
    assert (read.data.license, read.data.library_name) == ("apache-2.0", "transformers")
    assert read.data.base_model is None  # an embedded student has no page on the Hub
    played = summarise(read_trajectories(ended_run / "trajectories" / "eval-after.jsonl"))
    (result,) = read.data.eval_results
    assert (result.dataset_split, result.metric_value) == ("eval", round(played.success, 4))


def test_figures_are_the_runs_own_with_their_interval_and_missing_ones_are_named(ended_run):
    text = card_text(card(ended_run))
    played = summarise(read_trajectories(ended_run / "trajectories" / "eval-after.jsonl"))
    low, high = played.interval
    before, after = rows(text, "eval")
    assert after.endswith(f"| after | 3 | {played.success:.1%} | {100 * low:.1f} – {high:.1%} |")
    assert "| before | 3 |" in before
    assert all(NOT_MEASURED in row for row in rows(text, "ood"))
    assert "Not measured: `mentor export RUN --evaluate N`" in text


def test_a_checkpoint_does_not_get_the_figures_of_the_trained_student(ended_run):
    text = card_text(card(ended_run, checkpoint=4))
    assert not any("after" in row for row in rows(text, "eval"))
    assert any(f"checkpoint 4 | 0 | {NOT_MEASURED}" in row for row in rows(text, "eval"))
    assert ModelCard(text).data.eval_results is None
    assert "optimizer steps: 4" in text


def test_a_base_of_the_hub_is_linked_and_an_unknown_licence_is_said(run_copy):
    config = run_copy / "config.toml"
    config.write_text(config.read_text().replace("embedded/calculator", "somebody/base"))
    text = card_text(card(run_copy, licence=None))
    assert ModelCard(text).data.base_model == "somebody/base"
    assert ModelCard(text).data.license is None
    assert "licence of the base: unknown: check the base model" in text


def test_secrets_and_directories_of_the_machine_are_left_out(run_copy, monkeypatch):
    monkeypatch.setenv("MY_API_KEY", "abcdefgh12345678")
    monkeypatch.setenv("HOME", "/home/somebody")
    config = run_copy / "config.toml"
    settings = config.read_text().replace(
        "[source_options]", '[source_options]\nfile = "/home/somebody/teacher.db"\n'
    )
    settings = settings.replace("[policy_options]", '[policy_options]\nnote = "abcdefgh12345678"')
    config.write_text(settings)
    text = card_text(card(run_copy))
    assert "~/teacher.db" in text
    assert "abcdefgh12345678" not in text
    assert "/home/somebody" not in text


def test_references_are_counted_by_who_made_them(run_copy):
    assert "references: the run has kept none" in card_text(card(run_copy))
    episode = json.loads(
        (run_copy / "trajectories" / "eval-after.jsonl").read_text().split("\n")[0]
    )
    lines = [json.dumps({**episode, "source": "expert", "provenance": None})] * 2
    teacher = {"player": "openai", "model": "large"}
    lines.append(json.dumps({**episode, "provenance": teacher}))
    (run_copy / "references.jsonl").write_text("".join(f"{line}\n" for line in lines))
    assert "references: 3 (2 by expert, 1 by large)" in card_text(card(run_copy))


def test_vllm_gets_the_right_parser_or_none_is_promised(ended_run):
    assert "--tool-call-parser llama3_json" in card_text(card(ended_run, parser="llama3"))
    none = card_text(card(ended_run, parser="response_template"))
    assert "--tool-call-parser" not in none
    assert "no parser of this model's tool calls" in none


@pytest.mark.parametrize("agree", [True, False])
def test_an_agreement_on_few_tasks_is_not_sold_as_certainty(ended_run, agree):
    here = {("calculator", str(task)): 1.0 for task in range(10)}
    there = here if agree else here | {("calculator", "0"): 0.0}
    paired = compare([here], [there])
    served = Served("eval", "transformers serve", paired, differing=1, episodes=10, broken=0)
    low, high = served.interval
    assert low < 0 and (high > 0.2 if agree else high <= 0)  # 1 − 0.025^(1/10) is 0.31
    found = card(ended_run)
    found.served = [served]
    (row,) = [row for row in rows(card_text(found), "eval") if "points" in row]
    assert ("+0.0 points" if agree else "-10.0 points") in row
    assert f"{100 * low:+.1f} to {100 * high:+.1f}" in row


def test_a_split_that_nobody_verified_has_no_difference(ended_run):
    found = card(ended_run)
    found.served = [Served("eval", "vllm serve", None, differing=0, episodes=3, broken=3)]
    assert "| eval | 0 | not verified | not verified |" in card_text(found)
