"""A saved plan or result on disk, or on standard input."""

from __future__ import annotations

from pathlib import Path
from typing import Final, TextIO

from scalekit_apply.errors import UsageError
from scalekit_apply.planfile import MAX_BYTES

_SAVE: Final = "scalekit-apply plan --out FILE saves a plan."


def read_saved(path: Path) -> bytes:
    """Return the content of a file, or enough of it for the reader to see that it is too large.

    Raises ``UsageError`` for a file that is not there or cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise UsageError(f"{path} does not exist.", hint=f"Check the path. {_SAVE}") from None
    except (OSError, ValueError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or "its name cannot be used"
        raise UsageError(
            f"{path} cannot be read: {reason}.", hint=f"Name a file that was saved. {_SAVE}"
        ) from None


def read_saved_from(stdin: TextIO) -> bytes:
    """Do the same with standard input."""
    try:
        return stdin.buffer.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(
            f"Standard input cannot be read: {error.strerror}.",
            hint="Give the path of the file instead of -.",
        ) from None
