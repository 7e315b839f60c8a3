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
_BUSY_SECONDS: Final = 30.0

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

    ``busy_seconds`` is how long to wait for another process. Raises :class:`UsageError` for a file that is
    not one.
    """

    def __init__(self, path: Path | None, *, busy_seconds: float = _BUSY_SECONDS) -> None:
        self._lock = threading.RLock()
        self._name = str(path) if path else "in memory"
        try:
            self._database = sqlite3.connect(
                path or ":memory:", timeout=busy_seconds, isolation_level=None, check_same_thread=False
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
        if not self._tables():
            with self.writing() as database:
                # Another process may have been faster between the two looks.
                for statement in () if self._tables() else _SCHEMA:
                    database.execute(statement)
        made_by, version = (self.rows(f"PRAGMA {name}")[0][0] for name in ("application_id", "user_version"))
        if made_by != _APPLICATION_ID:
            raise UsageError(f"The database {self._name} was not made by the emulator.")
        if version != _FORMAT:
            raise UsageError(f"The database {self._name} was made by another version of the emulator.")
        self._use_write_ahead_log()

    def _tables(self) -> int:
        return int(self.rows("SELECT count(*) FROM sqlite_master")[0][0])

    def _use_write_ahead_log(self) -> None:
        # Readers then never wait for a writer. The mode stays with the file, and changing it needs the file
        # for oneself: when that cannot be had, the old mode goes on working.
        try:
            self._database.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
        self._database.execute("PRAGMA synchronous = NORMAL")

    def version(self) -> tuple[int, int]:
        """Return what differs after every change, whether of this process or of another."""
        with self._lock:
            theirs = self._database.execute("PRAGMA data_version").fetchone()[0]
            return theirs, self._database.total_changes

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
                self._database.execute("COMMIT")
            except BaseException:
                self._database.execute("ROLLBACK")
                raise

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
