"""What the documentation says is run: its Python, its commands, its links and its names.

In README.md and docs/, of each file on its own and in a temporary directory:

- every ```python block is executed, all blocks of a file in one namespace;
- every `$ …` line of a ```console block, and every line of a ```bash or ```sh block, is executed
  and must end with exit code 0, or with N where the line before it in the block is
  `# exit code N`. Lines below a command of a ```console block must be among what it prints.

A block that begins with `# NAME.py` or `# NAME.toml` is written to that file, for the commands
after it.

A block that would train, or that needs a run, a GPU or a network, stands after the comment
`<!-- not executed: the reason -->`. Its options are checked all the same.
"""

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import click
import pytest
from pydantic import BaseModel

from mentor_core import cli
from mentor_core.door.registry import COMMANDS, KINDS, load, names
from mentor_runs.settings.config import RunConfig
from mentor_runs.settings.tables import parse_setting

ROOT = Path(__file__).parents[2]
FILES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(
    r"(?P<skip><!-- not executed: [^>]+ -->\n+)?^```(?P<language>\w*)\n(?P<body>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
OTHERS = {  # options of other programs
    "--num_processes",
    "--multi_gpu",
    "--cov",
}


OTHER_PROGRAMS = (
    "pip ",
    "make ",
    "accelerate ",
    "torchrun ",
    "python ",
    "tensorboard ",
    "trackio ",
    "transformers ",
    "vllm ",
    "ollama ",
)


@dataclass(frozen=True)
class Block:
    language: str
    body: str
    line: int
    executed: bool


def blocks(path):
    text = path.read_text(encoding="utf-8")
    return [
        Block(
            found["language"],
            found["body"],
            text.count("\n", 0, found.start("body")) + 1,
            found["skip"] is None,
        )
        for found in FENCE.finditer(text)
    ]


@dataclass
class Command:
    line: str
    code: int
    prints: list[str] = field(default_factory=list)

    @property
    def arguments(self):
        """What follows `mentor`; None for another program."""
        words = shlex.split(self.line, comments=True)
        return words[1:] if words[0] == "mentor" else None


def commands(block):
    """Every command line of the block."""
    prompt = {"console": "$ ", "bash": "", "sh": ""}.get(block.language)
    if prompt is None:
        return []
    found, code = [], 0
    for line in block.body.replace("\\\n", " ").splitlines():
        if expected := re.fullmatch(r"# exit code (\d+)", line):
            code = int(expected[1])
        elif line.startswith("#") or not line.strip():
            continue
        elif line.startswith(prompt):
            found.append(Command(line.removeprefix(prompt), code))
            code = 0
        else:
            found[-1].prints.append(line)
    return found


def with_blocks(*languages):
    return [p for p in FILES if any(b.executed and b.language in languages for b in blocks(p))]


def name_of(path):
    return str(path.relative_to(ROOT))


def run_shell(line):
    """(exit code, what it printed) of a command line, with this Python's programs at hand."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-c", line],
        env={**os.environ, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=600,
    )
    return done.returncode, done.stdout


def run_mentor(arguments, monkeypatch):
    """In this process: the command line's exit code."""
    monkeypatch.setattr(sys, "argv", ["mentor", *arguments])
    try:
        cli.main()
    except SystemExit as end:
        return end.code or 0
    return 0


@pytest.mark.parametrize("path", with_blocks("python"), ids=name_of)
def test_the_python_of_the_documentation_runs(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "documentation"}
    for block in blocks(path):
        if block.language == "python" and block.executed:
            source = "\n" * (block.line - 1) + block.body  # tracebacks name the document's line
            exec(compile(source, str(path), "exec"), namespace)


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, marks=pytest.mark.slow if path.parent.name == "tutorial" else ())
        for path in with_blocks("console", "bash", "sh")
    ],
    ids=name_of,
)
def test_the_commands_of_the_documentation_run(path, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for block in blocks(path):
        if named := re.match(r"# ([\w-]+\.(?:py|toml))\n", block.body):
            (tmp_path / named[1]).write_text(block.body, encoding="utf-8")
        if block.language == "json":  # a tasks file that the commands after it read
            (tmp_path / "my-tasks.jsonl").write_text(block.body, encoding="utf-8")
        if block.language == "toml" and "[train]" in block.body:
            (tmp_path / "my-run.toml").write_text(block.body, encoding="utf-8")
        for command in commands(block) if block.executed else ():
            if command.arguments is None:
                ended, printed = run_shell(command.line)
            else:
                ended = run_mentor(command.arguments, monkeypatch)
                printed = "".join(capsys.readouterr())
            where = f"{path.name}:{block.line}: {command.line}\n{printed}"
            assert ended == command.code, where
            for line in command.prints:
                assert " ".join(line.split()) in " ".join(printed.split()), where


def test_few_examples_are_not_executed():
    relevant = [
        block
        for path in FILES
        for block in blocks(path)
        if block.language == "python" or any(commands(block))
    ]
    skipped = [block for block in relevant if not block.executed]
    assert not any(block.language == "python" for block in skipped)
    assert len(skipped) <= len(relevant) / 3


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_every_command_and_option_that_is_named_exists(path):
    for block in blocks(path):
        for written in commands(block):
            arguments = written.arguments
            if arguments is None or written.code or arguments[0].startswith("-"):
                continue  # another program, or shows what a mistake looks like
            command = load(COMMANDS, arguments[0])
            with command.make_context(arguments[0], arguments[1:], resilient_parsing=True) as made:
                for setting in made.params.get("settings", ()):
                    assert_setting_exists(setting)
            for argument in arguments[1:]:
                if argument.startswith("--"):
                    assert argument.partition("=")[0] in options_of(command), (path, arguments)


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_every_option_and_setting_in_the_text_exists(path):
    every = {option for name in names(COMMANDS) for option in options_of(load(COMMANDS, name))}
    every |= {option for parameter in cli._mentor.params for option in parameter.opts}
    text = FENCE.sub("", path.read_text(encoding="utf-8"))
    for code in re.findall(r"`([^`\n]+)`", text):
        if not code.startswith(OTHER_PROGRAMS):
            for option in re.findall(r"(?<!\S)--[a-z][\w-]*", code):
                assert option in every | {"--version", "--help"} | OTHERS, code
        if re.fullmatch(r"(?:reward|rollout|train|evaluate)\.(?!jsonl)[\w.]+(?:=.*)?", code):
            assert_setting_exists(code if "=" in code else f"{code}=0")


def options_of(command):
    """Those of the commands of a group, too."""
    inner = command.commands.values() if isinstance(command, click.Group) else ()
    return {
        "--help",
        "--debug",
        *(o for p in command.params if isinstance(p, click.Option) for o in p.opts),
        *(option for one in inner for option in options_of(one)),
    }


def assert_setting_exists(setting):
    section = RunConfig
    values = parse_setting(setting)
    while values and isinstance(section, type) and issubclass(section, BaseModel):
        ((key, values),) = values.items()
        assert key in section.model_fields, f"{setting}: {section.__name__} has no {key!r}"
        section = section.model_fields[key].annotation


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_internal_links_resolve(path):
    text = FENCE.sub("", path.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        linked = (path.parent / file).resolve() if file else path
        assert linked.exists(), f"{target} in {path.name}"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", linked.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {slug(heading) for heading in headings}, f"{target} in {path.name}"


def slug(heading):
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_every_page_can_be_reached_from_the_index():
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    for path in FILES:
        if path.parent == ROOT / "docs" and path.name != "index.md":
            assert f"({path.name})" in index, path.name
    for path in (ROOT / "docs" / "decisions").glob("[0-9]*.md"):
        assert f"(decisions/{path.name})" in index, path.name


def test_every_hook_and_builtin_is_documented():
    rewards = (ROOT / "docs" / "rewards.md").read_text(encoding="utf-8")
    plugins = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
    for kind in KINDS:
        assert f"`{kind.hook}`" in plugins, kind.hook
        if kind.name in ("reward term", "composer", "preset", "credit"):
            for name in names(kind):
                assert f"`{name}`" in rewards, name
