"""Loading: which files are read, what they come to, and laws that hold for any input."""

from __future__ import annotations

import gc
import os
import random
from array import array
from pathlib import Path

import pytest
import yaml
from config_support import rendered, without_places, written
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import desireds

from scalekit_apply import configfile, explanation
from scalekit_apply.config import load, load_sources
from scalekit_apply.diagnostics import Diagnostics, Location, Severity
from scalekit_apply.model import (
    Address,
    Check,
    ConnectionId,
    Desired,
    DesiredConnection,
    DesiredOrganization,
    Environment,
    Expectation,
    Level,
    Limits,
    OrganizationId,
    Unmanaged,
)
from scalekit_apply.nodes import Document
from scalekit_apply.schema import Violation
from scalekit_apply.sourcetext import BYTE_LIMIT, SourceText

ONE = b"version: 1\norganizations:\n  - id: org_1\n    connections:\n      - {id: conn_1, enabled: true}\n"
EMPTY = b"version: 1\n"


def write(root: Path, *names: str, content: bytes = EMPTY) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_file_becomes_what_it_asks_for_with_the_places_that_checks_point_at() -> None:
    text = b"""version: 1
environment: https://ACME.scalekit.com/
limits: {max_disables: 3.0}
checks: {organization-lockout: error}
organizations:
  - id: org_1
    name: Megasoft
    unmanaged: disable
    checks: {debug-enabled: off}
    connections:
      - id: conn_1
        enabled: false
        description: Okta
        protected: true
        expect: {provider: OKTA, type: SAML, status: INPROGRESS, domains: [B.example, a.example]}
        checks: {certificate-expiring: note}
"""

    def at(line: int, column: int) -> Location:
        return Location(file="f", line=line, column=column)

    address = Address(OrganizationId("org_1"), ConnectionId("conn_1"))
    loaded = load_sources({"f": text})
    assert loaded.diagnostics == Diagnostics()
    assert loaded.files == ("f",)
    assert loaded.desired == Desired(
        environment=Environment("https://acme.scalekit.com"),
        limits=Limits(max_disables=3, max_disable_percent=30),
        checks={Check.ORGANIZATION_LOCKOUT: Level.ERROR},
        organizations={
            address.organization_id: DesiredOrganization(
                id=address.organization_id,
                name="Megasoft",
                unmanaged=Unmanaged.DISABLE,
                checks={Check.DEBUG_ENABLED: Level.OFF},
                connections={
                    address.connection_id: DesiredConnection(
                        address=address,
                        enabled=False,
                        description="Okta",
                        protected=True,
                        expect=Expectation(
                            provider="OKTA",
                            type="SAML",
                            status="IN_PROGRESS",
                            domains=("a.example", "b.example"),
                            location=at(15, 9),
                        ),
                        checks={Check.CERTIFICATE_EXPIRING: Level.NOTE},
                        location=at(12, 18),
                    )
                },
                location=at(6, 9),
                name_location=at(7, 11),
                unmanaged_location=at(8, 16),
            )
        },
        scope=(address.organization_id,),
    )
    assert type(loaded.desired.limits.max_disables) is int


def test_organizations_and_connections_are_sorted_and_files_merged_by_organization() -> None:
    loaded = load_sources(
        {
            "z": b"version: 1\norganizations: [{id: org_2}, "
            b"{id: org_1, connections: [{id: conn_1, enabled: true}]}]",
            "a": b"version: 1\norganizations: [{id: org_1, name: x, "
            b"connections: [{id: conn_2, enabled: true}]}]",
        }
    )
    assert not loaded.diagnostics
    assert loaded.files == ("a", "z")
    assert loaded.desired.scope == ("org_1", "org_2") == tuple(loaded.desired.organizations)
    organization = loaded.desired.organizations[OrganizationId("org_1")]
    assert list(organization.connections) == ["conn_1", "conn_2"]
    assert organization.name == "x"
    assert organization.location == Location(file="a", line=2, column=22)


def test_what_is_usable_beside_errors_is_there() -> None:
    loaded = load_sources(
        {
            "a": b"version: 1\nlimits: {max_disables: x}\nenvironment: https://a.example\n"
            b"organizations: [{id: org_1, nme: x, unmanaged: ignore, connections:"
            b" [{id: conn_1, enabled: maybe}, {id: conn_2, enabled: true}]}]"
        }
    )
    assert loaded.diagnostics.has_errors
    assert loaded.desired.environment == "https://a.example"
    assert loaded.desired.limits == Limits()
    organization = loaded.desired.organizations[OrganizationId("org_1")]
    assert list(organization.connections) == ["conn_2"]
    assert organization.unmanaged is Unmanaged.IGNORE


def test_a_problem_of_a_connection_names_it() -> None:
    loaded = load_sources({"a": ONE.replace(b"true", b"yes") + b"    nme: x\n"})
    assert [item.address for item in loaded.diagnostics] == ["org_1/conn_1", "org_1"]


def test_a_directory_is_searched_for_configurations_and_nothing_else(here: Path) -> None:
    wanted = (
        "scalekit.yaml",
        "x/scalekit.yml",
        "x/y/a.scalekit.yaml",
        "x/y/b.scalekit.yml",
        "z.scalekit.yaml",
    )
    others = ("other.yaml", "x/scalekit.json", "myscalekit.yaml", ".a.scalekit.yaml", ".x/scalekit.yaml")
    write(here, *wanted, *others)
    assert load().files == wanted
    assert load(["."]).files == wanted
    assert load([here]).files == tuple(f"{here}/{name}" for name in wanted)


def test_a_file_is_accepted_whatever_its_name(here: Path) -> None:
    write(here, ".hidden/any.txt", content=ONE)
    loaded = load([".hidden/any.txt"])
    assert loaded.files == (".hidden/any.txt",)
    assert loaded.desired.organizations


def test_a_hidden_directory_is_searched_when_it_is_named(here: Path) -> None:
    write(here, ".config/scalekit.yaml")
    assert load([".config"]).files == (".config/scalekit.yaml",)


def test_a_file_reached_twice_is_read_once(here: Path) -> None:
    write(here, "a/scalekit.yaml", content=ONE)
    (here / "link.scalekit.yaml").symlink_to("a/scalekit.yaml")
    orders: list[list[Path | str]] = [
        ["a", "a/scalekit.yaml", here, "."],
        [".", here, "a/scalekit.yaml", "a"],
        ["./a/../a", "a", "."],
    ]
    for paths in orders:
        loaded = load(paths)
        assert not loaded.diagnostics
        assert len(loaded.files) == 1


def test_loops_of_links_end(here: Path) -> None:
    write(here, "a/scalekit.yaml", content=ONE)
    (here / "a/up").symlink_to(here, target_is_directory=True)
    (here / "a/self").symlink_to("self")
    loaded = load([here / "a"])
    assert not loaded.diagnostics
    assert loaded.files == (f"{here}/a/scalekit.yaml",)


def test_a_directory_behind_a_link_is_searched(here: Path) -> None:
    write(here, "real/scalekit.yaml")
    write(here, "conf/readme.txt")
    (here / "conf/linked").symlink_to(here / "real", target_is_directory=True)
    assert load(["conf"]).files == ("conf/linked/scalekit.yaml",)


def test_a_path_that_is_not_there_says_what_to_do(here: Path) -> None:
    write(here, "scalekit.yaml", content=ONE)
    loaded = load(["nowhere", "scalekit.yaml"])
    assert rendered(loaded.diagnostics) == (
        "nowhere: error: file-not-found: there is no such file or directory\n"
        "    Check the path, or name a directory with scalekit.yaml or *.scalekit.yaml in it.\n"
    )
    assert loaded.desired.organizations


def test_a_directory_without_a_configuration_says_what_to_do(here: Path) -> None:
    (here / "empty").mkdir()
    (problem,) = load(["empty"]).diagnostics
    assert (problem.check, str(problem.location)) == ("no-configuration", "empty")
    assert "init" in problem.detail


def test_a_link_that_leads_nowhere_is_an_error_at_its_name(here: Path) -> None:
    (here / "scalekit.yaml").symlink_to("gone")
    (problem,) = load().diagnostics
    assert (problem.check, str(problem.location)) == ("file-not-found", "scalekit.yaml")


def test_a_pipe_in_a_searched_directory_does_not_make_it_wait(here: Path) -> None:
    write(here, "scalekit.yaml")
    os.mkfifo(here / "pipe.scalekit.yaml")
    assert load().files == ("scalekit.yaml",)


def test_a_file_that_cannot_be_read_is_an_error_with_the_reason(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(here, "scalekit.yaml", "b.scalekit.yaml")

    def refuse(self: Path, *_arguments: object) -> object:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", refuse)
    assert [item.summary for item in load().diagnostics] == ["this cannot be read: permission denied"] * 2


def test_a_directory_that_cannot_be_read_is_an_error(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(here, "a/scalekit.yaml")

    def refuse(_path: object) -> object:
        raise PermissionError(13, "Permission denied", os.fspath(here / "a"))

    monkeypatch.setattr(os, "scandir", refuse)
    (problem,) = load().diagnostics
    assert (problem.check, str(problem.location)) == ("file-unreadable", f"{here}/a")


def test_a_name_that_is_not_text_can_still_be_written(here: Path) -> None:
    name = os.fsdecode(b"caf\xe9.yaml")
    try:
        write(here, name)
    except OSError:
        pytest.skip("this file system takes only text for names")
    assert load([name]).files == ("caf\\xe9.yaml",)


def test_of_a_file_beyond_the_limit_no_more_than_the_limit_is_read(here: Path) -> None:
    with (here / "scalekit.yaml").open("wb") as stream:
        stream.truncate(4 * BYTE_LIMIT)
    (problem,) = load().diagnostics
    assert problem.check == "too-large"


def test_a_scalar_as_large_as_a_file_may_be_is_cut_in_the_message() -> None:
    text = b"version: 1\norganizations: " + b"x" * (BYTE_LIMIT - 100)
    (problem,) = load_sources({"a": text}).diagnostics
    assert problem.check == "wrong-type"
    assert len(problem.summary) < 250


def test_all_problems_are_shown_up_to_ten_thousand_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    many = b"version: 1\norganizations:\n" + b"  - {id: x}\n" * 3
    assert len(load_sources({"a": many}).diagnostics) == 3
    monkeypatch.setattr(configfile, "MOST_PROBLEMS", 2)
    found = load_sources({"a": many, "b": many}).diagnostics
    assert [item.check for item in found].count("too-many-problems") == 2
    assert len(found) == 6


def test_thousands_of_unknown_keys_are_all_shown() -> None:
    text = b"version: 1\n" + b"".join(b"key%d: 1\n" % number for number in range(3000))
    assert len(load_sources({"a": text}).diagnostics) == 3000


def test_a_rule_without_a_sentence_of_its_own_is_still_reported() -> None:
    violation = Violation(path=("a",), keyword="multipleOf", rule=2, value=3, schema={}, message="")
    document = Document(root=None, root_place=0, text=SourceText("f", "a: 3"), places=array("I"))
    (problem,) = explanation.explained(document, 0, None, None, violation)
    assert "multipleOf" in problem.summary


def test_loading_leaves_the_collector_as_it_was() -> None:
    before = gc.get_threshold()
    load_sources({"a": ONE})
    assert gc.get_threshold() == before


# Laws


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=5), st.binary(max_size=60), max_size=3))
def test_arbitrary_bytes_never_raise(contents: dict[str, bytes]) -> None:
    loaded = load_sources(contents)
    assert loaded.files == tuple(sorted(contents))
    assert loaded.diagnostics.has_errors == bool(contents)


_WORDS = st.sampled_from(
    [
        "version",
        "organizations",
        "connections",
        "id",
        "enabled",
        "expect",
        "domains",
        "checks",
        "limits",
        "name",
    ]
    + ["environment", "unmanaged", "mass-disable", "off", "org_1", "conn_1", "https://a.b", "yes", "<<", "x"]
)
_VALUES = st.recursive(
    _WORDS | st.booleans() | st.integers(0, 3) | st.none() | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=5),
    max_leaves=25,
)


@settings(deadline=None, max_examples=300)
@given(st.dictionaries(_WORDS, _VALUES, max_size=6), st.sampled_from([1, "1", None]))
def test_arbitrary_yaml_never_raises_and_errors_have_places(
    value: dict[str, object], version: object
) -> None:
    text = yaml.safe_dump({**value, "version": version})
    for item in load_sources({"f": text.encode()}).diagnostics:
        assert item.location is not None
        assert item.location.line is not None
        assert item.summary.isprintable()


@settings(deadline=None)
@given(st.lists(_VALUES, min_size=2, max_size=4), st.randoms(use_true_random=False))
def test_the_order_of_files_makes_no_difference(values: list[object], order: random.Random) -> None:
    contents = {
        f"f{number}": yaml.safe_dump(
            {"version": 1, "organizations": [{"id": "org_1", "name": value}]}
        ).encode()
        for number, value in enumerate(values)
    }
    names = list(contents)
    order.shuffle(names)
    assert load_sources({name: contents[name] for name in names}) == load_sources(contents)


def test_the_order_of_paths_makes_no_difference(here: Path) -> None:
    write(here, "a/scalekit.yaml", "b.yaml", content=ONE)
    first, second = load(["a", "b.yaml", "gone"]), load(["gone", "b.yaml", "a"])
    assert first == second
    assert len(first.diagnostics) == 2


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(desireds())
def test_a_configuration_written_from_a_value_is_read_as_that_value(desired: Desired) -> None:
    wanted = without_places(desired)
    loaded = load_sources({"f": written(wanted)})
    assert not [item for item in loaded.diagnostics if item.severity is Severity.ERROR]
    assert without_places(loaded.desired) == wanted
