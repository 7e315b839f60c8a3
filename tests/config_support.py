"""Configurations as tests write them down, and diagnostics as they expect them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import yaml

from scalekit_apply.diagnostics import Diagnostic, Diagnostics
from scalekit_apply.model import Desired, DesiredConnection, Expectation

CASES = Path(__file__).parent / "cases"


def rendered(diagnostics: Diagnostics) -> str:
    """A line a diagnostic, ``file:line:column: severity: check: summary``; indented below, the detail."""
    return "".join(_rendered(item) for item in diagnostics)


def _rendered(item: Diagnostic) -> str:
    line = f"{item.location}: {item.severity}: {item.check}: {item.summary}\n"
    return f"{line}    {item.detail}\n" if item.detail else line


def cases(kind: str) -> list[str]:
    """Names of the files and folders that are one configuration each."""
    return sorted(entry.name for entry in (CASES / kind).iterdir() if entry.suffix != ".expected")


def sources(names: tuple[str, ...]) -> dict[str, bytes]:
    """The contents of files by name, in the wrong order."""
    return {name: Path(name).read_bytes() for name in reversed(names)}


def written(desired: Desired) -> bytes:
    """A configuration that asks for ``desired``."""
    organizations = []
    for organization in desired.organizations.values():
        entry: dict[str, object] = {"id": str(organization.id), "unmanaged": organization.unmanaged.value}
        if organization.name is not None:
            entry["name"] = organization.name
        entry["checks"] = {check.value: level.value for check, level in organization.checks.items()}
        entry["connections"] = [
            _entry(wanted) for wanted in reversed(list(organization.connections.values()))
        ]
        organizations.append(entry)
    value: dict[str, object] = {"version": 1, "organizations": organizations[::-1]}
    if desired.environment is not None:
        value["environment"] = str(desired.environment)
    value["limits"] = {
        "max_disables": desired.limits.max_disables,
        "max_disable_percent": desired.limits.max_disable_percent,
    }
    value["checks"] = {check.value: level.value for check, level in desired.checks.items()}
    return yaml.safe_dump(value).encode()


def _entry(wanted: DesiredConnection) -> dict[str, object]:
    entry: dict[str, object] = {"id": str(wanted.address.connection_id), "enabled": wanted.enabled}
    entry |= {"description": wanted.description, "protected": wanted.protected}
    entry["checks"] = {check.value: level.value for check, level in wanted.checks.items()}
    if wanted.expect is not None and (facts := _facts(wanted.expect)):
        entry["expect"] = facts
    return entry


def _facts(expect: Expectation) -> dict[str, object]:
    facts = {key: getattr(expect, key) for key in ("provider", "type", "status")}
    found: dict[str, object] = {key: value for key, value in facts.items() if value is not None}
    if expect.domains is not None:
        found["domains"] = [domain.upper() for domain in reversed(expect.domains)]
    return found


def without_places(desired: Desired) -> Desired:
    """What is asked for, wherever it stands; nothing that says nothing."""
    organizations = {}
    for organization in desired.organizations.values():
        connections = {
            wanted.address.connection_id: replace(
                wanted,
                location=None,
                expect=replace(wanted.expect, location=None)
                if wanted.expect and _facts(wanted.expect)
                else None,
            )
            for wanted in organization.connections.values()
        }
        organizations[organization.id] = replace(
            organization,
            name=organization.name or None,
            connections=connections,
            location=None,
            name_location=None,
            unmanaged_location=None,
        )
    return replace(desired, organizations=organizations)
