"""The emulated environment in SQLite: in memory, or in a file that several processes share."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast

from scalekit_apply.emulator.database import Database
from scalekit_apply.emulator.records import Client, Connection, ListedConnection, Organization, Seed

_LISTED: Final = (
    "c.id, c.organization_id, o.display_name, c.provider, c.type, c.status, c.enabled, c.domains, "
    "c.key_id, c.provider_key, c.ui_button_title, c.mcp_server_url, c.extra"
)
_FROM: Final = "FROM connection AS c LEFT JOIN organization AS o ON o.id = c.organization_id"
Clock = Callable[[], float]


def timestamp(seconds: float) -> str:
    """Write seconds since the epoch the way the API writes a time."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


class Store:
    """An environment that threads and processes can use at once; every method is one transaction.

    Reads always see what other processes wrote. Raises :class:`UsageError` for a file that is not a database
    of the emulator, and ``KeyError`` with the id for a connection or organization that does not exist.
    """

    def __init__(self, path: Path | None = None, *, clock: Clock = time.time) -> None:
        self._clock = clock
        self._database = Database(path)

    def close(self) -> None:
        """Let go of the file; an environment in memory is gone."""
        self._database.close()

    def start_from(self, seed: Seed, *, signing_key: str) -> bool:
        """Fill an environment that was never filled. Return whether this call did it.

        ``signing_key`` is kept with the environment, so that tokens outlive the process that issued them.
        """
        with self._database.writing() as database:
            if self._setting("environment") is not None:
                return False
            database.executemany(
                "INSERT INTO setting VALUES (?, ?)",
                [("environment", seed.environment), ("signing_key", signing_key), ("token_epoch", "0")],
            )
            self.add_clients(seed.clients)
            self.add_organizations(seed.organizations)
            self.add_connections(seed.connections)
        return True

    def version(self) -> tuple[int, int]:
        """Return what differs after every change, whether of this process or of another."""
        return self._database.version()

    # -- environment and clients ------------------------------------------------------------------

    @property
    def environment(self) -> str:
        """The name of the environment."""
        return self._setting("environment") or ""

    @property
    def signing_key(self) -> str:
        """What tokens are signed with."""
        return self._setting("signing_key") or ""

    @property
    def token_epoch(self) -> int:
        """Tokens of an earlier epoch are not valid any more."""
        return int(self._setting("token_epoch") or 0)

    def expire_tokens(self) -> None:
        """Make every token issued so far invalid, in every process."""
        with self._database.writing() as database:
            database.execute("UPDATE setting SET value = value + 1 WHERE name = 'token_epoch'")

    def clients(self) -> tuple[Client, ...]:
        """Return the API clients in the order they were added."""
        rows = self._database.rows("SELECT id, secret, permissions FROM client ORDER BY position")
        return tuple(
            Client(id=row[0], secret=row[1], permissions=frozenset(json.loads(row[2]))) for row in rows
        )

    def add_clients(self, clients: Iterable[Client]) -> None:
        """Add API clients."""
        self._database.insert(
            "INSERT INTO client (id, secret, permissions) VALUES (?, ?, ?)",
            [(client.id, client.secret, json.dumps(sorted(client.permissions))) for client in clients],
        )

    # -- organizations ----------------------------------------------------------------------------

    def organization(self, organization_id: str) -> Organization | None:
        """Return one organization, ``None`` if there is no such."""
        rows = self._database.rows(
            "SELECT id, display_name, attributes, extra FROM organization WHERE id = ?", [organization_id]
        )
        return _organization(rows[0]) if rows else None

    def organizations(
        self, *, limit: int, after: int = 0, before: int | None = None
    ) -> list[tuple[int, Organization]]:
        """Return up to ``limit`` organizations with their positions, in order.

        ``after`` and ``before`` are positions: the page starts behind the one, or ends before the other.
        """
        select = "SELECT id, display_name, attributes, extra, position FROM organization WHERE position"
        if before is None:
            rows = self._database.rows(f"{select} > ? ORDER BY position LIMIT ?", [after, limit])
        else:
            rows = self._database.rows(f"{select} < ? ORDER BY position DESC LIMIT ?", [before, limit])[::-1]
        return [(row[4], _organization(row)) for row in rows]

    def count_organizations(self) -> int:
        """Return how many organizations there are."""
        return int(self._database.rows("SELECT count(*) FROM organization")[0][0])

    def count_connections(self) -> tuple[int, int]:
        """Return how many connections organizations have, and how many the environment itself."""
        query = "SELECT count(organization_id), count(*) - count(organization_id) FROM connection"
        owned, own = self._database.rows(query)[0]
        return int(owned), int(own)

    def add_organizations(self, organizations: Iterable[Organization]) -> None:
        """Add organizations behind those that are there."""
        self._database.insert(
            "INSERT INTO organization (id, display_name, attributes, extra) VALUES (?, ?, ?, ?)",
            [
                (item.id, item.display_name, json.dumps(item.attributes), json.dumps(item.extra))
                for item in organizations
            ],
        )

    def rename_organization(self, organization_id: str, display_name: str) -> None:
        """Give an organization another display name."""
        self._database.change(
            "UPDATE organization SET display_name = ? WHERE id = ?", [display_name, organization_id]
        )

    def delete_organization(self, organization_id: str) -> None:
        """Delete an organization and all its connections."""
        self._database.change("DELETE FROM organization WHERE id = ?", [organization_id])

    # -- connections ------------------------------------------------------------------------------

    def connection(self, connection_id: str) -> Connection | None:
        """Return one connection whole, ``None`` if there is no such."""
        rows = self._database.rows(
            f"SELECT {_LISTED}, c.details, c.create_time, c.update_time {_FROM} WHERE c.id = ?",
            [connection_id],
        )
        if not rows:
            return None
        row = rows[0]
        return Connection(
            **_listed(row), details=json.loads(row[13]), create_time=row[14], update_time=row[15]
        )

    def connections(
        self,
        *,
        organization_id: str | None = None,
        domain: str | None = None,
        active_only: bool = False,
        environment_only: bool = False,
    ) -> list[ListedConnection]:
        """Return connections in the order they were added, narrowed by everything that is given.

        ``active_only`` keeps those that are completed and enabled, ``environment_only`` those without an
        organization.
        """
        where = ["1"]
        values: list[str] = []
        if organization_id is not None:
            where.append("c.organization_id = ?")
            values.append(organization_id)
        if domain is not None:
            where.append(
                "EXISTS (SELECT 1 FROM json_each(c.domains) WHERE json_extract(value, '$.domain') = ?)"
            )
            values.append(domain)
        if active_only:
            where.append("c.enabled AND c.status = 'COMPLETED'")
        if environment_only:
            where.append("c.organization_id IS NULL")
        rows = self._database.rows(
            f"SELECT {_LISTED} {_FROM} WHERE {' AND '.join(where)} ORDER BY c.position",
            values,
        )
        return [ListedConnection(**_listed(row)) for row in rows]

    def states(self) -> dict[str, bool]:
        """Return ``enabled`` of every connection by its id."""
        return {row[0]: bool(row[1]) for row in self._database.rows("SELECT id, enabled FROM connection")}

    def add_connections(self, connections: Iterable[Connection]) -> None:
        """Add connections behind those that are there; their organizations must exist."""
        self._database.insert(
            """INSERT INTO connection (
                id, organization_id, provider, type, status, enabled, domains, key_id, provider_key,
                ui_button_title, mcp_server_url, extra, details, create_time, update_time)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            [_row(item) for item in connections],
        )

    def set_enabled(self, connection_id: str, enabled: bool) -> None:
        """Enable or disable a connection; the update time moves only if that changes something."""
        now = timestamp(self._clock())
        with self._database.writing() as database:
            known = database.execute("SELECT 1 FROM connection WHERE id = ?", [connection_id]).fetchone()
            if known is None:
                raise KeyError(connection_id)
            database.execute(
                """UPDATE connection SET
                    enabled = :enabled, update_time = CASE update_time WHEN '' THEN '' ELSE :now END
                WHERE id = :id AND enabled <> :enabled""",
                {"enabled": int(enabled), "now": now, "id": connection_id},
            )

    def toggle(self, connection_id: str) -> bool:
        """Turn ``enabled`` around and return the new value."""
        with self._database.writing():
            found = self.connection(connection_id)
            if found is None:
                raise KeyError(connection_id)
            self.set_enabled(connection_id, not found.enabled)
            return not found.enabled

    def set_status(self, connection_id: str, status: str) -> None:
        """Set how far the configuration of a connection is."""
        self.change_connection(connection_id, status=status)

    def change_connection(self, connection_id: str, **values: Any) -> None:
        """Set attributes of a connection, named as in :class:`Connection`; domains may be texts."""
        if "domains" in values:
            domains = cast("Iterable[str | Mapping[str, Any]]", values["domains"])
            values["domains"] = tuple({"domain": one} if isinstance(one, str) else one for one in domains)
        with self._database.writing() as database:
            found = self.connection(connection_id)
            if found is None:
                raise KeyError(connection_id)
            moment = timestamp(self._clock()) if found.update_time else ""
            changed = replace(found, **{"update_time": moment, **values})
            database.execute(
                """UPDATE connection SET (
                    id, organization_id, provider, type, status, enabled, domains, key_id, provider_key,
                    ui_button_title, mcp_server_url, extra, details, create_time, update_time)
                = (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) WHERE id = ?""",
                [*_row(changed), connection_id],
            )

    def delete_connection(self, connection_id: str) -> None:
        """Delete a connection."""
        self._database.change("DELETE FROM connection WHERE id = ?", [connection_id])

    def _setting(self, name: str) -> str | None:
        rows = self._database.rows("SELECT value FROM setting WHERE name = ?", [name])
        return str(rows[0][0]) if rows else None


def _organization(row: tuple[Any, ...]) -> Organization:
    return Organization(
        id=row[0], display_name=row[1], attributes=json.loads(row[2]), extra=json.loads(row[3])
    )


def _listed(row: tuple[Any, ...]) -> dict[str, Any]:
    return {
        "id": row[0],
        "organization_id": row[1] or "",
        "organization_name": row[2] or "",
        "provider": row[3],
        "type": row[4],
        "status": row[5],
        "enabled": bool(row[6]),
        "domains": tuple(json.loads(row[7])),
        "key_id": row[8],
        "provider_key": row[9],
        "ui_button_title": row[10],
        "mcp_server_url": row[11],
        "extra": json.loads(row[12]),
    }


def _row(item: Connection) -> tuple[object, ...]:
    return (
        item.id,
        item.organization_id or None,
        item.provider,
        item.type,
        item.status,
        int(item.enabled),
        json.dumps(item.domains),
        item.key_id,
        item.provider_key,
        item.ui_button_title,
        item.mcp_server_url,
        json.dumps(item.extra),
        json.dumps(item.details),
        item.create_time,
        item.update_time,
    )
