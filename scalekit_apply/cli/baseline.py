"""``--base`` and ``--base-ref``: the configuration before this change."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from scalekit_apply import config
from scalekit_apply.diagnostics import Diagnostic, Severity
from scalekit_apply.discovery import is_configuration
from scalekit_apply.errors import UsageError
from scalekit_apply.model import Desired

_GIT_SECONDS = 60


def load_base(
    paths: Sequence[str], *, base: str | None, base_ref: str | None
) -> tuple[Desired | None, tuple[Diagnostic, ...]]:
    """Return the earlier configuration, if one was asked for.

    One that is broken is no reason to refuse a plan (the change at hand may be what mends it): the second
    value then warns that changes carry no origin. A folder without any is one from before the first.
    Raises ``UsageError`` for options that cannot be used.
    """
    if base is not None and base_ref is not None:
        raise UsageError("--base and --base-ref are both given.", hint="Give one of them.")
    if base is not None:
        if not Path(base).exists():
            raise UsageError(f"--base {base} does not exist.", hint="Name a file or a folder of before.")
        loaded = config.load([base])
        if not loaded.files:
            return Desired(), ()
        name = base
    elif base_ref is not None:
        sources = read_commit(base_ref, paths)
        if not sources:
            # Before this change there was no configuration: nothing was asked for yet.
            return Desired(), ()
        loaded = config.load_sources(sources)
        name = base_ref
    else:
        return None, ()
    if loaded.diagnostics.has_errors:
        first = loaded.diagnostics[0]
        warning = Diagnostic(
            severity=Severity.WARNING,
            check="base-unusable",
            summary=f"The configuration at {name} has errors, so changes are not labelled config or drift.",
            detail=f"The first is {first.location}: {first.summary}" if first.location else first.summary,
        )
        return None, (warning,)
    return loaded.desired, ()


def read_commit(ref: str, paths: Sequence[str]) -> dict[str, bytes]:
    """Return the configuration files below ``paths`` as a git commit has them, by name.

    A path that the commit does not have contributes nothing. Raises ``UsageError`` when git is missing, the
    reference is unknown, or a path lies outside of a repository.
    """
    if ref.startswith("-") or not ref:
        raise UsageError(
            f"--base-ref {ref} is not a reference to a commit.", hint="Write a branch, tag or hash."
        )
    sources: dict[str, bytes] = {}
    for path in paths:
        given = Path(path)
        # The folder may be new in this change: git is asked from the nearest one that exists.
        folder = given if given.is_dir() else given.parent
        top = Path(os.fsdecode(_git(folder, "rev-parse", "--show-toplevel").rstrip(b"\n")))
        commit = _commit(folder, ref)
        inside = Path(os.path.relpath(given.resolve(), top.resolve())).as_posix()
        listing = _git(top, "ls-tree", "-r", "-z", "--name-only", commit, "--", inside)
        for name in filter(None, listing.split(b"\0")):
            tail = os.fsdecode(name)
            if inside == tail or _would_be_found(Path(os.path.relpath(tail, inside))):
                sources[tail] = _git(top, "cat-file", "blob", f"{commit}:{tail}")
    return sources


def _would_be_found(below: Path) -> bool:
    """Whether a search of the folder would find this file in it."""
    return is_configuration(below.name) and not any(part.startswith(".") for part in below.parts[:-1])


def _commit(folder: Path, ref: str) -> str:
    try:
        found = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    except UsageError:
        raise UsageError(
            f"--base-ref {ref} is not a commit of this repository.",
            hint="In CI, fetch it first (git fetch --depth=1 origin BRANCH), or check out with full history.",
        ) from None
    return found.decode("ascii").strip()


def _git(folder: Path, *arguments: str) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603  # fixed words, a hash, and a reference behind --end-of-options
            ["git", "-C", os.fspath(folder), *arguments],  # noqa: S607  # git is found as everybody finds it
            check=True,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_GIT_SECONDS,
        )
    except FileNotFoundError:
        raise UsageError("git is not installed.", hint="Install it, or use --base PATH.") from None
    except subprocess.TimeoutExpired:
        raise UsageError("git did not answer.", hint="Use --base PATH.") from None
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode("utf-8", "replace").strip().splitlines()
        raise UsageError(
            f"git {arguments[0]} failed: {said[0] if said else 'no reason given'}",
            hint="Is the configuration inside a git repository? Else use --base PATH.",
        ) from None
    return done.stdout
