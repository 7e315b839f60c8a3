from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from scalekit_apply import newfiles
from scalekit_apply.errors import OutputError
from scalekit_apply.newfiles import require_absent, require_folder, write_new


def test_new_files_are_written_whole_with_their_folders(tmp_path: Path) -> None:
    write_new({tmp_path / "a" / "b.txt": b"one", tmp_path / "c.txt": b"two"})
    assert (tmp_path / "a" / "b.txt").read_bytes() == b"one"
    assert (tmp_path / "c.txt").read_bytes() == b"two"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "b.txt", "c.txt"]


def test_the_umask_decides_who_may_read_a_new_file(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_new({tmp_path / "a": b""})
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


def test_one_file_that_exists_keeps_all_from_being_written(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("kept")
    with pytest.raises(OutputError, match="b exists already"):
        write_new({tmp_path / "a": b"", tmp_path / "b": b"lost"})
    assert [path.name for path in tmp_path.iterdir()] == ["b"]
    assert (tmp_path / "b").read_text() == "kept"


def test_a_link_that_leads_nowhere_counts_as_existing(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError, match="link exists already"):
        write_new({tmp_path / "link": b""})
    assert not (tmp_path / "elsewhere").exists()


def test_everything_that_exists_is_named_at_once(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    (tmp_path / "b").touch()
    with pytest.raises(OutputError, match=r"a, .*b exist already"):
        require_absent([tmp_path / "a", tmp_path / "b", tmp_path / "c"])


def _found_nothing(_paths: object, *, hint: str) -> None:
    assert hint


def test_a_file_that_appears_in_the_meantime_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newfiles, "require_absent", _found_nothing)
    (tmp_path / "b").write_text("kept")
    with pytest.raises(OutputError, match="b exists already"):
        write_new({tmp_path / "a": b"one", tmp_path / "b": b"two"})
    assert [path.name for path in tmp_path.iterdir()] == ["b"]
    assert (tmp_path / "b").read_text() == "kept"


def test_a_failure_half_way_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"cannot be written: (Not a directory|File exists)|exists already"):
        write_new({tmp_path / "a": b"one", tmp_path / "file" / "b": b"two"})
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_an_interruption_half_way_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link, calls = os.link, 0

    def interrupted(source: Path, target: Path) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise KeyboardInterrupt
        link(source, target)

    monkeypatch.setattr(os, "link", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_new({tmp_path / "a": b"one", tmp_path / "b": b"two"})
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_with_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="A file cannot be written: No space left on device"):
        write_new({tmp_path / "a": b"one"})
    assert list(tmp_path.iterdir()) == []


def test_a_folder_may_be_missing_but_not_be_a_file(tmp_path: Path) -> None:
    require_folder(tmp_path / "new" / "newer")
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="file is not a folder"):
        require_folder(tmp_path / "file" / "below")


def test_a_folder_that_may_not_be_written_to_is_found_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(_path: Path, _mode: int) -> bool:
        return False

    monkeypatch.setattr(os, "access", denied)  # the tests may run as root, who may do everything
    with pytest.raises(OutputError, match="permission denied"):
        require_folder(tmp_path)


def test_nobody_is_told_to_remove_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("kept")
    with pytest.raises(OutputError) as caught:
        write_new({tmp_path / "b": b""})
    assert "name another place" in caught.value.hint
    with pytest.raises(OutputError) as caught:
        write_new({tmp_path / "b": b""}, hint="Keep it.")
    assert caught.value.hint == "Keep it."
