"""The part of GitHub's API that the recipes use, on loopback, with the permissions of each token enforced."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

REPOSITORY = "acme/sso"
BOT = {"login": "github-actions[bot]", "type": "Bot"}
Json = dict[str, Any]
_LEVELS = {"read": 1, "write": 2}


@dataclass
class Service:
    """What GitHub knows. Tests read and change the lists; ``down`` makes every answer a 500."""

    comments: list[Json] = field(default_factory=list[Json])
    issues: list[Json] = field(default_factory=list[Json])
    pulls: list[Json] = field(default_factory=list[Json])
    artifacts: list[Json] = field(default_factory=list[Json])
    runs: dict[int, Json] = field(default_factory=dict[int, Json])
    tokens: dict[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    requests: list[str] = field(default_factory=list[str])
    down: bool = False
    url: str = ""
    last_id: int = 1000

    def new_id(self) -> int:
        self.last_id += 1
        return self.last_id

    def issue_token(self, permissions: Mapping[str, str]) -> str:
        token = f"canary-github-token-{self.new_id()}"
        self.tokens[token] = permissions
        return token

    def add_comment(self, number: int, body: str, user: Mapping[str, str] = BOT) -> Json:
        comment = {"id": self.new_id(), "issue": number, "body": body, "user": dict(user)}
        self.comments.append(comment)
        return comment

    def add_issue(self, body: str, user: Mapping[str, str] = BOT, **values: Any) -> Json:
        issue = {
            "number": self.new_id(),
            "state": "open",
            "title": "",
            "body": body,
            "user": dict(user),
            **values,
        }
        self.issues.append(issue)
        return issue


def _page(items: list[Json], query: Mapping[str, str]) -> list[Json]:
    size, page = int(query.get("per_page", "30")), int(query.get("page", "1"))
    assert size <= 100
    return items[size * (page - 1) : size * page]


def _one(items: list[Json], key: str, value: str) -> Json:
    return next(item for item in items if item[key] == int(value))


def _update(item: Json, body: Json) -> Json:
    item.update(body)
    return item


_Handler = Callable[[Service, re.Match[str], Mapping[str, str], Json], Any]
_ROUTES: tuple[tuple[str, str, str, _Handler], ...] = (
    (
        "GET",
        r"issues/(\d+)/comments",
        "pull-requests:read",
        lambda it, m, query, _: _page([one for one in it.comments if one["issue"] == int(m[1])], query),
    ),
    (
        "POST",
        r"issues/(\d+)/comments",
        "pull-requests:write",
        lambda it, m, _, body: it.add_comment(int(m[1]), **body),
    ),
    (
        "PATCH",
        r"issues/comments/(\d+)",
        "pull-requests:write",
        lambda it, m, _, body: _update(_one(it.comments, "id", m[1]), body),
    ),
    (
        "GET",
        r"issues",
        "issues:read",
        lambda it, _m, query, _: _page(
            [one for one in it.issues if one["state"] == query["state"]],
            query,
        ),
    ),
    ("POST", r"issues", "issues:write", lambda it, _m, _q, body: it.add_issue(**body)),
    (
        "PATCH",
        r"issues/(\d+)",
        "issues:write",
        lambda it, m, _q, body: _update(_one(it.issues, "number", m[1]), body),
    ),
    (
        "GET",
        r"commits/([0-9a-f]{40})/pulls",
        "pull-requests:read",
        lambda it, m, query, _: _page(
            [one for one in it.pulls if m[1] in {one["merge_commit_sha"], one["head"]["sha"]}], query
        ),
    ),
    (
        "GET",
        r"actions/artifacts",
        "actions:read",
        lambda it, _m, query, _: {
            "artifacts": _page([one for one in it.artifacts if one["name"] == query["name"]], query)
        },
    ),
    ("GET", r"actions/runs/(\d+)", "actions:read", lambda it, m, _q, _: it.runs[int(m[1])]),
)


@contextmanager
def serving() -> Iterator[Service]:
    """Run the service; a request that it does not know fails the test."""
    service = Service()
    unknown: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            raw = self.rfile.read(length)
            status, answer = self._answer(raw)
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = _serve  # noqa: N815  # the names that the server calls

        def _answer(self, raw: bytes) -> tuple[int, Any]:
            service.requests.append(f"{self.command} {self.path}")
            if service.down:
                return 403, {"message": "Resource not accessible by integration"}
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            body = json.loads(raw) if raw else {}
            path = parts.path.removeprefix(f"/repos/{REPOSITORY}/")
            routes = [route for route in _ROUTES if route[0] == self.command and re.fullmatch(route[1], path)]
            if not routes:
                unknown.append(f"{self.command} {path}")
                return 404, {}
            ((_, pattern, needs, handle),) = routes
            scope, _, level = needs.partition(":")
            permissions = service.tokens.get(self.headers.get("Authorization", "").removeprefix("Bearer "))
            if permissions is None:
                return 401, {"message": "Bad credentials"}
            if _LEVELS.get(permissions.get(scope, ""), 0) < _LEVELS[level]:
                return 403, {"message": "Resource not accessible by integration"}
            match = re.fullmatch(pattern, path)
            assert match
            return 200, handle(service, match, query, body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the signature of the server
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    service.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert not unknown, unknown
