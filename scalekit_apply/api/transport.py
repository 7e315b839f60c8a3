"""One request over HTTP, and every way in which it can fail, as values."""

from __future__ import annotations

import ssl
import threading
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final, cast
from urllib.parse import urlencode
from urllib.request import getproxies

import httpx

from scalekit_apply.api.auth import parse_token
from scalekit_apply.api.deadline import Line, Watchdog
from scalekit_apply.api.options import USER_AGENT, Answer, ApiOptions, Exchange, Method, NoAnswer, Request
from scalekit_apply.api.redaction import Redactor
from scalekit_apply.errors import UnusableAnswer
from scalekit_apply.settings import Secret

_ERROR_BYTES: Final = 64 * 1024
_CONNECT_SECONDS: Final = 10.0
_HEADER_LENGTH: Final = 200
_REASON_LENGTH: Final = 200
_DECODED_AT_ONCE: Final = 256 * 1024
# Nothing of these was sent when they are raised.
_NOT_SENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
    UnicodeError,
)
_FINAL: Final = (
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    httpx.InvalidURL,
    httpx.StreamError,
    UnicodeError,
)
_EVERYTHING: Final = (
    httpx.HTTPError,
    httpx.InvalidURL,
    httpx.CookieConflict,
    httpx.StreamError,
    OSError,
    UnicodeError,
)
_CERTIFICATE_HINT: Final = (
    "Check SCALEKIT_ENVIRONMENT_URL. Behind an inspecting proxy, set SSL_CERT_FILE to its certificates."
)
_TIMEOUT_HINT: Final = "Try again later, or with a longer --timeout."
_NETWORK_HINT: Final = "Check SCALEKIT_ENVIRONMENT_URL, the network and the proxy settings, then try again."


class _Client:
    """An HTTP client, for one request at a time, and the line under it."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http
        self.line = Line()


class ReadTransport:
    """Sends ``GET`` and the token request; there is no way to make it send anything else.

    Safe to use from many threads: every request in flight has a client of its own, taken from the idle
    ones (one client shared by all is four times slower at 64 threads), and all share one TLS context.
    ``redact`` is what keeps secrets out of text; it has been applied to all text in an outcome but the body.
    """

    def __init__(self, options: ApiOptions) -> None:
        self._options = options
        self._watchdog = Watchdog()
        self._lock = threading.Lock()
        self._idle: list[_Client] = []
        self._tls: ssl.SSLContext | None = None
        self._closed = False
        self.redact = Redactor()
        self.redact.hide(options.credentials.client_secret.reveal())
        if not options.credentials.has_usual_client_id:
            self.redact.hide(options.credentials.client_id)  # perhaps the secret, given in the wrong place
        if self._is_https:
            for url in getproxies().values():
                self.redact.hide_login(url)

    def permits(self, request: Request) -> bool:
        """Whether this kind of transport sends such a request."""
        return request.method is Method.GET or request.is_token_request

    def exchange(self, request: Request, *, token: Secret | None, timeout: float) -> Answer | NoAnswer:
        """Send once, and return what came of it within ``timeout`` seconds.

        Never raises for anything that the network or the service does; a request that is not permitted is
        a mistake of the program and a ``RuntimeError``.
        """
        if not self.permits(request):
            raise RuntimeError(f"{type(self).__name__} does not send {request.method.value} {request.path}")
        started = self._options.clock()
        outcome = self._send(request, token, timeout)
        self._options.observer(
            Exchange(
                method=request.method.value,
                path=request.target,
                status=outcome.status if isinstance(outcome, Answer) else None,
                milliseconds=(self._options.clock() - started) * 1000,
                trace_id=outcome.trace_id if isinstance(outcome, Answer) else None,
                failure=outcome.reason if isinstance(outcome, NoAnswer) else "",
            )
        )
        return outcome

    def close(self) -> None:
        """Close every connection, also those in use."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        self._watchdog.close()
        for client in idle:
            client.http.close()

    def _send(self, request: Request, token: Secret | None, timeout: float) -> Answer | NoAnswer:
        try:
            client = self._take()
        except (httpx.InvalidURL, ImportError, OSError, ValueError):
            # The text of these errors may hold a proxy's password.
            return NoAnswer(
                reason="the HTTP client cannot be set up",
                sent=False,
                final=True,
                hint="Check HTTPS_PROXY, ALL_PROXY, NO_PROXY, SSL_CERT_FILE and SSL_CERT_DIR.",
            )
        if client is None:
            return NoAnswer(reason="the client is closed", sent=False, final=True)
        failed: Exception
        try:
            with self._watchdog.watch(client.line, timeout):
                return self._stream(client, request, token, timeout)
        except _EVERYTHING as error:
            failed = error
        finally:
            self._give_back(client)
        if self._closed:
            return NoAnswer(reason="the client was closed", sent=True)
        outcome = _no_answer(failed, timeout, was_cut=client.line.was_cut)
        return replace(outcome, reason=self.redact(outcome.reason)[:_REASON_LENGTH])

    def _stream(self, client: _Client, request: Request, token: Secret | None, timeout: float) -> Answer:
        deadline = self._options.clock() + timeout
        form = request.form
        with client.http.stream(
            request.method.value,
            f"{self._options.credentials.environment}{request.target}",
            headers=_headers(token, has_form=form is not None),
            content=None if form is None else _encoded(form),
            timeout=httpx.Timeout(timeout, connect=min(timeout, _CONNECT_SECONDS)),
            extensions={"trace": client.line.trace},
        ) as response:
            body = bytearray()
            limit = request.limit if response.is_success else _ERROR_BYTES
            undecodable = False
            try:
                for chunk in _decoded(response):
                    if self._options.clock() > deadline:
                        raise httpx.ReadTimeout("out of time")
                    body += chunk
                    if len(body) > limit:
                        break
            except zlib.error:
                undecodable = True
            headers = _plain_headers(response)
            if request.is_token_request:
                self._hide_token(bytes(body))
            return Answer(
                status=response.status_code,
                body=bytes(body[:limit]),
                content_type=headers.get("content-type", ""),
                trace_id=self._shown(headers.get("x-trace-id")),
                retry_after=headers.get("retry-after"),
                location=self._shown(headers.get("location")),
                tls=_tls_version(response),
                oversized=len(body) > limit,
                undecodable=undecodable,
            )

    def _hide_token(self, body: bytes) -> None:
        # Before anything is made of the answer: its own headers may repeat the token.
        with suppress(UnusableAnswer):
            self.redact.hide(parse_token(body)[0].reveal())

    def _shown(self, header: str | None) -> str | None:
        """Return what may be shown of a header."""
        if header is None:
            return None
        printable = "".join(c for c in header if " " <= c <= "~")
        return self.redact(printable)[:_HEADER_LENGTH] or None

    def _take(self) -> _Client | None:
        with self._lock:
            if self._closed:
                return None
            if self._idle:
                return self._idle.pop()
            if self._tls is None:
                self._tls = self._tls_context()
            tls = self._tls
        return _Client(
            httpx.Client(
                verify=tls,
                # Plain HTTP is for loopback alone: a proxy would carry the secret off this machine.
                trust_env=self._is_https,
                follow_redirects=False,
                limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
                transport=self._options.transport,
            )
        )

    def _give_back(self, client: _Client) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(client)
                return
        client.http.close()

    @property
    def _is_https(self) -> bool:
        return self._options.credentials.environment.startswith("https:")

    def _tls_context(self) -> ssl.SSLContext:
        if self._is_https and self._options.transport is None:
            return httpx.create_ssl_context()
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody, and takes no time to load


class WriteTransport(ReadTransport):
    """Sends also the two requests that enable and disable one connection."""

    def permits(self, request: Request) -> bool:
        """Whether this kind of transport sends such a request."""
        return request.is_write or super().permits(request)


def _headers(token: Secret | None, *, has_form: bool) -> dict[str, str]:
    """Return the headers of a request.

    ``x-api-version`` is left out: its dates are not published, and every shape in use is understood.
    """
    headers = {"accept": "application/json", "accept-encoding": "gzip", "user-agent": USER_AGENT}
    if token is not None:
        headers["authorization"] = f"Bearer {token.reveal()}"
    if has_form:
        headers["content-type"] = "application/x-www-form-urlencoded"
    return headers


def _encoded(form: Mapping[str, str | Secret]) -> bytes:
    shown = {name: value.reveal() if isinstance(value, Secret) else value for name, value in form.items()}
    return urlencode(shown).encode("ascii")


def _plain_headers(response: httpx.Response) -> dict[str, str]:
    """Return the headers by lower-case name; ``httpx`` guesses their encoding anew at every look-up."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers.raw}


def _decoded(response: httpx.Response) -> Iterator[bytes]:
    """Yield the body in bounded pieces, however well it was compressed.

    Raises ``zlib.error`` for what is not the compression that it says, ``httpx.RemoteProtocolError`` for a
    compressed body that ends early.
    """
    stream = cast("httpx.SyncByteStream", response.stream)
    encoding = _plain_headers(response).get("content-encoding", "").strip().lower()
    if encoding in {"", "identity"}:
        yield from stream
        return
    if encoding not in {"gzip", "x-gzip"}:
        raise zlib.error("a compression that was not asked for")
    decoder = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    for chunk in stream:
        rest = chunk
        while rest and not decoder.eof:
            yield decoder.decompress(rest, _DECODED_AT_ONCE)
            rest = decoder.unconsumed_tail
    yield decoder.flush()
    if not decoder.eof:
        raise httpx.RemoteProtocolError("the compressed answer ended early")


def _tls_version(response: httpx.Response) -> str | None:
    stream = response.extensions.get("network_stream")
    tls = stream.get_extra_info("ssl_object") if stream is not None else None
    version = tls.version() if tls is not None else None
    return version if isinstance(version, str) else None


def _no_answer(error: Exception, timeout: float, *, was_cut: bool) -> NoAnswer:
    sent = not isinstance(error, _NOT_SENT)
    if was_cut or (sent and isinstance(error, httpx.TimeoutException | TimeoutError)):
        return NoAnswer(reason=f"no complete answer within {timeout:g} s", sent=sent, hint=_TIMEOUT_HINT)
    if _is_certificate_error(error):
        return NoAnswer(
            reason=f"the certificate is not trusted: {_reason(error)}",
            sent=False,
            final=True,
            hint=_CERTIFICATE_HINT,
        )
    return NoAnswer(reason=_reason(error), sent=sent, final=isinstance(error, _FINAL), hint=_NETWORK_HINT)


def _is_certificate_error(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _reason(error: Exception) -> str:
    match error:
        case httpx.TimeoutException():
            text = "no connection in time"
        case httpx.InvalidURL() | UnicodeError():
            text = "the URL cannot be used"
        case httpx.LocalProtocolError():
            text = "the request cannot be sent"  # the text of the error may quote a header
        case httpx.ProxyError():
            text = f"the proxy refused: {error}"
        case httpx.RemoteProtocolError():
            text = str(error).partition(": bytearray(")[0]  # what follows is what was received, cut somewhere
        case _:
            text = str(error)
    return text or type(error).__name__
