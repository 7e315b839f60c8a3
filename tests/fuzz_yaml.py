"""Fuzzing of everything that reads a configuration, with atheris; what it found is in ``tests/cases``.

::

    pip install atheris
    python tests/fuzz_yaml.py CORPUS [-max_total_time=600] [-timeout=5] [further options of libFuzzer]

``CORPUS`` is a folder that grows; it is begun with the cases. Not collected by pytest: ``test_fuzz_yaml.py``
holds :func:`examine` to inputs that need no fuzzer. The seconds that an input may take are libFuzzer's to
watch (``-timeout``): a file of a few kilobytes takes milliseconds.
"""

from __future__ import annotations

import hashlib
import importlib
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from config_support import CASES, without_places, written

from scalekit_apply.config import Loaded, load_sources
from scalekit_apply.diagnostics import Diagnostic, Severity
from scalekit_apply.nodes import Document, ListNode, MappingNode, Node
from scalekit_apply.sourcetext import SourceText, decode
from scalekit_apply.yamlsource import parse

NAME: Final = "f.yaml"
LONGEST: Final = 4096
_BOM: Final = b"\xef\xbb\xbf"
WORDS: Final = (
    *(
        "version: 1",
        "environment",
        "limits",
        "max_disables",
        "max_disable_percent",
        "checks",
        "organizations",
    ),
    *("id", "name", "unmanaged", "connections", "enabled", "description", "protected", "expect", "provider"),
    *("type", "status", "domains", "org_1", "conn_1", "true", "false", "off", "null", "~", "mass-disable"),
    *("- ", "? ", ": ", "*a", "&a ", "!!str ", "!t ", "<<: ", "|\n", ">-\n", "{", "}", "[", "]", ", ", "# "),
    *("'", '"', "\\n", "\\x", "\\ud800", "---\n", "...\n", "%YAML 1.2\n", "%TAG ! x\n", "\n  ", "\t", "\r\n"),
    *("0x1F", "0o17", ".inf", ".nan", "1e9", "\u2028", "\u202e", "\ufeff", "\x85", "\x00", "\xe9", "@", "`"),
)


def examine(data: bytes) -> None:
    """Fail if reading ``data`` breaks a promise: no exception, a place in each error, one meaning."""
    loaded = load_sources({NAME: data})
    text = decode(NAME, data)
    for item in loaded.diagnostics:
        _examine_problem(item, text)
    assert load_sources({NAME: data}) == loaded, "read twice, it means two things"
    if not loaded.diagnostics.has_errors:
        _examine_accepted(data, loaded)
    if isinstance(text, SourceText):
        _examine_parsers(text)


def _examine_problem(item: Diagnostic, text: SourceText | Diagnostic) -> None:
    assert item.summary, "a problem says nothing"
    assert item.summary.isprintable(), f"not one visible line: {item.summary!r}"
    assert item.location is not None, f"no place: {item.summary}"
    assert item.location.file == NAME
    if not isinstance(text, SourceText):
        return
    line, column = item.location.line, item.location.column
    assert line is not None, f"no line: {item.summary}"
    assert column is not None, f"no column: {item.summary}"
    lines = text.characters.split("\n")
    assert 1 <= line <= len(lines), f"line {line} of {len(lines)}: {item.summary}"
    assert 1 <= column <= len(lines[line - 1]) + 1, f"column {column} of {lines[line - 1]!r}: {item.summary}"


def _examine_accepted(data: bytes, loaded: Loaded) -> None:
    wanted = without_places(loaded.desired)
    assert data, "nothing at all was accepted"
    with_mark = load_sources({NAME: _BOM + data.removeprefix(_BOM)})
    assert with_mark == loaded, "a byte order mark changes it"
    again = load_sources({NAME: written(wanted)})
    problems = [item for item in again.diagnostics if item.severity is Severity.ERROR]
    assert not problems, f"written out, it is refused: {problems}"
    assert without_places(again.desired) == wanted, "written out, it means something else"


def _examine_parsers(text: SourceText) -> None:
    """Whether libyaml is there may decide how a file is refused, never what an accepted one says."""
    first, second = (parse(text, accelerated=accelerated) for accelerated in (True, False))
    for document, problems in (first, second):
        assert document is not None or problems, "refused without a problem"
    if first[0] is not None and second[0] is not None and not first[1] and not second[1]:
        assert _values(first[0]) == _values(second[0]), "the two parsers read two things"


def _values(document: Document) -> object:
    """Every value with its place, in a form that compares ``nan`` and ``1.0`` with care.

    Without the place of nothing: a value that is left out stands at no character.
    """

    def of(node: Node, place: int) -> object:
        if isinstance(node, MappingNode):
            return {
                (key, document.key_place(node, index)): of(value, document.value_place(node, index))
                for index, (key, value) in enumerate(node.items())
            }
        if isinstance(node, ListNode):
            return [of(value, document.value_place(node, index)) for index, value in enumerate(node)]
        return repr(node), None if node is None else place

    return of(document.root, document.root_place)


def seeds() -> list[bytes]:
    """The cases, as far as they are short."""
    files = (path.read_bytes() for path in sorted(CASES.rglob("*")) if path.suffix in {".yaml", ".yml"})
    return [data for data in files if len(data) <= LONGEST]


def main(arguments: list[str]) -> None:
    """Fuzz until libFuzzer has enough. The first argument that is no option is the corpus."""
    atheris: Any = importlib.import_module("atheris")
    corpus = next((Path(each) for each in arguments[1:] if not each.startswith("-")), None)
    if corpus is not None:
        corpus.mkdir(parents=True, exist_ok=True)
        for data in seeds():
            (corpus / hashlib.sha256(data).hexdigest()).write_bytes(data)
    with tempfile.NamedTemporaryFile("w", suffix=".dict", encoding="ascii") as dictionary:
        for word in WORDS:
            escaped = "".join(f"\\x{byte:02x}" for byte in word.encode("utf-8"))
            dictionary.write(f'"{escaped}"\n')
        dictionary.flush()
        atheris.instrument_all()
        options = [f"-max_len={LONGEST}", "-timeout=5", f"-dict={dictionary.name}"]
        atheris.Setup([arguments[0], *options, *arguments[1:]], examine)
        atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv)
