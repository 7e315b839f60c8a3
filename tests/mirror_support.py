"""A service on loopback that repeats every secret it gets, wherever an answer has room for text.

:class:`Mirror` answers well-formed lists, single reads and writes whose every text holds the client secret,
the access token and what else must not be seen. A *distortion* takes the place of some answers.
"""

from __future__ import annotations

import base64
import html
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import quote, quote_plus

# Letters alone in the middle, so that any piece of it can be looked for; signs at the ends, so that URLs,
# JSON, HTML and XML each write it in another way.
CLIENT_ID: Final = "skc_70000000000000003"
SECRET: Final = '<"Q7vK2mT4zW8xJ5nR6yB3&+/=%\\>'
TOKEN: Final = "'&W3rT9kLp2Xs8Hd6Vf1NgQ~+/=<\">"
OIDC_SECRET: Final = "Zx5Cv7Bn2Mq9Wl4Er8Ty6Ui"
PRIVATE_KEY: Final = "Pk3Jh6Gf9Ds2Aq5Sw8De1Fr"
PASSWORD: Final = "Hj8Kl3Zx6Cv1Bn9Mq4We7Rt"
CANARIES: Final = (SECRET, TOKEN, OIDC_SECRET, PRIVATE_KEY, PASSWORD)
_WINDOW: Final = 8


def leaked(text: str) -> list[str]:
    """The pieces of canaries in a text, however it was encoded around them."""
    found: list[str] = []
    for canary in CANARIES:
        core = "".join(char for char in canary if char.isalnum())
        pieces = {core[start : start + _WINDOW] for start in range(len(core) - _WINDOW + 1)}
        packed = {base64.b64encode(f"{before}{canary}".encode()).decode().rstrip("=")[8:-4] for before in (
            "", "user:", f"{CLIENT_ID}:"
        )}  # fmt: skip
        found += [piece for piece in pieces | packed if piece in text]
    return found


def spellings(canary: str) -> list[str]:
    """The ways in which a server may write a secret that it repeats."""
    small = "".join(char if char.isalnum() else f"%{ord(char):02x}" for char in canary)
    quoted = json.dumps(json.dumps(canary)[1:-1])[1:-1]
    written = [canary, quote(canary), quote(canary, safe=""), quote_plus(canary), html.escape(canary)]
    return [*written, small, json.dumps(canary)[1:-1], quoted]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request, with what it carries."""

    method: str
    path: str
    query: str
    authorization: str
    body: str
    issued: bool
    text: str | None = None

    @property
    def repeated(self) -> str:
        """Everything secret in it, and every token that was issued before: one that was not, nobody knows.

        The text of the mirror instead, if it has one.
        """
        if self.text is not None:
            return self.text
        tokens = spellings(TOKEN) if self.issued else []
        return " ".join([*spellings(SECRET), *tokens, self.authorization, self.body])

    def json(self, document: object) -> bytes:
        """A document in which lone surrogates stay what they are."""
        return json.dumps(document).encode()

    @property
    def token(self) -> str:
        """The token, if there is one."""
        return TOKEN if self.issued else "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An answer: raw bytes, if any, take the place of all the rest."""

    status: int = 200
    body: bytes = b"{}"
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    raw: bytes | None = None


Distortion = Callable[[Asked], Said | None]


def said(document: object, *, status: int = 200, escaped: bool = False) -> Said:
    """A JSON answer; ``escaped`` writes every letter as an escape."""
    text = json.dumps(document)
    if escaped:
        text = _letters_escaped(document)
    return Said(status=status, body=text.encode())


def _letters_escaped(value: object) -> str:
    match value:
        case str():
            return '"' + "".join(f"\\u{ord(char):04X}" for char in value) + '"'
        case dict():
            items = ", ".join(
                f"{_letters_escaped(key)}: {_letters_escaped(item)}" for key, item in value.items()
            )
            return f"{{{items}}}"
        case list():
            return f"[{', '.join(map(_letters_escaped, value))}]"
        case _:
            return json.dumps(value)


def error(status: int, asked: Asked, **headers: str) -> Said:
    """An error that repeats the request in every field that errors have."""
    text = asked.repeated
    body = {
        "code": text,
        "message": text,
        "error": text,
        "error_description": text,
        "details": [{"@type": text, "error_code": text}],
    }
    return Said(status=status, body=json.dumps(body).encode(), headers=tuple(headers.items()))


@dataclass(slots=True, kw_only=True)
class Mirror:
    """A running mirror. ``distortion`` may be changed while it runs."""

    port: int
    distortion: Distortion = lambda _asked: None
    escaped: bool = False
    issued: bool = False
    text: str | None = None
    headers: Callable[[str], tuple[tuple[str, str], ...]] = lambda _: (
        ("x-trace-id", TOKEN),
        ("x-other", SECRET),
    )
    enabled: dict[str, bool] = field(
        default_factory=lambda: {"conn_1": False, "conn_2": True, "conn_3": True}
    )
    asked: list[Asked] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The environment."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environ(self) -> dict[str, str]:
        """The variables that lead here, and everything else that a leak could come from."""
        return {
            "SCALEKIT_ENVIRONMENT_URL": self.url,
            "SCALEKIT_CLIENT_ID": CLIENT_ID,
            "SCALEKIT_CLIENT_SECRET": SECRET,
            "SCALEKIT_APPLY_DEBUG": "1",
            "HTTPS_PROXY": f"http://user:{PASSWORD}@127.0.0.1:9",
        }

    def answer(self, asked: Asked) -> Said:
        """What is said to a request."""
        self.asked.append(asked)
        distorted = self.distortion(asked)
        if distorted is not None:
            return distorted
        everything = asked.repeated
        name, _, verb = asked.path.rpartition("/")[2].partition(":")
        if asked.path == "/oauth/token":
            self.issued = True
            document: object = {"access_token": TOKEN, "token_type": "Bearer", "scope": f"{SECRET} {TOKEN}"}
        elif asked.path == "/api/v1/organizations":
            document = {"organizations": [{"id": "org_1", "display_name": everything}]}
        elif asked.path == "/api/v1/connections":
            document = {"connections": [self._listed(each, everything) for each in self.enabled]}
        elif asked.method == "PATCH":
            # conn_3 is what a service refuses with a message.
            done = name != "conn_3"
            self.enabled[name] = (verb == "enable") if done else self.enabled[name]
            document = {"enabled": self.enabled[name], "error_message": "" if done else everything}
        else:
            document = {"connection": self._whole(name, everything)}
        return Said(
            **{**_fields(said(document, escaped=self.escaped)), "headers": self.headers(asked.repeated)}
        )

    def _listed(self, name: str, text: str) -> dict[str, Any]:
        return {
            "id": name,
            "organization_id": "org_1",
            "organization_name": text,
            "provider": text,
            "type": "OIDC",
            "status": "COMPLETED",
            "enabled": self.enabled[name],
            "domains": [text],
            "key_id": text,
            "provider_key": text,
            "ui_button_title": text,
            "mcp_server_url": f"https://user:{PASSWORD}@mcp.example/{quote(TOKEN)}",
            "new_attribute": text,
        }

    def _whole(self, name: str, text: str) -> dict[str, Any]:
        return {
            **self._listed(name, text),
            "domains": [{"id": text, "domain": text}],
            "attribute_mapping": {text: text},
            "configuration_type": text,
            "test_connection_uri": f"https://user:{PASSWORD}@x.example",
            "oidc_config": {
                "client_id": text,
                "client_secret": OIDC_SECRET,
                "scopes": [text],
                "token_uri": f"https://user:{PASSWORD}@idp.example/token",
                "private_key": PRIVATE_KEY,
            },
            "saml_config": {
                "idp_entity_id": text,
                "private_key": PRIVATE_KEY,
                "idp_certificates": [
                    {
                        "id": text,
                        "issuer": text,
                        "expiry_time": "2099-01-01T00:00:00Z",
                        "certificate": f"-----BEGIN PRIVATE KEY-----\n{PRIVATE_KEY}\n",
                        "private_key": PRIVATE_KEY,
                    }
                ],
            },
        }


def _fields(answer: Said) -> dict[str, Any]:
    return {"status": answer.status, "body": answer.body, "content_type": answer.content_type}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16

    def __init__(self, mirror: Mirror, *rest: Any) -> None:
        self._mirror = mirror
        super().__init__(*rest)

    def _serve(self) -> None:
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        asked = Asked(
            method=self.command,
            path=path,
            query=query,
            authorization=self.headers.get("Authorization", "") + self.headers.get("Proxy-Authorization", ""),
            body=body,
            issued=self._mirror.issued,
            text=self._mirror.text,
        )
        answer = self._mirror.answer(asked)
        if answer.raw is not None:
            self.wfile.write(answer.raw)
            self.close_connection = True
            return
        lines = [
            f"HTTP/1.1 {answer.status} {asked.repeated[:100] if asked.text is None else ''}",
            f"Content-Type: {answer.content_type}",
            f"Content-Length: {len(answer.body)}",
            *(f"{name}: {value}" for name, value in answer.headers),
        ]
        self.wfile.write("\r\n".join([*lines, "", ""]).encode("utf-8", "replace") + answer.body)

    do_GET = do_POST = do_PATCH = do_CONNECT = _serve  # noqa: N815  # http.server looks these up

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name is http.server's
        """Say nothing."""


@contextmanager
def mirror() -> Iterator[Mirror]:
    """Run a mirror."""
    made = Mirror(port=0)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, made)) as server:
        server.daemon_threads = True
        made.port = server.server_port
        thread = threading.Thread(target=partial(server.serve_forever, 0.01), daemon=True)
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()
