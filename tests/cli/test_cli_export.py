from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from command_support import run
from emulator_support import connection, organization, running
from inprocess_support import credentials, invoke

from scalekit_apply import config
from scalekit_apply.emulator import Dialect, Emulator, UnknownOrganization, WideList


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with running(
        organization("org_b", connection("conn_2", enabled=True), connection("conn_1"), name="Umbrella"),
        organization("org_a", connection("conn_3", provider="CUSTOM"), name='A "quoted"\nname'),
        organization("org_c", name="Empty"),
        connections=[connection("conn_9", enabled=True)],
    ) as started:
        yield started


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_law_3_after_export_plan_is_empty_in_one_document(emulator: Emulator, tmp_path: Path) -> None:
    env = credentials(emulator)
    exported = run(["export", "--all"], env)
    assert exported.code == 0
    (tmp_path / "scalekit.yaml").write_text(exported.out, encoding="utf-8")
    done = run(["plan", "--detailed-exitcode"], env, cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert "No changes. Live state matches the configuration." in done.out
    assert run(["drift"], env, cwd=tmp_path).code == 0


def test_law_3_after_export_plan_is_empty_in_many_files(emulator: Emulator, tmp_path: Path) -> None:
    env = credentials(emulator)
    folder = tmp_path / "new" / "config"
    exported = run(["export", "--all", "--out-dir", str(folder)], env)
    assert exported.code == 0
    assert names(folder) == ["org_a.scalekit.yaml", "org_b.scalekit.yaml", "scalekit.yaml"]
    assert sorted(exported.out.splitlines()) == sorted(str(path) for path in folder.iterdir())
    done = run(["plan", "-c", str(folder), "--detailed-exitcode"], env)
    assert (done.code, done.err) == (0, "")
    assert "No changes. Live state matches the configuration." in done.out


def test_what_is_left_out_is_said_on_stderr(emulator: Emulator) -> None:
    everything = invoke(["export", "--all"], credentials(emulator))
    assert everything.err == (
        "Reading 3 organizations.\n"
        "1 organization without connections left out.\n"
        "Connections that belong to the environment and to no organization are not exported.\n"
    )
    assert "conn_9" not in everything.out
    named = invoke(["export", "--organization", "org_a"], credentials(emulator))
    assert (named.code, named.err) == (0, "")
    assert invoke(["export", "--all", "-q"], credentials(emulator)).err == ""


@pytest.mark.parametrize("answer", UnknownOrganization)
@pytest.mark.parametrize(
    ("named", "said"),
    [
        (["org_nope"], "org_nope has no connections, or is unknown to this environment"),
        (["org_a", "org_c"], "org_c has no connections, or is unknown to this environment"),
        (["org_nope", "org_c"], "org_c, org_nope have no connections, or are unknown to this environment"),
    ],
)
def test_an_organization_that_was_named_and_has_nothing_exits_3_and_nothing_is_written(
    tmp_path: Path, answer: UnknownOrganization, named: list[str], said: str
) -> None:
    organizations = [organization("org_a", connection("conn_1")), organization("org_c")]
    with running(*organizations, dialect=Dialect(unknown_organization=answer)) as emulator:
        args = ["export", *(text for name in named for text in ("--organization", name))]
        for more in ([], ["--out-dir", str(tmp_path / "new")]):
            done = invoke([*args, *more], credentials(emulator))
            assert (done.code, done.out) == (3, "")
            assert said in done.err
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("wide_list", WideList)
def test_no_connection_is_missed_whatever_the_environment_wide_list_holds(wide_list: WideList) -> None:
    with running(
        organization("org_a", connection("conn_1")),
        organization("org_b", connection("conn_2")),
        dialect=Dialect(wide_list=wide_list),
    ) as emulator:
        done = invoke(["export", "--all"], credentials(emulator))
    assert "conn_1" in done.out
    assert "conn_2" in done.out


def test_every_page_of_the_organizations_is_read() -> None:
    with running(*(organization(f"org_{n}", connection(f"conn_{n}")) for n in range(130))) as emulator:
        done = invoke(["export", "--all"], credentials(emulator))
    assert done.code == 0
    assert done.out.count('- id: "org_') == 130


def test_an_organization_can_be_added_to_a_configuration(emulator: Emulator, tmp_path: Path) -> None:
    env = credentials(emulator)
    assert invoke(["export", "--organization", "org_a", "--out-dir", str(tmp_path)], env).code == 0
    top = (tmp_path / "scalekit.yaml").read_text()
    done = invoke(["export", "--organization", "org_b", "--out-dir", str(tmp_path)], env)
    assert (done.code, done.err) == (0, "")
    assert names(tmp_path) == ["org_a.scalekit.yaml", "org_b.scalekit.yaml", "scalekit.yaml"]
    assert (tmp_path / "scalekit.yaml").read_text() == top
    loaded = config.load([tmp_path])
    assert not loaded.diagnostics.has_errors
    assert list(loaded.desired.organizations) == ["org_a", "org_b"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ([], "Neither --organization nor --all"),
        (["--all", "--organization", "org_a"], "both given"),
        (["--organization", "org/a"], "not the id of an organization"),
    ],
)
def test_which_organizations_has_to_be_said(emulator: Emulator, args: list[str], said: str) -> None:
    done = invoke(["export", *args], credentials(emulator))
    assert (done.code, done.out) == (3, "")
    assert said in done.err
    assert emulator.requests == ()


@pytest.mark.parametrize(
    ("file", "text", "args", "code", "said"),
    [
        ("scalekit.yaml", "version: 1\n", ["--all"], 3, "holds a configuration already"),
        ("org_a.scalekit.yaml", "mine", ["--organization", "org_a"], 3, "exists already"),
        ("scalekit.yaml", "version: 2\n", ["--organization", "org_a"], 3, "version"),
        (
            "team.scalekit.yaml",
            "version: 1\norganizations:\n  - id: org_a\n",
            ["--organization", "org_a"],
            3,
            "org_a is configured already, at ",
        ),
        (
            "scalekit.yaml",
            "version: 1\nenvironment: https://acme.scalekit.com\n",
            ["--organization", "org_a"],
            4,
            "acme.scalekit.com",
        ),
    ],
)
def test_a_folder_that_cannot_take_the_files_is_refused_before_anything_is_sent(  # noqa: PLR0913  # a table with many columns
    *, emulator: Emulator, tmp_path: Path, file: str, text: str, args: list[str], code: int, said: str
) -> None:
    (tmp_path / file).write_text(text)
    done = invoke(["export", *args, "--out-dir", str(tmp_path)], credentials(emulator))
    assert (done.code, done.out) == (code, "")
    assert said in done.err
    assert emulator.requests == ()
    assert names(tmp_path) == [file]
    assert (tmp_path / file).read_text() == text


def test_a_file_in_place_of_the_folder_is_refused_before_anything_is_sent(
    emulator: Emulator, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    done = invoke(["export", "--all", "--out-dir", str(tmp_path / "file")], credentials(emulator))
    assert done.code == 3
    assert emulator.requests == ()


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("status=403,id=org_b", 4),
        ("status=501,id=org_b", 8),
        ("wrong-shape,id=org_b", 8),
        ("status=403,path=/api/v1/organizations", 4),
        ("status=404,path=/api/v1/organizations", 8),
    ],
)
def test_when_anything_cannot_be_read_nothing_is_written(
    emulator: Emulator, tmp_path: Path, fault: str, code: int
) -> None:
    emulator.faults.add(fault)
    env = credentials(emulator)
    done = invoke(["export", "--all", "--out-dir", str(tmp_path / "new")], env)
    assert (done.code, done.out) == (code, "")
    assert not (tmp_path / "new").exists()
    assert invoke(["export", "--all"], env).out == ""


def test_a_connection_that_two_organizations_claim_is_not_exported(tmp_path: Path) -> None:
    with running(
        organization("org_a", connection("conn_1")),
        organization("org_b", connection("conn_2", extra={"id": "conn_1"})),
    ) as ambiguous:
        done = invoke(["export", "--all", "--out-dir", str(tmp_path / "new")], credentials(ambiguous))
    assert (done.code, done.out) == (8, "")
    assert "conn_1" in done.err
    assert not (tmp_path / "new").exists()
