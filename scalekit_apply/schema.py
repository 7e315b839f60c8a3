"""The packaged JSON Schemas, and what in a value breaks them. The only module that imports ``jsonschema``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Literal, cast

if TYPE_CHECKING:
    from jsonschema import ValidationError
    from jsonschema.protocols import Validator

    from scalekit_apply.nodes import Path

Name = Literal["config", "plan", "result"]
Part = Literal["organization", "connection"]
MOST_VIOLATIONS: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One rule that a value breaks.

    ``path`` leads from the value that was asked about to ``value``, the one at fault. ``keyword`` and
    ``rule`` are the JSON Schema keyword and what it demands, ``schema`` the object that holds it.
    """

    path: Path
    keyword: str
    rule: Any
    value: Any
    schema: Mapping[str, Any]
    message: str

    @property
    def pointer(self) -> str:
        """The path as a JSON Pointer; empty for the value itself."""
        return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in self.path)


@cache
def document(name: Name) -> str:
    """Return the text of a packaged schema."""
    return files("scalekit_apply.schemas").joinpath(f"{name}.schema.json").read_text(encoding="utf-8")


@cache
def tree(name: Name) -> Mapping[str, Any]:
    """Return a packaged schema as a value, to be read only."""
    value: Mapping[str, Any] = json.loads(document(name))
    return value


def violations(
    name: Name, value: object, *, part: Part | None = None, most: int = MOST_VIOLATIONS
) -> tuple[Violation, ...]:
    """Return what in ``value`` breaks a schema, or one definition of it, sorted by path.

    Returns no more than ``most``; a value that breaks more rules is not worth more memory.
    """
    found = map(_violation, islice(_validator(name, part).iter_errors(cast("Any", value)), most))
    return tuple(sorted(found, key=_order))


@cache
def _validator(name: Name, part: Part | None) -> Validator:
    # 0.1 s to import, so not before something is validated.
    from jsonschema import Draft202012Validator  # noqa: PLC0415

    whole = json.loads(document(name), object_hook=_anchored)
    if part is None:
        return Draft202012Validator(whole)
    return Draft202012Validator({"$defs": whole["$defs"], "$ref": f"#/$defs/{part}"})


def _anchored(schema: dict[str, Any]) -> dict[str, Any]:
    # In JSON Schema "$" is the end of the text; in Python it also matches before a last line feed,
    # and an id must not end in one.
    pattern = schema.get("pattern")
    if isinstance(pattern, str) and pattern.endswith("$"):
        return {**schema, "pattern": f"{pattern[:-1]}\\Z"}
    return schema


def _violation(error: ValidationError) -> Violation:
    return Violation(
        path=tuple(error.absolute_path),
        keyword=str(error.validator),
        rule=error.validator_value,
        value=error.instance,
        schema=error.schema if isinstance(error.schema, dict) else {},
        message=error.message,
    )


def _order(violation: Violation) -> tuple[tuple[tuple[int, str], ...], str, str]:
    steps = tuple((step if isinstance(step, int) else -1, str(step)) for step in violation.path)
    return steps, violation.keyword, violation.message
