"""What is no saved plan, or not the one that was reviewed: how the command ends, before anything is sent."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from live_support import World, world
from tampering_support import (
    DATA,
    DOCUMENT,
    REVIEWED,
    VALUES,
    allow,
    forged,
    raise_limits,
    resealed,
    written,
)

# Bytes ------------------------------------------------------------------------------------------------


def test_a_plan_that_was_cut_anywhere_is_refused() -> None:
    text = DATA.rstrip()
    for end in range(len(text)):
        assert written(text[:end], expect=None) is None
    assert written(text) == REVIEWED


@given(st.data())
def test_a_plan_with_other_bytes_is_refused_or_the_same(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(DATA)))
    end = data.draw(st.integers(start, min(start + 40, len(DATA))))
    changed = DATA[:start] + data.draw(st.binary(max_size=8) | st.just(DATA[start:end] * 2)) + DATA[end:]
    result = written(changed, expect=None)
    if result is not None:
        assert json.loads(changed) == DOCUMENT


def _nested(depth: int, opening: str = "[", closing: str = "]") -> bytes:
    return (opening * depth + closing * depth).encode()


def _with(key: str, value: str) -> bytes:
    """The plan with the text of one value replaced, digest and all else as they were."""
    return DATA.replace(f'"{key}": {json.dumps(DOCUMENT[key])}'.encode(), f'"{key}": {value}'.encode())


_START: Final = b'{"format_version": "1.0", "tool_version": "1", "resource_changes": '
_DEPTHS: Final = (50, 200, 500, 800, 900, 950, 980, 990)
UNUSABLE: Final = {
    "nothing": b"",
    "white-space": b" \n",
    "zeros": b"\x00" * 4096,
    "utf-8-with-a-mark": b"\xef\xbb\xbf" + DATA,
    "utf-16": DATA.decode().encode("utf-16"),
    "utf-16-without-a-mark": DATA.decode().encode("utf-16-le"),
    "utf-32": DATA.decode().encode("utf-32"),
    "latin-1": DATA.replace(b"Customer", b"\xe9"),
    "twice": DATA + DATA,
    "and-more": DATA + b"[]",
    "in-a-list": b"[" + DATA + b"]",
    "a-key-twice": DATA.replace(b'"compared"', b'"compared": false, "compared"'),
    "a-deep-key-twice": DATA.replace(b'"protected"', b'"protected": true, "protected"', 1),
    "a-key-twice-by-escape": DATA.replace(b'"compared"', b'"c\\u006fmpared": false, "compared"'),
    "not-a-number": _with("compared", "NaN"),
    "infinity": _with("compared", "Infinity"),
    "beyond-all-numbers": DATA.replace(b'"unchanged": 1', b'"unchanged": 1e999'),
    "many-digits": DATA.replace(b'"unchanged": 1', b'"unchanged": ' + b"9" * 5_000),
    "digits": DATA.replace(b'"unchanged": 1', b'"unchanged": ' + b"9" * 4_000),
    "a-fraction": DATA.replace(b'"unchanged": 1', b'"unchanged": 1.0'),
    "deep": _nested(100_000),
    "deep-objects": _nested(50_000, '{"a":', "1") ,
    **{f"deep-{depth}": _START + _nested(depth) + b"}" for depth in _DEPTHS},
    **{f"deep-inside-{depth}": _with("targets", _nested(depth).decode()) for depth in _DEPTHS},
    "comments": b"// a plan\n" + DATA,
    "yaml": b"format_version: '1.0'\nresource_changes: []\n",
    "html": b"<html>404</html>",
    "a-conflict": b"<<<<<<< HEAD\n" + DATA + b"=======\n" + DATA + b">>>>>>> main\n",
}  # fmt: skip


@pytest.mark.parametrize("data", UNUSABLE.values(), ids=UNUSABLE)
def test_what_no_plan_file_holds_is_refused_with_a_reason(data: bytes) -> None:
    assert data != DATA
    assert written(data, expect=None) is None


_KEYS: Final = st.sampled_from(["digest", *DOCUMENT])
_JSON: Final = st.recursive(
    VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=14),
    max_leaves=20,
)


@given(_JSON)
def test_arbitrary_json_is_never_a_plan(value: object) -> None:
    assert written(json.dumps(value).encode(), expect=None) is None


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_never_a_plan(data: bytes) -> None:
    assert written(data, expect=None) is None


# The command ------------------------------------------------------------------------------------------


@pytest.fixture
def live_world(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as running:
        yield running


def save(running: World) -> Path:
    path = running.folder / "saved.plan"
    assert running.run(running.args("plan", "--out", str(path))).code == 0
    running.emulator.clear_requests()
    return path


def apply_saved(running: World, path: Path, *more: str) -> tuple[int, str]:
    ran = running.run(["apply", str(path), *more])
    assert "Traceback" not in ran.err
    assert "defect" not in ran.err
    if ran.code:
        assert running.patches() == []
        assert ran.err.startswith("Error: ") or "Error: " in ran.out
    return ran.code, ran.out + ran.err


def test_a_saved_plan_as_it_was_made_is_applied(live_world: World) -> None:
    path = save(live_world)
    reviewed = json.loads(path.read_bytes())["fingerprint"]
    assert apply_saved(live_world, path, "--expect-fingerprint", reviewed)[0] == 0
    assert len(live_world.patches()) == 4


@pytest.mark.parametrize("data", UNUSABLE.values(), ids=UNUSABLE)
def test_an_unusable_plan_exits_6_before_anything_is_sent(live_world: World, data: bytes) -> None:
    path = live_world.folder / "saved.plan"
    path.write_bytes(data)
    assert apply_saved(live_world, path)[0] == 6
    assert live_world.emulator.requests == ()
    shown = live_world.run(["show", str(path)])
    assert (shown.code, shown.out) == (6, "")


def test_a_forged_plan_exits_6_when_the_reviewed_fingerprint_is_given(live_world: World) -> None:
    path = save(live_world)
    document = json.loads(path.read_bytes())
    document["policy"]["limits"]["max_disables"] = 999
    path.write_bytes(forged(document))
    code, said = apply_saved(live_world, path, "--expect-fingerprint", document["fingerprint"])
    assert code == 6
    assert document["fingerprint"] in said
    assert live_world.emulator.requests == ()


def test_a_plan_whose_verdict_was_turned_around_exits_5(live_world: World) -> None:
    text = live_world.configuration.read_text("utf-8").replace(
        "{id: conn_old,", "{id: conn_old, protected: true,"
    )
    live_world.configuration.write_text(text, "utf-8")
    path = live_world.folder / "saved.plan"
    assert live_world.run(live_world.args("plan", "--out", str(path))).code == 5
    assert apply_saved(live_world, path)[0] == 5
    document = json.loads(path.read_bytes())
    document["applyable"], document["errored"], document["diagnostics"] = True, False, []
    path.write_bytes(resealed(document))
    code, said = apply_saved(live_world, path)
    assert code == 5
    assert "is protected" in said


def test_a_plan_of_another_environment_exits_4_before_anything_is_sent(live_world: World) -> None:
    path = save(live_world)
    document = json.loads(path.read_bytes())
    document["environment"] = "https://other.scalekit.com"
    path.write_bytes(forged(document))
    code, said = apply_saved(live_world, path)
    assert code == 4
    assert "https://other.scalekit.com" in said
    assert live_world.emulator.requests == ()


@pytest.mark.parametrize(
    "name", ["absent", "folder", "absent/plan", "n" * 300], ids=["absent", "folder", "path", "long"]
)
def test_a_plan_that_is_not_there_exits_3(live_world: World, name: str) -> None:
    (live_world.folder / "folder").mkdir()
    assert apply_saved(live_world, live_world.folder / name)[0] == 3
    assert live_world.emulator.requests == ()


def test_a_result_and_a_failure_are_no_plans(live_world: World) -> None:
    path = save(live_world)
    assert live_world.run(["apply", str(path), "--output", f"json={live_world.result_file}"]).code == 0
    result = live_world.result_file.rename(live_world.folder / "result")
    live_world.emulator.clear_requests()
    code, said = apply_saved(live_world, result)
    assert (code, live_world.emulator.requests) == (6, ())
    assert "is the result of an apply, not a plan" in said
    live_world.configuration.write_text("version: 2\n", "utf-8")
    assert live_world.run(live_world.args("plan")).code == 3
    failure = live_world.result_file.rename(live_world.folder / "failure")
    code, said = apply_saved(live_world, failure)
    assert (code, live_world.emulator.requests) == (6, ())
    assert "the record of a run that failed" in said


@pytest.mark.parametrize(
    ("version", "said"), [("2.0", "another format"), ("1.1", "a newer format"), ("0.1", "another format")]
)
def test_a_plan_of_another_format_exits_6_and_says_which(live_world: World, version: str, said: str) -> None:
    path = save(live_world)
    path.write_bytes(forged({**json.loads(path.read_bytes()), "format_version": version}))
    code, text = apply_saved(live_world, path)
    assert code == 6
    assert f"{said}, {version}" in text


def test_a_plan_with_an_unknown_key_exits_6(live_world: World) -> None:
    path = save(live_world)
    path.write_bytes(forged({**json.loads(path.read_bytes()), "surprise": True}))
    code, text = apply_saved(live_world, path)
    assert code == 6
    assert "surprise" in text


def test_a_plan_is_refused_alike_by_show_and_apply() -> None:
    with tempfile.TemporaryDirectory() as folder, world(Path(folder)) as running:
        path = save(running)
        for edit in (allow, raise_limits):
            document = json.loads(path.read_bytes())
            edit(document)
            broken = running.folder / "broken.plan"
            broken.write_bytes(resealed(document))
            applied, shown = running.run(["apply", str(broken)]), running.run(["show", str(broken)])
            assert (applied.code, shown.code) == (6, 6)
            assert applied.err == shown.err
