"""The page in a real browser: Chromium without a window and without a network."""

from __future__ import annotations

import shutil
import time

import pytest

from mentor_lab.report.page import write_page
from mentor_lab.study.page import page
from mentor_lab.study.results import Figure, Results, Row

pytestmark = pytest.mark.slow

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
DRIVER = shutil.which("chromedriver")


@pytest.fixture(scope="module")
def browser():
    """Chromium, steered by chromedriver; offline, so that a page that asks for anything fails."""
    webdriver = pytest.importorskip("selenium.webdriver")
    if CHROMIUM is None or DRIVER is None:
        pytest.skip("no chromium with chromedriver on this machine (Debian: chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage"):
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(DRIVER)
    found = webdriver.Chrome(options=options, service=service)
    found.execute_cdp_cmd("Network.enable", {})
    offline = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
    found.execute_cdp_cmd("Network.emulateNetworkConditions", offline)
    yield found
    found.quit()


@pytest.fixture(scope="module")
def pages(tmp_path_factory, run_in):
    """How many runs a page has → the page."""
    folder = tmp_path_factory.mktemp("pages")
    runs = [run_in(folder, name, seed=seed) for seed, name in enumerate("ab")]
    for count in (1, 2):
        write_page(runs[:count], folder / f"{count}.html")
    return {count: folder / f"{count}.html" for count in (1, 2)}


@pytest.fixture
def show(browser, pages):
    """show(1) opens the page of one run, and waits until the script has set it up."""

    def shown(page, width=1200, dark=False, link=""):
        file = pages.get(page, page)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        browser.get("about:blank")
        browser.get(f"file://{file}{link}")
        until(lambda: script(browser, "return document.documentElement.dataset.ready") == "true")
        return browser

    yield shown
    problems = [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    assert problems == []


def until(holds):
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, "the browser does not get there"
        time.sleep(0.05)


def script(browser, text, *arguments):
    return browser.execute_script(text, *arguments)


def listed(browser):
    return script(
        browser, "return [...document.querySelectorAll('#list .task')].map(e => e.textContent)"
    )


def choose(browser, field, value):
    event = "input" if field == "search" else "change"
    script(
        browser,
        "const e = document.getElementById(arguments[0]); e.value = arguments[1];"
        "e.dispatchEvent(new Event(arguments[2]))",
        field,
        value,
        event,
    )


def press(browser, key):
    browser.switch_to.active_element.send_keys(key)


def detail(browser):
    return browser.find_element("id", "detail").text


def test_every_figure_is_drawn(show):
    browser = show(1)
    script(browser, "dispatchEvent(new Event('beforeprint'))")
    places = script(browser, "return document.querySelectorAll('.plot').length")
    assert places > 10
    drawn = "return document.querySelectorAll('.plot:has(.main-svg)').length"
    until(lambda: script(browser, drawn) == places)


def test_a_run_without_anything_opens(make_run, show):
    path = make_run(before=(), after=(), steps=0)
    (path / "references.jsonl").unlink()
    write_page([path], path / "report.html")
    browser = show(path / "report.html")
    assert "There is nothing to show." in browser.find_element("tag name", "main").text
    assert "No episode is all that the filters ask for." in detail(browser)


def test_filters_and_search_narrow_the_list(show):
    browser = show(1)
    assert len(listed(browser)) == 28
    choose(browser, "result", "regressed")
    assert len(listed(browser)) == 4  # before and after, in two splits
    choose(browser, "part", "ood-after")
    (task,) = listed(browser)
    assert task in detail(browser) and "regressed" in detail(browser)
    choose(browser, "result", "")
    choose(browser, "part", "train")
    choose(browser, "search", "tool_call multiply")
    assert 0 < len(listed(browser)) <= 12
    choose(browser, "search", "nobody ever wrote this")
    assert listed(browser) == []


def test_keys_lead_from_episode_to_episode(show):
    browser = show(1)
    first = detail(browser)
    press(browser, "j")
    second = detail(browser)
    assert second != first
    press(browser, "k")
    assert detail(browser) == first
    press(browser, "/")
    assert browser.switch_to.active_element.get_attribute("id") == "search"
    press(browser, "j")  # is typed now
    assert browser.find_element("id", "search").get_attribute("value") == "j"


def test_a_link_opens_its_episode(show):
    browser = show(1, link="#episode=eval-after:3")
    first = detail(browser)
    press(browser, "j")
    script(browser, "location.hash = '#episode=eval-after:3'")
    until(lambda: detail(browser) == first)
    script(browser, "location.hash = '#episode=eval-after:999'")
    problem = browser.find_element("id", "problem")
    until(lambda: "eval-after:999 is not on this page" in problem.text)


def test_links_of_several_runs_name_the_run(show):
    browser = show(2, link="#episode=b%2Feval-after:1")
    assert "eval-after" in detail(browser)
    current = browser.find_element("css selector", "#list [aria-current=true]").text
    assert "b · eval-after" in current


def test_tokens_show_what_they_were_worth(show):
    browser = show(1, link="#episode=train:2")
    assert "the first turn whose calls are not the teacher's" in detail(browser)
    press(browser, "t")
    box = browser.find_element("css selector", ".tokens")
    assert box.find_elements("css selector", ".trained")
    box.send_keys("\ue014")  # right arrow
    readout = browser.find_element("css selector", ".readout").text
    assert "token 1" in readout and "log-probability -0.500 (60.7 %)" in readout
    assert "advantage -1.000" in readout and "trained on" in readout
    press(browser, "j")
    assert "Show" in detail(browser)  # the view stays


def test_scores_are_explained(show):
    browser = show(1, link="#episode=train:2")
    rows = [row.text for row in browser.find_elements("css selector", ".scores tbody tr")]
    assert ["outcome", "0.00"] in [row.split()[:2] for row in rows]
    assert any(row.startswith("teacher not scored") for row in rows)


@pytest.mark.parametrize("dark", [False, True])
def test_colours_follow_the_system_and_the_button(show, dark):
    browser = show(1, dark=dark)

    def ground():
        return script(browser, "return getComputedStyle(document.body).backgroundColor")

    light, night = "rgb(246, 247, 249)", "rgb(16, 20, 24)"
    assert ground() == (night if dark else light)
    browser.find_element("id", "theme").click()
    assert ground() == light
    browser.find_element("id", "theme").click()
    assert ground() == night
    text = "return document.getElementById('figure-success').layout?.font?.color"
    until(lambda: script(browser, text) == "#e6e9ee")
    browser.find_element("id", "theme").click()


def test_a_phone_sees_everything_without_scrolling_sideways(show):
    browser = show(2, width=360)
    assert script(browser, "return document.documentElement.scrollWidth") <= 360
    wide = script(
        browser,
        "return [...document.querySelectorAll('body *')]"
        ".filter(e => !e.closest('.scroll, svg, .skip') && e.getBoundingClientRect().right > 361)"
        ".map(e => e.outerHTML.slice(0, 80))",
    )
    assert wide == []


def test_everything_that_can_be_used_has_a_name(show):
    browser = show(1)
    nameless = script(
        browser,
        "return [...document.querySelectorAll("
        "'button, input, select, a, [role=img], [role=region], [tabindex=\"0\"]')]"
        ".filter(e => !(e.getAttribute('aria-label') || e.textContent.trim() || e.labels?.length))"
        ".map(e => e.outerHTML.slice(0, 80))",
    )
    assert nameless == []


def test_the_page_of_a_study_draws_bars_with_intervals(show, tmp_path):
    figure = Figure(0.5, (0.4, 0.7), "seeds", [0.4, 0.6])
    rows = [
        Row("easy", name, True, 2, 2, success={"eval": figure}, similarity={"eval": figure})
        for name in ("sparse", "mentor")
    ]
    file = tmp_path / "study.html"
    found = Results("some", "A question.", "sparse", [0, 1], {"easy": ["eval"]}, rows)
    file.write_text(page(found), encoding="utf-8")
    browser = show(file)
    until(
        lambda: script(browser, "return document.querySelectorAll('.js-plotly-plot').length") == 2
    )
    drawn = script(browser, "return document.querySelector('.js-plotly-plot').data")
    assert [trace["name"] for trace in drawn] == ["sparse", "mentor"]
    assert drawn[0]["error_y"]["array"] == pytest.approx([0.2])
    browser.find_element("id", "theme").click()
    assert "light" in browser.find_element("id", "theme").text
