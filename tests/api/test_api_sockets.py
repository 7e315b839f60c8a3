from __future__ import annotations

import gzip
import threading
from pathlib import Path

import pytest
from api_support import ADDRESS, LIST, SINGLE, options
from socket_support import (
    Step,
    answers,
    drips,
    hangs,
    raw,
    resets,
    self_signed,
    sends,
    serving,
    zipped,
)

from scalekit_apply.api import ReadClient, WriteClient
from scalekit_apply.errors import ApiError, Unavailable, UnusableAnswer

EMPTY: dict[str, object] = {"connections": []}
ENABLED = {"connection": {"id": "conn_1", "organization_id": "org_1", "enabled": True}}
WHOLE = raw("200 OK", b'{"connections": []}')


def test_calls_share_a_connection() -> None:
    with serving(answers(EMPTY)) as server, ReadClient(options(url=server.url)) as client:
        for _ in range(3):
            assert client.list_environment() == ()
    assert server.connections == 1


def test_a_connection_that_the_service_closed_meanwhile_is_replaced() -> None:
    with serving(sends(WHOLE)) as server, ReadClient(options(url=server.url)) as client:
        for _ in range(3):
            assert client.list_environment() == ()


@pytest.mark.parametrize(
    "step",
    [
        sends(raw("200 OK", b'{"connections": [', length=500)),
        sends(b'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"con'),
        sends(raw("200 OK", zipped(EMPTY)[:-9], "content-encoding: gzip")),
        sends(b"HTTP/1.1 200 OK\r\ncontent-"),
        sends(b""),
        sends(b"nonsense\r\n\r\n"),
        resets,
    ],
    ids=["cut", "cut chunk", "cut gzip", "cut headers", "nothing", "not HTTP", "reset"],
)
def test_a_read_whose_answer_is_cut_is_tried_again(step: Step) -> None:
    with serving(step, answers(EMPTY)) as server, ReadClient(options(url=server.url)) as client:
        assert client.list_environment() == ()
        assert server.seen(LIST) == 2


@pytest.mark.parametrize("step", [resets, sends(raw("200 OK", b'{"enab', length=90))], ids=["reset", "cut"])
def test_a_write_whose_answer_is_cut_is_read_back(step: Step) -> None:
    with serving(step, answers(ENABLED)) as server, WriteClient(options(url=server.url)) as client:
        answer = client.enable(ADDRESS)
        assert (answer.enabled, answer.attempts, answer.status) == (True, 1, None)
        assert server.seen(f"PATCH {SINGLE}:enable") == 1


@pytest.mark.parametrize(
    "step",
    [
        hangs,
        drips(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n", b" "),
        drips(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        drips(b"HTTP/1.1 200 OK\r\n", b"x-a: b\r\n"),
        drips(b"HTTP/1.1 ", b"2"),
        drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["silence", "body", "chunks", "headers", "status", "continue"],
)
def test_an_answer_that_takes_too_long_ends_however_it_drips(step: Step) -> None:
    with serving(step) as server:
        client = ReadClient(options(url=server.url, timeout=1.5, max_retries=0))
        with client, pytest.raises(Unavailable, match=r"no complete answer within 1\.5 s") as caught:
            client.list_environment()
        assert caught.value.sent


def test_a_write_that_takes_too_long_is_read_back() -> None:
    with serving(hangs, answers(ENABLED)) as server:
        client = WriteClient(options(url=server.url, timeout=1.0))
        with client:
            assert client.enable(ADDRESS).status is None


def test_an_answer_may_be_compressed() -> None:
    step = sends(raw("200 OK", zipped(ENABLED), "content-encoding: GZip"))
    with serving(step) as server, ReadClient(options(url=server.url)) as client:
        assert client.read_connection(ADDRESS).enabled


BOMB = gzip.compress(b" " * (40 * 1024 * 1024))


@pytest.mark.parametrize(
    ("step", "complaint"),
    [
        (sends(raw("200 OK", BOMB, "content-encoding: gzip")), "it is larger than 4 MiB"),
        (sends(raw("200 OK", b" " * (4 * 1024 * 1024 + 1))), "it is larger than 4 MiB"),
        (drips(b"HTTP/1.1 200 OK\r\n\r\n", b" " * 1024 * 1024), "it is larger than 4 MiB"),
        (
            sends(raw("200 OK", gzip.compress(BOMB), "content-encoding: gzip, gzip")),
            "it is compressed in a way",
        ),
        (sends(raw("200 OK", zipped(ENABLED), "content-encoding: br")), "it is compressed in a way"),
        (sends(raw("200 OK", b"plain after all", "content-encoding: gzip")), "it is compressed in a way"),
    ],
    ids=["bomb", "large", "endless", "twice", "other", "not at all"],
)
def test_an_answer_that_does_not_fit_is_cut_and_unusable(step: Step, complaint: str) -> None:
    with serving(step) as server, ReadClient(options(url=server.url)) as client:
        with pytest.raises(UnusableAnswer, match=complaint):
            client.read_connection(ADDRESS)
        assert server.seen(SINGLE) == 1


def test_an_error_page_without_end_is_still_that_error() -> None:
    step = drips(b"HTTP/1.1 400 Bad Request\r\n\r\n<html>", b" " * 64 * 1024)
    with serving(step) as server, ReadClient(options(url=server.url)) as client:
        with pytest.raises(ApiError, match="answered 400: an HTML page"):
            client.read_connection(ADDRESS)
        assert server.seen(SINGLE) == 1


def test_nobody_listening_is_nothing_sent() -> None:
    with serving(hangs) as server:
        pass
    with WriteClient(options(url=server.url, max_retries=1)) as client, pytest.raises(Unavailable) as caught:
        client.enable(ADDRESS)
    assert (caught.value.sent, caught.value.effect_unknown) == (False, False)


def test_closing_the_client_ends_calls_in_flight() -> None:
    arrived = threading.Event()
    failures: list[ApiError] = []

    def step(connection: object) -> None:
        arrived.set()
        hangs(connection)  # type: ignore[arg-type]  # a socket

    with serving(step) as server:
        client = ReadClient(options(url=server.url))

        def work() -> None:
            with pytest.raises(Unavailable, match="the client is closed") as caught:
                client.list_environment()
            failures.append(caught.value)

        worker = threading.Thread(target=work)
        worker.start()
        assert arrived.wait(10)
        client.close()
        worker.join(10)
        assert not worker.is_alive()
    assert len(failures) == 1


def test_a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    made = self_signed(tmp_path, "IP:127.0.0.1")
    if made is None:
        pytest.skip("openssl is not installed")
    with serving(answers(EMPTY), tls=made[0]) as server:
        client = ReadClient(options(url=f"https://127.0.0.1:{server.port}"))
        with client, pytest.raises(Unavailable, match="the certificate is not trusted") as caught:
            client.list_environment()
        assert (caught.value.sent, server.requests, server.connections) == (False, [], 1)
        assert "SSL_CERT_FILE" in caught.value.hint


def test_a_certificate_authority_of_ones_own_is_trusted_as_it_is_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = self_signed(tmp_path, "IP:127.0.0.1")
    if made is None:
        pytest.skip("openssl is not installed")
    monkeypatch.setenv("SSL_CERT_FILE", str(made[1]))
    with serving(answers(EMPTY), tls=made[0]) as server:
        client = ReadClient(options(url=f"https://127.0.0.1:{server.port}"))
        with client:
            assert client.list_environment() == ()
            assert client.check_token().tls_version in {"TLSv1.2", "TLSv1.3"}
            assert client.check_token().expires_in == 3600


def test_a_drip_over_tls_ends_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = self_signed(tmp_path, "IP:127.0.0.1")
    if made is None:
        pytest.skip("openssl is not installed")
    monkeypatch.setenv("SSL_CERT_FILE", str(made[1]))
    step = drips(b"HTTP/1.1 200 OK\r\n", b"x-a: b\r\n")
    with serving(step, tls=made[0]) as server:
        client = ReadClient(options(url=f"https://127.0.0.1:{server.port}", timeout=1.5, max_retries=0))
        with client, pytest.raises(Unavailable, match="no complete answer within"):
            client.list_environment()


def test_a_certificate_of_another_host_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = self_signed(tmp_path, "DNS:other.example")
    if made is None:
        pytest.skip("openssl is not installed")
    monkeypatch.setenv("SSL_CERT_FILE", str(made[1]))
    with serving(answers(EMPTY), tls=made[0]) as server:
        client = ReadClient(options(url=f"https://127.0.0.1:{server.port}"))
        with client, pytest.raises(Unavailable, match="the certificate is not trusted"):
            client.list_environment()
        assert server.requests == []


def test_a_server_without_tls_is_never_talked_to_in_the_clear() -> None:
    with serving(answers(EMPTY)) as server:
        client = ReadClient(options(url=f"https://127.0.0.1:{server.port}", timeout=0.5, max_retries=0))
        with client, pytest.raises(Unavailable) as caught:
            client.list_environment()
        assert not caught.value.sent
        assert server.requests == []


def test_the_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(sends(raw("403 Not For You", b""))) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:pass@127.0.0.1:{proxy.port}")
        client = WriteClient(options(url="https://acme.invalid", max_retries=0))
        with client, pytest.raises(Unavailable, match="the proxy refused: 403 Not For You") as caught:
            client.enable(ADDRESS)
        assert proxy.requests == ["CONNECT acme.invalid:443 HTTP/1.1"]
    assert not caught.value.sent
    assert "pass" not in caught.value.message + caught.value.hint


def test_plain_http_to_loopback_never_goes_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(answers(EMPTY)) as server, serving(answers(EMPTY)) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        with ReadClient(options(url=server.url)) as client:
            assert client.list_environment() == ()
        assert proxy.requests == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HTTPS_PROXY", "socks5://user:hush@127.0.0.1:1"),
        ("HTTPS_PROXY", "odd://user:hush@127.0.0.1:1"),
        ("HTTPS_PROXY", "http://user:hush@[::1:1"),
        ("SSL_CERT_FILE", "/nowhere/hush"),
    ],
)
def test_settings_of_the_environment_that_cannot_be_used_are_named(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    client = ReadClient(options(url="https://127.0.0.1:9"))
    with client, pytest.raises(Unavailable, match="the HTTP client cannot be set up") as caught:
        client.list_environment()
    assert name in caught.value.hint
    assert "hush" not in caught.value.message + caught.value.hint
    assert (caught.value.sent, caught.value.__context__) == (False, None)
