"""What must not be shown, taken out of text that the service or a library wrote."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, quote_plus

from scalekit_apply.settings import HIDDEN

_SHORTEST_SECRET: Final = 4
_TOKEN_LIKE: Final = re.compile(r"(?i:bearer\s+)[^\s\"']+|eyJ[\w-]{8,}(?:\.[\w-]*)*")


class Redactor:
    """Takes out of text what must not be shown, should the service repeat it."""

    def __init__(self) -> None:
        self._hidden: tuple[str, ...] = ()

    def hide(self, value: str) -> None:
        """Hide ``value`` from now on, also as URLs write it.

        Too few letters are no secret, and would take words apart.
        """
        if len(value) < _SHORTEST_SECRET:
            return
        forms = {value, quote(value, safe=""), quote_plus(value)}
        self._hidden = tuple(sorted({*self._hidden, *forms}, key=len, reverse=True))

    def __call__(self, text: str) -> str:
        """Return ``text`` without what is hidden, and without what looks like a token."""
        for value in self._hidden:
            text = text.replace(value, HIDDEN)
        return _TOKEN_LIKE.sub(HIDDEN, text)
