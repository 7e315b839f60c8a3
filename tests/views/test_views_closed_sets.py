"""A member that nobody thought of is an error, never a silent default."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from views_support import CHANGES, RESULTS

from scalekit_apply.views import github, gitlab, markdown, text, wording

_UNHEARD: Any = "unheard of"
_END = replace(RESULTS["complete"].result.results[0], state=_UNHEARD)
_CASES: dict[str, Callable[[], object]] = {
    "verb": lambda: wording.verb(_UNHEARD),
    "participle": lambda: wording.participle(_UNHEARD),
    "ending": lambda: wording.ending(_END),
    "origin heading": lambda: wording.origin_heading(_UNHEARD, 1),
    "severity": lambda: wording.severity_word(_UNHEARD),
    "severity of an annotation": lambda: github._kind(_UNHEARD),
    "end of an annotation": lambda: github._kind_of_end(_UNHEARD),
    "severity of an issue": lambda: gitlab._severity(_UNHEARD),
    "origin title": lambda: markdown._origin_title(_UNHEARD),
    "action": lambda: markdown._action(_UNHEARD),
    "urgency": lambda: markdown._urgency(_UNHEARD),
    "mark": lambda: text._mark(_END),
    "colour": lambda: text._severity_color(_UNHEARD),
}


@pytest.mark.parametrize("call", _CASES.values(), ids=list(_CASES))
def test_a_member_that_nobody_thought_of_is_an_error(call: Callable[[], object]) -> None:
    with pytest.raises(AssertionError, match="unheard of"):
        call()


@pytest.mark.parametrize("action", ["describe", "differ"])
def test_an_action_that_nobody_thought_of_is_an_error(action: str) -> None:
    class Change:
        action = _UNHEARD
        address = CHANGES[0].address
        live = CHANGES[0].live
        source = None

    change: Any = Change()
    with pytest.raises(AssertionError, match="unheard of"):
        text.TextView()._change(change, 1) if action == "describe" else wording.difference(change)
