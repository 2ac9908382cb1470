"""GGUF: llama.cpp's converter is not installed here; a script that notes its call stands in."""

import stat

import pytest

from mentor_core.support.errors import ConfigError, RunError
from mentor_plugins.export.gguf import convert, converter

RECORDS = """\
import sys
from pathlib import Path
given = sys.argv[1:]
Path(__file__).with_name("called.txt").write_text("\\n".join(given))
Path(given[given.index("--outfile") + 1]).write_bytes(b"GGUF")
"""
FAILS = "print('first'); raise SystemExit('BPE pre-tokenizer was not recognized')"


def llama_cpp(folder, script):
    (folder / "convert_hf_to_gguf.py").write_text(script)
    return folder


def test_the_converter_gets_the_folder_the_file_and_the_type(tmp_path):
    script = converter(llama_cpp(tmp_path, RECORDS))
    assert convert(script, tmp_path, "q8_0") == tmp_path / "model-q8_0.gguf"
    called = (tmp_path / "called.txt").read_text().split("\n")
    assert called == [
        str(tmp_path),
        *("--outfile", str(tmp_path / "model-q8_0.gguf"), "--outtype", "q8_0"),
    ]


def test_a_converter_on_the_path_is_found(tmp_path, monkeypatch):
    script = tmp_path / "convert_hf_to_gguf.py"
    script.write_text("#!/bin/sh\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert converter(None) == script


def test_a_missing_converter_is_told_with_the_way_out(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match="--llama-cpp DIR"):
        converter(None)
    with pytest.raises(ConfigError, match=f"{tmp_path}: there is no convert_hf_to_gguf.py"):
        converter(tmp_path)


@pytest.mark.parametrize("script", [FAILS, "pass"])
def test_a_converter_that_makes_nothing_is_quoted(tmp_path, script):
    with pytest.raises(RunError, match="not recognized" if script == FAILS else "exit code 0"):
        convert(converter(llama_cpp(tmp_path, script)), tmp_path, "f16")
