"""Which files a configuration is read from."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scalekit_apply.diagnostics import Diagnostic, Location, Severity

FILE_NAMES: Final = frozenset({"scalekit.yaml", "scalekit.yml"})
FILE_ENDINGS: Final = (".scalekit.yaml", ".scalekit.yml")
_EXPECTED: Final = "scalekit.yaml or *.scalekit.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFile:
    """A file to read, and its name as the user gave it, with ``/`` between parts."""

    path: Path
    name: str


def discover(paths: Sequence[Path | str]) -> tuple[tuple[FoundFile, ...], tuple[Diagnostic, ...]]:
    """Return the files behind ``paths`` sorted by name, and why some of them lead nowhere.

    A path to a file stands for that file, whatever its name; a path to a directory for the configuration
    files in it and below, hidden files and folders left out. No paths stand for the current directory. A
    file that is reached twice is returned once, under the name that sorts first.
    """
    found = dict[str, FoundFile]()
    problems: list[Diagnostic] = []
    for path in sorted({Path(path) for path in paths or (".",)}, key=_name):
        try:
            files = sorted(_files(path), key=lambda file: file.name)
        except OSError as error:
            problems.append(unreadable(_name(Path(error.filename or path)), error))
            continue
        if not files:
            problems.append(_nothing_in(path))
        for file in files:
            known = found.setdefault(os.path.realpath(file.path), file)
            if file.name < known.name:
                found[os.path.realpath(file.path)] = file
    return tuple(sorted(found.values(), key=lambda file: file.name)), tuple(problems)


def unreadable(name: str, error: OSError) -> Diagnostic:
    """Return the problem of a file or a directory that cannot be read."""
    if isinstance(error, FileNotFoundError):
        return _problem(
            "file-not-found",
            "there is no such file or directory",
            f"Check the path, or name a directory with {_EXPECTED} in it.",
            name,
        )
    reason = (error.strerror or type(error).__name__).lower()
    return _problem(
        "file-unreadable", f"this cannot be read: {reason}", "Check the path and its permissions.", name
    )


def _files(path: Path) -> Iterator[FoundFile]:
    if not path.is_dir():
        path.stat()
        yield FoundFile(path=path, name=_name(path))
        return
    waiting, visited = [path], set[str]()
    while waiting:
        directory = waiting.pop()
        real = os.path.realpath(directory)
        if real in visited:  # links may lead back up
            continue
        visited.add(real)
        with os.scandir(directory) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name, reverse=True):
                if entry.name.startswith("."):
                    continue
                # os.path, not the entry: it takes a link that leads to itself for neither.
                if os.path.isdir(entry):  # noqa: PTH112
                    waiting.append(directory / entry.name)
                # A link that leads nowhere is shown; a pipe or a socket would make the search wait.
                elif is_configuration(entry.name) and _is_file(entry):
                    yield FoundFile(path=directory / entry.name, name=_name(directory / entry.name))


def _is_file(entry: os.DirEntry[str]) -> bool:
    return entry.is_symlink() or entry.is_file()


def is_configuration(name: str) -> bool:
    """Whether a search takes a file of this name for a configuration."""
    return name in FILE_NAMES or (name.endswith(FILE_ENDINGS) and not name.startswith("."))


def _nothing_in(path: Path) -> Diagnostic:
    return _problem(
        "no-configuration",
        f"there is no {_EXPECTED} in this directory or below",
        'Name another path with --config, or run "scalekit-apply init" to start one.',
        _name(path),
    )


def _problem(check: str, summary: str, detail: str, name: str) -> Diagnostic:
    return Diagnostic(
        severity=Severity.ERROR, check=check, summary=summary, detail=detail, location=Location(file=name)
    )


def _name(path: Path) -> str:
    # Names may hold bytes that are not UTF-8, and have to be written somewhere.
    return os.fsencode(path.as_posix()).decode("utf-8", "backslashreplace")
