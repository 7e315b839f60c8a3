"""One file of a configuration: its document → parts of the whole, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import Final

from scalekit_apply import schema
from scalekit_apply.assembly import Assembly, Claim, OrganizationParts
from scalekit_apply.diagnostics import Diagnostic, Location, Severity
from scalekit_apply.explanation import explained, nearest
from scalekit_apply.model import (
    Address,
    Check,
    ConnectionId,
    DesiredConnection,
    Expectation,
    Level,
    Levels,
    Limits,
    OrganizationId,
    Unmanaged,
    is_connection_id,
    is_organization_id,
    no_levels,
    one_spelling,
    parse_environment,
)
from scalekit_apply.nodes import Document, ListNode, MappingNode, Node
from scalekit_apply.schema import Part
from scalekit_apply.shapes import Shapes
from scalekit_apply.sourcetext import MOST_PROBLEMS, quoted

_FACTS: Final = ("provider", "type", "status")
# Numbers that YAML 1.1 and 1.2, or people, read differently.
_AMBIGUOUS: Final = re.compile(r"[-+]?0[0-9]+|0[xo].*|\+.*")


class ConfigFile:
    """Takes the document of one file into an assembly."""

    def __init__(self, *, document: Document, assembly: Assembly, shapes: Shapes) -> None:
        self._document = document
        self._assembly = assembly
        self._shapes = shapes
        self._problems: dict[Diagnostic, None] = {}

    def take(self) -> list[Diagnostic]:
        """Hand everything usable to the assembly, and return what is wrong."""
        try:
            self._take_root()
        except _TooManyProblemsError:
            summary = f"more than {MOST_PROBLEMS:,} problems; mend those first, the rest is not listed"
            place = Location(file=self._document.text.name)
            self._problems[
                Diagnostic(
                    severity=Severity.ERROR, check="too-many-problems", summary=summary, location=place
                )
            ] = None
        return list(self._problems)

    def _take_root(self) -> None:
        document = self._document
        root = document.root
        if root is None:
            summary = "the file is empty; write version: 1 and the organizations, or remove the file"
            self._report(document.root_place, "empty-file", summary)
            return
        faults = self._faults(None, root, document.root_place, None)
        if not isinstance(root, MappingNode):
            return
        self._take_settings(root, faults)
        organizations = root.get("organizations")
        if isinstance(organizations, ListNode):
            known: dict[OrganizationId, Location] = {}
            for index, node in enumerate(organizations):
                self._take_organization(node, document.value_place(organizations, index), known)

    def _take_settings(self, root: MappingNode, faults: Collection[str]) -> None:
        for key, value in root.items():
            if key == "version":
                self._check_number(root, key)
            elif key in _SETTINGS:
                new = self._is_new(root, key)
                if key == "limits" and isinstance(value, MappingNode):
                    for limit in value:
                        self._check_number(value, limit)
                if new and key not in faults:
                    self._take_setting(root, key, value)

    def _take_setting(self, root: MappingNode, key: str, value: Node) -> None:
        if key == "environment":
            try:
                self._assembly.environment = parse_environment(str(value))
            except ValueError as error:
                self._report(self._document.place_of(root, key), "invalid-value", f'"environment" {error}')
        elif key == "checks":
            self._assembly.checks = _levels(value)
        elif isinstance(value, MappingNode):
            # The schema takes 10.0 for an integer; what is shown and hashed is 10.
            limits = {limit: _integer(number) for limit, number in value.items()}
            location = self._location(self._document.key_place_of(root, key))
            self._assembly.limits = Limits(**limits, location=location)

    def _is_new(self, root: MappingNode, key: str) -> bool:
        location = self._location(self._document.key_place_of(root, key))
        first = self._assembly.claim(key, location)
        if first is not None:
            place = self._document.key_place_of(root, key)
            self._report_second(place, "conflicting-setting", f'"{key}" is given twice', first)
        return first is None

    def _take_organization(self, node: Node, place: int, known: dict[OrganizationId, Location]) -> None:
        organization_id = _organization_id(node)
        faults = self._faults("organization", node, place, organization_id)
        if not isinstance(node, MappingNode):
            return
        parts: OrganizationParts | None = None
        if organization_id is not None:
            id_place = self._document.place_of(node, "id")
            location = self._location(id_place)
            parts = self._assembly.organization(organization_id, location)
            first = known.setdefault(organization_id, location)
            if first is not location:
                what = f"the organization {organization_id} is given twice in one file"
                self._report_second(id_place, "duplicate-organization", what, first, organization_id)
            else:
                self._take_organization_settings(node, parts, organization_id, faults)
        connections = node.get("connections")
        if isinstance(connections, ListNode):
            for index, connection in enumerate(connections):
                connection_place = self._document.value_place(connections, index)
                self._take_connection(connection, connection_place, organization_id, parts)

    def _take_organization_settings(
        self,
        node: MappingNode,
        parts: OrganizationParts,
        organization_id: OrganizationId,
        faults: Collection[str],
    ) -> None:
        for key, value in node.items():
            if key not in _ORGANIZATION_SETTINGS or key in faults:
                continue
            first = parts.claim(key, self._location(self._document.place_of(node, key)))
            if first is not None:
                place = self._document.key_place_of(node, key)
                what = f'"{key}" of {organization_id} is given twice'
                self._report_second(place, "conflicting-setting", what, first, organization_id)
            elif key == "name":
                parts.name = str(value)
            elif key == "unmanaged":
                parts.unmanaged = Unmanaged(str(value))
            else:
                parts.checks = _levels(value)

    def _take_connection(
        self, node: Node, place: int, organization_id: OrganizationId | None, parts: OrganizationParts | None
    ) -> None:
        connection_id = _connection_id(node)
        address = Address(organization_id, connection_id) if organization_id and connection_id else None
        faults = self._faults("connection", node, place, address)
        if address is None or parts is None or not isinstance(node, MappingNode):
            return
        first = self._is_first(node, address)
        # Asked also of a connection with other faults: all problems are shown at once.
        facts = node.get("expect")
        expect = None
        if isinstance(facts, MappingNode) and "expect" not in faults:
            expect = self._expectation(node, facts, address)
        if faults or not first:
            return
        parts.connections.append(
            DesiredConnection(
                address=address,
                enabled=node["enabled"] is True,
                description=str(node.get("description", "")),
                protected=node.get("protected") is True,
                expect=expect,
                checks=_levels(node["checks"]) if "checks" in node else no_levels(),
                location=self._location(self._document.place_of(node, "enabled")),
            )
        )

    def _is_first(self, node: MappingNode, address: Address) -> bool:
        place = self._document.place_of(node, "id")
        line, column = self._document.text.position(place)
        claim = Claim(address.organization_id, self._document.text.name, line, column)
        first = self._assembly.claim_connection(address.connection_id, claim)
        if first is None:
            return True
        what = f"the connection {address.connection_id} is given twice"
        if first.organization_id != address.organization_id:
            what = f"{what}, here under {address.organization_id} and under {first.organization_id}"
        there = Location(file=first.file, line=first.line, column=first.column)
        self._report_second(place, "duplicate-connection", what, there, address)
        return False

    def _expectation(self, connection: MappingNode, node: MappingNode, address: Address) -> Expectation:
        facts = {key: str(node[key]) for key in _FACTS if key in node}
        for key, value in facts.items():
            if value not in _known_facts(key):
                self._report_unknown_fact(node, key, value, address)
        domains = node.get("domains")
        return Expectation(
            provider=facts.get("provider"),
            type=facts.get("type"),
            status=None if (status := facts.get("status")) is None else one_spelling(status),
            domains=self._domains(domains, address) if isinstance(domains, ListNode) else None,
            location=self._location(self._document.key_place_of(connection, "expect")),
        )

    def _domains(self, node: ListNode, address: Address) -> tuple[str, ...]:
        known: dict[str, int] = {}
        for index, item in enumerate(node):
            domain, place = str(item).lower(), self._document.value_place(node, index)
            first = known.setdefault(domain, place)
            if first != place:
                what = f"the domain {quoted(domain)} is given twice"
                self._report_second(place, "duplicate-domain", what, self._location(first), address)
        return tuple(sorted(known))

    def _report_unknown_fact(self, node: MappingNode, key: str, value: str, address: Address) -> None:
        known = _known_facts(key)
        meant = nearest(value, known)
        fix = f'did you mean "{meant}"?' if meant else "check it against the live connection"
        self._report(
            self._document.place_of(node, key),
            "unknown-expectation",
            f"{quoted(value)} is not a {key} that this version knows; {fix}",
            f"It is compared as it is written. Known: {', '.join(sorted(known))}.",
            address=address,
            severity=Severity.WARNING,
        )

    def _check_number(self, mapping: MappingNode, key: str) -> None:
        if not isinstance(mapping[key], int | float):
            return
        place = self._document.place_of(mapping, key)
        written = self._document.written(place)
        if _AMBIGUOUS.fullmatch(written):
            summary = (
                f'"{key}" is written {written}, which not every program reads alike; write {mapping[key]}'
            )
            self._report(place, "ambiguous-number", summary)

    def _faults(
        self, part: Part | None, node: Node, place: int, about: Address | str | None
    ) -> frozenset[str]:
        """Report what breaks the schema, and return the keys at fault; the empty one is the part itself."""
        found = self._shapes.violations(part, node, most=MOST_PROBLEMS)
        if not found:
            return _NO_FAULTS
        mistyped = {violation.path for violation in found if violation.keyword == "type"}
        for violation in found:
            if violation.keyword != "type" and violation.path in mistyped:
                continue
            for problem in explained(self._document, place, part, node, violation):
                self._add(replace(problem, address=None if about is None else str(about)))
        return frozenset(str(violation.path[0]) if violation.path else "" for violation in found)

    def _report_second(
        self, place: int, check: str, what: str, first: Location, about: Address | str | None = None
    ) -> None:
        summary = f"{what}; it already stands at {first}"
        self._report(place, check, summary, "Remove one of the two.", address=about)

    def _report(
        self,
        place: int,
        check: str,
        summary: str,
        detail: str = "",
        *,
        address: Address | str | None = None,
        severity: Severity = Severity.ERROR,
    ) -> None:
        problem = self._document.text.problem(place, check, summary, detail)
        about = None if address is None else str(address)
        self._add(replace(problem, address=about, severity=severity))

    def _add(self, problem: Diagnostic) -> None:
        if len(self._problems) >= MOST_PROBLEMS:
            raise _TooManyProblemsError
        self._problems[problem] = None

    def _location(self, place: int) -> Location:
        return self._document.text.location(place)


class _TooManyProblemsError(Exception):
    """The file has more problems than anybody would read."""


_NO_FAULTS: Final = frozenset[str]()
_SETTINGS: Final = frozenset({"environment", "limits", "checks"})
_ORGANIZATION_SETTINGS: Final = frozenset({"name", "unmanaged", "checks"})


def _organization_id(node: Node) -> OrganizationId | None:
    value = node.get("id") if isinstance(node, MappingNode) else None
    return OrganizationId(value) if isinstance(value, str) and is_organization_id(value) else None


def _connection_id(node: Node) -> ConnectionId | None:
    value = node.get("id") if isinstance(node, MappingNode) else None
    return ConnectionId(value) if isinstance(value, str) and is_connection_id(value) else None


def _levels(node: Node) -> Levels:
    if not isinstance(node, MappingNode) or not node:
        return no_levels()
    return MappingProxyType({Check(key): Level(str(value)) for key, value in sorted(node.items())})


def _integer(value: Node) -> int:
    return int(value) if isinstance(value, int | float) else 0


@cache
def _known_facts(key: str) -> frozenset[str]:
    facts = schema.tree("config")["$defs"]["connection"]["properties"]["expect"]["properties"]
    return frozenset(facts[key]["anyOf"][0]["enum"])
