"""A local Scalekit environment: the API over real sockets, from SQLite, with faults on order.

Written from the description of the API alone; it shares no code with the client of this package.
"""

from __future__ import annotations

from scalekit_apply.emulator.options import (
    Defaults,
    Dialect,
    EmulatorOptions,
    SingleRead,
    UnknownOrganization,
    WideList,
)
from scalekit_apply.emulator.server import Emulator

__all__ = [
    "Defaults",
    "Dialect",
    "Emulator",
    "EmulatorOptions",
    "SingleRead",
    "UnknownOrganization",
    "WideList",
]
