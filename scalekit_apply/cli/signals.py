"""SIGINT and SIGTERM: ending at once while nothing was changed, in good order once something may be."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

from scalekit_apply.errors import Interrupted
from scalekit_apply.interruption import Interruption

_PATIENCE = 2


class Signals:
    """Turns signals into ``Interrupted`` or, after ``defer``, into a request to stop."""

    def __init__(self) -> None:
        self.interruption = Interruption()
        self._deferred = False

    @contextmanager
    def installed(self) -> Generator[None, None, None]:
        """Handle signals in the block. Only the main thread can; elsewhere they are left alone."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        handled = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self._handle) for number in handled}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def defer(self) -> None:
        """From here on a signal only asks to stop: whoever works watches the interruption."""
        self._deferred = True

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        requests = self.interruption.request(terminated=number == signal.SIGTERM)
        if requests > _PATIENCE:
            # The first ends in good order, the second waits for nothing, this one does not even write.
            os._exit(128 + number)
        # Raised once: whoever is on the way out already must not be hit again.
        if requests == 1 and not self._deferred:
            raise Interrupted(terminated=self.interruption.terminated)
