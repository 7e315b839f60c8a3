"""Problems as values: a severity, a name, what is wrong, what to do, and a place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, overload


class Severity(StrEnum):
    """How bad a problem is. Only an error blocks."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A place in a file, as editors count: lines and columns from 1, ``None`` for the whole file.

    ``file`` is written as the user named it (relative stays relative), with ``/`` between parts.
    """

    file: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One problem.

    ``check`` is a stable, kebab-case name (a check's, or the rule that a file broke). ``summary`` is one
    sentence without a newline. ``detail`` says what to do, empty when the summary does. ``address`` is
    ``org_…/conn_…`` or ``org_…`` where the problem has one. Text may hold what a server or a file said:
    views escape it.
    """

    severity: Severity
    check: str
    summary: str
    detail: str = ""
    address: str | None = None
    location: Location | None = None


_RANK: Final = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


def _order(item: Diagnostic) -> tuple[int, str, int, int, str, str, str, str]:
    place = item.location
    return (
        _RANK[item.severity],
        place.file if place else "",
        (place.line or 0) if place else 0,
        (place.column or 0) if place else 0,
        item.address or "",
        item.check,
        item.summary,
        item.detail,
    )


class Diagnostics(Sequence[Diagnostic]):
    """An immutable collection without repeats: errors first, then by file, line, column and address."""

    __slots__ = ("_items",)

    def __init__(self, items: Iterable[Diagnostic] = ()) -> None:
        self._items = tuple(sorted(dict.fromkeys(items), key=_order))

    @overload
    def __getitem__(self, index: int) -> Diagnostic: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Diagnostic, ...]: ...
    def __getitem__(self, index: int | slice) -> Diagnostic | tuple[Diagnostic, ...]:
        return self._items[index]

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(self._items)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Diagnostics) and self._items == other._items

    def __hash__(self) -> int:
        return hash(self._items)

    def __repr__(self) -> str:
        return f"Diagnostics({list(self._items)!r})"

    def __add__(self, other: Iterable[Diagnostic]) -> Diagnostics:
        return Diagnostics((*self._items, *other))

    def of(self, severity: Severity) -> tuple[Diagnostic, ...]:
        """Return those of one severity, in order."""
        return tuple(item for item in self._items if item.severity is severity)

    @property
    def has_errors(self) -> bool:
        """Whether anything in here blocks."""
        return any(item.severity is Severity.ERROR for item in self._items)
