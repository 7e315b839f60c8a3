"""What breaks the schema of the configuration, in sentences that say what to do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Final

from scalekit_apply import schema
from scalekit_apply.diagnostics import Diagnostic
from scalekit_apply.model import Check, Scope, parse_environment
from scalekit_apply.nodes import Document, MappingNode, Node
from scalekit_apply.schema import Part, Violation
from scalekit_apply.sourcetext import described, quoted

_PLACES: Final[Mapping[str | None, str]] = {
    None: "at the top of a file",
    "organization": "in an organization",
    "connection": "in a connection",
}
_LEVELS: Final[Mapping[str | None, str]] = {
    None: "at the top",
    "organization": "on an organization",
    "connection": "on a connection",
}
_NOUNS: Final[Mapping[str | None, str]] = {
    None: "the file",
    "organization": "an organization",
    "connection": "a connection",
}
_TYPES: Final = {
    "boolean": "true or false",
    "integer": "a whole number",
    "string": "text",
    "array": "a list",
    "object": "a mapping",
}
_CHECKS: Final = tuple(check.value for check in Check)
_WHERE: Final = {
    Scope.ENVIRONMENT: "at the top only",
    Scope.ORGANIZATION: "at the top or on an organization",
    Scope.CONNECTION: "at the top, on an organization or on a connection",
}


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that was probably meant."""
    return _nearest(word[:60], tuple(known))


@cache
def _nearest(word: str, known: tuple[str, ...]) -> str | None:
    from difflib import get_close_matches  # noqa: PLC0415  # only for a configuration with errors

    plain = {item.lower().replace("_", "-"): item for item in known}
    close = get_close_matches(word.lower().replace("_", "-"), plain, n=1, cutoff=0.6)
    return plain[close[0]] if close else None


def explained(
    document: Document, place: int, part: Part | None, node: Node, violation: Violation
) -> Iterator[Diagnostic]:
    """Yield the problems that one violation stands for, in a part whose node stands at ``place``."""
    at = document.place_at(node, place, violation.path)
    match violation.keyword:
        case "additionalProperties":
            yield from _unknown_keys(document, part, node, violation)
        case "required":
            yield from _missing_keys(document, at, part, violation)
        case _:
            check, summary, detail = _wrong_value(document, at, part, violation)
            yield document.text.problem(at, check, summary, detail)


def _unknown_keys(
    document: Document, part: Part | None, node: Node, violation: Violation
) -> Iterator[Diagnostic]:
    # A part is asked about as a copy without its children, so the node itself knows the places.
    mapping = violation.value if violation.path else node
    assert isinstance(mapping, MappingNode)  # noqa: S101  # the document holds no other kind
    known = violation.schema["properties"]
    for index, key in enumerate(mapping):
        if key not in known:
            explain = _unknown_check if violation.path[-1:] == ("checks",) else _unknown_key
            check, summary, detail = explain(key, part, violation)
            yield document.text.problem(document.key_place(mapping, index), check, summary, detail)


def _unknown_key(key: str, part: Part | None, violation: Violation) -> tuple[str, str, str]:
    known = violation.schema["properties"]
    where = f'in "{violation.path[-1]}"' if violation.path else _PLACES[part]
    summary = f"unknown key {quoted(key)} {where}"
    detail = f"Known keys here: {', '.join(known)}."
    if (meant := nearest(key, known)) is not None:
        return "unknown-key", f'{summary}; did you mean "{meant}"?', detail
    homes = [place for home, place in _PLACES.items() if key in _properties(home)]
    if homes:
        return "unknown-key", f"{summary}; it belongs {' or '.join(homes)}", detail
    return "unknown-key", f"{summary}; remove it", detail


@cache
def _properties(part: Part | None) -> Mapping[str, Any]:
    tree = schema.tree("config")
    found: Mapping[str, Any] = (tree if part is None else tree["$defs"][part])["properties"]
    return found


def _unknown_check(key: str, part: Part | None, violation: Violation) -> tuple[str, str, str]:
    known = violation.schema["properties"]
    if key in _CHECKS:
        rule = Check(key).rule
        if rule.fixed:
            return (
                "fixed-check",
                f'the check "{key}" is fixed: it is always an error and cannot be set; remove it',
                "",
            )
        summary = f'the check "{key}" cannot be set {_LEVELS[part]}; it may be set {_WHERE[rule.scope]}'
        return "misplaced-check", summary, ""
    detail = f"Checks that can be set here: {', '.join(known)}."
    meant = nearest(key, _CHECKS)
    fix = f'did you mean "{meant}"?' if meant else "remove it"
    return "unknown-check", f"unknown check {quoted(key)}; {fix}", detail


def _missing_keys(
    document: Document, at: int, part: Part | None, violation: Violation
) -> Iterator[Diagnostic]:
    known = _properties(part)
    meant = {nearest(key, known) for key in violation.value if key not in known}
    for key in violation.rule:
        # Of a misspelt key there is a better report than that it is missing.
        if key not in violation.value and key not in meant:
            example = _example(known[key], key)
            yield document.text.problem(at, "missing-key", f'{_NOUNS[part]} has no "{key}"; add it', example)


_PLAIN: Final = re.compile(r'"([A-Za-z_][\w.-]*)"')


def _example(rules: Mapping[str, Any], key: str) -> str:
    value = rules["examples"][0]
    shown = _PLAIN.sub(r"\1", value if isinstance(value, str) else json.dumps(value))
    return f"For example: {key}: {shown}"


def _subject(part: Part | None, violation: Violation) -> str:
    path = violation.path
    if not path:
        return _NOUNS[part]
    if path[-2:-1] == ("checks",):
        return f'the level of "{path[-1]}"'
    if isinstance(path[-1], int):
        return "a domain"
    return f'"{path[-1]}"'


def _wrong_value(
    document: Document, at: int, part: Part | None, violation: Violation
) -> tuple[str, str, str]:
    subject, value, rule = _subject(part, violation), violation.value, violation.rule
    check, detail = "invalid-value", ""
    match violation.keyword:
        case "type":
            check, detail, written = "wrong-type", _example_of(part, violation), document.written(at)
            fix = _type_fix(rule, value, written)
            summary = f"{subject} must be {_TYPES[rule]}, not {_told(value, written)}{fix}"
        case "const":
            check, summary = "unsupported-version", _wrong_version(value)
        case "enum":
            summary = _wrong_choice(subject, value, rule)
        case "anyOf":
            summary = _wrong_fact(subject, value, rule[0]["enum"])
        case "pattern":
            summary, detail = _wrong_text(subject, part, violation), _example_of(part, violation)
        case "minimum" | "maximum":
            low, high = violation.schema["minimum"], violation.schema["maximum"]
            summary = f"{subject} must be from {low} to {high}, not {document.written(at) or value}"
        case "minLength" | "minProperties":
            summary, detail = (
                f"{subject} is empty; write a value or remove the key",
                _example_of(part, violation),
            )
        case "maxLength":
            summary = f"{subject} is longer than {rule} characters; shorten it"
        case keyword:
            summary = f"{subject} breaks the rule {keyword} of the schema"
    return check, summary, detail


def _told(value: object, written: str) -> str:
    """Describe a value as it is written: ``0x1F`` is more help than 31."""
    if isinstance(value, int | float) and not isinstance(value, bool) and written:
        return f"the number {written}"
    return described(value)


def _type_fix(wanted: str, value: object, written: str) -> str:
    fix = ""
    match wanted, value:
        case "boolean", str() if value.lower() in _TRUTHS:
            fix = "write true or false without quotes"
        case "boolean", _:
            fix = "write true or false"
        case "integer", str() if re.fullmatch(r"[0-9][0-9_,' ]*", value):
            fix = f"write {re.sub(r'[^0-9]', '', value)}"
        case "string", bool() | int() | float():
            fix = f'write it in quotes: "{written}"' if written else "write it in quotes"
        case "array", MappingNode():
            fix = 'start each entry with "- "'
        case "array", str():
            fix = f"write [{written}]" if written == value else 'start each entry with "- "'
        case "array", None:
            fix = "write [] or remove the key"
        case _, None:
            fix = "write a value or remove it"
        case _:
            pass
    return f"; {fix}" if fix else ""


_TRUTHS: Final = frozenset({"yes", "no", "on", "off", "true", "false", "y", "n"})


def _wrong_version(value: object) -> str:
    if isinstance(value, str) and value.strip() == "1":
        return '"version" must be the number 1; write it without quotes'
    return f'"version" must be 1, not {described(value)}; 1 is the only version that this program knows'


def _wrong_choice(subject: str, value: object, choices: list[str]) -> str:
    listed = f"{', '.join(choices[:-1])} or {choices[-1]}"
    if isinstance(value, bool) and "off" in choices:
        return f"{subject} must be {listed}, not {described(value)}; write {'error' if value else 'off'}"
    if isinstance(value, str):
        meant = nearest(value, choices)
        fix = f'; did you mean "{meant}"?' if meant else ""
        return f"{subject} must be {listed}, not {quoted(value)}{fix}"
    return f"{subject} must be {listed}, not {described(value)}"


def _wrong_fact(subject: str, value: object, known: list[str]) -> str:
    if isinstance(value, str):
        meant = nearest(value, known)
        fix = f'did you mean "{meant}"?' if meant else f"for example {known[0]}"
        return f"{subject} must be a word in capitals, not {quoted(value)}; {fix}"
    return f"{subject} must be a word in capitals, not {described(value)}; for example {known[0]}"


def _wrong_text(subject: str, part: Part | None, violation: Violation) -> str:
    value = str(violation.value)
    match part, violation.path[-1:]:
        case None, ("environment",):
            return f"{subject} {environment_fault(value)}"
        case "organization", ("id",):
            if value.startswith("conn_"):
                return f"{quoted(value)} is the id of a connection; an organization's starts with org_"
            return f'{subject} must be "org_" and 1 to 28 letters, digits, "_" or "-", not {quoted(value)}'
        case "connection", ("id",):
            if value.startswith("org_"):
                return f"{quoted(value)} is the id of an organization; a connection's starts with conn_"
            return f'{subject} must be "conn_" and 1 to 27 letters, digits, "_" or "-", not {quoted(value)}'
        case _:
            return f"{subject} must be a name such as megasoft.com, not {quoted(value)}"


def environment_fault(url: str) -> str:
    """Return why a text is not an environment, without repeating it: it may hold a password."""
    try:
        parse_environment(url)
    except ValueError as error:
        return str(error)
    return "must be written like https://acme.scalekit.com"


_BEGINNINGS: Final[Mapping[str | None, str]] = {
    None: "Start the file with version: 1 at the left margin.",
    "organization": "Write it as - id: org_59615193906282635",
    "connection": "Write it as - {id: conn_2123312131125533, enabled: true}",
}


def _example_of(part: Part | None, violation: Violation) -> str:
    if not violation.path:
        return _BEGINNINGS[part]
    if "examples" not in violation.schema:
        return ""
    return _example(violation.schema, str(violation.path[-1]))
