"""The laws that hold over any configuration and any live state, as properties.

The service is one in memory here, so that hundreds of worlds can be tried; the same laws are tried over
sockets, with faults, by the state machine and the tests of the command.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime

from fake_api import FakeApi
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import World, environments, worlds

from scalekit_apply import planfile, views
from scalekit_apply.errors import ApiError, RequestRejected, Unavailable
from scalekit_apply.exits import ExitCode, exit_code
from scalekit_apply.interruption import Interruption
from scalekit_apply.model import Check, Desired, Environment, Level, Limits, Unmanaged, WriteAnswer
from scalekit_apply.plan import Plan
from scalekit_apply.reading import ReadMode
from scalekit_apply.result import SETTLED, State
from scalekit_apply.workers import WorkerPool
from scalekit_apply.workflow import Applying, PlanOptions, apply_plan, make_plan

HERE = Environment("https://acme.scalekit.com")
NOW = datetime(2026, 1, 2, tzinfo=UTC)
# Threads of a pool stay until it is closed: thousands of examples share these.
POOLS = {concurrency: WorkerPool(concurrency) for concurrency in range(1, 5)}
PERMISSIVE = {check: Level.OFF for check in Check if not check.rule.fixed}


def planned(desired: Desired, api: FakeApi, mode: ReadMode = ReadMode.AUTO) -> Plan:
    return make_plan(
        desired,
        reader=api,
        pool=POOLS[2],
        environment=HERE,
        options=PlanOptions(read_mode=mode),
        now=NOW,
    )


def permissive(desired: Desired) -> Desired:
    """Drop what could block, so that a law about applying is not tried on plans that nobody applies."""
    return replace(
        desired,
        limits=Limits(max_disables=1_000, max_disable_percent=100),
        checks=PERMISSIVE,
        organizations={
            key: replace(
                organization,
                checks={},
                connections={
                    name: replace(wanted, protected=False, expect=None, checks={})
                    for name, wanted in organization.connections.items()
                },
            )
            for key, organization in desired.organizations.items()
        },
    )


def applicable(world: World) -> tuple[Desired, FakeApi]:
    """A world whose configuration names nothing that does not exist."""
    found = {
        address
        for organization in world.live.organizations.values()
        for address in (item.address for item in organization.connections.values())
    }
    desired = permissive(world.desired)
    organizations = {
        key: replace(
            organization,
            connections={
                name: wanted for name, wanted in organization.connections.items() if wanted.address in found
            },
        )
        for key, organization in desired.organizations.items()
        if any(address.organization_id == key for address in found)
    }
    desired = replace(desired, organizations=organizations, scope=tuple(organizations))
    return desired, FakeApi.of(world.live)


def applying(api: FakeApi, *, concurrency: int = 2) -> Applying:
    return Applying(writer=api, pool=POOLS[concurrency], environment=HERE, now=NOW)


@given(world=worlds(), mode=st.sampled_from(ReadMode))
def test_law_1_planning_writes_nothing(world: World, mode: ReadMode) -> None:
    api = FakeApi.of(world.live)
    before = api.enabled()
    planned(world.desired, api, mode)
    assert api.writes == []
    assert api.enabled() == before


@given(world=worlds())
def test_law_2_apply_makes_the_changes_of_the_plan_and_no_others(world: World) -> None:
    desired, api = applicable(world)
    plan = planned(desired, api)
    apply_plan(plan, applying(api))
    assert sorted(api.writes) == sorted((change.action.value, str(change.address)) for change in plan.changes)


@given(world=worlds())
def test_law_2_a_plan_applied_twice_writes_nothing_the_second_time(world: World) -> None:
    desired, api = applicable(world)
    plan = planned(desired, api)
    apply_plan(plan, applying(api))
    written = len(api.writes)
    again = apply_plan(plan, applying(api))
    assert len(api.writes) == written
    assert {item.state for item in again.results} <= {State.ALREADY}


@given(world=worlds())
def test_law_3_after_a_successful_apply_the_plan_is_empty(world: World) -> None:
    desired, api = applicable(world)
    plan = planned(desired, api)
    assert plan.applyable
    assert apply_plan(plan, applying(api)).complete
    assert planned(desired, api).changes == ()


@given(world=worlds(), data=st.data())
def test_law_4_what_the_configuration_does_not_name_is_never_changed(
    world: World, data: st.DataObject
) -> None:
    desired, api = applicable(world)
    mode = data.draw(st.sampled_from(ReadMode))
    before = api.enabled()
    apply_plan(planned(desired, api, mode), applying(api))
    for address, enabled in api.enabled().items():
        organization = desired.organizations.get(address.organization_id)
        named = organization is not None and organization.manages(address.connection_id)
        disabled = organization is not None and organization.unmanaged is Unmanaged.DISABLE
        assert named or disabled or enabled == before[address]
        if not named and enabled != before[address]:
            assert before[address]


def _chaos(seed: int, api: FakeApi) -> None:
    """Let calls fail, lie or lose their answer, the same way for the same seed and call."""

    def hook(method: str, subject: str) -> WriteAnswer | ApiError | None:
        if method not in {"enable", "disable"}:
            return None
        asked = method == "enable"
        endings: list[WriteAnswer | ApiError | None] = [
            None,
            RequestRejected("no", status=409),
            Unavailable("lost", effect_unknown=True),
            WriteAnswer(enabled=asked, error_message="not now"),
            WriteAnswer(enabled=not asked),
            WriteAnswer(enabled=asked),
        ]
        return random.Random(f"{seed} {method} {subject}").choice(endings)  # noqa: S311  # not for secrets

    api.hook = hook


@given(world=worlds(), seed=st.integers(0, 1_000_000))
def test_law_5_nothing_that_failed_exits_0_and_formats_do_not_matter(world: World, seed: int) -> None:
    desired, api = applicable(world)
    plan = planned(desired, api)
    _chaos(seed, api)
    result = apply_plan(plan, applying(api))
    converged = all(api.connections[change.address].enabled == change.after for change in plan.changes)
    settled = all(item.state in SETTLED for item in result.results)
    assert (exit_code(result.outcomes) is ExitCode.SUCCESS) == settled
    assert converged or not settled


@given(world=worlds(), seed=st.integers(0, 1_000_000), interrupt_at=st.none() | st.integers(0, 5))
def test_law_6_every_planned_change_ends_in_one_state_and_is_reported(
    world: World, seed: int, interrupt_at: int | None
) -> None:
    desired, api = applicable(world)
    plan = planned(desired, api)
    _chaos(seed, api)
    interruption = Interruption()
    chaos, calls = api.hook, 0

    def interrupt(method: str, subject: str) -> WriteAnswer | ApiError | None:
        nonlocal calls
        calls += 1
        if calls - 1 == interrupt_at:
            interruption.request(terminated=False)
        return chaos(method, subject)

    api.hook = interrupt
    result = apply_plan(plan, replace(applying(api, concurrency=1), interruption=interruption))
    assert [item.change for item in result.results] == list(plan.changes)
    assert sum(result.summary.values()) == len(plan.changes)
    shown = views.render_result(result, plan, views.Format.TEXT)
    for item in result.results:
        assert str(item.change.address.connection_id) in shown


@given(world=worlds(), seed=st.integers(0, 1_000_000), concurrency=st.integers(1, 4))
def test_law_7_no_disable_goes_out_before_every_enable_of_its_organization_holds(
    world: World, seed: int, concurrency: int
) -> None:
    desired, api = applicable(world)
    plan = planned(desired, api)
    _chaos(seed, api)
    chaos = api.hook

    def watch(method: str, subject: str) -> WriteAnswer | ApiError | None:
        if method == "disable":
            organization = subject.partition("/")[0]
            for change in plan.changes:
                if change.address.organization_id == organization and change.after:
                    assert api.connections[change.address].enabled
        return chaos(method, subject)

    api.hook = watch
    result = apply_plan(plan, applying(api, concurrency=concurrency))
    assert not any("AssertionError" in item.message for item in result.results)


@given(world=worlds(), data=st.data())
def test_law_8_the_same_inputs_give_the_same_bytes(world: World, data: st.DataObject) -> None:
    shuffled = data.draw(st.randoms(use_true_random=False))
    first, second = FakeApi.of(world.live), FakeApi.of(world.live)
    items = list(second.connections.items())
    shuffled.shuffle(items)
    second.connections = dict(items)
    organizations = list(world.desired.organizations.items())
    shuffled.shuffle(organizations)
    mixed = replace(world.desired, organizations=dict(sorted(organizations)))
    one, other = planned(world.desired, first), planned(mixed, second)
    assert planfile.dump(planfile.plan_document(one)) == planfile.dump(planfile.plan_document(other))
    for fmt in (views.Format.TEXT, views.Format.JSON):
        assert views.render_plan(one, fmt) == views.render_plan(other, fmt)


@given(world=worlds(), environment=environments())
def test_law_8_the_fingerprint_follows_from_what_apply_does(world: World, environment: Environment) -> None:
    desired, api = applicable(world)
    plan = planned(desired, api)
    assert plan.fingerprint == planned(desired, FakeApi.of(world.live)).fingerprint
    assume(environment != plan.environment)
    assert plan.fingerprint != replace(plan, environment=environment).fingerprint


@given(world=worlds(), seed=st.integers(0, 1_000_000), stop_after=st.integers(0, 8))
def test_law_12_after_any_failure_another_run_reaches_the_end_state(
    world: World, seed: int, stop_after: int
) -> None:
    desired, api = applicable(world)
    _chaos(seed, api)
    chaos, calls = api.hook, 0
    interruption = Interruption()

    def kill(method: str, subject: str) -> WriteAnswer | ApiError | None:
        nonlocal calls
        calls += 1
        if calls > stop_after:
            interruption.request(terminated=True)
            return Unavailable("the machine is gone", effect_unknown=True)
        return chaos(method, subject)

    plan = planned(desired, api)
    api.hook = kill
    apply_plan(plan, replace(applying(api), interruption=interruption))
    api.hook = lambda _method, _subject: None
    assert apply_plan(planned(desired, api), applying(api)).complete
    assert planned(desired, api).changes == ()
