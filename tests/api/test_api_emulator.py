from __future__ import annotations

import threading

import pytest
from api_support import ADDRESS, ORG, SINGLE
from emulator_support import CLIENT_ID, CLIENT_SECRET, OIDC_SECRET, connection, organization, running

from scalekit_apply.api import ApiOptions, ReadClient, WriteClient
from scalekit_apply.emulator import Dialect, Emulator
from scalekit_apply.emulator.options import Defaults, SingleRead, UnknownOrganization
from scalekit_apply.errors import (
    ApiError,
    AuthenticationError,
    NotFound,
    PermissionDenied,
    RequestRejected,
    Unavailable,
    UnusableAnswer,
)
from scalekit_apply.model import Address, ConnectionId, OrganizationId, parse_environment
from scalekit_apply.settings import Credentials, Secret

SEED = organization(
    "org_1", connection("conn_1"), connection("conn_2", enabled=True, type="OIDC"), name="Megasoft"
)
SECOND = Address(ORG, ConnectionId("conn_2"))
ENABLE = f"{SINGLE}:enable"


def options(
    emulator: Emulator,
    *,
    client: str = CLIENT_ID,
    secret: str = CLIENT_SECRET,
    timeout: float = 10.0,
    max_retries: int = 5,
) -> ApiOptions:
    return ApiOptions(
        credentials=Credentials(
            environment=parse_environment(emulator.url), client_id=client, client_secret=Secret(secret)
        ),
        timeout=timeout,
        max_retries=max_retries,
        random=lambda: 0.0,
    )


def patches(emulator: Emulator) -> int:
    return sum(request.method == "PATCH" for request in emulator.requests)


@pytest.mark.parametrize("defaults", list(Defaults))
@pytest.mark.parametrize("single_read", list(SingleRead))
@pytest.mark.parametrize("unknown", list(UnknownOrganization))
def test_an_environment_is_read_and_changed_in_every_dialect(
    defaults: Defaults, single_read: SingleRead, unknown: UnknownOrganization
) -> None:
    dialect = Dialect(defaults=defaults, single_read=single_read, unknown_organization=unknown)
    with running(SEED, dialect=dialect) as emulator, WriteClient(options(emulator)) as client:
        listed = client.list_organization(ORG)
        assert listed == client.list_environment()
        assert [(item.address, item.enabled) for item in listed] == [(ADDRESS, False), (SECOND, True)]
        assert {item.organization_name for item in listed} == {"Megasoft"}
        assert client.list_organization(OrganizationId("org_2")) == ()
        assert client.list_organizations() == ((ORG, "Megasoft"),)
        assert client.enable(ADDRESS).enabled
        assert not client.disable(SECOND).enabled
        assert [item.enabled for item in client.list_organization(ORG)] == [True, False]
        detail = client.read_connection(ADDRESS)
        assert detail.enabled
        assert detail.certificates is not None
        assert detail.certificates[0].expiry is not None
        with pytest.raises(NotFound):
            client.read_connection(Address(ORG, ConnectionId("conn_9")))


def test_inspect_hides_the_secret_of_the_identity_provider() -> None:
    with running(SEED) as emulator, ReadClient(options(emulator)) as client:
        shown = client.inspect_connection(SECOND)
    assert "(hidden)" in str(shown)
    assert OIDC_SECRET not in str(shown)


@pytest.mark.parametrize(
    "fault",
    [
        "status=429,retry-after=0,times=2",
        "status=429,retry-after=date+0,times=2",
        "status=500,times=2",
        "html=502,times=2",
        "reset,times=2",
        "cut,times=2",
        "refuse,times=2",
        "expire-token,times=1",
    ],
)
def test_reading_gets_over_what_passes(fault: str) -> None:
    with running(SEED, faults=[fault]) as emulator, ReadClient(options(emulator)) as client:
        assert len(client.list_environment()) == 2


@pytest.mark.parametrize(
    "fault",
    [
        f"{kind},{when}path=*:enable,times=2"
        for kind in ("status=503", "html=504", "reset", "invalid-json", "wrong-shape", "wrong-shape=null")
        for when in ("when=before,", "when=after,")
    ]
    + ["cut,path=*:enable,times=1", "drip=5,path=*:enable,times=1", "hang,path=*:enable,times=1"],
)
def test_a_write_gets_over_what_passes_and_is_done_once(fault: str) -> None:
    with running(SEED, faults=[fault]) as emulator, WriteClient(options(emulator, timeout=1.0)) as client:
        answer = client.enable(ADDRESS)
        assert answer.enabled
        assert answer.attempts == patches(emulator)
        assert client.read_connection(ADDRESS).enabled
        if "when=after" in fault:
            assert (answer.attempts, answer.status) == (1, None)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("status=503", Unavailable),
        ("status=429,retry-after=500", Unavailable),
        ("hang", Unavailable),
        ("status=400", RequestRejected),
        ("status=501", RequestRejected),
        ("redirect", RequestRejected),
        ("status=403", PermissionDenied),
        ("status=401", AuthenticationError),
        ("invalid-json", UnusableAnswer),
        ("wrong-shape", UnusableAnswer),
        ("wrong-shape=types", UnusableAnswer),
        ("oversized=65", UnusableAnswer),
        ("status=401,path=/oauth/token", AuthenticationError),
        ("wrong-shape,path=/oauth/token", UnusableAnswer),
        ("refuse", Unavailable),
    ],
)
def test_what_does_not_pass_ends_as_the_error_that_it_is(fault: str, kind: type[ApiError]) -> None:
    with running(SEED, faults=[fault]) as emulator:
        client = ReadClient(options(emulator, timeout=30 if fault != "hang" else 0.3, max_retries=1))
        with client, pytest.raises(kind) as caught:
            client.list_environment()
        assert type(caught.value) is kind


def test_a_200_that_did_nothing_is_handed_on_with_its_message() -> None:
    faults = ["error-message=not today"]
    with running(SEED, faults=faults) as emulator, WriteClient(options(emulator)) as client:
        answer = client.enable(ADDRESS)
    assert (answer.enabled, answer.error_message, answer.status) == (False, "not today", 200)


def test_a_wrong_secret_is_refused_and_not_repeated() -> None:
    with running(SEED) as emulator:
        client = ReadClient(options(emulator, secret="canary-wrong-secret"))
        with client, pytest.raises(AuthenticationError) as caught:
            client.list_environment()
    assert "canary-wrong-secret" not in caught.value.message + caught.value.hint
    assert caught.value.hint


def test_tokens_that_end_all_the_time_are_renewed_by_all_workers_together() -> None:
    faults = ["expire-token,skip=10,times=1", "expire-token,skip=50,times=1"]
    with running(SEED, faults=faults) as emulator, ReadClient(options(emulator)) as client:
        found: list[int] = []

        def work() -> None:
            found.extend(len(client.list_organization(ORG)) for _ in range(10))

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert found == [2] * 80
        assert sum(request.path == "/oauth/token" for request in emulator.requests) == 3


def test_a_reading_client_leaves_the_environment_as_it_was() -> None:
    with running(SEED) as emulator, ReadClient(options(emulator)) as client:
        before = client.list_environment()
        client.read_connection(ADDRESS)
        client.inspect_connection(ADDRESS)
        client.check_token()
        assert client.list_environment() == before
        assert {request.method for request in emulator.requests} == {"GET", "POST"}
