"""Code of plugins and users: found from anywhere, and kept from ending the process."""

import os
import signal
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.support.errors import ConfigError, PluginError
from mentor_core.support.user_code import absolute_reference, contained, load_object, reason


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def explain(error):
    return PluginError(reason(error))


@pytest.mark.parametrize("raised", [SystemExit(2), KeyboardInterrupt("mine"), GeneratorExit()])
def test_what_code_raises_becomes_one_error(raised):
    with pytest.raises(PluginError, match=type(raised).__name__), contained(explain):
        raise raised
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_persons_ctrl_c_is_passed_on():
    with pytest.raises(KeyboardInterrupt), contained(explain), contained(explain):
        os.kill(os.getpid(), signal.SIGINT)
        threading.Event().wait(5)


def test_another_handler_of_ctrl_c_stays_as_it_is(monkeypatch):
    """A run has its own, which raises only when asked a second time."""

    def handler(number, frame):
        raise KeyboardInterrupt

    old = signal.signal(signal.SIGINT, handler)
    try:
        with pytest.raises(KeyboardInterrupt), contained(explain):
            os.kill(os.getpid(), signal.SIGINT)
            threading.Event().wait(5)
        assert signal.getsignal(signal.SIGINT) is handler
    finally:
        signal.signal(signal.SIGINT, old)


def test_in_a_thread_a_raised_interrupt_is_an_error_too():
    seen = []

    def work():
        try:
            with contained(explain):
                raise KeyboardInterrupt
        except PluginError as error:
            seen.append(str(error))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == ["KeyboardInterrupt"]


def test_an_exception_that_cannot_be_shown_is_named_all_the_same():
    class Mute(Exception):
        def __str__(self):
            raise RuntimeError

    assert reason(Mute()) == "Mute"


@pytest.mark.parametrize(
    "reference",
    [
        "shop.py:Shop",
        "./shop.py:Shop",
        "shop:Shop",
        "pack.shop:Shop",
        "pack/shop.py:Shop",
        "loose.shop:Shop",
        "loose/shop.py:Shop",
    ],
)
def test_what_is_found_here_is_found_from_anywhere(folder, monkeypatch, reference):
    """A resumed run looks for the class again, from any directory."""
    (folder / "helper.py").write_text("NUMBER = 3")
    for place in ("pack", "loose"):
        (folder / place).mkdir()
    (folder / "pack" / "__init__.py").touch()
    (folder / "pack" / "helper.py").write_text("NUMBER = 3")
    (folder / "loose" / "helper.py").write_text("NUMBER = 3")
    plain = "from helper import NUMBER\nclass Shop: number = NUMBER\n"
    (folder / "shop.py").write_text(plain)
    (folder / "loose" / "shop.py").write_text(plain)
    (folder / "pack" / "shop.py").write_text(plain.replace("helper", ".helper"))
    written = absolute_reference(reference)
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert absolute_reference(written) == written
    assert load_object(written).number == 3
    assert load_object(written) is load_object(written)


def test_an_installed_module_needs_no_folder(folder):
    (folder / "json").mkdir()  # a folder of that name is no module of that name
    assert absolute_reference("json.decoder:JSONDecoder") == "json.decoder:JSONDecoder"


def test_files_of_one_name_are_told_apart(folder):
    """Otherwise the second run in a process would use the first one's class."""
    for place in ("one", "two"):
        (folder / place).mkdir()
        (folder / place / "shop.py").write_text(f"PLACE = {place!r}")
    assert [load_object(f"{place}/shop.py:PLACE") for place in ("one", "two", "one")] == [
        "one",
        "two",
        "one",
    ]


def test_a_module_of_the_same_name_elsewhere_is_not_taken(folder):
    for place in ("one", "two"):
        (folder / place / "pack").mkdir(parents=True)
        (folder / place / "pack" / "__init__.py").touch()
        (folder / place / "pack" / "shop.py").write_text(f"PLACE = {place!r}")
    assert load_object("one/pack/shop.py:PLACE") == "one"
    with pytest.raises(ConfigError, match=r"another module pack\.shop is in use"):
        load_object("two/pack/shop.py:PLACE")


def test_a_file_and_the_files_beside_it_share_its_classes(folder):
    (folder / "shop.py").write_text("class Shop: ...")
    (folder / "reward.py").write_text("from shop import Shop\nSHOP = Shop")
    assert load_object("reward.py:SHOP") is load_object("shop.py:Shop")


def test_an_edit_within_the_same_second_is_seen(folder, monkeypatch):
    """Python's cache of compiled code compares seconds and sizes: an old price would be charged."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    file = folder / "mine.py"
    for number in (1, 2):
        file.write_text(f"price = {number}")
        os.utime(file, ns=(0, 10**18 + number))
        assert load_object("mine.py:price") == number


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import a_package_nobody_has", r"mine\.py:1: ModuleNotFoundError"),
        ("x = 1\nraise SystemExit(3)", r"mine\.py:2: SystemExit: 3"),
        ("def f(:\n", r"mine\.py:1: SyntaxError"),
        ("Shap = 3", "AttributeError: mine.py has no 'Shop'; did you mean Shap"),
        ("def __getattr__(name): raise KeyError(name)", "KeyError"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_with_its_place(folder, text, message):
    (folder / "mine.py").write_text(text)
    with pytest.raises(ConfigError, match=message):
        load_object("mine.py:Shop")


@given(st.text(max_size=12).filter(lambda text: "/" not in text))
def test_no_reference_raises_anything_else(text):
    try:
        load_object(text + ":Thing_of_nobody")
    except ConfigError:
        return
    raise AssertionError("there is such a thing")
