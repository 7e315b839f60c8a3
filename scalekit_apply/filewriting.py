"""Files written in one step: whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path
from typing import Final

from scalekit_apply.errors import OutputError

# About what a plan or a result of a hundred changes takes.
_ROOM: Final = 64 * 1024


def require_writable(path: str | os.PathLike[str]) -> None:
    """Find out, before anything else happens, that ``write_atomic`` will be able to write ``path``.

    Touches no file that exists. Raises ``OutputError`` with the reason.
    """
    target = _target(path)
    try:
        descriptor, temporary = _temporary(target)
    except OSError as error:
        raise _refused(path, error) from None
    try:
        # A full disk still makes files, as long as nothing is in them.
        with os.fdopen(descriptor, "wb") as file:
            file.write(bytes(_ROOM))
    except OSError as error:
        raise _refused(path, error) from None
    finally:
        temporary.unlink(missing_ok=True)


def write_atomic(path: str | os.PathLike[str], data: bytes, mode: int = 0o600) -> None:
    """Write ``data`` to ``path``: readers see the old file or the new one, never a part.

    Whatever goes wrong, a file that was there stays as it was and nothing else is left behind. A symbolic
    link is refused: what it points to may be out of the reach of whoever named it. Raises ``OutputError``.
    """
    target = _target(path)
    try:
        descriptor, temporary = _temporary(target)
    except OSError as error:
        raise _refused(path, error) from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _refused(path, error) from None
        raise


def _target(path: str | os.PathLike[str]) -> Path:
    target = Path(path)
    try:
        found = target.lstat()
    except FileNotFoundError:
        found = None
    except (OSError, ValueError) as error:  # ValueError: a zero byte
        raise _refused(path, error) from None
    if found is not None:
        if stat.S_ISLNK(found.st_mode):
            raise OutputError(
                f"{os.fspath(path)} cannot be written: it is a symbolic link.", hint="Name the file itself."
            )
        if stat.S_ISDIR(found.st_mode):
            raise OutputError(
                f"{os.fspath(path)} cannot be written: it is a folder.", hint="Name a file in it."
            )
        if not stat.S_ISREG(found.st_mode):
            raise OutputError(f"{os.fspath(path)} cannot be written: it is not a regular file.")
    if not target.parent.is_dir():
        raise OutputError(
            f"{os.fspath(path)} cannot be written: its folder does not exist.",
            hint="Create the folder first.",
        )
    return target


def _temporary(target: Path) -> tuple[int, Path]:
    # In the same folder: a rename across file systems is a copy, and a copy can stop half-way.
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".scalekit-apply-", suffix=".tmp")
    return descriptor, Path(name)


def _refused(path: str | os.PathLike[str], error: OSError | ValueError) -> OutputError:
    reason = (error.strerror or type(error).__name__) if isinstance(error, OSError) else str(error)
    return OutputError(f"{os.fspath(path)} cannot be written: {reason}.")
