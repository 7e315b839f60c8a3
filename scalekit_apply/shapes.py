"""Which parts of a configuration are plainly valid.

Two connections that differ only in ids, names, descriptions and domains that satisfy their patterns are
equally valid, so the schema is asked once for each shape. A part that is not plainly valid is none of this
module's business: the schema says what is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from scalekit_apply import schema
from scalekit_apply.nodes import ListNode, MappingNode, Node
from scalekit_apply.schema import Part, Violation

_Free = Callable[[str], object]
_Shape = tuple[object, ...]


class Shapes:
    """Remembers the shapes that the schema found valid."""

    def __init__(self) -> None:
        self._valid: dict[Part | None, set[_Shape]] = {
            None: set(),
            "organization": set(),
            "connection": set(),
        }
        self._free: Mapping[Part | None, Mapping[str, _Free]] = _free_texts()
        self._domain = _matcher(_definition("connection")["expect"]["properties"]["domains"]["items"])

    def violations(self, part: Part | None, node: Node, *, most: int) -> tuple[Violation, ...]:
        """Return what breaks the schema in the whole file (``None``), an organization or a connection.

        The organizations of a file and the connections of an organization are not looked into.
        """
        shape = self._shape(node, self._free[part]) if isinstance(node, MappingNode) else None
        if shape is not None and shape in self._valid[part]:
            return ()
        found = schema.violations("config", _shell(part, node), part=part, most=most)
        if shape is not None and not found:
            self._valid[part].add(shape)
        return found

    def _shape(self, node: MappingNode, free: Mapping[str, _Free]) -> _Shape | None:
        """Return what decides on validity, ``None`` when only the schema can tell."""
        shape: list[object] = []
        for key, value in node.items():
            if isinstance(value, bool):
                fact: object = bool
            elif isinstance(value, str):
                fact = str if (matches := free.get(key)) and matches(value) else value
            elif isinstance(value, int):
                fact = (int, value)
            elif isinstance(value, MappingNode):
                fact = self._shape(value, free)
            elif isinstance(value, ListNode) and (key in _CHILDREN or self._are_domains(key, value)):
                fact = list
            else:
                fact = None
            if fact is None:
                return None
            shape += (key, fact)
        return tuple(shape)

    def _are_domains(self, key: str, node: ListNode) -> bool:
        return key == "domains" and all(isinstance(item, str) and self._domain(item) for item in node)


_CHILDREN: Final = frozenset({"organizations", "connections"})


def _shell(part: Part | None, node: Node) -> Node | dict[str, Any]:
    key = {None: "organizations", "organization": "connections", "connection": None}[part]
    if key is not None and isinstance(node, MappingNode) and isinstance(node.get(key), ListNode):
        return {**node, key: []}
    return node


def _definition(part: Part) -> Mapping[str, Any]:
    properties: Mapping[str, Any] = schema.tree("config")["$defs"][part]["properties"]
    return properties


def _free_texts() -> Mapping[Part | None, Mapping[str, _Free]]:
    organization, connection = _definition("organization"), _definition("connection")
    return {
        None: {},
        "organization": {key: _matcher(organization[key]) for key in ("id", "name")},
        "connection": {key: _matcher(connection[key]) for key in ("id", "description")},
    }


def _matcher(rules: Mapping[str, Any]) -> _Free:
    """Return a function that is true for text that satisfies these rules of a schema."""
    pattern = re.compile(rules.get("pattern", "").removeprefix("^").removesuffix("$") or r"(?s:.*)")
    fits, longest, shortest = pattern.fullmatch, rules.get("maxLength"), rules.get("minLength", 0)
    if longest is None and not shortest:
        return fits
    return lambda text: shortest <= len(text) <= (longest or len(text)) and fits(text)
