"""Configurations as tests write them down, and diagnostics as they expect them."""

from __future__ import annotations

from pathlib import Path

from scalekit_apply.diagnostics import Diagnostic, Diagnostics

CASES = Path(__file__).parent / "cases"


def rendered(diagnostics: Diagnostics) -> str:
    """A line a diagnostic, ``file:line:column: severity: check: summary``; indented below, the detail."""
    return "".join(_rendered(item) for item in diagnostics)


def _rendered(item: Diagnostic) -> str:
    line = f"{item.location}: {item.severity}: {item.check}: {item.summary}\n"
    return f"{line}    {item.detail}\n" if item.detail else line


def cases(kind: str) -> list[str]:
    """Names of the files and folders that are one configuration each."""
    return sorted(entry.name for entry in (CASES / kind).iterdir() if entry.suffix != ".expected")


def sources(names: tuple[str, ...]) -> dict[str, bytes]:
    """The contents of files by name, in the wrong order."""
    return {name: Path(name).read_bytes() for name in reversed(names)}
