"""Files that must not exist yet: all of them are written, or none; nothing is ever replaced."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from scalekit_apply.errors import OutputError

# Never to remove what is there: it may be the only record of what somebody decided.
_NEVER: Final = "Nothing is overwritten: name another place."


def require_absent(paths: Iterable[Path], *, hint: str = _NEVER) -> None:
    """Raise ``OutputError`` naming every path that is already there, a dangling link included."""
    there = [path for path in paths if os.path.lexists(path)]
    if there:
        names = ", ".join(os.fspath(path) for path in there)
        raise OutputError(f"{names} {'exists' if len(there) == 1 else 'exist'} already.", hint=hint)


def require_folder(folder: Path) -> None:
    """Raise ``OutputError`` unless files can be put into ``folder``, which need not exist yet."""
    nearest = folder
    while not os.path.lexists(nearest) and nearest != nearest.parent:
        nearest = nearest.parent
    if not nearest.is_dir():
        raise OutputError(f"{nearest} is not a folder.", hint="Name a folder.")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise OutputError(f"{nearest} cannot be written to: permission denied.", hint="Name another folder.")


def write_new(files: Mapping[Path, bytes], *, hint: str = _NEVER) -> None:
    """Write every file, with missing folders. Readers see a file whole or not at all.

    Raises ``OutputError`` when one is there already, which says ``hint``, or cannot be written; then none of
    them is left behind.
    """
    require_absent(files, hint=hint)
    written: list[Path] = []
    try:
        for path, data in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, data)
            written.append(path)
    except BaseException as error:
        for path in written:
            path.unlink(missing_ok=True)
        if isinstance(error, FileExistsError):
            raise OutputError(f"{error.filename2 or error.filename} exists already.", hint=hint) from None
        if isinstance(error, OSError):
            reason = error.strerror or type(error).__name__
            raise OutputError(
                f"{error.filename or 'A file'} cannot be written: {reason}.", hint="Nothing was written."
            ) from None
        raise


def _write(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".scalekit-apply-{secrets.token_hex(8)}.tmp")
    try:
        # Opened like any new file, so that the umask of the user decides who may read it.
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        # A link, unlike a rename, fails when somebody else has made the file in the meantime.
        os.link(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
