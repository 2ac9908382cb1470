"""Servers of an exported student: their command lines, and a server that runs for a while."""

from __future__ import annotations

import shlex
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from mentor_core.support.errors import ConfigError, RunError
from mentor_toolkit.signals import sigterm_as_ctrl_c

__all__ = ["ENGINES", "Engine", "Server", "free_port", "running", "vllm_parser"]

Engine = Literal["transformers", "vllm"]
ENGINES: tuple[Engine, ...] = ("transformers", "vllm")

_VLLM_PARSERS = {
    "gemma": "gemma4",
    "glm": "glm45",
    "harmony": "openai",
    "hermes": "hermes",
    "lfm2": "lfm2",
    "llama3": "llama3_json",
    "mistral": "mistral",
    "qwen_coder": "qwen3_coder",
}
"""mentor's parser → vLLM's `--tool-call-parser` (vllm/tool_parsers/__init__.py)."""
_STDERR = 2  # stdout is for the address, which other programs may read
_LOOK_SECONDS = 0.3
_STOP_SECONDS = 20


def vllm_parser(parser: str | None) -> str | None:
    """vLLM's name of a parser; None if vLLM has no equivalent."""
    return _VLLM_PARSERS.get(parser or "")


@dataclass(frozen=True, slots=True)
class Server:
    """A server program, and the model that it serves.

    Attributes:
        engine: the program.
        folder: the model's directory.
        parser: registered name of the student's call parser, which vLLM needs.
        host, port: the server's address.
        extra: further arguments of the program.
    """

    engine: Engine
    folder: Path
    parser: str | None
    host: str = "127.0.0.1"
    port: int = 8000
    extra: tuple[str, ...] = ()

    @property
    def base_url(self) -> str:
        """The address of the chat protocol."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/v1"

    @property
    def model(self) -> str:
        """The model's name on the server."""
        return str(self.folder)

    @property
    def arguments(self) -> list[str]:
        """The command, as a person would type it."""
        command = [self.engine, "serve", self.model]
        command += ["--host", self.host, "--port", str(self.port)]
        parser = vllm_parser(self.parser)
        if self.engine == "vllm" and parser is not None:
            command += ["--enable-auto-tool-choice", "--tool-call-parser", parser]
        return [*command, *self.extra]

    @property
    def line(self) -> str:
        """The command, quoted for a shell."""
        return shlex.join(self.arguments)

    def notes(self) -> list[str]:
        """Notes on tool calls that the server will not find."""
        if self.engine == "vllm" and vllm_parser(self.parser) is None:
            name = self.parser or "of this student"
            note = f"vLLM has no equivalent of the parser {name}: the server gives calls as text"
            return [f"{note}; its --tool-parser-plugin takes a parser of your own"]
        return []

    def check(self) -> None:
        """Refuse a program that is not installed, or an address that is in use.

        Raises:
            ConfigError: names the package, or the port.
        """
        self.program()
        if self.engine == "transformers":
            try:
                import fastapi  # noqa: F401
                import uvicorn  # noqa: F401
            except ImportError as error:
                raise ConfigError(
                    f'transformers serve needs more packages: pip install "transformers[serving]" '
                    f"({error})"
                ) from None
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        try:
            with socket.socket(family) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((self.host, self.port))
        except OSError as error:
            raise ConfigError(
                f"the port {self.port} of {self.host} cannot be used: {error.strerror}; choose "
                "another with --port"
            ) from None

    def program(self) -> list[str]:
        """The program's own path; the one beside this Python is preferred.

        Raises:
            ConfigError: the program is not installed.
        """
        beside = Path(sys.executable).with_name(self.engine)
        found = str(beside) if beside.is_file() else shutil.which(self.engine)
        if found is None:
            raise ConfigError(
                f"{self.engine} is not installed: pip install {self.engine}; or print the command "
                "for another machine with --print"
            )
        return [found]


@contextmanager
def running(
    server: Server, log: Path | None, waited: Callable[[], None] = lambda: None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the block ends; the block begins once the server answers.

    SIGTERM ends the block as Ctrl-C does, so that no server is left behind.

    Args:
        log: file for the server's output; None: the output goes to this process's stderr.
        waited: called again and again while the server starts.

    Raises:
        ConfigError: see `Server.check`.
        RunError: the server ended before it answered; quotes the end of its output.
    """
    server.check()
    command = [*server.program(), *server.arguments[1:]]
    with _output(log) as stream, sigterm_as_ctrl_c():
        process = subprocess.Popen(
            command,
            stdout=stream or _STDERR,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C of a terminal reaches this process alone
        )
        try:
            _wait(server, process, log, waited)
            yield process
        finally:
            _stop(process)


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


@contextmanager
def _output(log: Path | None) -> Iterator[IO[bytes] | None]:
    if log is None:
        yield None
        return
    with log.open("wb") as stream:
        yield stream


def _wait(
    server: Server, process: subprocess.Popen[bytes], log: Path | None, waited: Callable[[], None]
) -> None:
    health = f"{server.base_url.removesuffix('/v1')}/health"
    while True:
        if process.poll() is not None:
            raise RunError(f"{server.line} ended with code {process.returncode}{_tail(log)}")
        with suppress(OSError), urllib.request.urlopen(health, timeout=5):
            return
        waited()
        time.sleep(_LOOK_SECONDS)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a server: asked first, then killed."""
    for end in (process.terminate, process.kill):
        if process.poll() is not None:
            return
        end()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)


def _tail(log: Path | None) -> str:
    if log is None:
        return ""
    lines: Sequence[str] = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return f": {' / '.join(lines[-3:])}"
