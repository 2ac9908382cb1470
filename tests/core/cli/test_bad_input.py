"""What a user can get wrong ends with code 2 and one message that helps; never a traceback."""

import errno
import gzip
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mentor_runs.directory.run_directory import RunDirectory
from mentor_runs.settings.resolve import resolve

QUESTION = {"question": "2 + 3?", "answer": "5"}


@pytest.fixture(autouse=True)
def in_a_folder_with_files(tmp_path, monkeypatch, rows):
    """The folder in which the commands below run."""
    monkeypatch.chdir(tmp_path)
    rows(QUESTION, QUESTION, {"question": "?", "anser": 3})
    (tmp_path / "plain.jsonl").write_text('{"question": "2 + 3?", "answer": "5"}\n' * 3)
    (tmp_path / "empty.jsonl").touch()
    (tmp_path / "cut.jsonl.gz").write_bytes(gzip.compress(b"{}\n" * 99)[:11])
    (tmp_path / "broken.toml").write_text("seed = 1\n[train\n")
    (tmp_path / "unknown.toml").write_text("[train]\nstep = 3\n")
    (tmp_path / "seed.toml").write_text("seed = 1\n")
    (tmp_path / "value.toml").write_text("[train]\nsteps = 'many'\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "thesis.tex").touch()
    (tmp_path / "student.gguf").touch()
    RunDirectory.create(tmp_path / "run", resolve({}))
    RunDirectory.create(tmp_path / "noted", resolve({}))
    (tmp_path / "noted" / "state.json").write_text("[]")
    (tmp_path / "hurt").mkdir()
    (tmp_path / "hurt" / "config.toml").write_text("seed =\n")


TABLE = [
    ("run --env calculater", "unknown environment 'calculater'; did you mean calculator?"),
    ("run --env calculator,webshp", "unknown environment 'webshp'"),
    ("run --env calculator,calculator=2", "env: 'calculator' is given twice"),
    ("run --env calculator=0,webshop", "env: the weight of 'calculator' is '0'"),
    ("run --env calculator,webshop=nan", "env: the weight of 'webshop' is 'nan'"),
    ("run --env calculator,", "env: a name is empty"),
    ("run --set env.webshop=0.5", "env: expected text such as NAME,NAME=0.5"),
    (
        "run --set env_options.split=eval",
        "env_options.split: a run trains on train; set evaluate.sp",
    ),
    ("run --set credit=turn --rewards sparse", "the credit 'turn' needs rewards per turn"),
    (
        "run --rewards tool_selection --set reward.term_options.tool_selection.against=gold",
        "need the task's gold calls, and none of the 4096 training tasks of 'calculator' has any",
    ),
    (
        "run --set policy_options.refil=3",
        "policy 'transformers': unknown option 'refil'; did you mean refill",
    ),
    ("run --set train.lora.rank=3", "train.lora: unknown key 'rank'"),
    ("run --set train.lora.r=-3", "train.lora: `r` should be a positive integer"),
    ("run --set train.lora.r=many", "train.lora: "),
    ("run --set train.lora.target_modules=qproj", "train.lora: Target modules qproj not found"),
    ("run --set model_options.dtype=floot16", "model_options.dtype: no 'floot16'; did you mean"),
    ("run --set train.trl.eval_strategy=often", "train.trl: "),
    ("run --rewards sparse --set reward.preset=mentor", "both choose the reward; give one"),
    (
        "run --set rollout.episode_seconds=-1",
        "rollout.episode_seconds: expected a number of at least 0",
    ),
    ("run --rewards teachr,outcome", "unknown reward term 'teachr'; did you mean teacher?"),
    ("run --rewards mentor-papr", "'mentor-papr'; did you mean mentor-paper"),
    ("run --rewards teacher=nan", "reward.terms.teacher: expected a finite number"),
    ("run --rewards teacher=-inf", "reward.terms.teacher: expected a finite number"),
    ("run --rewards teacher=0,outcome=0", "reward.terms: all weights are zero"),
    ("run --rewards teacher=lots", "the weight of 'teacher' is 'lots'; expected a number"),
    ("run --rewards mentor,outcome", "'mentor' is a preset, not a term; give it alone"),
    ("run --rewards teacher,teacher", "the term 'teacher' is given twice"),
    ("run --rewards outcome=-1,teacher", "the weight of 'outcome' is negative"),
    (
        "run --set reward.preset=mentr",
        "unknown preset 'mentr'; did you mean mentor",
    ),
    ("run --set train.step=3", "unknown key 'train.step'; did you mean train.steps"),
    ("run --set trian.steps=3", "unknown key 'trian'; did you mean train or trainer?"),
    ("run --set steps=3", "unknown key 'steps'; did you mean train.steps?"),
    ("run --set trackers=jsonl", """in a shell: --set 'trackers=["jsonl"]'"""),
    ("run --set tracker_options.csv.file=x", "'csv' is not among the run's trackers (jsonl)"),
    ("run --set tracker_options.jsonl.fil=x", "tracker 'jsonl': unknown option 'fil'; did you m"),
    ("run --set trackers=['jsonl','jsonl']", "trackers: jsonl, jsonl: one is given twice"),
    ("run --env functions", "the option 'tasks_file' is missing; give it with --tasks FILE"),
    (
        "run --env functions --tasks plain.jsonl",
        "the option 'tools' is missing; give it with --set env_options.tools=VALUE",
    ),
    (
        "run --env calculator,functions",
        "'tasks_file' is missing; give it with --set env_options.functions.tasks_file=VALUE",
    ),
    ("run --env webshop --tasks plain.jsonl", "--tasks FILE does not fit here: environment 'webs"),
    (
        "run --env calculator,sql --tasks plain.jsonl",
        "--set env_options.NAME.tasks_file=plain.jsonl, with NAME one of calculator, sql",
    ),
    (
        "run --set source=saved --set source_options.files=plain.jsonl",
        """plain.jsonl"]'""",
    ),
    (
        "eval --policy openai",
        "the option 'model' is missing; give it with --set evaluate.policy_options.model=VALUE",
    ),
    ("run --set train.steps", "--set 'train.steps': expected KEY=VALUE"),
    ("run --set train.steps=many", "train.steps: expected a whole number"),
    ("run --set env_options.train_sise=3", "unknown option 'train_sise'; did you mean train_size"),
    ("run --set env_options.max_turns=3", "env_options.max_turns: set rollout.max_turns instead"),
    (
        "run --set env_options.train_size=few",
        "option 'train_size': expected a whole number, not 'few'",
    ),
    (
        "run --env bfcl --set env_options.categories=simpl_python",
        "environment 'bfcl': unknown category 'simpl_python'; did you mean simple_python?",
    ),
    ("run --set source_options.sed=3", "source 'expert': unknown option 'sed'; did you mean seed?"),
    ("run --set policy=transfomers", "unknown policy 'transfomers'; did you mean transformers?"),
    (
        "run --config unknown.toml",
        "unknown.toml: unknown key 'train.step'; did you mean train.steps",
    ),
    ("run --config value.toml", "value.toml: train.steps: expected a whole number"),
    ("run --config broken.toml", "broken.toml: Expected ']'"),
    ("run --config nope.toml", "nope.toml: No such file or directory"),
    ("run --config folder", "folder: Is a directory"),
    ("run --tasks tasks.jsonl", "tasks.jsonl:3: no key 'answer'; did you mean anser?"),
    ("run --tasks nope.jsonl", "nope.jsonl: No such file or directory"),
    ("run --tasks empty.jsonl", "empty.jsonl: no row; expected objects such"),
    ("run --tasks plain.jsonl --rewards teacher", "the reward term(s) teacher need a verified"),
    ("run --output run", "run holds another run; resume it with: mentor run --resume run"),
    ("run --output folder", "folder exists and is not empty; choose another --output"),
    ("run --output plain.jsonl", "plain.jsonl exists and is not empty"),
    ("run --output plain.jsonl/run", "plain.jsonl takes no files"),
    ("run --tasks=", "Invalid value for '--tasks': it is empty; expected a path"),
    ("run --config=", "Invalid value for '--config': it is empty; expected a path"),
    ("run --output=", "Invalid value for '--output': it is empty; expected a path"),
    ("run --model=", "model: it is empty"),
    ("run --set seed=true", "seed: expected a whole number, not true"),
    ("run --model ./nope", "model './nope' is not there"),
    ("run --model nope.gguf", "model 'nope.gguf' is not there; did you mean student.gguf?"),
    ("run --model studnt.gguf", "model 'studnt.gguf' is not there; did you mean student.gguf?"),
    ("run --resume nowhere", "nowhere holds no run (there is no config.toml)"),
    ("run --resume folder", "folder holds no run"),
    ("run --resume hurt", "hurt/config.toml: Invalid value"),
    ("run --resume run --steps 3", "--resume takes the run's own settings"),
    ("run --steps -1", "-1 is not in the range x>=0"),
    ("run --stps 1", "No such option '--stps'"),
    ("run --seed -1", "seed: expected a number of at least 0, not -1"),
    ("eval nowhere", "nowhere holds no run"),
    ("eval noted", "noted has no trained model yet (interrupted)"),
    ("eval --set evaluate.splits=[]", "nothing is to be evaluated: evaluate.splits is empty"),
    ("eval --set evaluate.tasks=0", "nothing is to be evaluated: evaluate.splits is empty, or"),
    (
        "compare-rewards plain.jsonl --rewards sparse --against seed.toml",
        "seed.toml: there is no table [r",
    ),
    ("eval run", "run has no trained model yet (running)"),
    ("eval --output plain.jsonl", "plain.jsonl exists; choose another --output"),
    (
        "eval --output nowhere/new.jsonl",
        "--output nowhere/new.jsonl: there is no directory nowhere",
    ),
    (
        "eval --output new.jsonl.gz",
        "new.jsonl.gz: it is written as plain JSON lines; leave out .gz",
    ),
    ("score plain.jsonl --output nowhere/new.jsonl", "there is no directory nowhere"),
    ("score plain.jsonl --references cut.jsonl.gz", "cut.jsonl.gz:1: cannot be read: Compressed"),
    (
        "run --rewards sparse --set source=saved --set source_options.files=['cut.jsonl.gz']",
        "cut.jsonl.gz:1: cannot be read: Compressed",
    ),
    ("eval --split test", "calculator has no split 'test'; known: eval, length, numbers, ood"),
    ("eval --env calculater", "unknown environment 'calculater'; did you mean calculator?"),
    ("show folder", "folder holds no run"),
    ("show run", "run has no episodes yet"),
    ("show", "Missing argument 'RUN'"),
    ("rnu", "no command 'rnu'; did you mean run or runs?"),
]


@pytest.mark.parametrize(("line", "message"), TABLE, ids=[line for line, _ in TABLE])
def test_one_message_names_what_is_wrong_and_what_would_be_right(mentor, tmp_path, line, message):
    before = sorted(tmp_path.rglob("*"))
    dry = ["--dry-run"] if line.startswith("run") and "--resume run " not in line else []
    out, err = mentor(*line.split(), *dry, code=2)
    assert err.count("Error") == 1
    assert message in " ".join(err.split())
    assert "Traceback" not in err
    assert out == ""
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["envs"], ["plugins"]])
def test_a_closed_pipe_is_told_from_what_is_broken(arguments):
    """`set -o pipefail; mentor plugins | head -1` would say that a plugin is broken."""
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "mentor_core", *arguments]
    done = subprocess.run(
        command, stdout=write, stderr=subprocess.PIPE, text=True, check=False, timeout=60
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (141, "")


def test_a_closed_output_is_no_bug():
    command = f"{sys.executable} -m mentor_core envs >&-"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES])
def test_a_disk_that_takes_nothing_more_is_told(mentor, monkeypatch, tmp_path, number):
    empty = Path("empty.jsonl")

    def refuse(*_, **__):
        raise OSError(number, os.strerror(number), *([] if number == errno.ENOSPC else [empty]))

    monkeypatch.setattr("mentor_runs.directory.run_directory.RunDirectory.check", refuse)
    _, err = mentor("run", "--dry-run", code=2)
    where = "" if number == errno.ENOSPC else "empty.jsonl: "
    assert err == f"Error: {where}{os.strerror(number)}\n"


@pytest.mark.parametrize("line", ["--debug run --env calculater", "run --env calculater --debug"])
def test_debug_shows_where_it_came_from(line):
    done = subprocess.run(
        [sys.executable, "-m", "mentor_core", *line.split()],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode != 0
    assert "Traceback (most recent call last)" in done.stderr
    assert "UnknownName: unknown environment 'calculater'" in done.stderr


@pytest.mark.parametrize("seconds", [0.0, 0.02, 0.05, 0.1, 0.2])
def test_ctrl_c_while_modules_are_imported_is_no_traceback(seconds):
    """As soon as mentor's own code runs; what Python does before is not in its hands."""
    # A suite that runs behind `nohup … &` hands on that Ctrl-C is ignored.
    script = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    script += "import sys; from mentor_core.__main__ import main; print('here', flush=True); "
    script += "sys.argv = ['mentor', 'run', '--env', 'calculator', '--dry-run']; main()"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "here\n"
        time.sleep(seconds)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert "Traceback" not in err
    assert (process.returncode, err.strip()) == (130, "stopped")


def test_the_program_exits_as_the_function_does():
    done = subprocess.run(
        [sys.executable, "-m", "mentor_core", "run", "--env", "calculater"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    message = "Error: unknown environment 'calculater'; did you mean calculator?\n"
    assert (done.returncode, done.stderr, done.stdout) == (2, message, "")
