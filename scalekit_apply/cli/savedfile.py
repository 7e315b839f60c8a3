"""A saved plan or result on disk, or on standard input."""

from __future__ import annotations

from pathlib import Path

from scalekit_apply.errors import UsageError
from scalekit_apply.planfile import MAX_BYTES


def read_saved(path: Path) -> bytes:
    """Return the content of a file, or enough of it for the reader to see that it is too large.

    Raises ``UsageError`` for a file that is not there or cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise UsageError(f"{path} does not exist.", hint="Save a plan first: plan --out FILE.") from None
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}.", hint="Name a file that a plan was saved to."
        ) from None
