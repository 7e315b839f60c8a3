"""Faults: what can go wrong between a client and the service, on order.

A fault is written as its kind, perhaps with a value, and comma-separated conditions::

    KIND[=VALUE][,KEY=VALUE]…

    status=503,times=2                       the first two API calls answer 503
    status=429,retry-after=2,method=PATCH    every PATCH, with a Retry-After of two seconds
    reset,when=after,path=*:disable,skip=1   from the second disable on, reset after it took effect

======================== ======================================================================
``status=N``             an error of that status with the body the service gives
``html=N``               the same from the load balancer in front: HTML, ``via: 1.1 google``
``redirect[=URL]``       302 to somewhere else (``https://elsewhere.invalid/``)
``refuse``               new connections are closed at once, before anything is read
``reset``                the connection is reset
``hang``                 no answer, until the client gives up or the emulator stops
``delay=SECONDS``        the request is dealt with that much later
``drip[=SECONDS]``       the body comes byte by byte, that far apart (0.01)
``cut[=BYTES]``          the connection closes after so much of the body (half of it)
``oversized=MIB``        a JSON answer of so many mebibytes
``invalid-json``         a body that breaks off in the middle, with the length it has
``wrong-shape[=SHAPE]``  JSON of another shape: ``list``, ``text``, ``null``, ``number`` or ``types``
                         (``list``; ``types`` has the known attributes with values of other types)
``error-message[=TEXT]`` 200 with an ``error_message``; the change is not made
``wrong-enabled``        200 with the opposite of what was asked for; the change is not made
``not-sticking``         200 as if all were well; the change is not made
``reverting[=N]``        the change is made, shows in the next N reads of connections (1), then is gone
``expire-token``         every token issued so far ends before the request is looked at
======================== ======================================================================

Conditions, all of which must hold:

- ``method=M``, ``path=GLOB`` over the path as it was sent (``*`` also matches ``/``; ``/api/*`` unless given,
  so that the token endpoint is met only by ``path=/oauth/token`` or ``path=*``).
- ``id=ID``: an organization or connection that the path or ``organization_id`` names.
- ``skip=N``: the first N requests that match are let through. ``times=N``: after N more the fault is used up.
- ``when=before|after``: whether a change has taken effect when the fault hits. Unless given, before for
  ``status``, ``html``, ``redirect``, ``reset`` and ``hang`` (the service is not reached), after for
  ``oversized``, ``invalid-json`` and ``wrong-shape``. The other kinds do not take it; ``drip`` and ``cut``
  are about the real answer.
- ``retry-after=SECONDS`` or ``retry-after=date+SECONDS`` (an HTTP date so far ahead) with ``status`` and
  ``html``.

``refuse`` knows ``skip`` and ``times`` only, counted in connections; while it is active, connections that are
kept alive end with their next answer. The four kinds that are about a change meet ``PATCH`` only. Of several
faults the first one that matches is at work. Values cannot hold a comma; a :class:`Fault` made in code can.
"""

from __future__ import annotations

import difflib
import math
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final, NoReturn, assert_never

from scalekit_apply.emulator.faultkinds import Fault, Kind, Shape, When
from scalekit_apply.emulator.messages import Request
from scalekit_apply.errors import UsageError

DATE_PREFIX: Final = "date+"
_ERROR_STATUS: Final = range(400, 600)
_DIGITS: Final = 9


class _Value(Enum):
    NONE = "takes no value"
    STATUS = "takes a status from 400 to 599"
    SECONDS = "takes a number of seconds"
    COUNT = "takes a whole number"
    TEXT = "takes a text"
    SHAPE = f"takes one of {', '.join(Shape)}"


# What a value may look like, for those who left it out.
_SAMPLES: Final = {_Value.STATUS: "503", _Value.SECONDS: "0.5", _Value.COUNT: "10"}
_CONDITIONS: Final = frozenset({"method", "path", "id", "skip", "times"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grammar:
    """How one kind is written: its value, what it is when left out (``None``: it cannot be), its keys."""

    value: _Value = _Value.NONE
    default: str | None = None
    keys: frozenset[str] = _CONDITIONS
    base: Fault


def _grammar(
    kind: Kind,
    value: _Value = _Value.NONE,
    default: str | None = None,
    *,
    keys: Iterable[str] = (),
    when: When = When.BEFORE,
    method: str | None = None,
) -> tuple[Kind, _Grammar]:
    base = Fault(kind=kind, when=when, method=method)
    return kind, _Grammar(value=value, default=default, keys=_CONDITIONS | frozenset(keys), base=base)


_GRAMMARS: Final = dict(
    (
        _grammar(Kind.STATUS, _Value.STATUS, keys=("when", "retry-after")),
        _grammar(Kind.HTML, _Value.STATUS, keys=("when", "retry-after")),
        _grammar(Kind.REDIRECT, _Value.TEXT, "https://elsewhere.invalid/", keys=("when",)),
        (Kind.REFUSE, _Grammar(keys=frozenset({"skip", "times"}), base=Fault(kind=Kind.REFUSE))),
        _grammar(Kind.RESET, keys=("when",)),
        _grammar(Kind.HANG, keys=("when",)),
        _grammar(Kind.DELAY, _Value.SECONDS),
        _grammar(Kind.DRIP, _Value.SECONDS, "0.01"),
        _grammar(Kind.CUT, _Value.COUNT, "-1"),
        _grammar(Kind.OVERSIZED, _Value.COUNT, keys=("when",), when=When.AFTER),
        _grammar(Kind.INVALID_JSON, keys=("when",), when=When.AFTER),
        _grammar(Kind.WRONG_SHAPE, _Value.SHAPE, Shape.LIST, keys=("when",), when=When.AFTER),
        _grammar(Kind.ERROR_MESSAGE, _Value.TEXT, "the change was refused", method="PATCH"),
        _grammar(Kind.WRONG_ENABLED, method="PATCH"),
        _grammar(Kind.NOT_STICKING, method="PATCH"),
        _grammar(Kind.REVERTING, _Value.COUNT, "1", method="PATCH"),
        _grammar(Kind.EXPIRE_TOKEN),
    )
)


def parse_fault(spec: str) -> Fault:
    """Read one fault. Raises :class:`UsageError` that names what is wrong with it."""
    head, *rest = spec.split(",")
    name, given, value = head.partition("=")
    kind = _kind(spec, name.strip())
    grammar = _GRAMMARS[kind]
    fault = grammar.base
    if grammar.value is _Value.NONE:
        if given:
            _refuse(spec, f"{kind} {grammar.value.value}")
    else:
        text = value if given else grammar.default
        if text is None:
            sample = f"{kind}={_SAMPLES[grammar.value]}"
            _refuse(spec, f"{kind} needs a value, like {sample}: it {grammar.value.value}")
        fault = _with_value(spec, fault, grammar.value, text, is_default=not given)
    seen: set[str] = set()
    for part in rest:
        key, given, value = part.partition("=")
        key = key.strip()
        if key not in grammar.keys:
            _refuse(spec, f"{kind} does not take {key!r}, but {', '.join(sorted(grammar.keys))}")
        if not given or not value or key in seen:
            _refuse(spec, f"{key} is given twice" if key in seen else f"{key} needs a value: {key}=…")
        seen.add(key)
        fault = _with_key(spec, fault, key, value)
    return fault


def _kind(spec: str, name: str) -> Kind:
    try:
        return Kind(name)
    except ValueError:
        close = difflib.get_close_matches(name, [*Kind], 1)
        hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(Kind)}"
        _refuse(spec, f"there is no {name!r}, {hint}")


def _with_value(spec: str, fault: Fault, kind: _Value, text: str, *, is_default: bool) -> Fault:
    match kind:
        case _Value.TEXT:
            return replace(fault, text=text)
        case _Value.SHAPE:
            if text not in [*Shape]:
                _refuse(spec, f"{fault.kind} {kind.value}")
            return replace(fault, text=text)
        case _Value.SECONDS:
            return replace(fault, number=_seconds(spec, fault.kind, text))
        case _Value.STATUS | _Value.COUNT | _Value.NONE:
            if is_default:
                return replace(fault, number=int(text))
            number = _whole(spec, fault.kind, text)
            if kind is _Value.STATUS and number not in _ERROR_STATUS:
                _refuse(spec, f"{fault.kind} {kind.value}")
            return replace(fault, number=number)
        case _:
            assert_never(kind)


def _with_key(  # noqa: PLR0911  # one for each key
    spec: str, fault: Fault, key: str, value: str
) -> Fault:
    match key:
        case "method":
            return replace(fault, method=value.upper())
        case "path":
            return replace(fault, path=value)
        case "id":
            return replace(fault, id=value)
        case "skip":
            return replace(fault, skip=_whole(spec, key, value))
        case "times":
            return replace(fault, times=_whole(spec, key, value))
        case "when":
            if value not in [*When]:
                _refuse(spec, "when is before or after")
            return replace(fault, when=When(value))
        case _:
            _seconds(spec, key, value.removeprefix(DATE_PREFIX))
            return replace(fault, retry_after=value)


def _whole(spec: str, name: str, text: str) -> int:
    # int() alone would take blanks, signs, underscores and digits of other scripts.
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS):
        _refuse(spec, f"{name} takes a whole number, not {text!r}")
    return int(text)


def _seconds(spec: str, name: str, text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        _refuse(spec, f"{name} takes a number of seconds, not {text!r}")
    return seconds


def _refuse(spec: str, why: str) -> NoReturn:
    raise UsageError(
        f"The fault {spec!r} cannot be used: {why}.",
        hint="scalekit-apply emulator --help shows every fault and how it is written.",
    )


class ActiveFault:
    """A fault at work. ``matched`` counts the requests that met its conditions, ``fired`` those it hit.

    ``spec`` is the fault as it was written, or what stands for one that was made in code.
    """

    def __init__(self, fault: Fault, spec: str = "") -> None:
        self.fault = fault
        self.spec = spec or fault.kind.value
        self.matched = 0
        self.fired = 0

    def take(self) -> bool:
        """Count a request that meets the conditions, and return whether it is hit."""
        self.matched += 1
        if self.matched <= self.fault.skip or self.used_up:
            return False
        self.fired += 1
        return True

    @property
    def used_up(self) -> bool:
        """Whether it will not hit again."""
        return self.fault.times is not None and self.fired >= self.fault.times


class Faults:
    """The faults of a running emulator; they can change while it serves, from any thread."""

    def __init__(self, specs: Iterable[str | Fault] = ()) -> None:
        self._lock = threading.Lock()
        self._active = [_active(spec) for spec in specs]

    def add(self, spec: str | Fault) -> ActiveFault:
        """Put a fault behind those that are there, and return it with its counts."""
        active = _active(spec)
        with self._lock:
            self._active = [*self._active, active]
        return active

    def clear(self) -> None:
        """Remove every fault."""
        with self._lock:
            self._active = []

    def hit(self, request: Request) -> Fault | None:
        """Return the fault that a request meets, if any, and count it."""
        return self._first(lambda fault: fault.matches(request))

    def hit_connection(self) -> bool:
        """Whether a new connection is refused; counts it."""
        return self._first(lambda fault: fault.kind is Kind.REFUSE) is not None

    def never_fired(self) -> tuple[str, ...]:
        """Return those that have hit nothing so far, as they were written."""
        with self._lock:
            return tuple(active.spec for active in self._active if not active.fired)

    @property
    def refuses(self) -> bool:
        """Whether the next connection would be refused; counts nothing."""
        with self._lock:
            return any(
                active.fault.kind is Kind.REFUSE
                and active.matched >= active.fault.skip
                and not active.used_up
                for active in self._active
            )

    def _first(self, matches: Callable[[Fault], bool]) -> Fault | None:
        if not self._active:
            return None
        with self._lock:
            for active in self._active:
                if matches(active.fault) and active.take():
                    return active.fault
        return None


def _active(spec: str | Fault) -> ActiveFault:
    return ActiveFault(parse_fault(spec), spec) if isinstance(spec, str) else ActiveFault(spec)
