from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from scalekit_apply.errors import OutputError
from scalekit_apply.exits import Outcome
from scalekit_apply.filewriting import require_writable, write_atomic


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_written_whole_and_private(tmp_path: Path) -> None:
    write_atomic(tmp_path / "plan.json", b"new\n")
    assert (tmp_path / "plan.json").read_bytes() == b"new\n"
    assert stat.S_IMODE((tmp_path / "plan.json").stat().st_mode) == 0o600
    assert names(tmp_path) == ["plan.json"]


def test_a_mode_can_be_asked_for_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        write_atomic(tmp_path / "report.md", b"", mode=0o644)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "report.md").stat().st_mode) == 0o644


def test_a_file_that_exists_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text("old")
    path.chmod(0o666)
    write_atomic(str(path), b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("call", ["fsync", "replace", "fchmod"])
def test_a_failure_leaves_the_old_file_and_nothing_else(
    call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "plan.json"
    path.write_text("old")
    monkeypatch.setattr(*((Path, "replace", full) if call == "replace" else (os, call, full)))
    with pytest.raises(OutputError, match=r"plan\.json cannot be written: No space left on device\."):
        write_atomic(path, b"new")
    assert path.read_text() == "old"
    assert names(tmp_path) == ["plan.json"]


def test_an_interruption_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: int) -> None:
        raise KeyboardInterrupt

    path = tmp_path / "plan.json"
    path.write_text("old")
    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_atomic(path, b"new")
    assert path.read_text() == "old"
    assert names(tmp_path) == ["plan.json"]


def _folder(tmp_path: Path) -> Path:
    (tmp_path / "there").mkdir()
    return tmp_path / "there"


def _link(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    return tmp_path / "link"


def _dangling(tmp_path: Path) -> Path:
    (tmp_path / "link").symlink_to(tmp_path / "nothing")
    return tmp_path / "link"


def _fifo(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "fifo")
    return tmp_path / "fifo"


def _file_as_folder(tmp_path: Path) -> Path:
    (tmp_path / "file").write_text("old")
    return tmp_path / "file" / "plan.json"


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (_folder, "it is a folder"),
        (_link, "it is a symbolic link"),
        (_dangling, "it is a symbolic link"),
        (_fifo, "it is not a regular file"),
        (lambda tmp_path: tmp_path / "missing" / "plan.json", "its folder does not exist"),
        (_file_as_folder, "Not a directory"),
        (lambda tmp_path: tmp_path / ("x" * 300), "File name too long"),
        (lambda tmp_path: tmp_path / "a\0b", "null"),
        (lambda _: Path(), "it is a folder"),
        (lambda _: Path("/proc/plan.json"), r"\w"),
    ],
)
@pytest.mark.parametrize("use", [require_writable, lambda path: write_atomic(path, b"new")])
def test_what_cannot_be_written_is_refused_with_the_reason(
    make: Callable[[Path], Path], reason: str, use: Callable[[Path], None], tmp_path: Path
) -> None:
    path = make(tmp_path)
    before = names(tmp_path)
    with pytest.raises(OutputError, match=reason) as caught:
        use(path)
    assert caught.value.outcome is Outcome.INVALID
    assert names(tmp_path) == before
    assert (tmp_path / "secret").read_text() == "old" if (tmp_path / "secret").exists() else True


def test_asking_touches_nothing(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text("old")
    require_writable(tmp_path / "plan.json")
    require_writable(tmp_path / "new.json")
    assert names(tmp_path) == ["plan.json"]
    assert (tmp_path / "plan.json").read_text() == "old"


def test_a_folder_that_refuses_files_is_found_before_anything_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> tuple[int, str]:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("tempfile.mkstemp", refused)
    with pytest.raises(OutputError, match="Permission denied"):
        require_writable(tmp_path / "plan.json")
