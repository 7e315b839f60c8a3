"""Values of a YAML document that know where they stand."""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass
from typing import Final

from scalekit_apply.scalars import Scalar
from scalekit_apply.sourcetext import SourceText

Path = tuple[str | int, ...]
_WRITTEN: Final = re.compile(r"[^\s,\[\]{}#]{0,100}")


class MappingNode(dict[str, "Node"]):
    """A mapping in the order of its file. ``start`` is where its places begin in its document."""

    __slots__ = ("start",)
    start: int


class ListNode(list["Node"]):
    """A list. ``start`` is where its places begin in its document."""

    __slots__ = ("start",)
    start: int


Node = Scalar | MappingNode | ListNode


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The value of a file and the places in it.

    A place is a character offset into ``text``. ``places`` holds those of a container's children next to
    each other: a mapping's as key and value in turn. What an alias repeats stands where its anchor is.
    """

    root: Node
    root_place: int
    text: SourceText
    places: array[int]

    def key_place(self, mapping: MappingNode, index: int) -> int:
        """Where the ``index``-th key of a mapping stands."""
        return self.places[mapping.start + 2 * index]

    def value_place(self, node: MappingNode | ListNode, index: int) -> int:
        """Where the ``index``-th value of a mapping, or the ``index``-th item of a list, stands."""
        if isinstance(node, MappingNode):
            return self.places[node.start + 2 * index + 1]
        return self.places[node.start + index]

    def place_of(self, mapping: MappingNode, key: str) -> int:
        """Where the value of ``key`` stands. Takes time in proportion to the mapping."""
        return self.value_place(mapping, _index(mapping, key))

    def key_place_of(self, mapping: MappingNode, key: str) -> int:
        """Where ``key`` itself stands. Takes time in proportion to the mapping."""
        return self.key_place(mapping, _index(mapping, key))

    def place_at(self, node: Node, place: int, path: Path) -> int:
        """Where the value at the end of ``path`` stands, from a node that stands at ``place``."""
        for step in path:
            if isinstance(node, MappingNode) and isinstance(step, str):
                place, node = self.place_of(node, step), node[step]
            elif isinstance(node, ListNode) and isinstance(step, int):
                place, node = self.value_place(node, step), node[step]
        return place

    def written(self, place: int) -> str:
        """The plain scalar at a place, as it is written."""
        match = _WRITTEN.match(self.text.characters, place)
        return match[0] if match else ""


def _index(mapping: MappingNode, key: str) -> int:
    for index, known in enumerate(mapping):
        if known == key:
            return index
    raise KeyError(key)
