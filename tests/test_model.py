"""What is desired, what is live, and which level of a check is in force."""

from __future__ import annotations

import dataclasses
import inspect
import itertools
import re

import pytest
from checks_support import (
    ADDRESS,
    CONN,
    ORG,
    at,
    desired_of,
    live_connection,
    live_of,
    organization,
    wanted,
)
from hypothesis import given
from strategies import World, worlds

from scalekit_apply import diagnostics, diff, identifiers, model, plan, result
from scalekit_apply.checks import evidence
from scalekit_apply.diagnostics import Severity
from scalekit_apply.model import (
    CHECK_RULES,
    CONNECTION_ID_PATTERN,
    ORGANIZATION_ID_PATTERN,
    Check,
    ConnectionId,
    Desired,
    DesiredConnection,
    DesiredOrganization,
    Level,
    Limits,
    Live,
    OrganizationId,
    Scope,
    WriteAnswer,
    no_levels,
)


@pytest.mark.parametrize(
    ("level", "severity"),
    [
        (Level.ERROR, Severity.ERROR),
        (Level.WARNING, Severity.WARNING),
        (Level.NOTE, Severity.NOTE),
        (Level.OFF, None),
    ],
)
def test_a_level_is_a_severity_or_silence(level: Level, severity: Severity | None) -> None:
    assert level.severity is severity


def test_the_patterns_are_the_ones_that_a_schema_can_state() -> None:
    assert ORGANIZATION_ID_PATTERN == "^org_[A-Za-z0-9_-]{1,28}$"
    assert CONNECTION_ID_PATTERN == "^conn_[A-Za-z0-9_-]{1,27}$"


def test_identifiers_are_part_of_the_model() -> None:
    public = [
        name
        for name, value in vars(identifiers).items()
        if getattr(value, "__module__", "") == identifiers.__name__
    ]
    assert public
    for name in public:
        assert getattr(model, name, None) is getattr(identifiers, name) or name.startswith("_")


def test_every_check_has_a_rule_and_a_kebab_case_name() -> None:
    assert list(CHECK_RULES) == list(Check)
    for check in Check:
        assert check.rule is CHECK_RULES[check]
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", check.value)
        assert check.rule.says


def test_only_errors_are_fixed_and_they_are_three() -> None:
    fixed = [check for check in Check if check.rule.fixed]
    assert fixed == [Check.CONNECTION_NOT_FOUND, Check.EXPECTATION_FAILED, Check.PROTECTED_CONNECTION]
    assert {check.rule.default for check in fixed} == {Level.ERROR}


SETTABLE = [check for check in Check if not check.rule.fixed]
CHOICES = [None, *Level]


@pytest.mark.parametrize(("top", "middle", "inner"), [*itertools.product(CHOICES, repeat=3)])
def test_the_nearest_level_wins(top: Level | None, middle: Level | None, inner: Level | None) -> None:
    check = Check.DEBUG_ENABLED
    desired = desired_of(
        [
            organization(
                [wanted(levels={check: inner} if inner else {})], levels={check: middle} if middle else {}
            )
        ],
        levels={check: top} if top else {},
    )
    assert desired.level(check, ADDRESS) is (inner or middle or top or Level.WARNING)
    assert desired.level(check, ORG) is (middle or top or Level.WARNING)
    assert desired.level(check) is (top or Level.WARNING)
    assert desired.level(check, at("conn_9")) is (middle or top or Level.WARNING)
    assert desired.level(check, at("conn_1", "org_9")) is (top or Level.WARNING)
    assert desired.level(check, OrganizationId("org_9")) is (top or Level.WARNING)


@pytest.mark.parametrize("check", Check)
def test_without_a_setting_the_default_holds(check: Check) -> None:
    assert Desired().level(check) is check.rule.default
    assert Desired().level(check, ADDRESS) is check.rule.default
    assert Desired().level(check, ORG) is check.rule.default


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("check", [check for check in Check if check.rule.fixed])
def test_no_setting_moves_a_fixed_check(check: Check, level: Level) -> None:
    everywhere = {check: level}
    desired = desired_of([organization([wanted(levels=everywhere)], levels=everywhere)], levels=everywhere)
    for place in (None, ORG, ADDRESS):
        assert desired.level(check, place) is Level.ERROR


@given(world=worlds())
def test_a_level_is_always_one_that_was_set_or_the_default(world: World) -> None:
    for check in Check:
        for asked in world.desired.organizations.values():
            for item in asked.connections.values():
                possible = {
                    levels[check]
                    for levels in (world.desired.checks, asked.checks, item.checks)
                    if check in levels
                }
                assert world.desired.level(check, item.address) in possible or not possible


def test_a_configured_connection_is_found_by_its_address() -> None:
    desired = desired_of([organization([wanted()])])
    assert desired.connection(ADDRESS) == wanted()
    assert desired.connection(at("conn_9")) is None
    assert desired.connection(at("conn_1", "org_9")) is None


def test_a_live_connection_is_found_by_its_address() -> None:
    live = live_of([live_connection()])
    assert live.connection(ADDRESS) == live_connection()
    assert live.connection(at("conn_9")) is None
    assert live.connection(at("conn_1", "org_9")) is None


def test_an_organization_manages_what_it_names_and_what_it_knows_of() -> None:
    asked = organization([wanted()], others=["conn_2"])
    assert asked.manages(CONN)
    assert asked.manages(ConnectionId("conn_2"))
    assert not asked.manages(ConnectionId("conn_3"))


def test_limits_default_to_ten_and_thirty_percent() -> None:
    assert Limits() == Limits(max_disables=10, max_disable_percent=30)


def test_connections_without_levels_share_one_empty_value_that_nobody_can_change() -> None:
    one = DesiredConnection(address=ADDRESS, enabled=True)
    assert one.checks is DesiredConnection(address=at("conn_2"), enabled=True).checks
    assert one.checks is DesiredOrganization(id=ORG).checks
    assert one.checks is Desired().checks is no_levels()
    assert not no_levels()
    with pytest.raises(TypeError):
        no_levels()[Check.DEBUG_ENABLED] = Level.OFF  # type: ignore[index]  # the point of the test


def test_mappings_are_not_shared_between_values() -> None:
    assert Live().organizations is not Live().organizations
    assert Desired().organizations is not Desired().organizations


VALUES: set[type] = {
    value
    for module in (diagnostics, model, plan, result, diff, evidence)
    for value in vars(module).values()
    if inspect.isclass(value) and dataclasses.is_dataclass(value)
}


@pytest.mark.parametrize("value", sorted(VALUES, key=str))
def test_every_value_is_frozen_keyword_only_and_without_a_dictionary(value: type) -> None:
    parameters = value.__dataclass_params__  # type: ignore[attr-defined]  # how dataclasses say it
    assert parameters.frozen
    assert "__slots__" in vars(value)
    assert all(field.kw_only for field in dataclasses.fields(value))


def test_a_write_answer_counts_one_write_unless_told() -> None:
    answer = WriteAnswer(enabled=True)
    assert (answer.attempts, answer.error_message, answer.status, answer.trace_id) == (1, "", None, None)


def test_scopes_go_from_the_outermost_to_the_innermost() -> None:
    assert list(Scope) == [Scope.ENVIRONMENT, Scope.ORGANIZATION, Scope.CONNECTION]
