"""The page as a file: what is in it, how large it is, and what it says of bad input."""

import base64
import gzip
import io
import json
import re
import time

import pytest
from rich.console import Console

from mentor_core.contracts.trajectory import Trajectory, Turn, format_trajectory
from mentor_core.support.errors import ConfigError
from mentor_lab.report.page import write_page


def data_of(page):
    """What the page's script unpacks."""
    packed = re.search(r'<script type="application/gzip" id="data">([^<]+)</script>', page)[1]
    return json.loads(gzip.decompress(base64.b64decode(packed)))


def text_of(page):
    return " ".join(re.sub(r"<script.*?</script>|<[^>]+>", " ", page, flags=re.DOTALL).split())


@pytest.fixture
def write(tmp_path):
    """write(RUN, …) → the page's text and its data."""

    def written(*runs, **options):
        file = tmp_path / "page.html"
        write_page(runs, file, **options)
        page = file.read_text()
        return page, data_of(page)

    return written


def test_the_page_asks_nobody_for_anything(make_run, write):
    page, _ = write(make_run())
    assert not re.findall(r'(?:src|href)="(?!#|data:)[^"]*"', page)
    assert "@import" not in page and "url(" not in page


def test_every_episode_is_on_the_page_with_its_tokens_scores_and_teacher(make_run, write):
    _, data = write(make_run())
    assert len(data["episodes"]) == 28
    trained = next(e for e in data["episodes"] if e["part"] == "train" and e["reward"] == 0)
    turn = trained["played"]["turns"][0]
    assert "".join(turn["tokens"]["text"]) == turn["text"]
    assert set(turn["tokens"]["logprob"]) == {-0.5} and set(turn["tokens"]["advantage"]) == {-1}
    assert trained["differs"] == 1
    teacher = data["teachers"][trained["teacher"]]
    assert teacher["source"] == "expert" and teacher["outcome"] == 1
    scores = {row["term"]: row for row in trained["played"]["scores"]}
    assert scores["outcome"]["score"] == 0 and scores["teacher"]["score"] is None
    assert scores["arguments"]["why"]  # from the run's own terms


def test_only_what_the_loss_saw_counts_as_trained(make_run, write):
    path = make_run()
    file = path / "trajectories" / "train.jsonl"
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    rows[0]["end"], rows[1]["end"], rows[2]["tokens"]["advantages"] = "error", "turn_limit", []
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))

    def untrained():
        episodes = write(path)[1]["episodes"]
        assert not any(e["trained"] for e in episodes if e["part"] != "train")
        return sorted(
            int(e["id"][6:]) for e in episodes if e["part"] == "train" and not e["trained"]
        )

    assert untrained() == [1, 3]
    settings = path / "config.toml"
    settings.write_text(
        settings.read_text().replace("mask_truncated = false", "mask_truncated = true")
    )
    assert untrained() == [1, 2, 3]


def test_scores_of_an_evaluation_are_made_for_the_page(make_run, write):
    _, data = write(make_run())
    played = next(e["played"] for e in data["episodes"] if e["part"] == "eval-after")
    assert {row["term"] for row in played["scores"]} >= {"outcome", "format"}
    assert any(f["id"] == "scores-eval" and f["traces"] for f in data["figures"])


def test_nothing_that_a_model_writes_becomes_markup(make_run, write, add_line):
    evil = "</script><script>alert(1)</script><b>"
    path = make_run()
    row = json.loads((path / "trajectories" / "eval-after.jsonl").read_text().splitlines()[0])
    row |= {"task_id": evil, "error": evil, "end": "error", "seed": 1}
    row["turns"][0]["text"] = evil
    add_line(path / "trajectories" / "eval-after.jsonl", json.dumps(row) + "\n")
    (path / "report.md").write_text(f"- {evil}\n")
    page, data = write(path)
    assert "alert(1)" not in re.sub(r"&[^;]+;", "", page.replace("&lt;script&gt;alert(1)", ""))
    assert any(episode["task"] == evil for episode in data["episodes"])


@pytest.mark.parametrize(
    ("status", "words"),
    [("running", "is still going"), ("interrupted", "was interrupted"), ("finished", None)],
)
def test_a_run_that_has_not_finished_says_so(make_run, write, status, words):
    page, _ = write(make_run(status=status))
    said = [banner for banner in re.findall(r'<p class="banner">(.*?)</p>', page) if "a " in banner]
    assert [words in banner for banner in said if "JavaScript" not in banner] == [True] * bool(
        words
    )


def test_runs_of_one_environment_share_a_page(make_run, write):
    page, data = write(make_run("a"), make_run("b", seed=1))
    assert data["runs"] == ["a", "b"]
    assert {episode["run"] for episode in data["episodes"]} == {0, 1}
    assert "2 runs of calculator" in page


def test_runs_of_one_name_are_told_apart(make_run, write, tmp_path):
    first = make_run("one/run")
    _, data = write(first, make_run("two/run"), first)
    assert data["runs"] == ["one/run (1)", "two/run", "one/run (3)"]


def test_runs_of_different_environments_are_refused_with_their_names(make_run, write):
    first, second = make_run("a"), make_run("b")
    settings = (second / "config.toml").read_text().replace('env = "calculator"', 'env = "sql"')
    (second / "config.toml").write_text(settings)
    with pytest.raises(ConfigError, match=r"calculator: .*a; sql: .*b"):
        write(first, second)


def test_an_environment_that_is_gone_costs_the_explanations_only(make_run, write):
    path = make_run()
    settings = (path / "config.toml").read_text().replace('env = "calculator"', 'env = "gone"')
    (path / "config.toml").write_text(settings)
    page, data = write(path)
    assert "Scores are not explained: UnknownName: unknown environment" in text_of(page)
    assert len(data["episodes"]) == 28


def test_a_run_with_nothing_in_it_is_explained(make_run, write):
    path = make_run(before=(), after=(), steps=0)
    for name in ("references.jsonl", "metrics.jsonl", "model/tokenizer.json"):
        (path / name).unlink()
    text = text_of(write(path)[0])
    for said in ("no metrics of the training", "no references", "no episodes of an evaluation"):
        assert said in text
    assert "0 of 0 episodes" in text


def test_without_a_tokenizer_the_texts_are_there_and_the_reason(make_run, write):
    path = make_run()
    (path / "model" / "tokenizer.json").unlink()
    _, data = write(path)
    assert "no tokenizer" in data["withoutTokens"][0]
    assert "tokens" not in data["episodes"][0]["played"]["turns"][0]


def test_another_page_takes_the_place_of_the_first(make_run, write, tmp_path):
    path = make_run()
    write(path)
    write(path)
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["page.html"]


@pytest.mark.slow
def test_a_hundred_thousand_episodes_fit_on_a_page(make_run, write):
    path = make_run()
    long = Trajectory("train-0-1", "calculator", turns=[Turn("word " * 40)], end="answered")
    long.outcome, long.reward, long.group = 0.0, 0.0, 0
    with (path / "trajectories" / "train.jsonl").open("a") as file:
        for number in range(100_000):
            long.policy_version, long.seed = 3 + number // 64, number
            file.write(format_trajectory(long))
    began = time.perf_counter()
    out = io.StringIO()
    page, data = write(path, most=2000, console=Console(file=out))
    seconds = time.perf_counter() - began
    assert len(page) < 20_000_000
    assert len(data["episodes"]) == 2000
    assert "2,000 of 100,028 episodes are on the page" in page
    (ends,) = (f for f in data["figures"] if f["id"] == "ends")
    assert sum(trace["x"][0] for trace in ends["traces"]) == pytest.approx(1)
    assert seconds < 300
    done, total = re.findall(r"MB of episodes (\d+)/(\d+)", out.getvalue())[-1]
    assert done == total != "0"


def test_a_page_never_grows_beyond_its_limit(make_run, write):
    """The limit is on the packed bytes, as texts differ a hundredfold in how they pack."""
    page, data = write(make_run(steps=400), most=100_000, most_bytes=12_000)
    assert 0 < len(data["episodes"]) < 1616
    assert f"{len(data['episodes']):,} of 1,616 episodes are on the page" in page
