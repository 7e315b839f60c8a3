"""Takes a JSON document apart and collects what is wrong, each problem with its JSON path."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from typing import Any, Final, cast


class Kind(Enum):
    """What a member of an object has to be; the value is how a problem says it."""

    TEXT = "a string"
    FLAG = "true or false"
    NUMBER = "a number"
    LIST = "an array"
    MAP = "an object"
    TEXT_MAP = "an object of strings"
    TEXT_OR_LIST = "a string or an array"


def _is_text_map(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(item, str) for item in cast("dict[str, object]", value).values()
    )


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_TESTS: Final[Mapping[Kind, Callable[[object], bool]]] = {
    Kind.TEXT: lambda value: isinstance(value, str),
    Kind.FLAG: lambda value: isinstance(value, bool),
    Kind.NUMBER: _is_number,
    Kind.LIST: lambda value: isinstance(value, list),
    Kind.MAP: lambda value: isinstance(value, dict),
    Kind.TEXT_MAP: _is_text_map,
    Kind.TEXT_OR_LIST: lambda value: isinstance(value, (str, list)),
}


class JsonReader:
    """Reads members of objects by their kinds; what does not fit is reported and left out."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def report(self, path: str, text: str) -> None:
        """Note a problem of the value at ``path``."""
        self.problems.append(f"{path.removeprefix('.') or 'The document'} {text}.")

    def members(self, value: object, kinds: Mapping[str, Kind], path: str) -> dict[str, Any]:
        """Return the members of an object that are known and of the right kind."""
        if not isinstance(value, dict):
            self.report(path, f"must be an object, not {_shown(value)}")
            return {}
        found: dict[str, Any] = {}
        for name, item in cast("dict[str, object]", value).items():
            kind = kinds.get(name)
            if kind is None:
                close = difflib.get_close_matches(name, kinds, 1)
                hint = f" (did you mean {close[0]}?)" if close else ""
                self.report(path, f"has the unknown key {_shown(name)}{hint}")
            elif not _TESTS[kind](item):
                self.report(f"{path}.{name}", f"must be {kind.value}, not {_shown(item)}")
            else:
                found[name] = item
        return found

    def items(self, members: Mapping[str, Any], name: str, path: str) -> Iterator[tuple[str, object]]:
        """Go through the array called ``name``, if there is one, each item with its path."""
        for number, item in enumerate(cast("list[object]", members.get(name, []))):
            yield f"{path}.{name}[{number}]", item

    def unique(self, what: str, ids: Iterable[str]) -> None:
        """Note every id that is there twice."""
        seen: set[str] = set()
        for one in ids:
            if one and one in seen:
                self.report("", f"has the {what} {_shown(one)} twice")
            seen.add(one)


def _shown(value: object) -> str:
    text = json.dumps(value)
    limit = 60
    return text if len(text) <= limit else f"{text[:limit]}…"
