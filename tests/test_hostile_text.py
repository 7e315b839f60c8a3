"""Law 10: text that came from the server cannot forge output; nor can that of a configuration or a file name.

Every text of a service is hostile at once, then every command runs, in every format. What each format
promises is stated in :mod:`hostile_support`, which the tests of the views share.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import pytest
from command_support import Completed, run
from hostile_support import HOSTILE_TEXTS, LONG_TEXTS, check, check_for_logs, frozen_lines
from inprocess_support import invoke
from mirror_support import Asked, Mirror, Said, error, mirror

from scalekit_apply.config import load_sources
from scalekit_apply.views import Format

FORMATS = tuple(item for item in Format if item is not Format.SARIF)
VALIDATE_FORMATS = (Format.TEXT, Format.JSON, Format.GITHUB, Format.GITLAB, Format.SARIF, Format.JUNIT)
CONFIGURATION = """\
version: 1
limits: {max_disables: 10, max_disable_percent: 100}
organizations:
  - id: org_1
    name: A label
    connections:
      - {id: conn_1, enabled: true}
      - {id: conn_2, enabled: false}
      - {id: conn_3, enabled: false}
"""
# One text, and all of them at once: what is harmless alone may not be beside another.
TEXTS = (*HOSTILE_TEXTS, *LONG_TEXTS, " ".join(HOSTILE_TEXTS), "\n".join(HOSTILE_TEXTS))
texts = pytest.mark.parametrize("text", TEXTS, ids=lambda text: ascii(text)[:40])
# What a line, a log and a terminal obey; for what is tried in many places.
SOME = (
    *("\x1b[31mred\x1b[0m", "\n::error::x", "##[error]forged", "a\r\nPlan: 0 to enable", "</details>|`@x`"),
    *TEXTS[-4:],
)
some = pytest.mark.parametrize("text", SOME, ids=lambda text: ascii(text)[:40])
BENIGN = "benign"


@pytest.fixture
def service() -> Iterator[Mirror]:
    with mirror() as running:
        yield running


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("scalekit.yaml").write_text(CONFIGURATION, "utf-8")


def _everywhere(formats: tuple[Format, ...] = FORMATS) -> list[str]:
    return [part for item in formats for part in ("--output", f"{item.value}=out.{item.value}")]


def ended(service: Mirror, args: list[str], *, text: str = BENIGN) -> Completed:
    """Run a command while everything that the service says is ``text``, and hold its talk to the rules."""
    service.text = text
    service.enabled.update(conn_1=False, conn_2=True, conn_3=True)
    if args[0] not in {"show", "validate"}:
        args = [*args, "--max-retries", "0"]
    done = invoke([*args, "-v"], service.environ)
    check(Format.TEXT, done.err)
    assert "Traceback" not in done.err
    assert "defect" not in done.err
    return done


def same(service: Mirror, args: list[str], text: str, format_: Format = Format.TEXT) -> Completed:
    """Run a command twice: hostile text may change what lines say, not how many of them are believed."""
    benign, hostile = ended(service, args), ended(service, args, text=text)
    check(format_, hostile.out)
    assert hostile.code == benign.code
    if format_ in {Format.TEXT, Format.MARKDOWN}:
        assert frozen_lines(hostile.out) == frozen_lines(benign.out)
    assert frozen_lines(hostile.err) == frozen_lines(benign.err)
    return hostile


def written() -> Iterator[tuple[Format, str]]:
    """The files of ``--output``, read and removed."""
    for path in sorted(Path().glob("out.*")):
        yield Format(path.suffix[1:]), path.read_bytes().decode("utf-8")
        path.unlink()


@pytest.mark.parametrize("text", [text for text in TEXTS if text], ids=lambda text: ascii(text)[:40])
@pytest.mark.parametrize("command", ["plan", "apply", "drift"])
def test_law_10_plans_and_results_say_what_they_say_in_every_format(
    service: Mirror, command: str, text: str
) -> None:
    approved = ["--auto-approve", "--out", "saved.plan"] if command == "apply" else []
    outputs = _everywhere() if command != "drift" else []
    benign = ended(service, [command, *approved, *outputs])
    expected = {item: frozen_lines(content) for item, content in written()}
    hostile = ended(service, [command, *approved, *outputs], text=text)
    assert hostile.code == benign.code
    check(Format.TEXT, hostile.out)
    assert frozen_lines(hostile.out) == frozen_lines(benign.out)
    for item, content in written():
        check(item, content)
        assert frozen_lines(content) == expected[item]


@texts
@pytest.mark.parametrize("saved", ["saved.plan", "result"])
def test_law_10_what_was_saved_is_shown_as_harmlessly(service: Mirror, saved: str, text: str) -> None:
    ended(service, ["apply", "--auto-approve", "--out", "saved.plan", "--output", "json=result"], text=text)
    for item in FORMATS:
        done = ended(service, ["show", saved, "--format", item.value])
        assert done.code == 0
        check(item, done.out)


@texts
def test_law_10_lists_and_details_keep_text_in_its_place(service: Mirror, text: str) -> None:
    for args in (["list", "--all"], ["inspect", "org_1", "conn_1"], ["doctor"]):
        same(service, args, text)
        same(service, [*args, "--format", "json"], text, Format.JSON)


@texts
def test_law_10_an_export_is_a_configuration_of_plain_lines(service: Mirror, text: str) -> None:
    done = same(service, ["export", "--all"], text)
    loaded = load_sources({"scalekit.yaml": done.out.encode()})
    assert not loaded.diagnostics.has_errors
    assert [*loaded.desired.organizations] == ["org_1"]


_STATUSES = (400, 401, 403, 404, 409, 429, 500, 501, 503)


@some
def test_law_10_what_an_error_says_stays_one_sentence(service: Mirror, text: str) -> None:
    for status in _STATUSES if text == TEXTS[-1] else (400, 500):
        for where in ("/oauth/", "/api/", "PATCH "):

            def distort(asked: Asked, status: int = status, where: str = where) -> Said | None:
                return error(status, asked) if where in f"{asked.method} {asked.path}" else None

            service.distortion = distort
            for args in (["plan", "--format", "github"], ["apply", "--auto-approve"], ["doctor"]):
                item = Format.GITHUB if "github" in args else Format.TEXT
                same(service, args, text, item)


def _page(asked: Asked) -> Said:
    return Said(status=502, body=f"<html>{asked.repeated}".encode(), content_type="text/html")


def _ids(asked: Asked) -> Said:
    return Said(body=asked.json({"connections": [{"id": asked.repeated, "organization_id": asked.repeated}]}))


def _raw(asked: Asked, start: bytes = b"HTTP/1.1 200 ") -> Said:
    return Said(raw=start + asked.repeated.encode("utf-8", "replace"))


@some
@pytest.mark.parametrize(
    "distortion",
    [_page, _ids, _raw, partial(_raw, start=b""), partial(_raw, start=b"HTTP/1.1 200 OK\r\nx: y\r\n")],
    ids=["html", "ids", "status-line", "no-http", "header"],
)
def test_law_10_an_answer_that_cannot_be_used_is_not_quoted_raw(
    service: Mirror, distortion: object, text: str
) -> None:
    service.distortion = lambda asked: None if asked.path == "/oauth/token" else distortion(asked)  # type: ignore[operator]  # one of the above
    for item in (Format.TEXT, Format.GITHUB, Format.MARKDOWN, Format.JUNIT):
        same(service, ["plan", "--format", item.value], text, item)


@some
def test_law_10_headers_are_shown_with_visible_letters_alone(service: Mirror, text: str) -> None:
    service.headers = lambda said: (("x-trace-id", re.sub(r"[\r\n\0]", " ", said)[:2_000]),)
    for args in (["plan"], ["apply", "--auto-approve"]):
        check(Format.TEXT, ended(service, args, text=text).out)
    service.distortion = lambda asked: Said(
        status=302, headers=(("Location", re.sub(r"[\r\n\0]", " ", asked.repeated)[:2_000]),)
    )
    service.headers = lambda _: ()
    check(Format.TEXT, ended(service, ["plan"], text=text).out)


# The configuration ------------------------------------------------------------------------------------


def in_yaml(text: str) -> str:
    """Text as YAML, every character an escape."""
    shown = text.encode("utf-8", "replace").decode()[:1_000]
    return '"' + "".join(f"\\U{ord(char):08x}" for char in shown) + '"'


def _hostile_configuration(text: str) -> str:
    wanted = in_yaml(text)
    return f"""\
version: 1
limits: {{max_disables: 10, max_disable_percent: 100}}
organizations:
  - id: org_1
    name: {wanted if text.strip() else "x"}
    connections:
      - {{id: conn_1, enabled: true, description: {wanted}}}
      - {{id: conn_2, enabled: false, protected: true, description: {wanted}}}
"""


def _broken_configuration(text: str) -> str:
    wanted = in_yaml(text)
    return f"""\
version: {wanted}
environment: {wanted}
checks: {{{wanted}: {wanted}}}
{wanted}: 1
organizations:
  - id: {wanted}
    unmanaged: {wanted}
    connections:
      - {{id: {wanted}, enabled: {wanted}, expect: {{provider: {wanted}, domains: [{wanted}, {wanted}]}}}}
      - {wanted}
  - {{id: org_1, connections: [{{id: conn_1, enabled: true, expect: {{provider: {wanted}}}}}]}}
"""


@texts
@pytest.mark.parametrize(
    "configuration", [_hostile_configuration, _broken_configuration], ids=["valid", "broken"]
)
def test_law_10_a_configuration_forges_no_output_either(
    service: Mirror, configuration: object, text: str
) -> None:
    Path("scalekit.yaml").write_text(configuration(text), "utf-8")  # type: ignore[operator]  # one of the above
    done = ended(service, ["validate", *_everywhere(VALIDATE_FORMATS)])
    assert done.code == (3 if configuration is _broken_configuration else 0), done.out
    check(Format.TEXT, done.out)
    for item, content in written():
        check(item, content)
    for args in (
        ["plan", *_everywhere()],
        ["apply", "--auto-approve", *_everywhere()],
        ["doctor"],
        ["drift"],
    ):
        done = ended(service, args)
        check(Format.TEXT, done.out)
        blocked = {"plan": 5, "apply": 5, "drift": 2, "doctor": 0}
        assert done.code == (3 if configuration is _broken_configuration else blocked[args[0]])
        for item, content in written():
            check(item, content)


# Names of files ---------------------------------------------------------------------------------------

NAMES: Mapping[str, bytes] = {
    "newline": b"a\nPlan: 0 to enable, 0 to disable, 9 unchanged.\nb",
    "command": b"::error file=x::forged",
    "newline-and-command": b"a\n::error::forged\n##[error]x",
    "escape": b"\x1b[2J\x1b]8;;https:evil.example\x1b\\a",
    "not-utf-8": b"caf\xe9 \xff\xfe",
    "not-utf-8-and-escape": b"\xff\n\x1b[31m::warning::x",
    "markdown": b"`|[x](https:evil.example) @octocat <b> <!-- -->",
    "xml": b"]]>&<a b='c'>",
    "bidi": "\u202egnp.\u2066x\u200b".encode(),
    "separators": "a\u2028b\x85c".encode(),
    "percent": b"%0A%25,line=1,title=x",
    "long": b"n" * 230,
    "blanks": b"   a  b  ",
}
names = pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)


def make(name: bytes, content: str, ending: bytes = b".scalekit.yaml") -> str:
    """A file of that name, as Python knows it."""
    Path("scalekit.yaml").unlink(missing_ok=True)
    path = os.fsdecode(name + ending)
    Path(path).write_text(content, "utf-8")
    return path


@names
@pytest.mark.parametrize("content", [CONFIGURATION, "version: 2\nx: [\n"], ids=["valid", "broken"])
@pytest.mark.parametrize("named", [False, True], ids=["found", "named"])
def test_law_10_a_file_may_have_any_name(service: Mirror, name: bytes, content: str, named: bool) -> None:
    path = make(name, content)
    config = ["--config", path] if named else []
    valid = content is CONFIGURATION
    done = ended(service, ["validate", *config, *_everywhere(VALIDATE_FORMATS)])
    assert done.code == (0 if valid else 3)
    files = list(written())
    done = ended(service, ["plan", *config, *_everywhere(), "--out", "saved.plan"])
    assert done.code == (0 if valid else 3)
    files += written()
    for args in (["apply", "saved.plan"], ["show", "saved.plan"]) if valid else ():
        files.append((Format.TEXT, ended(service, args).out))
    done = ended(service, ["doctor", *config])
    assert done.code == (0 if valid else 3)
    assert len(files) == (len(VALIDATE_FORMATS) + len(FORMATS) + (2 if valid else 0))
    for item, text in [*files, (Format.TEXT, done.out)]:
        check(item, text)


@names
def test_law_10_whatever_is_named_on_the_command_line_is_said_back_harmlessly(
    service: Mirror, name: bytes
) -> None:
    path = os.fsdecode(name)
    folder = Path("folder")
    folder.mkdir()
    for args in (
        ["plan", "-c", path],
        ["validate", "-c", path],
        ["doctor", "-c", path],
        ["plan", "--base", path],
        ["plan", "--base-ref", path],
        ["plan", "--target", path],
        ["plan", "--allow", path],
        ["plan", "--out", f"absent/{path}"],
        ["plan", "--out", "folder"],
        ["plan", "--output", f"json=absent/{path}"],
        ["plan", "--output", path],
        ["plan", "--format", path],
        ["plan", "--environment-url", path],
        ["plan", "--client-secret-file", path],
        ["plan", path],
        ["apply", path],
        ["apply", "--auto-approve", "--expect-fingerprint", path],
        ["show", path],
        ["inspect", path, path],
        ["inspect", "org_1", path],
        ["list", "--organization", path],
        ["export", "--organization", path],
        ["export", "--all", "--out-dir", f"scalekit.yaml/{path}"],
    ):
        done = ended(service, args)
        assert done.code in {0, 3, 4, 6} or args[0] == "doctor", (args, done.err)
        check_for_logs(done.out)


@names
def test_law_10_a_file_of_any_name_is_written_and_read_back(service: Mirror, name: bytes) -> None:
    path = os.fsdecode(name)
    assert ended(service, ["plan", "--out", path, "--output", f"json={path}.json"]).code == 0
    assert Path(path).read_bytes() == Path(f"{path}.json").read_bytes()
    assert ended(service, ["show", path]).code == 0
    done = ended(service, ["export", "--all", "--out-dir", f"{path}.d"])
    assert done.code == 0
    check(Format.TEXT, done.out)
    assert ended(service, ["apply", path]).code == 7  # what the service refuses, with a message


@pytest.mark.parametrize(
    "name", [NAMES["newline-and-command"], NAMES["not-utf-8-and-escape"]], ids=["newline", "not-utf-8"]
)
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_law_10_holds_for_real_streams_of_any_encoding(
    service: Mirror, name: bytes, encoding: str, tmp_path: Path
) -> None:
    make(name, CONFIGURATION)
    service.text = "é 漢字 \u202e ::error:: \x1b[31m"
    environ = {**service.environ, "PYTHONIOENCODING": encoding}
    done = run(["plan", "--out", "saved.plan"], environ, cwd=tmp_path)
    assert done.code == 0, done.err
    for args, code in (
        (["apply", "saved.plan"], 7),
        (["show", "saved.plan"], 0),
        (["plan", "-c", "absent"], 3),
    ):
        done = run(args, environ, cwd=tmp_path)
        assert (done.code, "Traceback" in done.err) == (code, False), done.err
        check(Format.TEXT, done.out)
        check(Format.TEXT, done.err)


def test_a_git_reference_or_base_that_looks_like_an_option_is_not_one(service: Mirror) -> None:
    if shutil.which("git") is None:
        pytest.skip("there is no git here")
    for text in ("--output=x", "--upload-pack=touch x", "-x", "a\nb", "HEAD:../x"):
        done = ended(service, ["plan", f"--base-ref={text}"])
        assert done.code == 3
    assert not Path("x").exists()
