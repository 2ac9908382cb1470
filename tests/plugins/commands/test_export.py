"""`mentor export`: others get the student that the run has trained, and what is true about it."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import torch
from huggingface_hub import ModelCard

from mentor_plugins.models.loading import load_student

RECORDS = """\
import sys
from pathlib import Path
given = sys.argv[1:]
Path(given[given.index("--outfile") + 1]).write_bytes(b"GGUF")
"""


def llama_cpp(tmp_path, script):
    """A stand-in for llama.cpp, whose converter is not installed here."""
    folder = tmp_path / "llama.cpp"
    folder.mkdir()
    (folder / "convert_hf_to_gguf.py").write_text(script)
    return folder


def written(model, tokenizer):
    tools = [{"type": "function", "function": {"name": "add", "parameters": {"properties": {}}}}]
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": "What is 17 + 4?"}],
        tools=tools,
        add_generation_prompt=True,
        return_tensors="pt",
        return_dict=True,
    )
    with torch.no_grad():
        return model.generate(**prompt, max_new_tokens=32, do_sample=False)[0].tolist()


def test_plain_transformers_writes_the_students_tokens(mentor, run_copy, tmp_path):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    out, _ = mentor("export", run_copy, "--json")
    found = json.loads(out)
    assert (found["output"], found["parser"]) == (str(run_copy / "export"), "hermes")
    assert {"README.md", "Modelfile", "model.safetensors", "chat_template.jinja"} <= {
        *found["files"]
    }
    model = AutoModelForCausalLM.from_pretrained(found["output"])
    tokenizer = AutoTokenizer.from_pretrained(found["output"])
    student = load_student(str(run_copy / "model"))
    assert written(model, tokenizer) == written(student.model, student.tokenizer)
    card = ModelCard.load(run_copy / "export" / "README.md")
    assert card.data.license == "apache-2.0"
    assert card.data.eval_results[0].dataset_split == "eval"
    mentor("export", run_copy)  # again, over the older one
    assert not [path for path in run_copy.iterdir() if path.name.startswith("export.")]


def test_gguf_and_upload(mentor, run_copy, tmp_path, hub):
    out, err = mentor(
        *("export", run_copy, "--gguf", "q8_0", "--llama-cpp", llama_cpp(tmp_path, RECORDS)),
        *("--push", "me/model"),
    )
    assert f"uploaded to {hub.url}/me/model" in out
    assert hub.token not in out + err
    folder = run_copy / "export"
    assert hub.files["me/model"] == {path.name: path.read_bytes() for path in folder.iterdir()}
    assert "FROM ./model-q8_0.gguf" in (folder / "Modelfile").read_text()
    assert (
        "`model-q8_0.gguf` was made by llama.cpp's converter" in (folder / "README.md").read_text()
    )


def test_a_converter_that_fails_leaves_no_export(mentor, run_copy, tmp_path):
    stand_in = llama_cpp(tmp_path, "raise SystemExit('unknown pre-tokenizer')")
    given = ("export", run_copy, "--gguf", "f16", "--llama-cpp", stand_in)
    assert "unknown pre-tokenizer" in mentor(*given, code=2)[1]
    assert not (run_copy / "export").exists()


REFUSED = {
    "no run": (["nowhere"], "holds no run"),
    "no checkpoint": (["RUN", "--checkpoint", "3"], "has no checkpoint 3"),
    "other files": (["RUN", "--output", "RUN/model"], "is no export"),
    "no converter": (["RUN", "--gguf", "f16", "--llama-cpp", "RUN"], "no convert_hf_to_gguf.py"),
    "no gguf": (["RUN", "--llama-cpp", "RUN"], "--llama-cpp needs --gguf"),
    "bad name": (["RUN", "--push", "me//x"], "expected OWNER/NAME"),
    "no push": (["RUN", "--public"], "--public needs --push"),
    "no vllm": (["RUN", "--evaluate", "1", "--engine", "vllm"], "pip install vllm"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_work_is_refused_before_the_work(mentor, ended_run, case, monkeypatch):
    monkeypatch.setenv("PATH", "/nothing")
    given, told = REFUSED[case]
    _, err = mentor("export", *(part.replace("RUN", str(ended_run)) for part in given), code=2)
    assert told in err
    assert not [path for path in ended_run.iterdir() if path.name.startswith("export")]


def test_a_run_without_a_student_and_one_that_goes_on_are_refused(mentor, run_copy, tmp_path):
    held = "import sys, time; from pathlib import Path; from mentor_toolkit.disk import lock\n"
    held += "f = lock(Path(sys.argv[1])); print('held', flush=True); time.sleep(60)"
    holder = subprocess.Popen(
        [sys.executable, "-c", held, str(run_copy / ".lock")], stdout=subprocess.PIPE
    )
    try:
        holder.stdout.readline()
        assert "in use by another process" in mentor("export", run_copy, code=2)[1]
    finally:
        holder.kill()
        holder.communicate()
    (run_copy / "model").rename(tmp_path / "model")
    assert "has no trained model" in mentor("export", run_copy, code=2)[1]


def test_a_student_without_a_chat_template_is_refused(mentor, run_copy):
    (run_copy / "model" / "chat_template.jinja").unlink()
    _, err = mentor("export", run_copy, code=2)
    assert "has no chat template" in err
    assert not (run_copy / "export").exists()


def test_the_export_stays_if_the_server_does_not_start(mentor, run_copy, tmp_path, monkeypatch):
    program = tmp_path / "vllm"
    program.write_text("#!/bin/sh\necho no room on the device\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    _, err = mentor("export", run_copy, "--evaluate", "1", "--engine", "vllm", code=2)
    assert "ended with code 3: no room on the device" in err
    assert "Not measured" in (run_copy / "export" / "README.md").read_text()


@pytest.mark.slow
def test_an_export_that_is_interrupted_leaves_nothing_that_looks_whole(run_copy, tmp_path):
    slow = llama_cpp(tmp_path, "import time; print('begun', flush=True); time.sleep(60)")
    command = [sys.executable, "-m", "mentor_core", "export", str(run_copy)]
    process = subprocess.Popen([*command, "--gguf", "f16", "--llama-cpp", str(slow)])
    partial = run_copy / "export.partial" / "tokenizer.json"
    for _ in range(600):
        if partial.exists() or process.poll() is not None:
            break
        time.sleep(0.1)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    assert not (run_copy / "export").exists()


@pytest.mark.slow
def test_the_export_is_evaluated_through_its_own_server(mentor, run_copy):
    """The difference of the served model is measured with its tools, and stands in the card."""
    pytest.importorskip("fastapi")
    out, _ = mentor("export", run_copy, "--evaluate", "2", "--json")
    served = {row["split"]: row for row in json.loads(out)["served"]}
    assert list(served) == ["eval", "ood"]
    for row in served.values():
        assert (row["episodes"], row["broken"], row["differing"]) == (2, 0, 0)
        assert row["paired"]["difference"] == 0
    card = (run_copy / "export" / "README.md").read_text()
    assert "served by `transformers serve`" in card
    assert "| 0 of 2 | 0 of 2 |" in card
    assert "Not measured" not in card
