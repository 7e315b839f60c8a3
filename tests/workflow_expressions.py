"""The part of GitHub's expressions that the recipes use. What is not understood fails; nothing is guessed.

A property that does not exist is an error here, where GitHub has an empty text: so a misspelt one is found.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>\d+)|(?P<name>[A-Za-z_][\w-]*)|(?P<sign>==|!=|&&|\|\||[!().]))"
)
_EMBEDDED = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_STATUS = ("always", "success", "failure")


class NotUnderstoodError(Exception):
    """An expression that is wrong, or beyond what is understood here."""


class _Reader:
    def __init__(self, text: str, contexts: Mapping[str, Any], *, failed: bool) -> None:
        self.tokens = _tokens(text)
        self.text, self.contexts, self.failed = text, contexts, failed

    def take(self, *signs: str) -> str | None:
        if self.tokens and self.tokens[0] in [("sign", sign) for sign in signs]:
            return self.tokens.pop(0)[1]
        return None

    def expect(self, kind: str, text: str | None = None) -> str:
        if not self.tokens or self.tokens[0][0] != kind or text not in {None, self.tokens[0][1]}:
            raise NotUnderstoodError(f"{self.text!r}: {text or kind} expected at {self.tokens[:1]}")
        return self.tokens.pop(0)[1]

    def either(self) -> object:
        value = self.both()
        while self.take("||"):
            other = self.both()
            value = value if _true(value) else other
        return value

    def both(self) -> object:
        value = self.equal()
        while self.take("&&"):
            other = self.equal()
            value = other if _true(value) else value
        return value

    def equal(self) -> object:
        value = self.single()
        while sign := self.take("==", "!="):
            value = _same(value, self.single()) is (sign == "==")
        return value

    def single(self) -> object:
        if self.take("!"):
            return not _true(self.single())
        if self.take("("):
            value = self.either()
            self.expect("sign", ")")
            return value
        if self.tokens and self.tokens[0][0] == "text":
            return self.expect("text")[1:-1].replace("''", "'")
        if self.tokens and self.tokens[0][0] == "number":
            return int(self.expect("number"))
        return self.named(self.expect("name"))

    def named(self, name: str) -> object:
        if name in {"true", "false"}:
            return name == "true"
        if self.take("("):
            self.expect("sign", ")")
            if name not in _STATUS:
                raise NotUnderstoodError(f"{self.text!r}: the function {name}")
            return {"always": True, "success": not self.failed, "failure": self.failed}[name]
        value: Any = self.contexts
        path = [name]
        while True:
            if not isinstance(value, Mapping) or path[-1] not in value:
                raise NotUnderstoodError(f"{self.text!r}: there is no {'.'.join(path)}")
            value = value[path[-1]]
            if not self.take("."):
                return value
            path.append(self.expect("name"))


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    place = 0
    text = text.strip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None or match.lastgroup is None:
            raise NotUnderstoodError(f"{text!r} at {place}")
        found.append((match.lastgroup, match[match.lastgroup]))
        place = match.end()
    return found


def _true(value: object) -> bool:
    return value not in (False, 0, "", None)


def _same(one: object, other: object) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return one.casefold() == other.casefold()
    if type(one) is not type(other):
        raise NotUnderstoodError(f"{one!r} and {other!r} are not of one type")
    return one == other


def evaluate(text: str, contexts: Mapping[str, Any], *, failed: bool = False) -> object:
    """Return the value of an expression without its braces."""
    reader = _Reader(text, contexts, failed=failed)
    value = reader.either()
    if reader.tokens:
        raise NotUnderstoodError(f"{text!r}: {reader.tokens[0][1]} is left over")
    return value


def condition(text: str | None, contexts: Mapping[str, Any], *, failed: bool = False) -> bool:
    """Whether a step or a job runs. Without a status function, ``success()`` is part of every condition."""
    if text is None:
        return not failed
    embedded = _EMBEDDED.fullmatch(text.strip())
    expression = embedded[1] if embedded else text
    value = _true(evaluate(expression, contexts, failed=failed))
    asks = any(("name", name) in _tokens(expression) for name in _STATUS)
    return value and (asks or not failed)


def fill(text: str, contexts: Mapping[str, Any]) -> str:
    """Return a text with its ``${{ }}`` replaced."""

    def value(match: re.Match[str]) -> str:
        found = evaluate(match[1], contexts)
        if isinstance(found, bool):
            return "true" if found else "false"
        if not isinstance(found, str | int):
            raise NotUnderstoodError(f"{match[0]} is no text")
        return str(found)

    return _EMBEDDED.sub(value, text)
