"""The shell: right, with the errors of a shell, and unable to leave its tree."""

from __future__ import annotations

import time
from copy import deepcopy

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mentor_core.tools.tool import ToolError
from mentor_envs.files.shell import COMMANDS, Limits, Shell
from mentor_envs.files.tree import distance, nest, resolve, size, unnest

TREE = {
    "docs": None,
    "docs/a.txt": "pear\napple\n",
    "docs/b.txt": "pear\nfig\napple\n",
    "docs/old": None,
    "docs/old/c.txt": "Apple pie",
    "empty": None,
    "n.csv": "10\n9\n-3\n2.5\nx\n",
}


def shell(directory="", **limits):
    return Shell(dict(TREE), Limits(**limits), directory)


@pytest.mark.parametrize(
    ("directory", "command", "arguments", "expected"),
    [
        ("", "ls", {}, "docs/\nempty/\nn.csv"),
        ("docs", "ls", {}, "a.txt\nb.txt\nold/"),
        ("docs", "ls", {"path": "/empty"}, "(empty)"),
        ("docs", "ls", {"path": "../n.csv"}, "/n.csv"),
        ("", "cd", {"path": "docs/old/.."}, "/docs"),
        ("docs", "cd", {"path": "../../.."}, "/"),
        ("", "cat", {"path": "docs/a.txt"}, "pear\napple"),
        ("docs/old", "cat", {"path": "../a.txt"}, "pear\napple"),
        ("", "grep", {"pattern": "apple"}, "docs/a.txt:apple\ndocs/b.txt:apple"),
        ("docs", "grep", {"pattern": "apple", "path": "a.txt"}, "apple"),
        ("docs", "grep", {"pattern": "APPLE", "ignore_case": True, "path": "old"},
         "old/c.txt:Apple pie"),
        ("docs", "grep", {"pattern": "9", "path": "/"}, "/n.csv:9"),
        ("", "grep", {"pattern": "a.*e"}, "(no match)"),
        ("docs", "diff", {"first": "a.txt", "second": "b.txt"}, "@@ -1,0 +2 @@\n+fig"),
        ("docs", "diff", {"first": "a.txt", "second": "a.txt"}, "(no difference)"),
        ("docs", "sort", {"path": "b.txt"}, "apple\nfig\npear"),
        ("", "sort", {"path": "n.csv", "numeric": True}, "-3\nx\n2.5\n9\n10"),
        ("", "sort", {"path": "n.csv"}, "-3\n10\n2.5\n9\nx"),
        ("docs", "sort", {"path": "b.txt", "reverse": True}, "pear\nfig\napple"),
    ],
)  # fmt: skip
def test_what_is_shown(directory, command, arguments, expected):
    played = shell(directory)
    assert COMMANDS[command](played, **arguments) == expected
    assert played.tree == TREE


@pytest.mark.parametrize(
    ("command", "arguments", "added", "removed"),
    [
        ("mkdir", {"path": "docs/new/"}, {"docs/new": None}, set()),
        ("write", {"path": "docs/new", "text": "x"}, {"docs/new": "x\n"}, set()),
        ("write", {"path": "n.csv", "text": ""}, {"n.csv": ""}, set()),
        ("write", {"path": "docs/old/c.txt", "text": "x\n", "append": True},
         {"docs/old/c.txt": "Apple pie\nx\n"}, set()),
        ("cp", {"source": "n.csv", "destination": "docs"}, {"docs/n.csv": TREE["n.csv"]}, set()),
        ("cp", {"source": "n.csv", "destination": "docs/a.txt"},
         {"docs/a.txt": TREE["n.csv"]}, set()),
        ("cp", {"source": "docs/old", "destination": "empty"},
         {"empty/old": None, "empty/old/c.txt": "Apple pie"}, set()),
        ("mv", {"source": "n.csv", "destination": "m.csv"},
         {"m.csv": TREE["n.csv"]}, {"n.csv"}),
        ("mv", {"source": "docs/old", "destination": "."},
         {"old": None, "old/c.txt": "Apple pie"}, {"docs/old", "docs/old/c.txt"}),
        ("sort", {"path": "docs/a.txt", "output": "docs/a.txt"},
         {"docs/a.txt": "apple\npear\n"}, set()),
    ],
)  # fmt: skip
def test_what_is_changed(command, arguments, added, removed):
    played = shell()
    assert COMMANDS[command](played, **arguments) == "ok"
    assert played.tree == {k: v for k, v in (TREE | added).items() if k not in removed}


@pytest.mark.parametrize(
    ("command", "arguments", "expected"),
    [
        ("cat", {"path": "nope"}, "cat: nope: No such file or directory"),
        ("cat", {"path": ""}, "cat: '': No such file or directory"),
        ("cat", {"path": "docs"}, "cat: docs: Is a directory"),
        ("cat", {"path": "n.csv/x"}, "cat: n.csv/x: Not a directory"),
        ("cat", {"path": "n.csv/"}, "cat: n.csv/: Not a directory"),
        ("cat", {"path": "a\0b"}, "Invalid argument"),
        ("cat", {"path": "x" * 300}, "File name too long"),
        ("cat", {"path": "/etc/passwd"}, "cat: /etc/passwd: No such file or directory"),
        ("cat", {"path": "/dev/zero"}, "No such file or directory"),
        ("cat", {"path": "../../../../etc/passwd"}, "No such file or directory"),
        ("cd", {"path": "n.csv"}, "cd: n.csv: Not a directory"),
        ("ls", {"path": "nope"}, "ls: nope: No such file or directory"),
        ("grep", {"pattern": ""}, "grep: the pattern is empty"),
        ("mkdir", {"path": "docs"}, "mkdir: docs: File exists"),
        ("mkdir", {"path": "/"}, "mkdir: /: File exists"),
        ("mkdir", {"path": "x/y"}, "mkdir: x/y: No such file or directory"),
        ("write", {"path": "docs", "text": ""}, "write: docs: Is a directory"),
        ("write", {"path": "x/y", "text": ""}, "write: x/y: No such file or directory"),
        ("write", {"path": "n.csv/y", "text": ""}, "write: n.csv/y: Not a directory"),
        ("write", {"path": "new/", "text": ""}, "write: new/: Not a directory"),
        ("sort", {"path": "n.csv", "output": "docs"}, "sort: docs: Is a directory"),
        ("mv", {"source": "nope", "destination": "x"}, "mv: nope: No such file or directory"),
        ("mv", {"source": "n.csv", "destination": "new/"}, "mv: new/: Not a directory"),
        ("mv", {"source": "n.csv", "destination": "./n.csv"}, "are the same file"),
        ("mv", {"source": "docs", "destination": "docs/old"}, "does not go into itself"),
        ("cp", {"source": "/", "destination": "empty"}, "does not go into itself"),
        ("cp", {"source": "docs", "destination": "n.csv"}, "cannot overwrite 'n.csv'"),
    ],
)
def test_what_cannot_be_done_is_said_as_a_shell_says_it(command, arguments, expected):
    # A policy learns from the reason; a change half made would spoil the episode.
    played = shell()
    with pytest.raises(ToolError) as raised:
        COMMANDS[command](played, **arguments)
    assert expected in str(raised.value)
    assert (played.tree, played.directory) == (TREE, "")


def test_a_directory_is_not_lost_under_another():
    played = shell()
    played.mkdir("empty/old")
    played.write("empty/old/keep", "x")
    with pytest.raises(ToolError, match="not empty"):
        played.mv("docs/old", "empty")
    played.cp("docs/old", "empty")
    assert played.ls("empty/old") == "c.txt\nkeep"


def test_one_moves_along_with_the_directory_one_is_in():
    played = shell("docs/old")
    played.mv("/docs", "/empty")
    assert played.directory == "empty/docs/old"
    assert played.cat("c.txt") == "Apple pie"


def test_limits_are_kept():
    # A policy that copies directories into each other would fill the memory.
    played = shell(size=200, entries=9, output=20)
    for text, reason in (("x" * 200, "at most 200 characters"), ("x", None), ("x", None)):
        path = f"new{len(played.tree)}"
        if reason:
            with pytest.raises(ToolError, match=reason):
                played.write(path, text)
        else:
            played.write(path, text)
    with pytest.raises(ToolError, match="at most 9 files"):
        played.mkdir("more")
    assert played.grep("p") == "docs/a.txt:pear\ndocs\n(cut: 70 more characters)"


def test_no_path_becomes_too_long():
    name = "a" * 250
    played = Shell({name: None, f"{name}/{name}": None, "b": None, f"b/{name}": None}, Limits())
    played.mv(name, f"b/{name}")
    assert max(map(len, played.tree)) == 2 + 3 * 250 + 2
    played.cp("b", "c")
    with pytest.raises(ToolError, match="mv: File name too long"):
        played.mv("c", f"b/{name}/{name}")
    with pytest.raises(ToolError, match="File name too long"):
        played.mkdir("/".join([name] * 5))


@pytest.mark.parametrize("lines", [["a", "b"] * 480, ["a"] * 900, [str(i) for i in range(999)]])
def test_no_comparison_takes_long(lines):
    played = Shell({"a": "\n".join(lines), "b": "\n".join(lines[::-1])}, Limits())
    started = time.perf_counter()
    played.diff("a", "b")
    assert time.perf_counter() - started < 2
    played.tree["a"] = "a\n" * 2000
    with pytest.raises(ToolError, match="more than 1000 lines"):
        played.diff("a", "b")


names = st.sampled_from(["..", ".", "", "docs", "old", "a.txt", "n.csv", "etc", "~", "\0", "é"])
paths = st.lists(names, max_size=6).map("/".join) | st.text(max_size=8)
values = {
    "path": paths, "source": paths, "destination": paths, "first": paths, "second": paths,
    "output": paths, "pattern": st.text(max_size=2), "text": st.text(max_size=5),
    "append": st.booleans(), "reverse": st.booleans(), "numeric": st.booleans(),
    "ignore_case": st.booleans(),
}  # fmt: skip


@st.composite
def calls(draw):
    name = draw(st.sampled_from([*COMMANDS]))
    parameters = COMMANDS[name].__code__.co_varnames[1 : COMMANDS[name].__code__.co_argcount]
    return name, {parameter: draw(values[parameter]) for parameter in parameters}


@settings(deadline=None)
@given(st.lists(calls(), max_size=8))
@example([("write", {"path": "0", "text": "\r", "append": False})])
def test_a_tree_stays_a_tree_whatever_is_called(script):
    # Nothing but ToolError may come out, and every path must have its directory above it.
    played = shell(size=300, entries=12, output=80)
    for name, arguments in script:
        before = deepcopy((played.tree, played.directory))
        try:
            assert len(COMMANDS[name](played, **arguments)) < 120
        except ToolError as error:
            assert str(error).startswith(name)
            assert (played.tree, played.directory) == before
        assert size(played.tree) <= 300 and len(played.tree) <= 12
        assert unnest(nest(played.tree), "") == played.tree
        for path in [*played.tree, played.directory]:
            above = path.rpartition("/")[0]
            assert not above or played.tree[above] is None
            assert not path or resolve(path, "") == path


@given(paths, st.sampled_from(["", "docs", "docs/old"]))
def test_no_path_leads_above_the_top(path, directory):
    try:
        key = resolve(path, directory)
    except ValueError:
        return
    assert not key.startswith("/")
    assert not {"", ".", ".."} & set(key.split("/")) or not key


def test_a_line_feed_at_the_end_makes_no_difference():
    assert distance({"a": "x\n"}, {"a": "x"}) == 0
    assert distance({"a": "x\n\n"}, {"a": "x"}) == 1
    assert distance({"a": None}, {"a": ""}) == 1
    assert distance({"a": "x", "b": None}, {"c": "x"}) == 3
