"""Real directories as a start: read whole, and nothing outside them."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from mentor_core.support.errors import DataError
from mentor_envs.files.loading import read_directory
from mentor_envs.files.shell import Limits


@pytest.fixture
def top(tmp_path):
    """A directory, beside a file that must not be read."""
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "top" / "docs").mkdir(parents=True)
    (tmp_path / "top" / "docs" / "a.txt").write_text("pear\n")
    return tmp_path / "top"


def read(top, **limits):
    return read_directory(top, "start", Limits(**limits))


def refused(top, **limits):
    with pytest.raises(DataError) as raised:
        read(top, **limits)
    assert "secret" not in str(raised.value).replace("secret.txt", "")
    return str(raised.value)


def test_files_and_directories_are_read(top):
    (top / "empty").mkdir()
    (top / "é ü.txt").write_bytes("naïve\r\n".encode())
    assert read(top) == {
        "docs": None,
        "docs/a.txt": "pear\n",
        "empty": None,
        "é ü.txt": "naïve\r\n",
    }


def test_a_link_within_the_directory_is_a_copy(top):
    # People keep such links; a real one would let two paths be one file.
    (top / "link.txt").symlink_to("docs/a.txt")
    (top / "docs" / "chain.txt").symlink_to(top / "link.txt")
    tree = read(top)
    assert tree["link.txt"] == tree["docs/chain.txt"] == "pear\n"


def test_the_directory_itself_may_be_reached_by_a_link(top, tmp_path):
    (tmp_path / "link").symlink_to(top)
    assert read(tmp_path / "link") == read(top)


@pytest.mark.parametrize(
    "target",
    ["../secret.txt", "/etc/passwd", "/dev/zero", "..", "docs", ".", "nowhere", "link", "../top2"],
)
def test_no_other_link_is_followed(top, target):
    # What is outside would be shown to the policy, and sent to whoever serves it.
    (top.parent / "top2").mkdir()
    (top / "link").symlink_to(target)
    assert "link: a link that does not lead to a file in" in refused(top)


def test_a_link_through_a_link_to_outside_is_not_followed(top):
    (top / "out").symlink_to("..")
    (top / "in").symlink_to("out/secret.txt")
    assert "a link that does not lead to a file in" in refused(top)


@pytest.mark.timeout(20)
def test_pipes_and_sockets_are_not_opened(top, monkeypatch):
    # Reading a named pipe waits for ever.
    os.mkfifo(top / "pipe")
    assert "pipe: neither a directory nor a regular file" in refused(top)
    (top / "pipe").unlink()
    monkeypatch.chdir(top)  # the path of a socket is short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        assert "socket: neither a directory nor a regular file" in refused(top)


@pytest.mark.timeout(20)
@pytest.mark.skipif(not Path("/dev/null").exists(), reason="no device files")
def test_a_directory_of_devices_is_refused():
    assert "/dev" in refused(Path("/dev"))


def test_what_is_too_large_or_no_text_is_named(top):
    (top / "big.txt").write_text("x" * 500)
    assert "big.txt: more than 100 characters" in refused(top, size=100)
    (top / "big.txt").write_text("x" * 95)
    assert "characters; max_size is 100" in refused(top, size=100)
    assert "entries; max_entries is 2" in refused(top, entries=2)
    (top / "big.txt").write_bytes(b"\xff\xfe\x00")
    assert "big.txt: not UTF-8 text" in refused(top)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_named(top):
    (top / "docs" / "a.txt").chmod(0)
    assert "a.txt" in refused(top)
    (top / "docs").chmod(0)
    try:
        assert "docs" in refused(top)
    finally:
        (top / "docs").chmod(0o700)
