from __future__ import annotations

import io
from pathlib import Path

import pytest

from scalekit_apply.cli.outputs import OutputFile, Outputs, parse_output, write_out
from scalekit_apply.errors import OutputError, UsageError
from scalekit_apply.views import Format

ALLOWED = (Format.TEXT, Format.JSON)


def render(fmt: Format, color: bool) -> str:
    return f"{fmt.value} {color}"


def test_an_output_names_a_format_and_a_file() -> None:
    assert parse_output("json=a=b.json", ALLOWED) == OutputFile(format=Format.JSON, path=Path("a=b.json"))


@pytest.mark.parametrize("text", ["json", "json=", "", "=x"])
def test_an_output_without_a_format_or_a_file_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_output(text, ALLOWED)


def test_an_output_of_a_format_that_the_command_lacks_names_those_that_it_has() -> None:
    with pytest.raises(UsageError) as caught:
        parse_output("sarif=x", ALLOWED)
    assert "text, json" in caught.value.hint


def test_every_output_is_written_and_only_stdout_has_color(tmp_path: Path) -> None:
    outputs = Outputs.parse("text", [f"json={tmp_path / 'a'}", f"text={tmp_path / 'b'}"], ALLOWED)
    assert not outputs.problems(io.StringIO())
    stdout = io.StringIO()
    outputs.write(render, stdout, color=True)
    assert stdout.getvalue() == "text True"
    assert (tmp_path / "a").read_text("utf-8") == "json False"
    assert (tmp_path / "b").read_text("utf-8") == "text False"


def test_a_file_that_is_named_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="twice"):
        Outputs.parse("text", [f"json={tmp_path / 'a'}"], ALLOWED, plan=tmp_path / "a")


def test_a_file_that_cannot_be_written_is_found_before_anything_is_done(tmp_path: Path) -> None:
    missing = tmp_path / "missing" / "file"
    for outputs in (
        Outputs.parse("text", [f"json={missing}"], ALLOWED),
        Outputs.parse("text", [], ALLOWED, plan=missing),
    ):
        assert [item.check for item in outputs.problems(io.StringIO())] == ["output"]


def test_one_file_that_fails_does_not_keep_the_others_from_being_written(tmp_path: Path) -> None:
    outputs = Outputs.parse("text", [f"json={tmp_path / 'missing' / 'a'}", f"json={tmp_path / 'b'}"], ALLOWED)
    stdout = io.StringIO()
    with pytest.raises(OutputError):
        outputs.write(render, stdout, color=False)
    assert stdout.getvalue() == "text False"
    assert (tmp_path / "b").exists()


class Full(io.StringIO):
    def flush(self) -> None:
        raise OSError(28, "No space left on device")


class Broken(io.StringIO):
    def flush(self) -> None:
        raise BrokenPipeError


def test_a_stdout_that_cannot_be_written_is_an_output_error() -> None:
    with pytest.raises(OutputError, match="No space left"):
        write_out(Full(), "text")
    with pytest.raises(BrokenPipeError):
        write_out(Broken(), "text")


def test_a_closed_stdout_is_found_before_anything_is_sent() -> None:
    class Closed(io.StringIO):
        def writable(self) -> bool:
            return False

    (found,) = Outputs().problems(Closed())
    assert found.summary == "stdout cannot be written: it is closed."
