"""The SQLite behind an emulated environment: opening, transactions, and its errors."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from scalekit_apply.errors import UsageError

_APPLICATION_ID: Final = 0x534B4150
_FORMAT: Final = 1
_BUSY_SECONDS: Final = 30

_SCHEMA: Final = (
    "CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE client (
        position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, secret TEXT NOT NULL,
        permissions TEXT NOT NULL)""",
    """CREATE TABLE organization (
        position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, display_name TEXT NOT NULL,
        attributes TEXT NOT NULL, extra TEXT NOT NULL)""",
    """CREATE TABLE connection (
        position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,
        organization_id TEXT REFERENCES organization (id) ON DELETE CASCADE,
        provider TEXT NOT NULL, type TEXT NOT NULL, status TEXT NOT NULL, enabled INTEGER NOT NULL,
        domains TEXT NOT NULL, key_id TEXT NOT NULL, provider_key TEXT NOT NULL,
        ui_button_title TEXT NOT NULL, mcp_server_url TEXT NOT NULL, extra TEXT NOT NULL,
        details TEXT NOT NULL, create_time TEXT NOT NULL, update_time TEXT NOT NULL)""",
    "CREATE INDEX connection_of_organization ON connection (organization_id)",
    f"PRAGMA user_version = {_FORMAT}",
    f"PRAGMA application_id = {_APPLICATION_ID}",
)


class Database:
    """A database of the emulator, for any number of threads and processes at once.

    Raises :class:`UsageError` for a file that is not one.
    """

    def __init__(self, path: Path | None) -> None:
        self._lock = threading.RLock()
        self._name = str(path) if path else "in memory"
        try:
            self._database = sqlite3.connect(
                path or ":memory:", timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise UsageError(f"The database {self._name} cannot be opened: {error}.") from error
        try:
            self._prepare()
        except sqlite3.Error as error:
            self._database.close()
            raise UsageError(f"The database {self._name} cannot be used: {error}.") from error
        except UsageError:
            self._database.close()
            raise

    def close(self) -> None:
        """Let go of the file; an environment in memory is gone."""
        with self._lock:
            self._database.close()

    def _prepare(self) -> None:
        self._database.execute("PRAGMA foreign_keys = ON")
        with self.writing() as database:
            tables = database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            if not tables:
                for statement in _SCHEMA:
                    database.execute(statement)
            found = tuple(
                database.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("application_id", "user_version")
            )
        if found[0] != _APPLICATION_ID:
            raise UsageError(f"The database {self._name} was not made by the emulator.")
        if found[1] != _FORMAT:
            raise UsageError(f"The database {self._name} was made by another version of the emulator.")
        self._use_write_ahead_log()

    def _use_write_ahead_log(self) -> None:
        # Two processes that start on one file both want this, and SQLite answers busy at once here instead
        # of waiting. The mode stays with the file, so whoever loses has nothing left to do.
        try:
            self._database.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
        self._database.execute("PRAGMA synchronous = NORMAL")

    @contextmanager
    def writing(self) -> Generator[sqlite3.Connection]:
        """Make one transaction of what happens inside; inside of another one, be part of that."""
        with self._lock:
            if self._database.in_transaction:
                yield self._database
                return
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield self._database
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")

    def rows(self, statement: str, values: Iterable[object] = ()) -> list[tuple[Any, ...]]:
        """Return what a query finds."""
        with self._lock:
            return self._database.execute(statement, tuple(values)).fetchall()

    def insert(self, statement: str, rows: list[tuple[object, ...]]) -> None:
        """Insert rows; :class:`UsageError` for one that is there already, or belongs to nothing."""
        with self.writing() as database:
            try:
                database.executemany(statement, rows)
            except sqlite3.IntegrityError as error:
                raise UsageError(f"The emulated environment refuses this: {error}.") from error

    def change(self, statement: str, values: list[object]) -> None:
        """Change the row whose id is the last value; ``KeyError`` with that id if there is none."""
        with self.writing() as database:
            if not database.execute(statement, values).rowcount:
                raise KeyError(values[-1])
