"""The log of a step as a runner reads it: annotations, and the stretches where it looks for none."""

from __future__ import annotations

import re

_COMMAND = re.compile(r"\s*::(?P<kind>notice|warning|error) ?(?P<properties>[^:]*)::(?P<message>.*)")


def read_annotations(log: str) -> list[tuple[str, dict[str, str], str]]:
    """Return the kind, the properties and the message of every annotation."""
    found: list[tuple[str, dict[str, str], str]] = []
    stopped = ""
    for line in log.splitlines():
        if stopped:
            stopped = "" if line.strip() == f"::{stopped}::" else stopped
        elif line.startswith("::stop-commands::"):
            stopped = line.removeprefix("::stop-commands::")
        elif match := _COMMAND.fullmatch(line):
            pairs = (pair.partition("=") for pair in match["properties"].split(",") if pair)
            found.append((match["kind"], {name: value for name, _, value in pairs}, match["message"]))
    assert not stopped, "commands were never switched on again"
    return found
