"""What a release is made with: the lock, the metadata, the workflow and the image.

Not tried here, as it takes a Docker daemon, a GPU or GitHub: building and starting the image, the
workflow's own run, and pip with the lock's hashes, which fetches gigabytes.
"""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
LOCK = (ROOT / ".ci/requirements.lock").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PROJECTS = [
    tomllib.loads((ROOT / folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for folder in (".", "envs/mentor_students")
]
CORE = PROJECTS[0]
PIN = r"^[\w.-]+(?:\[[\w,]+\])?==[^\\\n]+"
PINS = [Requirement(line) for line in re.findall(PIN, LOCK, re.MULTILINE)]
UNLOCKED = {"vllm": "vLLM brings a torch of its own"}
WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text(encoding="utf-8"))
TESTED = WORKFLOW["jobs"]["test"]["strategy"]["matrix"]["python"]


def pinned(requirement, python):
    """The versions that the lock gives a GPU host for a requirement."""
    host = {**default_environment(), "python_version": python, "sys_platform": "linux"}
    host |= {"python_full_version": f"{python}.0", "platform_machine": "x86_64", "extra": ""}
    return [
        Version(next(iter(pin.specifier)).version)
        for pin in PINS
        if canonicalize_name(pin.name) == canonicalize_name(requirement.name)
        and (pin.marker is None or Marker(str(pin.marker)).evaluate(host))
    ]


@pytest.mark.parametrize("python", TESTED)
def test_the_lock_has_every_dependency_in_a_version_that_fits(python):
    """A run of the lock would lack a package, or have one that mentor refuses."""
    extras = CORE["optional-dependencies"]
    assert set(UNLOCKED) <= set(extras)
    wanted = [*CORE["dependencies"], *PROJECTS[1]["dependencies"]]
    wanted += [one for extra in set(extras) - set(UNLOCKED) for one in extras[extra]]
    for requirement in map(Requirement, wanted):
        if requirement.name in ("mentor-core", "mentor-students"):
            continue
        (version,) = pinned(requirement, python)
        assert requirement.specifier.contains(version), f"{requirement}: {version} is locked"


def test_the_lock_holds_for_everybody():
    """Each pin has digests, and none names an index or a folder of one machine."""
    blocks = re.split(f"(?={PIN})", LOCK, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(PINS) > 100
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert "://" not in LOCK
    assert re.findall(r"^-|\(/| @ ", LOCK, re.MULTILINE) == []


def test_the_lock_has_the_torch_that_is_tested():
    (torch,) = pinned(Requirement("torch"), "3.11")
    assert f"TORCH ?= torch=={torch}\n" in MAKEFILE
    # The build with CUDA: its libraries come along.
    assert any(pin.name.startswith("nvidia-cudnn") for pin in PINS)


@pytest.mark.parametrize("project", PROJECTS, ids=lambda project: project["name"])
def test_the_classifiers_name_pythons_that_the_workflow_tests(project):
    stated = [
        found[1]
        for one in project["classifiers"]
        if (found := re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", one))
    ]
    assert project["requires-python"] == f">={stated[0]}"
    assert set(stated) <= set(TESTED)


def test_the_workflow_runs_commands_that_there_are():
    steps = [step for job in WORKFLOW["jobs"].values() for step in job["steps"]]
    commands = [step["run"] for step in steps if "run" in step]
    assert commands == [".ci/run", "make release"]
    assert (ROOT / ".ci/run").stat().st_mode & 0o100
    assert "\nrelease: " in MAKEFILE


def test_the_image_is_made_of_files_that_there_are():
    folder = ROOT / ".devcontainer"
    build = json.loads((folder / "devcontainer.json").read_text(encoding="utf-8"))["build"]
    context = (folder / build["context"]).resolve()
    assert context == ROOT.resolve()
    dockerfile = (folder / build["dockerfile"]).read_text(encoding="utf-8")
    copied = re.findall(r"^COPY --chown=\d+ (\S+) \S+$", dockerfile, re.MULTILINE)
    assert copied == [".ci/requirements.lock", "."]
    assert all((context / path).exists() for path in copied)
    (python,) = re.findall(r"^FROM python:(3\.\d+)-", dockerfile, re.MULTILINE)
    assert python in TESTED
    ignored = (folder / "Dockerfile.dockerignore").read_text(encoding="utf-8").split()
    assert ".git" in ignored
    assert not {".ci", "envs", "plugins", "mentor_core"} & set(ignored)
