"""Files → what they ask for, and everything that is wrong with them."""

from __future__ import annotations

import gc
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scalekit_apply.assembly import Assembly
from scalekit_apply.configfile import ConfigFile
from scalekit_apply.diagnostics import Diagnostic, Diagnostics
from scalekit_apply.discovery import FoundFile, discover, unreadable
from scalekit_apply.model import Desired
from scalekit_apply.shapes import Shapes
from scalekit_apply.sourcetext import BYTE_LIMIT, SourceText, decode
from scalekit_apply.yamlsource import parse

# Loading makes millions of values and no cycles: collecting every 700 of them triples its time.
_PATIENT_THRESHOLD: Final = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What came of reading a configuration.

    ``desired`` holds all that is usable; it may be acted on only if ``diagnostics`` has no errors.
    ``files`` are the names of the files that make up the configuration, sorted, also those with errors.
    """

    desired: Desired
    diagnostics: Diagnostics
    files: tuple[str, ...]


def load(paths: Sequence[Path | str] = ()) -> Loaded:
    """Read the configuration at ``paths``: files, directories to search, the current directory if none.

    Never raises for what the files hold or for files that cannot be read: that is in the diagnostics. The
    order of ``paths`` makes no difference. Places name files the way ``paths`` do.
    """
    files, problems = discover(paths)
    return _loaded(((file.name, _content(file)) for file in files), problems)


def load_sources(sources: Mapping[str, bytes]) -> Loaded:
    """Read a configuration from the contents of its files by name, as ``load`` does from a disk."""
    return _loaded(((name, sources[name]) for name in sorted(sources)), ())


def _loaded(sources: Iterable[tuple[str, bytes | Diagnostic]], problems: Iterable[Diagnostic]) -> Loaded:
    assembly, shapes = Assembly(), Shapes()
    found, names = list(problems), list[str]()
    with _patient_collector():
        for name, content in sources:
            names.append(name)
            if isinstance(content, Diagnostic):
                found.append(content)
            else:
                found += _read(name, content, assembly, shapes)
        return Loaded(desired=assembly.desired(), diagnostics=Diagnostics(found), files=tuple(names))


def _read(name: str, data: bytes, assembly: Assembly, shapes: Shapes) -> list[Diagnostic]:
    """Take one file into the whole."""
    text = decode(name, data)
    if not isinstance(text, SourceText):
        return [text]
    document, problems = parse(text)
    if document is not None:
        problems += ConfigFile(document=document, assembly=assembly, shapes=shapes).take()
    return problems


def _content(file: FoundFile) -> bytes | Diagnostic:
    try:
        with file.path.open("rb") as stream:
            # One byte more than allowed: enough to tell, whatever the size.
            return stream.read(BYTE_LIMIT + 1)
    except OSError as error:
        return unreadable(file.name, error)


@contextmanager
def _patient_collector() -> Generator[None]:
    thresholds = gc.get_threshold()
    gc.set_threshold(max(thresholds[0], _PATIENT_THRESHOLD), *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
