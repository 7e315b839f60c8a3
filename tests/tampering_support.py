"""A saved plan that was reviewed, ways to change it, and three attackers.

One edits the file, one also makes the digest anew, one makes the fingerprint anew as well. The last can make
any plan, as ``plan --out`` can; only the fingerprint that was reviewed stops that one.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from fake_api import FakeApi, live
from hypothesis import strategies as st
from strategies import HOSTILE_SAMPLES

from scalekit_apply import config, planfile, planreader
from scalekit_apply.errors import PlanFileError
from scalekit_apply.exits import Outcome
from scalekit_apply.model import Environment
from scalekit_apply.plan import Plan, digest
from scalekit_apply.workers import WorkerPool
from scalekit_apply.workflow import Applying, PlanOptions, apply_plan, make_plan

HERE: Final = Environment("https://acme.scalekit.com")
NOW: Final = datetime(2026, 1, 2, tzinfo=UTC)
POOL: Final = WorkerPool(1)
CONFIGURATION: Final = b"""\
version: 1
environment: https://acme.scalekit.com
limits: {max_disables: 3, max_disable_percent: 50}
checks: {unmanaged-connection: error, organization-lockout: error}
organizations:
  - id: org_a
    name: Customer a
    connections:
      - {id: conn_1, enabled: true, expect: {provider: OKTA, domains: [example.org]}}
      - {id: conn_2, enabled: false, checks: {certificate-expiring: note}}
      - {id: conn_3, enabled: true, protected: true}
  - id: org_b
    unmanaged: disable
    checks: {debug-enabled: error}
    connections:
      - {id: conn_4, enabled: true}
"""
BLOCKED: Final = CONFIGURATION.replace(
    b"certificate-expiring: note}", b"debug-enabled: off}, protected: true"
)


def service() -> FakeApi:
    """What is live when the plan is made and when it is applied."""
    return FakeApi(
        [
            live("a", "1", enabled=False),
            live("a", "2", enabled=True),
            live("a", "3", enabled=True),
            live("b", "4", enabled=False),
            live("b", "5", enabled=True),
            live("c", "6", enabled=True),
        ]
    )


def made(text: bytes = CONFIGURATION) -> Plan:
    """The plan that was reviewed."""
    configured = config.load_sources({"scalekit.yaml": text})
    assert not configured.diagnostics.has_errors
    return make_plan(
        configured.desired, reader=service(), pool=POOL, environment=HERE, options=PlanOptions(), now=NOW
    )


PLAN: Final = made()
DATA: Final = planfile.dump(planfile.plan_document(PLAN))
DOCUMENT: Final[dict[str, Any]] = json.loads(DATA)


def resealed(document: dict[str, Any]) -> bytes:
    """The document with a digest made anew."""
    rest = {key: value for key, value in document.items() if key != "digest"}
    return json.dumps({**rest, "digest": digest(rest)}).encode()


def forged(document: dict[str, Any]) -> bytes:
    """The document with fingerprint and digest made anew, as far as a plan can be read from it."""
    try:
        document = {**document, "fingerprint": planreader.read_plan(document).fingerprint}
    except Exception:  # whatever a broken document makes of it: then it stays as it was
        return resealed(document)
    return resealed(document)


ATTACKERS: Final[dict[str, Callable[[dict[str, Any]], bytes]]] = {
    "edited": lambda document: json.dumps(document).encode(),
    "resealed": resealed,
    "forged": forged,
}
attacker = pytest.mark.parametrize("attack", ATTACKERS.values(), ids=ATTACKERS)


def loaded(data: bytes) -> Plan | None:
    """The plan in a file; ``None`` when it is refused, which must be for a reason."""
    try:
        return planfile.load_plan(data, name="plan.json")
    except PlanFileError as error:
        refusal = error
    assert refusal.outcome is Outcome.STALE
    assert refusal.message
    assert "\n" not in refusal.message
    assert len(refusal.message) < 1_000
    return None


def written(data: bytes, *, expect: str | None = PLAN.fingerprint) -> list[tuple[str, str]] | None:
    """What applying the file writes; ``None`` when it is refused, with a reason on one line and exit 6."""
    plan = loaded(data)
    if plan is None:
        return None
    if expect is not None and plan.fingerprint != expect:
        return None
    api = service()
    apply_plan(plan, Applying(writer=api, pool=POOL, environment=HERE, now=NOW))
    return api.writes


REVIEWED: Final = written(DATA)


def leaves(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path of every leaf, and of every empty container."""
    items = list(value.items()) if isinstance(value, dict) else []
    items += list(enumerate(value)) if isinstance(value, list) else []
    if not items:
        yield path
    for key, item in items:
        yield from leaves(item, (*path, key))


def containers(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path of everything that has parts."""
    items = list(value.items()) if isinstance(value, dict) else []
    items += list(enumerate(value)) if isinstance(value, list) else []
    if items:
        yield path
    for key, item in items:
        yield from containers(item, (*path, key))


def at(document: Any, path: tuple[str | int, ...]) -> Any:  # noqa: ANN401  # JSON
    for step in path:
        document = document[step]
    return document


LEAVES: Final = tuple(leaves(DOCUMENT))
# What else stands in the plan is the likeliest to be taken for something: another id, another level.
TEXTS: Final = tuple(sorted({value for path in LEAVES if isinstance(value := at(DOCUMENT, path), str)}))
VALUES: Final[st.SearchStrategy[Any]] = (
    st.sampled_from(TEXTS)
    | st.sampled_from(HOSTILE_SAMPLES)
    | st.sampled_from(
        ["off", "warning", "ignore", "disable", "report", "org_c/conn_6", "conn_6", "org_c", "1.0"]
    )
    | st.sampled_from([None, True, False, 0, 1, -1, 2, 100, 10**30, 0.5, 1.0, [], {}, ["mass-disable"]])
    | st.text(max_size=20)
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
)


Draw = Callable[[st.SearchStrategy[Any]], Any]


@st.composite
def edits(draw: st.DrawFn) -> dict[str, Any]:
    """The reviewed plan, one to three places of it changed."""
    document = copy.deepcopy(DOCUMENT)
    for _ in range(draw(st.integers(1, 3))):
        draw(st.sampled_from([change_leaf, _drop_part, _add_part, _repeat_part, _swap_parts]))(draw, document)
    return document


def change_leaf(draw: Draw, document: dict[str, Any]) -> None:
    *path, last = draw(st.sampled_from([path for path in leaves(document) if path]))
    at(document, tuple(path))[last] = draw(VALUES)


def _container(draw: Draw, document: dict[str, Any]) -> Any:  # noqa: ANN401  # JSON
    return at(document, draw(st.sampled_from([*containers(document), ()])))


def _drop_part(draw: Draw, document: dict[str, Any]) -> None:
    part = _container(draw, document)
    if part:
        del part[draw(st.sampled_from(list(part) if isinstance(part, dict) else range(len(part))))]


def _add_part(draw: Draw, document: dict[str, Any]) -> None:
    part = _container(draw, document)
    if isinstance(part, dict):
        part[draw(st.sampled_from(TEXTS) | st.text(max_size=10))] = draw(VALUES)
    else:
        part.append(draw(VALUES))


def _repeat_part(draw: Draw, document: dict[str, Any]) -> None:
    part = _container(draw, document)
    if isinstance(part, list) and part:
        part.insert(draw(st.integers(0, len(part))), copy.deepcopy(draw(st.sampled_from(part))))


def _swap_parts(draw: Draw, document: dict[str, Any]) -> None:
    part = _container(draw, document)
    keys: list[Any] = list(part) if isinstance(part, dict) else list(range(len(part)))
    if len(keys) > 1:
        first, second = draw(st.sampled_from(keys)), draw(st.sampled_from(keys))
        part[first], part[second] = part[second], part[first]


def add_change(document: dict[str, Any]) -> None:
    extra = next(
        copy.deepcopy(item) for item in document["resource_changes"] if item["change"]["before"]["enabled"]
    )
    extra.update(address="org_c/conn_6", organization_id="org_c", connection_id="conn_6")
    document["resource_changes"].append(extra)
    document["summary"]["disable"] += 1
    document["policy"]["scope"].append("org_c")
    document["policy"]["organizations"]["org_c"] = {
        "name": None, "unmanaged": "disable", "checks": {}, "others": [], "connections": {},
    }  # fmt: skip


def remove_change(document: dict[str, Any]) -> None:
    removed = document["resource_changes"].pop(0)
    document["summary"]["disable" if removed["change"]["before"]["enabled"] else "enable"] -= 1
    organization = document["policy"]["organizations"][removed["organization_id"]]
    organization["connections"].pop(removed["connection_id"])
    organization["others"] = sorted([*organization["others"], removed["connection_id"]])


def allow(document: dict[str, Any]) -> None:
    document["allowed"] = ["mass-disable"]


def raise_limits(document: dict[str, Any]) -> None:
    document["policy"]["limits"] = {"max_disables": 1_000, "max_disable_percent": 100}


def lower_check(document: dict[str, Any]) -> None:
    document["policy"]["checks"]["organization-lockout"] = "off"


def drop_expectation(document: dict[str, Any]) -> None:
    document["policy"]["organizations"]["org_a"]["connections"]["conn_1"]["expect"] = None


FORGERIES: Final = [add_change, remove_change, allow, raise_limits, lower_check, drop_expectation]
