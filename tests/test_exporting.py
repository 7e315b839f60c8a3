from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import yaml
from fake_api import FakeApi, live
from hypothesis import given
from hypothesis import strategies as st
from strategies import HOSTILE_SAMPLES, World, worlds

from scalekit_apply import config, exporting
from scalekit_apply.errors import UnusableAnswer
from scalekit_apply.exporting import quote
from scalekit_apply.inventory import read_organizations
from scalekit_apply.model import Environment, LiveOrganization, OrganizationId
from scalekit_apply.plan import Plan
from scalekit_apply.workers import WorkerPool
from scalekit_apply.workflow import PlanOptions, make_plan

HERE = Environment("https://acme.scalekit.com")
# Lone surrogates stop where answers are read.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.fixture(scope="module")
def pool() -> Iterator[WorkerPool]:
    made = WorkerPool(2)
    yield made
    made.close()


def planned(sources: Mapping[str, bytes], api: FakeApi, pool: WorkerPool) -> Plan:
    loaded = config.load_sources(sources)
    # A value of a newer service is a fact like any other, though this version cannot vouch for its spelling.
    assert {item.check for item in loaded.diagnostics} <= {"unknown-expectation"}
    assert not loaded.diagnostics.has_errors
    return make_plan(
        loaded.desired,
        reader=api,
        pool=pool,
        environment=HERE,
        options=PlanOptions(),
        now=datetime(2026, 1, 1, tzinfo=UTC),
    )


def organization(name: str, *connections: str, called: str = "Megasoft") -> LiveOrganization:
    return LiveOrganization(
        id=OrganizationId(f"org_{name}"),
        name=called,
        connections={
            (item := live(name, connection, enabled=True)).address.connection_id: item
            for connection in connections
        },
    )


@given(world=worlds())
def test_law_3_after_export_plan_is_empty(pool: WorkerPool, world: World) -> None:
    api = FakeApi.of(world.live)
    found = read_organizations(api, pool, sorted(world.live.organizations))
    exporting.require_unambiguous(found)
    one = planned({"scalekit.yaml": exporting.document(HERE, found).encode()}, api, pool)
    assert (one.changes, one.unmanaged, list(one.diagnostics)) == ((), (), [])
    assert one.unchanged == len(api.connections)
    files = {
        exporting.file_name(item.id): exporting.organization_document(item).encode()
        for item in found
        if item.connections
    }
    many = planned({"scalekit.yaml": exporting.top_document(HERE).encode(), **files}, api, pool)
    assert (many.changes, many.unmanaged, list(many.diagnostics)) == ((), (), [])
    assert many.unchanged == len(api.connections)


@given(world=worlds(), data=st.data())
def test_law_8_the_order_of_answers_makes_no_difference(
    pool: WorkerPool, world: World, data: st.DataObject
) -> None:
    first, second = FakeApi.of(world.live), FakeApi.of(world.live)
    second.connections = dict(data.draw(st.permutations(list(second.connections.items()))))
    ids = list(world.live.organizations)
    mixed = data.draw(st.permutations(ids))
    assert exporting.document(HERE, read_organizations(first, pool, ids)) == exporting.document(
        HERE, read_organizations(second, pool, mixed)
    )


@given(text=TEXTS)
def test_whatever_text_is_quoted_reads_back_as_it_was(text: str) -> None:
    assert yaml.safe_load(f"key: {quote(text)}\n") == {"key": text}


@given(text=TEXTS)
def test_law_10_quoted_text_is_one_visible_line_without_commands(text: str) -> None:
    quoted = quote(text)
    assert quoted.isprintable()
    assert "##" not in quoted
    assert quoted.startswith('"')


@pytest.mark.parametrize("text", HOSTILE_SAMPLES)
def test_hostile_samples_read_back_as_they_were(text: str) -> None:
    assert yaml.safe_load(quote(text)) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", '"plain"'),
        ('say "no"', r'"say \"no\""'),
        ("a\nb\tc\\", r'"a\nb\tc\\"'),
        ("\x1b[2K", r'"\u001b[2K"'),
        ("gnp\u202eexe", r'"gnp\u202eexe"'),
        ("\u2800", r'"\u2800"'),
        ("\U000e0100", r'"\U000e0100"'),
        ("漢字 é 🙂", '"漢字 é 🙂"'),
        ("###[error]", r'"#\x23#[error]"'),
    ],
)
def test_a_quoted_text_shows_what_it_holds(text: str, expected: str) -> None:
    assert quote(text) == expected
    assert yaml.safe_load(expected) == text


def test_a_document_says_what_people_decide_and_leaves_out_what_changes_by_itself() -> None:
    document = exporting.document(HERE, [organization("b", "2", "1"), organization("a", "3", called="")])
    assert document == exporting.HEADER + (
        "version: 1\n"
        'environment: "https://acme.scalekit.com"\n'
        "organizations:\n"
        '  - id: "org_a"\n'
        "    connections:\n"
        '      - id: "conn_3"\n'
        "        enabled: true\n"
        '        description: "OKTA OIDC"\n'
        '        expect: {provider: "OKTA", type: "OIDC"}\n'
        '  - id: "org_b"\n'
        '    name: "Megasoft"\n'
        "    connections:\n"
        '      - id: "conn_1"\n'
        "        enabled: true\n"
        '        description: "OKTA OIDC"\n'
        '        expect: {provider: "OKTA", type: "OIDC"}\n'
        '      - id: "conn_2"\n'
        "        enabled: true\n"
        '        description: "OKTA OIDC"\n'
        '        expect: {provider: "OKTA", type: "OIDC"}\n'
    )


@pytest.mark.parametrize("value", ["", "17", "okta", "CONNECTION_PROVIDER_UNSPECIFIED", "UNSPECIFIED", "A\n"])
def test_a_provider_that_says_nothing_is_not_expected(value: str) -> None:
    found = organization("a", "1")
    (item,) = found.connections.values()
    changed = replace(
        found, connections={item.address.connection_id: replace(item, provider=value, type=value)}
    )
    assert "expect" not in exporting.document(HERE, [changed])
    assert "description" not in exporting.document(HERE, [changed])


def test_organizations_without_connections_are_left_out() -> None:
    assert exporting.document(HERE, [organization("a")]).endswith("organizations: []\n")
    assert "org_a" not in exporting.document(HERE, [organization("a"), organization("b", "1")])


def test_a_connection_of_two_organizations_cannot_be_exported() -> None:
    with pytest.raises(UnusableAnswer, match="conn_1 under org_a and org_b"):
        exporting.require_unambiguous([organization("a", "1"), organization("b", "1")])
