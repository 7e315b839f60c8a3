"""``plan`` into every fault, over real sockets."""

from __future__ import annotations

from pathlib import Path

import pytest
from faults_support import Case, broken_promises, cases, expected, measure
from live_support import world

ROWS = expected()


@pytest.mark.parametrize("case", list(cases("plan")), ids=str)
def test_law_5_a_plan_under_a_fault_ends_as_the_table_says(case: Case, tmp_path: Path) -> None:
    with world(tmp_path) as made:
        undisturbed = made.run(made.args("plan"))
        made.emulator.clear_requests()
        found = measure(case, made)
        assert broken_promises(found) == []
        assert found.row == ROWS[case.key]
        # A fault that was overcome leaves no trace in the plan.
        assert (found.ran.out == undisturbed.out) is (found.ran.code == 0)
