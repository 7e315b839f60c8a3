"""The environment in SQLite, moved from behind."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from emulator_support import connection, organization, seed_document

from scalekit_apply.emulator.database import Database
from scalekit_apply.emulator.records import Connection, Organization
from scalekit_apply.emulator.seed import parse_seed
from scalekit_apply.emulator.store import Store
from scalekit_apply.errors import UsageError

SEED = parse_seed(
    seed_document(organization("org_1", connection("conn_1"), connection("conn_2", enabled=True))), now=0
)


@pytest.fixture
def store() -> Iterator[Store]:
    opened = Store(clock=lambda: 1_800_000_000.0)
    opened.start_from(SEED, signing_key="key")
    yield opened
    opened.close()


def found(store: Store, connection_id: str = "conn_1") -> Connection:
    item = store.connection(connection_id)
    assert item is not None
    return item


def test_a_toggle_turns_enabled_around(store: Store) -> None:
    assert store.toggle("conn_1") is True
    assert store.toggle("conn_2") is False
    assert store.states() == {"conn_1": True, "conn_2": False}


def test_every_attribute_of_a_connection_can_be_set(store: Store) -> None:
    store.set_status("conn_1", "DRAFT")
    store.change_connection("conn_1", provider="GOOGLE", domains=["a.example"], enabled=True, extra={"a": 1})
    item = found(store)
    assert (item.status, item.provider, item.enabled, item.extra) == ("DRAFT", "GOOGLE", True, {"a": 1})
    assert item.domains == ({"domain": "a.example"},)
    assert item.update_time == "2027-01-15T08:00:00.000Z"
    assert item.create_time == "1970-01-01T00:00:00.000Z"
    with pytest.raises(TypeError):
        store.change_connection("conn_1", nonsense=1)


def test_a_connection_can_move_to_another_organization(store: Store) -> None:
    store.add_organizations([Organization(id="org_2", display_name="Two")])
    store.change_connection("conn_1", organization_id="org_2")
    assert found(store).organization_name == "Two"
    assert [item.id for item in store.connections(organization_id="org_2")] == ["conn_1"]


def test_a_time_that_is_not_sent_stays_away(store: Store) -> None:
    store.change_connection("conn_1", update_time="", enabled=False)
    store.set_enabled("conn_1", True)
    store.change_connection("conn_1", provider="PING_IDENTITY")
    assert found(store).update_time == ""


def test_what_is_deleted_is_gone_with_all_that_belongs_to_it(store: Store) -> None:
    store.delete_connection("conn_1")
    assert store.connection("conn_1") is None
    store.delete_organization("org_1")
    assert store.states() == {}
    assert store.organization("org_1") is None


def test_an_organization_can_be_renamed(store: Store) -> None:
    store.rename_organization("org_1", "Initech")
    assert found(store).organization_name == "Initech"
    assert store.organization("org_1") == Organization(id="org_1", display_name="Initech")


def test_what_does_not_exist_cannot_be_moved(store: Store) -> None:
    for act in (
        lambda: store.toggle("none"),
        lambda: store.set_enabled("none", True),
        lambda: store.set_status("none", "DRAFT"),
        lambda: store.delete_connection("none"),
        lambda: store.delete_organization("none"),
        lambda: store.rename_organization("none", "x"),
    ):
        with pytest.raises(KeyError, match="none"):
            act()


def test_what_exists_or_belongs_to_nothing_cannot_be_added(store: Store) -> None:
    with pytest.raises(UsageError):
        store.add_connections([Connection(id="conn_3"), Connection(id="conn_1")])
    with pytest.raises(UsageError):
        store.add_connections([Connection(id="conn_3", organization_id="none")])
    with pytest.raises(UsageError):
        store.add_organizations([Organization(id="org_1")])
    assert store.states().keys() == {"conn_1", "conn_2"}


def test_the_version_differs_after_every_change(store: Store) -> None:
    before = store.version()
    assert store.version() == before
    store.toggle("conn_1")
    assert store.version() != before


def test_an_environment_is_filled_once(tmp_path: Path) -> None:
    path = tmp_path / "environment.db"
    first = Store(path)
    assert first.start_from(SEED, signing_key="first")
    first.delete_organization("org_1")
    first.close()
    second = Store(path)
    assert not second.start_from(SEED, signing_key="second")
    assert (second.signing_key, second.states(), second.environment) == ("first", {}, "test")
    second.close()


def test_another_connection_to_the_file_sees_every_change(tmp_path: Path) -> None:
    path = tmp_path / "environment.db"
    one, other = Store(path), Store(path)
    one.start_from(SEED, signing_key="key")
    before = other.version()
    one.toggle("conn_1")
    assert other.states()["conn_1"] is True
    assert other.version() != before
    other.expire_tokens()
    assert one.token_epoch == 1
    one.close()
    other.close()


def test_a_directory_is_not_a_database(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be opened"):
        Store(tmp_path)


def test_a_file_of_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("Not a database at all, but longer than the header of one. " * 20)
    before = path.read_bytes()
    with pytest.raises(UsageError, match="cannot be used: file is not a database"):
        Store(path)
    assert path.read_bytes() == before


def test_a_database_of_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE theirs (a)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(UsageError, match="was not made by the emulator"):
        Store(path)
    assert path.read_bytes() == before


def test_a_database_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "environment.db"
    Store(path).close()
    other = sqlite3.connect(path)
    other.execute("PRAGMA user_version = 99")
    other.close()
    with pytest.raises(UsageError, match="was made by another version of the emulator"):
        Store(path)


def test_a_file_that_is_being_read_in_another_mode_can_still_be_used(tmp_path: Path) -> None:
    path = tmp_path / "environment.db"
    Database(path).close()
    reader = sqlite3.connect(path, isolation_level=None)
    assert reader.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM setting").fetchall()
    database = Database(path, busy_seconds=0.01)
    assert database.rows("PRAGMA journal_mode") == [("delete",)]
    with pytest.raises(sqlite3.OperationalError, match="locked"), database.writing() as writing:
        writing.execute("INSERT INTO setting VALUES ('a', 'b')")
    reader.close()
    with database.writing() as writing:
        writing.execute("INSERT INTO setting VALUES ('a', 'c')")
    assert database.rows("SELECT value FROM setting") == [("c",)]
    database.close()


def test_a_file_that_may_not_be_written_is_a_usage_error(tmp_path: Path) -> None:
    path = tmp_path / "environment.db"
    store = Store(path)
    store.close()
    locked = sqlite3.connect(path, isolation_level=None)
    locked.execute("PRAGMA locking_mode = EXCLUSIVE")
    locked.execute("BEGIN EXCLUSIVE")
    with pytest.raises(UsageError, match="cannot be used: database is locked"):
        Database(path, busy_seconds=0.01)
    locked.close()


def test_many_threads_lose_no_change(tmp_path: Path) -> None:
    store = Store(tmp_path / "environment.db")
    store.start_from(SEED, signing_key="key")

    def work() -> None:
        for _ in range(50):
            store.expire_tokens()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.token_epoch == 300
    store.close()


_RACER = """
import sys
from pathlib import Path
from scalekit_apply.emulator.records import Organization, Seed
from scalekit_apply.emulator.store import Store

sys.stdin.readline()
store = Store(Path(sys.argv[1]))
filled = store.start_from(Seed(organizations=(Organization(id="org_1"),)), signing_key=sys.argv[2])
for _ in range(100):
    store.expire_tokens()
print(int(filled), store.signing_key)
store.close()
"""


def test_processes_that_start_at_once_on_one_file_fill_it_once_and_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "environment.db"
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", _RACER, str(path), f"key-{number}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(4)
    ]
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("\n")
        racer.stdin.flush()
    said = [racer.communicate(timeout=60)[0].split() for racer in racers]
    assert [racer.returncode for racer in racers] == [0] * 4
    assert sorted(filled for filled, _ in said) == ["0", "0", "0", "1"]
    assert len({key for _, key in said}) == 1
    store = Store(path)
    assert store.token_epoch == 400
    store.close()
