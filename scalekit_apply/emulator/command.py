"""The ``emulator`` command: serves until a signal, or for as long as another command runs."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Final, TextIO

from scalekit_apply.emulator.options import EmulatorOptions
from scalekit_apply.emulator.sample import SAMPLE
from scalekit_apply.emulator.seed import parse_seed
from scalekit_apply.emulator.server import Emulator
from scalekit_apply.errors import UsageError

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_FINISHED: Final = 0
_DIED: Final = 128

# Other ways to name an environment or a secret. A command that runs against the emulator must not find them:
# they would win over, or contradict, what it is given here, and may lead to an environment that is real.
_HIDDEN: Final = frozenset({"SCALEKIT_ENV_URL", "SCALEKIT_CLIENT_SECRET_FILE"})
_HIDDEN_OPTIONS: Final = frozenset(
    {
        "SCALEKIT_APPLY_ENVIRONMENT_URL",
        "SCALEKIT_APPLY_CLIENT_ID",
        "SCALEKIT_APPLY_CLIENT_SECRET_FILE",
    }
)


def run(options: EmulatorOptions, *, environ: Mapping[str, str], stdout: TextIO, stderr: TextIO) -> int:
    """Serve as the options say, and return the exit code of the process.

    Without a command, ``stdout`` gets lines for a shell to evaluate that export the URL and the credentials,
    and the end is SIGINT or SIGTERM: 0. With a command, that runs with these variables on top of ``environ``
    and gets the signals that arrive; its exit code is returned, 128 + N if signal N ended it, and ``stdout``
    is all its own. Talk goes to ``stderr``, in the end also which faults never fired: what was to be tested
    with them was not. Without a seed a small sample environment is served.

    Raises :class:`UsageError` and :class:`ConfigurationError` for options and files of no use and for a
    command that cannot be started. Signals are only handled in the main thread of a program.
    """
    seed = parse_seed(SAMPLE, now=time.time()) if options.seed is None else None
    with (
        _signals() as arrived,
        Emulator(options, seed=seed, log=stderr if options.log_requests else None) as emulator,
    ):
        if options.seed is not None and not emulator.seeded:
            _say(stderr, f"{options.db} holds an environment already: the seed {options.seed} is not used.")
        code = 0
        if options.command:
            if not options.quiet:
                _say(stderr, f"{_serving(emulator)} It stops when the command ends.")
            code = _run_command(options.command, _child_environment(environ, emulator), arrived)
        else:
            _export(emulator, stdout)
            _say(stderr, f"{_serving(emulator)} The lines above are for another shell; Ctrl-C stops.")
            arrived.get()
        for spec in emulator.faults.never_fired():
            _say(stderr, f"Warning: the fault {spec!r} never fired.")
        return code


def _variables(emulator: Emulator) -> dict[str, str]:
    client = emulator.clients[0]
    return {
        "SCALEKIT_ENVIRONMENT_URL": emulator.url,
        "SCALEKIT_CLIENT_ID": client.id,
        "SCALEKIT_CLIENT_SECRET": client.secret,
    }


def _child_environment(environ: Mapping[str, str], emulator: Emulator) -> dict[str, str]:
    kept = {name: value for name, value in environ.items() if name not in _HIDDEN | _HIDDEN_OPTIONS}
    return {**kept, **_variables(emulator)}


def _export(emulator: Emulator, stdout: TextIO) -> None:
    stdout.writelines(f"export {name}={shlex.quote(value)}\n" for name, value in _variables(emulator).items())
    stdout.flush()


def _serving(emulator: Emulator) -> str:
    organizations = _counted(emulator.store.count_organizations(), "organization")
    owned, own = emulator.store.count_connections()
    # No organization lists these, so that other commands count fewer.
    besides = f", and {_counted(own, 'connection')} of the environment itself" if own else ""
    return (
        f"Serving {emulator.store.environment!r} at {emulator.url}: "
        f"{organizations} with {_counted(owned, 'connection')}{besides}."
    )


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _say(stderr: TextIO, line: str) -> None:
    stderr.write(f"{line}\n")
    stderr.flush()


class _Arrivals:
    """What happens while the main thread waits: signals by their numbers, and the end of the command."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._writer.setblocking(False)

    def fileno(self) -> int:
        return self._writer.fileno()

    def put(self, number: int) -> None:
        self._writer.send(bytes([number]))

    def get(self) -> int:
        return self._reader.recv(1)[0]

    def close(self) -> None:
        self._reader.close()
        self._writer.close()


@contextmanager
def _signals() -> Generator[_Arrivals]:
    """Collect SIGINT and SIGTERM instead of dying of them."""
    arrivals = _Arrivals()
    try:
        if threading.current_thread() is not threading.main_thread():
            yield arrivals
            return
        # A handler in Python runs once the main thread gets to it, so a signal that comes right before that
        # thread blocks, or to another thread, would not wake it. What is written to a descriptor does.
        before = {number: signal.signal(number, _noted) for number in _SIGNALS}
        descriptor = signal.set_wakeup_fd(arrivals.fileno(), warn_on_full_buffer=False)
        try:
            yield arrivals
        finally:
            signal.set_wakeup_fd(descriptor)
            for number, handler in before.items():
                signal.signal(number, handler)
    finally:
        arrivals.close()


def _noted(number: int, frame: FrameType | None) -> None:
    """Do nothing: the number has been written already."""


def _run_command(command: tuple[str, ...], environment: Mapping[str, str], arrived: _Arrivals) -> int:
    # In the foreground of a terminal, Ctrl-C reaches the whole process group: the command gets it from the
    # terminal, and a second one from here would count as a second Ctrl-C. Anywhere else the command gets a
    # group of its own, so that what reaches it is exactly what was passed on.
    foreground = in_foreground()
    try:
        child = subprocess.Popen(  # noqa: S603  # running what the user asks for is the feature
            command, env=environment, process_group=None if foreground else 0
        )
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise UsageError(
            f"The command {command[0]!r} cannot be started: {reason}.",
            hint="Name a program that PATH leads to; its arguments follow it.",
        ) from error

    def watch() -> None:
        child.wait()
        arrived.put(_FINISHED)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    while (number := arrived.get()) != _FINISHED:
        if not (foreground and number == signal.SIGINT):
            child.send_signal(number)
    watcher.join()
    code = child.wait()
    return _DIED - code if code < 0 else code


def in_foreground(terminal_path: str = "/dev/tty") -> bool:
    """Whether the process belongs to those that a Ctrl-C at the terminal reaches."""
    try:
        terminal = os.open(terminal_path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
