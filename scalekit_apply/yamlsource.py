"""YAML with places: characters → a document, or problems that say where they are.

The document is built from the event stream of the parser, which neither recurses nor expands aliases:
limits are enforced before anything grows. The language is YAML 1.2 with its core schema, less tags, merge
keys and further documents. This is the only module that imports ``yaml``.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final, NoReturn, Protocol, cast

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from scalekit_apply.diagnostics import Diagnostic
from scalekit_apply.nodes import Document, ListNode, MappingNode, Node
from scalekit_apply.scalars import LongNumberError, Scalar, resolve
from scalekit_apply.sourcetext import MOST_PROBLEMS, SourceText, described, quoted
from scalekit_apply.syntax import HALF_CHARACTER, syntax_problem

MAX_DEPTH: Final = 50
MAX_ALIAS_NODES: Final = 1_000_000
# Not a rule of the language: it bounds what a hostile file of permitted size can make the builder hold.
MAX_EVENTS: Final = 6_000_000
_REMEMBERED: Final = 10_000
_SURROGATES: Final = re.compile("[\ud800-\udfff]")
_TAG_DIRECTIVE: Final = re.compile(r"^%TAG\b", re.MULTILINE)


class _Mark(Protocol):
    @property
    def index(self) -> int: ...


class _Event(Protocol):
    """What the builder looks at in the events of either parser, each attribute where its kind has it."""

    start_mark: _Mark
    anchor: str | None
    tag: str | None
    value: str
    style: str | None


class _Parser(Protocol):
    def get_event(self) -> _Event: ...
    def dispose(self) -> None: ...


def has_libyaml() -> bool:
    """Whether the accelerated parser is there."""
    return bool(yaml.__with_libyaml__)


def parse(text: SourceText, *, accelerated: bool = True) -> tuple[Document | None, list[Diagnostic]]:
    """Return the document of a file and the problems of its YAML.

    There is no document when nothing of it can be used; then there is at least one problem. Without
    ``accelerated``, or where libyaml is absent, the parser written in Python is asked for the same events.
    """
    if (tag := _TAG_DIRECTIVE.search(text.characters)) is not None:
        return None, [text.problem(tag.start(), "yaml-tag", "tags are not supported; remove the %TAG line")]
    builder = _Builder(text)
    try:
        with _parser(text.characters, accelerated=accelerated and has_libyaml()) as parser:
            builder.build(parser)
    except _RefusedError as refused:
        return None, [*builder.problems, refused.problem]
    except yaml.MarkedYAMLError as error:
        problem = syntax_problem(
            text,
            error.problem_mark.index if error.problem_mark else 0,
            error.context_mark.index if error.context_mark else None,
            error.problem or "",
            error.context or "",
        )
        return None, [*builder.problems, problem]
    except (yaml.YAMLError, ValueError, OverflowError):
        # The parser written in Python lets escapes and versions beyond all ranges out as these.
        problem = text.problem(builder.last_place, "yaml-syntax", "not valid YAML somewhere after this")
        return None, [*builder.problems, problem]
    document = Document(root=builder.root, root_place=builder.root_place, text=text, places=builder.places)
    return document, builder.problems


@contextmanager
def _parser(characters: str, *, accelerated: bool) -> Generator[_Parser]:
    kind = yaml.CSafeLoader if accelerated else yaml.SafeLoader
    parser = cast("_Parser", kind(characters))
    try:
        yield parser
    finally:
        parser.dispose()


class _RefusedError(Exception):
    """What ends the reading of a file."""

    def __init__(self, problem: Diagnostic) -> None:
        super().__init__(problem.summary)
        self.problem = problem


class _Missing:
    """The type of ``_AWAITED``: no key yet."""

    __slots__ = ()


_AWAITED: Final = _Missing()


class _Frame:
    """A container that is still open. ``key`` is ``None`` while the value of an unusable key is read."""

    __slots__ = ("anchor", "key", "key_place", "key_places", "node", "pending", "place")

    def __init__(self, node: MappingNode | ListNode, place: int, anchor: str | None) -> None:
        self.node = node
        self.place = place
        self.anchor = anchor
        self.pending: list[int] = []
        self.key: str | _Missing | None = _AWAITED
        self.key_place = 0
        self.key_places: dict[str, int] = {}  # filled at the first duplicate


class _Builder:
    """Consumes events. Everything per event is here, and kept lean: a large file has a million of them."""

    __slots__ = (
        "_anchors", "_expanded", "_frame", "_measures", "_scalars", "_stack", "_text", "last_place",
        "places", "problems", "root", "root_place",
    )  # fmt: skip

    def __init__(self, text: SourceText) -> None:
        self.problems: list[Diagnostic] = []
        self.places = array("I")
        self.root: Node = None
        self.root_place = 0
        self.last_place = 0
        self._text = text
        self._stack: list[_Frame] = []
        self._frame: _Frame | None = None
        self._scalars: dict[str, Scalar] = {}
        self._anchors: dict[str, Node | _Missing] = {}
        self._measures: dict[int, tuple[MappingNode | ListNode, int, int]] = {}
        self._expanded = 0

    def build(self, parser: _Parser) -> None:
        """Read one document to its end, and make sure that there is no other."""
        next_event = parser.get_event
        documents = 0
        for _ in range(MAX_EVENTS):
            event = next_event()
            kind: Any = type(event)
            if kind is ScalarEvent:
                self._scalar(event)
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                self._close()
            elif kind is MappingStartEvent:
                self._open(event, MappingNode())
            elif kind is SequenceStartEvent:
                self._open(event, ListNode())
            elif kind is AliasEvent:
                self._alias(event)
            elif kind is DocumentStartEvent:
                documents += 1
                if documents > 1:
                    self._refuse(
                        event.start_mark.index,
                        "yaml-documents",
                        "a second document starts here; put it into a file of its own",
                    )
            elif kind is StreamEndEvent:
                return
        self._refuse(
            self.last_place, "too-large", "the file holds too many values; split it into several files"
        )

    def _scalar(self, event: _Event) -> None:
        place = event.start_mark.index
        node: Scalar = event.value
        plain = not event.style or event.style == ":"
        if event.tag is not None:
            self._report_tag(place)
        if plain:
            scalars = self._scalars
            node = scalars[event.value] if event.value in scalars else self._resolve(event.value, place)
        elif not event.value.isascii():
            self._refuse_surrogates(event.value, place)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        self._put(node, place, merge=plain and node == "<<")

    def _open(self, event: _Event, node: MappingNode | ListNode) -> None:
        place = event.start_mark.index
        self.last_place = place
        if event.tag is not None:
            self._report_tag(place)
        if len(self._stack) + (self._frame is not None) >= MAX_DEPTH:
            self._refuse(place, "too-deep", f"nested deeper than {MAX_DEPTH} levels; no setting is")
        if self._frame is not None:
            self._stack.append(self._frame)
        if event.anchor is not None:
            self._anchors[event.anchor] = _AWAITED
        self._frame = _Frame(node, place, event.anchor)

    def _close(self) -> None:
        frame = self._frame
        assert frame is not None  # noqa: S101  # the parser balances its events
        node = frame.node
        node.start = len(self.places)
        self.places.extend(frame.pending)
        if frame.anchor is not None:
            self._anchors[frame.anchor] = node
            self._measures[id(node)] = (node, *self._measure(node))
        if not self._stack:
            self._frame = None
            self.root, self.root_place = node, frame.place
            return
        self._frame = self._stack.pop()
        self._put(node, frame.place)

    def _put(self, node: Node, place: int, *, merge: bool = False) -> None:
        frame = self._frame
        if frame is None:
            self.root, self.root_place = node, place
            return
        container = frame.node
        if isinstance(container, ListNode):
            container.append(node)
            frame.pending.append(place)
            return
        key = frame.key
        if isinstance(key, _Missing):
            self._key(frame, node, place, merge=merge)
            return
        frame.key = _AWAITED
        if key is not None:
            container[key] = node
            frame.pending += (frame.key_place, place)

    def _key(self, frame: _Frame, node: Node, place: int, *, merge: bool) -> None:
        frame.key = None
        if type(node) is not str:
            self._report(place, "invalid-key", f"a key must be text, not {described(node)}; put it in quotes")
        elif merge:
            self._report(place, "merge-key", "merge keys (<<) are not supported; write the keys out")
        elif node in frame.node:
            self._report_duplicate(frame, node, place)
        else:
            frame.key = node
            frame.key_place = place
            if frame.key_places:
                frame.key_places[node] = place

    def _report_duplicate(self, frame: _Frame, key: str, place: int) -> None:
        if not frame.key_places:
            frame.key_places = {
                str(known): frame.pending[2 * index] for index, known in enumerate(frame.node)
            }
        first = self._text.location(frame.key_places[key])
        self._report(
            place,
            "duplicate-key",
            f"the key {quoted(key)} is given twice; it already stands at {first}",
            "Remove one of the two.",
        )

    def _alias(self, event: _Event) -> None:
        place, name = event.start_mark.index, quoted(f"*{event.anchor}")
        if event.anchor not in self._anchors:
            self._refuse(place, "yaml-alias", f"the alias {name} has no anchor above it; write the value out")
        node = self._anchors[event.anchor]
        if isinstance(node, _Missing):
            self._refuse(
                place, "yaml-alias", f"the alias {name} stands inside what it repeats; write the value out"
            )
        _, size, height = self._measures.get(id(node), (node, 1, 0))
        self._expanded += size
        if self._expanded > MAX_ALIAS_NODES:
            self._refuse(
                place, "too-large", f"the aliases repeat more than {MAX_ALIAS_NODES:,} values; write them out"
            )
        if len(self._stack) + (self._frame is not None) + height > MAX_DEPTH:
            self._refuse(place, "too-deep", f"aliases nest deeper than {MAX_DEPTH} levels; no setting does")
        self._put(node, place)

    def _measure(self, node: Node) -> tuple[int, int]:
        """Size and height of a value whose anchored parts have been measured before."""
        if not isinstance(node, MappingNode | ListNode):
            return 1, 0
        if id(node) in self._measures:
            return self._measures[id(node)][1:]
        children = node.values() if isinstance(node, MappingNode) else node
        size = 1 + (len(node) if isinstance(node, MappingNode) else 0)
        height = 0
        for child in children:
            child_size, child_height = self._measure(child)
            size += child_size
            height = max(height, child_height)
        return size, height + 1

    def _resolve(self, value: str, place: int) -> Scalar:
        try:
            node = resolve(value)
        except LongNumberError:
            self._report(place, "invalid-value", f"a number of {len(value):,} characters; no setting has one")
            node = 0
        if len(self._scalars) < _REMEMBERED:
            self._scalars[value] = node
        return node

    def _report_tag(self, place: int) -> None:
        self._report(place, "yaml-tag", "tags are not supported; remove the word that starts with !")

    def _refuse_surrogates(self, value: str, place: int) -> None:
        # libyaml refuses such an escape; the parser written in Python makes half a character of it.
        if _SURROGATES.search(value):
            self._refuse(place, "yaml-syntax", HALF_CHARACTER)

    def _report(self, place: int, check: str, summary: str, detail: str = "") -> None:
        if len(self.problems) >= MOST_PROBLEMS:
            self._refuse(
                place, "too-many-problems", f"more than {MOST_PROBLEMS:,} problems; mend those first"
            )
        self.problems.append(self._text.problem(place, check, summary, detail))

    def _refuse(self, place: int, check: str, summary: str) -> NoReturn:
        raise _RefusedError(self._text.problem(place, check, summary))
