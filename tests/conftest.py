"""What several test modules share."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


@pytest.fixture(scope="session")
def student():
    """The embedded student; loaded once."""
    from mentor_core.models import EMBEDDED, load_student

    return load_student(EMBEDDED)


@pytest.fixture
def outsider(tmp_path, monkeypatch) -> Path:
    """The plugin of tests/outsider, found as an installed one is; the folder it is installed in.

    Its environment `dice` is a second domain, written by somebody else.
    """
    from mentor_core import registry

    site = tmp_path / "site"
    package = Path(__file__).parent / "outsider" / "mentor-plugin-xyz" / "mentor_plugin_xyz"
    shutil.copytree(package, site / package.name, ignore=shutil.ignore_patterns("__pycache__"))
    facts = site / "mentor_plugin_xyz-0.1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: mentor-plugin-xyz\nVersion: 0.1.0\n"
    )
    (facts / "entry_points.txt").write_text("[mentor]\nxyz = mentor_plugin_xyz\n")
    monkeypatch.syspath_prepend(site)
    registry._find.cache_clear()
    yield site
    registry._find.cache_clear()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the checkout; tests that read it skip where it is absent."""
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no folder ../shared/data beside the checkout")
    return folder
