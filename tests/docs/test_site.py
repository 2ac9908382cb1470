"""The documentation site: complete, built without a warning, and without a network."""

import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from pydantic import Field

from mentor_core.door.hookspecs import HOOKS
from mentor_core.door.registry import COMMANDS, KINDS, names
from mentor_runs.settings.config import RunConfig, TrainConfig
from mentor_site import gallery, gaps, parts, reference

ROOT = Path(__file__).parents[2]
LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
"""Element → the attribute whose address a browser loads."""

UNDOCUMENTED = """
import click
from mentor_core import Credit, RewardTerm, hookimpl


class Silent(RewardTerm):
    weight_of_silence: float = 1.0

    def score(self, trajectory, task, references):
        return None


class Mute(Credit):
    def assign(self, composed, groups_B, layouts):
        return []


@click.command()
@click.option("--loud", is_flag=True)
def hush(loud):
    pass


@hookimpl
def mentor_reward_terms():
    return {"silent": "plug_8:Silent"}


@hookimpl
def mentor_credits():
    return {"mute": "plug_8:Mute"}


@hookimpl
def mentor_presets():
    return {"blank": "plug_8_files:blank.toml"}


@hookimpl
def mentor_commands():
    return {"hush": "plug_8:hush"}
"""
EXPECTED = [
    "reward term silent: no docstring",
    "reward term silent: option weight_of_silence has no description",
    "credit mute: no docstring",
    "preset blank: no docstring or description",
    "mentor hush: no help",
    "mentor hush: option --loud has no help",
]


@pytest.fixture
def undocumented(tmp_path):
    """A folder with an installed plugin that explains nothing."""
    (tmp_path / "plug_8.py").write_text(UNDOCUMENTED)
    files = tmp_path / "plug_8_files"
    files.mkdir()
    (files / "__init__.py").touch()
    (files / "blank.toml").write_text("[terms]\noutcome = 1.0\n")
    installed = tmp_path / "plug_8-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: plug-8\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text("[mentor]\nplug = plug_8\n")
    return tmp_path


def build(folder, path=""):
    return subprocess.run(
        [
            *(sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)),
            *("--config-file", str(ROOT / "docs" / "site" / "mkdocs.yml")),
        ],
        env={**os.environ, "PYTHONPATH": str(path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    built = build(folder)
    assert built.returncode == 0, built.stderr
    return folder


class Loaded(HTMLParser):
    """The addresses that a browser loads with a page."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag in LOADS and given.get("rel") not in ("canonical", "next", "prev"):
            self.found += [given[LOADS[tag]]] if given.get(LOADS[tag]) else []


def test_nothing_is_undocumented():
    assert gaps.gaps() == []


def test_a_part_without_a_description_is_found(undocumented):
    found = subprocess.run(
        [sys.executable, "-c", "from mentor_site.gaps import gaps; print(*gaps(), sep='\\n')"],
        env={**os.environ, "PYTHONPATH": f"{undocumented}{os.pathsep}{ROOT / 'docs' / 'site'}"},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout
    assert len(found.splitlines()) == len(EXPECTED), found
    for expected in EXPECTED:
        assert expected in found, found


def test_a_key_without_a_description_is_found():
    class Train(TrainConfig):
        warm_up: int = 0
        told: int = Field(0, description="said")

    class Config(RunConfig):
        train: Train = Field(default_factory=Train)
        mystery: str = ""

    assert gaps.gaps(Config) == [
        "the setting train.warm_up has no description",
        "the setting mystery has no description",
    ]


def test_a_hook_without_a_text_is_found(monkeypatch):
    monkeypatch.setitem(HOOKS, "mentor_gates", "")
    assert gaps.gaps() == ["the hook mentor_gates has no text in mentor_core/door/hookspecs.py"]


def test_every_kind_has_a_place_in_the_gallery():
    """A kind that nobody placed would be missing from the site, with all its parts."""
    placed = [kind for group in gallery.GROUPS.values() for kind in group.kinds]
    assert sorted(kind.name for kind in [*placed, COMMANDS]) == sorted(k.name for k in KINDS)


def test_everything_has_an_entry_of_its_own():
    made = {**gallery.pages(), **reference.pages()}
    for path, group in gallery.GROUPS.items():
        for kind in group.kinds:
            section = made[path].partition(f"`{kind.hook}`")[2].partition("\n## ")[0]
            assert re.findall(r"^### (.+)$", section, re.MULTILINE) == names(kind), kind.name
    headings = re.findall(r"^## (.+)$", made["reference/commands.md"], re.MULTILINE)
    assert headings == [f"mentor {words}" for words, _ in parts.commands()]
    assert re.findall(r"^## (.+)$", made["reference/hooks.md"], re.MULTILINE) == [*HOOKS]
    for setting in parts.settings(RunConfig):
        row = f"| `{setting.name}` | {setting.type} |"
        assert row in made["reference/settings.md"].replace("\\|", "|"), setting.name


def test_an_option_is_shown_as_a_user_writes_it():
    """`--set train.bf16=False`, `('a',)` or None would be refused, or mean a text."""
    shown = {setting.name: setting for setting in parts.settings(RunConfig)}
    assert (shown["train.bf16"].type, shown["train.bf16"].default) == ("true or false", "`false`")
    assert shown["evaluate.splits"].default == '`["eval", "ood"]`'
    assert shown["train.lora"].default == "not set"
    assert shown["train.group_size"].type == "whole number, ≥ 2"


@pytest.mark.slow
def test_no_page_asks_a_network(site):
    pages = [*site.rglob("*.html")]
    assert len(pages) > 90
    for page in pages:
        found = Loaded(page).found
        assert found
        away = [address for address in found if re.match(r"(?:\w+:)?//", address)]
        assert away == [], page
    for style in site.rglob("*.css"):
        text = style.read_text(encoding="utf-8")
        assert not re.search(r"(?:url\(|@import)\s*['\"]?(?:\w+:)?//", text), style


@pytest.mark.slow
@pytest.mark.parametrize("width", [1200, 360])
def test_a_page_and_its_search_work_without_a_server(site, width):
    """From a disk, offline: a script that were missing would leave the search empty."""
    webdriver = pytest.importorskip("selenium.webdriver")
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("no chromium with chromedriver on this machine (Debian: chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage"):
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        offline = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
        browser.execute_cdp_cmd("Network.enable", {})
        browser.execute_cdp_cmd("Network.emulateNetworkConditions", offline)
        size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        browser.get((site / "reference" / "settings.html").as_uri() + "?q=prioritised")
        found = ".md-search-result__link"
        wait = pytest.importorskip("selenium.webdriver.support.ui").WebDriverWait(browser, 60)
        wait.until(lambda page: page.find_elements("css selector", found))
        wide = "return document.documentElement.scrollWidth"
        assert browser.execute_script(wide) <= width  # a table scrolls by itself
        severe = [line for line in browser.get_log("browser") if line["level"] == "SEVERE"]
        assert severe == []
    finally:
        browser.quit()


@pytest.mark.slow
def test_every_page_of_docs_is_on_the_site(site):
    for page in (ROOT / "docs").rglob("*.md"):
        assert (site / page.relative_to(ROOT / "docs").with_suffix(".html")).is_file(), page


@pytest.mark.slow
def test_a_gap_ends_the_build(undocumented, tmp_path):
    built = build(tmp_path / "site", undocumented)
    assert built.returncode == 1
    assert "credit mute: no docstring" in built.stderr
    assert "Traceback" not in built.stderr
