"""Planning and applying against the service in memory: one organization, one connection on and one off."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from fake_api import FakeApi, live

from scalekit_apply.model import (
    Desired,
    DesiredConnection,
    DesiredOrganization,
    Environment,
    LiveConnection,
    Unmanaged,
)
from scalekit_apply.plan import Plan
from scalekit_apply.workers import WorkerPool
from scalekit_apply.workflow import Applying, PlanOptions, make_plan

HERE = Environment("https://acme.scalekit.com")
NOW = datetime(2026, 1, 2, tzinfo=UTC)
ON = live("a", "1", enabled=True)
OFF = live("a", "2", enabled=False)


def wanting(*connections: tuple[LiveConnection, bool], unmanaged: Unmanaged = Unmanaged.REPORT) -> Desired:
    organizations: dict[str, DesiredOrganization] = {}
    for item, enabled in connections:
        where = item.address
        found = organizations.get(where.organization_id) or DesiredOrganization(
            id=where.organization_id, unmanaged=unmanaged
        )
        wanted = DesiredConnection(address=where, enabled=enabled)
        organizations[where.organization_id] = replace(
            found, connections={**found.connections, where.connection_id: wanted}
        )
    ordered = {item.id: item for item in sorted(organizations.values(), key=lambda one: one.id)}
    return Desired(environment=HERE, organizations=ordered, scope=tuple(ordered))


def plan(api: FakeApi, desired: Desired, options: PlanOptions | None = None) -> Plan:
    return make_plan(
        desired,
        reader=api,
        pool=WorkerPool(2),
        environment=HERE,
        options=options or PlanOptions(),
        now=NOW,
    )


def applying(api: FakeApi) -> Applying:
    return Applying(writer=api, pool=WorkerPool(2), environment=HERE, now=NOW)


SWITCH = wanting((ON, False), (OFF, True))
