"""Every format of every case, byte by byte.

``SCALEKIT_APPLY_UPDATE_GOLDEN=1 pytest tests/views`` writes the files anew; look at the difference before it
is committed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import pytest
from views_support import PLANS, PROBLEMS, RESULTS

from scalekit_apply import views
from scalekit_apply.views import Format

_UPDATE: Final = os.environ.get("SCALEKIT_APPLY_UPDATE_GOLDEN") == "1"
_GOLDEN: Final = Path(__file__).parent.parent / "golden"
_SUFFIXES: Final = {
    Format.TEXT: "text.txt",
    Format.JSON: "json",
    Format.MARKDOWN: "md",
    Format.GITHUB: "github.txt",
    Format.GITLAB: "gitlab.json",
    Format.JUNIT: "junit.xml",
    Format.SARIF: "sarif",
}
_CASES: Final[dict[str, Callable[[Format], str]]] = {
    **{f"plan/{name}": partial(views.render_plan, plan) for name, plan in PLANS.items()},
    **{f"drift/{name}": partial(views.render_drift, plan) for name, plan in PLANS.items()},
    **{
        f"result/{name}": partial(views.render_result, case.result, case.plan)
        for name, case in RESULTS.items()
    },
    **{
        f"problems/{name}": partial(views.render_diagnostics, case.diagnostics, files=case.files)
        for name, case in PROBLEMS.items()
    },
}


@pytest.mark.parametrize("format_", Format)
@pytest.mark.parametrize("name", _CASES)
def test_a_view_writes_what_was_reviewed(name: str, format_: Format) -> None:
    written = _CASES[name](format_).encode()
    path = _GOLDEN / f"{name}.{_SUFFIXES[format_]}"
    if _UPDATE:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(written)
    assert written == path.read_bytes()


def test_colours_are_all_that_color_adds() -> None:
    for plan in PLANS.values():
        coloured = views.render_plan(plan, Format.TEXT, color=True)
        assert "\x1b[" in coloured
        plain = coloured
        for code in ("0", "1", "2", "31", "32", "33", "36"):
            plain = plain.replace(f"\x1b[{code}m", "")
        assert plain == views.render_plan(plan, Format.TEXT)


def test_every_golden_file_belongs_to_a_case() -> None:
    known = {f"{name}.{suffix}" for name in _CASES for suffix in _SUFFIXES.values()}
    folders = {name.partition("/")[0] for name in _CASES}
    found = {
        path.relative_to(_GOLDEN).as_posix() for folder in folders for path in (_GOLDEN / folder).iterdir()
    }
    assert found == known
