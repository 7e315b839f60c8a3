"""What must not be shown, taken out of text that the service or a library wrote."""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode
from typing import Final, NoReturn, cast
from urllib.parse import unquote

from scalekit_apply.settings import HIDDEN

_SHORTEST_SECRET: Final = 4
_TOKEN_LIKE: Final = re.compile(r"(?i:bearer\s+)[^\s\"']+|eyJ[\w-]{8,}(?:\.[\w-]*)*")
# Between the scheme and the host: a name, and often a password.
_USER_OF_URL: Final = re.compile(r"(?<=://)[^\s/?#\"'<>@]+(?=@)")
_USER_IN_BODY: Final = re.compile(rb"://[^\s/?#\"'<>@]+@")
_LETTERS: Final = re.compile("[0-9A-Za-z]+")
# What JSON may write in place of a letter of ASCII.
_ESCAPE: Final = re.compile(rb'\\(?:u00([0-7][0-9A-Fa-f])|(["\\/]))')


class Redactor:
    """Takes out of text what must not be shown, should the service repeat it."""

    def __init__(self) -> None:
        # By value, the longest first: what finds it in whichever way it is written, and a part of it that
        # every way to write it has.
        self._hidden: dict[str, tuple[re.Pattern[str], bytes]] = {}

    def hide(self, value: str) -> None:
        """Hide ``value`` from now on, also as URLs, JSON, HTML and shells write it.

        Too few letters are no secret, and would take words apart.
        """
        if len(value) < _SHORTEST_SECRET or value in self._hidden:
            return
        pattern = re.compile("".join(map(_spelled, value)))
        core = max(_LETTERS.findall(value), key=len, default="")
        hidden = {**self._hidden, value: (pattern, core.encode("ascii"))}
        self._hidden = dict(sorted(hidden.items(), key=lambda item: len(item[0]), reverse=True))

    def hide_login(self, url: str) -> None:
        """Hide the password of a URL, also in the form of basic authentication. Any text is a URL here."""
        login, at, _ = url.partition("://")[2].rpartition("@")
        user, colon, password = login.partition(":")
        if at and colon:
            self.hide(password)
            self.hide(unquote(password))
            pair = f"{unquote(user)}:{unquote(password)}"
            self.hide(b64encode(pair.encode("utf-8", "replace")).decode("ascii"))

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise TypeError("what holds secrets is neither pickled nor copied")

    def __call__(self, text: str) -> str:
        """Return ``text`` without what is hidden, and without what looks like a token."""
        return _TOKEN_LIKE.sub(HIDDEN, self._without(text))

    def body(self, data: bytes) -> bytes:
        """Return JSON without what is hidden and without the users of URLs; ``data`` itself if it has none.

        What is not JSON is returned as it is: nothing of it is ever shown.
        """
        plain = _ESCAPE.sub(_unescaped, data) if b"\\" in data else data
        # Nearly every answer ends here, the largest take a few milliseconds for it.
        if not any(core in plain for _, core in self._hidden.values()) and not _USER_IN_BODY.search(plain):
            return data
        try:
            value: object = json.loads(data)
        except (ValueError, RecursionError):
            return data
        return json.dumps(self._value(value)).encode("ascii")

    def _value(self, value: object) -> object:
        match value:
            case str():
                return self._without(value)
            case dict():
                fields = cast("dict[str, object]", value)
                return {self._without(key): self._value(item) for key, item in fields.items()}
            case list():
                return [self._value(item) for item in cast("list[object]", value)]
            case _:
                return value

    def _without(self, text: str) -> str:
        for pattern, _ in self._hidden.values():
            text = pattern.sub(HIDDEN, text)
        return _USER_OF_URL.sub(HIDDEN, text)


def _spelled(char: str) -> str:
    """Return a pattern for every way to write a character."""
    number = ord(char)
    code = f"(?i:{number:02x})"
    ways = [re.escape(char), f"%{code}", f"&#(?:{number}|[xX]0*{code});"]
    if (entity := html.escape(char)) != char:
        ways.append(entity)
    if not char.isalnum():
        # One backslash for every time that it was quoted.
        ways.insert(0, rf"\\+(?:u00{code}|{re.escape(char)})")
    return f"(?:{'|'.join(ways)})"


def _unescaped(match: re.Match[bytes]) -> bytes:
    return bytes([int(match[1], 16)]) if match[1] else match[2]
