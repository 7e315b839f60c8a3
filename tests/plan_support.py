"""A plan of one enable and one disable, and the configuration that it comes from."""

from __future__ import annotations

from checks_support import at, changes_of, desired_of, live_connection, organization, wanted

from scalekit_apply.model import Desired, Environment
from scalekit_apply.plan import Change, Plan

ENVIRONMENT = Environment("https://acme.scalekit.com")
OFF = live_connection(enabled=False)
ON = live_connection(at("conn_2"), enabled=True)
POLICY = desired_of([organization([wanted(), wanted(at("conn_2"), enabled=False)])])


def plan(*changes: Change, policy: Desired = POLICY) -> Plan:
    return Plan(environment=ENVIRONMENT, changes=changes, unchanged=14, policy=policy)


PLAN = plan(*changes_of(ON, OFF))
