"""What a run does when its streams are closed, its disk is full or its folders cannot be written."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from command_support import clean_environment, command_line
from live_support import AFTER, BEFORE, Ran, World, world

OLD = b"what was here before\n"


def shell(made: World, args: Sequence[str], redirections: str, *, before: str = "") -> Ran:
    """Run the command under a shell with redirections; ``$@`` is the command line."""
    made.result_file.unlink(missing_ok=True)
    done = subprocess.run(
        ["sh", "-c", f'{before} "$@" {redirections}', "sh", *command_line(args)],
        check=False,
        capture_output=True,
        env=clean_environment({**made.environ, "NO_COLOR": "1"}),
        timeout=60,
    )
    return made.ran(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode())


def unread(made: World, args: Sequence[str]) -> Ran:
    """Run the command with a stdout that nobody reads."""
    made.result_file.unlink(missing_ok=True)
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            command_line(args),
            check=False,
            stdout=writing,
            stderr=subprocess.PIPE,
            env=clean_environment(made.environ),
            timeout=60,
        )
    finally:
        os.close(writing)
    return made.ran(done.returncode, "", done.stderr.decode())


def demand_quiet(ran: Ran) -> None:
    for word in ("Traceback", "Exception ignored", "defect", "BrokenPipe"):
        assert word not in ran.err


@pytest.mark.parametrize("command", ["plan", "drift"])
@pytest.mark.parametrize("fmt", ["text", "json", "junit"])
def test_a_reader_that_left_is_no_success_and_files_are_written(
    command: str, fmt: str, tmp_path: Path
) -> None:
    with world(tmp_path) as made:
        ran = unread(made, made.args(command, "--format", fmt))
        demand_quiet(ran)
        assert ran.code == 1
        assert ran.result is not None
        assert len(ran.result["resource_changes"]) == 4


@pytest.mark.parametrize("args", [["list"], ["list", "--format", "json"], ["schema", "plan"], ["--help"]])
def test_a_reader_that_left_ends_every_command_without_a_traceback(args: list[str], tmp_path: Path) -> None:
    with world(tmp_path) as made:
        more = ["-c", str(made.configuration)] if args[0] == "list" else []
        ran = unread(made, [*args, *more])
        demand_quiet(ran)
        assert ran.code == 1


def test_apply_writes_nothing_when_nobody_reads_its_plan_and_its_result_says_so(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        ran = unread(made, made.args("apply"))
        demand_quiet(ran)
        assert ran.code == 1
        assert made.patches() == []
        assert ran.states == dict.fromkeys(BEFORE, "skipped")


def test_apply_that_is_not_read_after_its_writes_still_writes_its_files(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        ran = unread(made, made.args("apply", "--format", "json"))
        demand_quiet(ran)
        # Everything was done, and that was not told where it was asked to be.
        assert ran.code == 7
        assert ran.states == dict.fromkeys(BEFORE, "applied")
        assert made.live() == AFTER


@pytest.mark.parametrize("command", ["plan", "apply"])
@pytest.mark.parametrize("fmt", ["text", "json"])
def test_a_closed_stdout_is_3_before_anything_is_sent(command: str, fmt: str, tmp_path: Path) -> None:
    with world(tmp_path) as made:
        ran = shell(made, made.args(command, "--format", fmt), ">&-")
        demand_quiet(ran)
        assert ran.code == 3
        assert "stdout cannot be written" in ran.err
        assert made.patches() == []
        assert made.lines() == []


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_a_closed_stderr_changes_nothing(command: str, tmp_path: Path) -> None:
    with world(tmp_path) as made:
        ran = shell(made, made.args(command, "-v"), "2>&-")
        assert ran.code == 0
        assert "Plan: 2 to enable, 2 to disable, 0 unchanged." in ran.out
        assert ran.err == ""


def test_closed_streams_are_not_taken_for_sockets(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        ran = shell(made, made.args("apply"), "<&- >&- 2>&-")
        assert ran.code == 3
        assert made.lines() == []


def test_an_apply_without_any_stdin_has_nobody_to_ask(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        args = [item for item in made.args("apply") if item != "--auto-approve"]
        ran = shell(made, args, "<&-")
        demand_quiet(ran)
        assert ran.code == 3
        assert "no terminal" in ran.err


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_a_stdout_on_a_full_disk_is_3_before_anything_is_written(command: str, tmp_path: Path) -> None:
    with world(tmp_path) as made:
        ran = shell(made, made.args(command), ">/dev/full")
        demand_quiet(ran)
        assert ran.code == 3
        assert "No space left on device" in ran.err
        assert made.patches() == []


def test_a_stdout_that_is_full_after_the_writes_is_7_and_files_are_written(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        ran = shell(made, made.args("apply", "--format", "json"), ">/dev/full")
        demand_quiet(ran)
        assert ran.code == 7
        assert "No space left on device" in ran.err
        assert ran.states == dict.fromkeys(BEFORE, "applied")


def test_a_stderr_on_a_full_disk_changes_nothing(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        ran = shell(made, made.args("apply", "-v"), "2>/dev/full")
        assert ran.code == 0
        assert made.live() == AFTER


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_stdout_that_cannot_show_a_letter_shows_its_number(encoding: str, tmp_path: Path) -> None:
    with world(tmp_path) as made:
        made.configuration.write_text(
            made.configuration.read_text("utf-8").replace("- id: org_1", '- id: org_1\n    name: "Łódź"'),
            "utf-8",
        )
        ran = shell(made, made.args("apply"), "", before=f"PYTHONIOENCODING={encoding}")
        demand_quiet(ran)
        assert ran.code == 0
        assert made.live() == AFTER


@contextmanager
def small_files(limit: int) -> Iterator[None]:
    """As on a full disk, no file can grow beyond ``limit`` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def options(made: World) -> list[list[str]]:
    """Every option that names a file to write, with a file that is there already."""
    (made.folder / "old").write_bytes(OLD)
    return [["--out", str(made.folder / "old")], ["--output", f"markdown={made.folder / 'old'}"]]


@pytest.mark.parametrize("command", ["plan", "apply"])
@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("limit", [0, 100])
def test_a_full_disk_is_3_before_anything_is_sent_and_the_old_file_stays(
    command: str, which: int, limit: int, tmp_path: Path
) -> None:
    with world(tmp_path) as made:
        args = [*made.args(command), *options(made)[which]]
        args = [item for item in args if not item.startswith("json=")]
        args.remove("--output")
        with small_files(limit):
            ran = made.run(args)
        assert ran.code == 3
        assert "cannot be written: File too large" in ran.err
        assert made.lines() == []
        assert (tmp_path / "old").read_bytes() == OLD
        assert sorted(item.name for item in tmp_path.iterdir()) == ["old", "scalekit.yaml"]


def test_law_5_a_disk_that_fills_after_the_writes_is_7_with_the_result_on_stdout(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        made.result_file.write_bytes(OLD)
        limit = resource.getrlimit(resource.RLIMIT_FSIZE)

        def fill() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, limit[1]))

        made.at_request(8, fill)
        old = made.folder / "old"
        old.write_bytes(OLD)
        args = [item.replace(str(made.result_file), str(old)) for item in made.args("apply")]
        try:
            ran = made.run(args)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        assert ran.code == 7
        assert "Apply complete: 2 enabled, 2 disabled." in ran.out
        assert "old cannot be written: File too large" in ran.err
        assert old.read_bytes() == OLD
        assert made.live() == AFTER


def test_law_5_a_disk_that_fills_while_reading_is_3_and_nothing_is_written(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        limit = resource.getrlimit(resource.RLIMIT_FSIZE)
        made.at_request(2, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, limit[1])))
        old = made.folder / "old"
        old.write_bytes(OLD)
        try:
            ran = made.run([*made.args("apply"), "--out", str(old)])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        assert ran.code == 3
        assert old.read_bytes() == OLD
        assert made.patches() == []


def mounted(made: World, args: Sequence[str], mount: str) -> Ran:
    """Run the command where the folder ``here`` is a file system of its own, seen by nobody else."""
    here = made.folder / "here"
    here.mkdir()
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("needs a mount of its own, for which it must be root")
    probe = subprocess.run(
        ["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", str(here)], check=False, capture_output=True
    )
    if probe.returncode:
        pytest.skip("this system allows no mounts, not even to root")
    script = f'{mount} && "$@"; code=$?; ls -A {here} >&2; cat {here}/old >&2; exit $code'
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", script, "sh", *command_line(args)],
        check=False,
        capture_output=True,
        env=clean_environment(made.environ),
        timeout=60,
    )
    return made.ran(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.mark.parametrize("command", ["plan", "apply"])
@pytest.mark.parametrize("option", ["--out", "--output"])
def test_a_full_file_system_is_3_before_anything_is_sent_and_the_old_file_stays(
    command: str, option: str, tmp_path: Path
) -> None:
    with world(tmp_path) as made:
        here = tmp_path / "here"
        target = str(here / "old") if option == "--out" else f"json={here / 'old'}"
        fill = f"dd if=/dev/zero of={here}/filler bs=4096 2>/dev/null"
        mount = f"mount -t tmpfs -o size=64k tmpfs {here} && echo old > {here}/old && {{ {fill}; true; }}"
        ran = mounted(made, [*made.args(command), option, target], mount)
        assert ran.code == 3, ran.err
        assert "No space left on device" in ran.err
        assert ran.err.endswith("filler\nold\nold\n")
        assert made.lines() == []


@pytest.mark.parametrize("command", ["plan", "apply"])
@pytest.mark.parametrize("option", ["--out", "--output"])
def test_a_read_only_file_system_is_3_before_anything_is_sent(
    command: str, option: str, tmp_path: Path
) -> None:
    with world(tmp_path) as made:
        here = tmp_path / "here"
        target = str(here / "old") if option == "--out" else f"json={here / 'old'}"
        mount = f"mount -t tmpfs tmpfs {here} && echo old > {here}/old && mount -o remount,ro {here}"
        ran = mounted(made, [*made.args(command), option, target], mount)
        assert ran.code == 3, ran.err
        assert "Read-only file system" in ran.err
        assert ran.err.endswith("old\nold\n")
        assert made.lines() == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere; read-only mounts are tried above")
@pytest.mark.parametrize("command", ["plan", "apply"])
@pytest.mark.parametrize("which", [0, 1])
def test_a_folder_without_permission_is_3_before_anything_is_sent(
    command: str, which: int, tmp_path: Path
) -> None:
    with world(tmp_path) as made:
        locked = tmp_path / "locked"
        locked.mkdir()
        (locked / "old").write_bytes(OLD)
        locked.chmod(0o555)
        target = [["--out", str(locked / "old")], ["--output", f"markdown={locked / 'old'}"]][which]
        ran = made.run([*made.args(command), *target])
        assert ran.code == 3
        assert "Permission denied" in ran.err
        assert made.lines() == []
        assert (locked / "old").read_bytes() == OLD
