"""``apply`` into every fault, over real sockets."""

from __future__ import annotations

from pathlib import Path

import pytest
from faults_support import Case, broken_promises, cases, expected, measure
from live_support import AFTER, world

ROWS = expected()


@pytest.mark.parametrize("case", list(cases("apply")), ids=str)
def test_law_6_an_apply_under_a_fault_ends_as_the_table_says(case: Case, tmp_path: Path) -> None:
    with world(tmp_path) as made:
        found = measure(case, made)
        assert broken_promises(found) == []
        assert found.row == ROWS[case.key]
        again = made.run(made.args("apply"))
        assert again.code == 0, again.err
        assert made.live() == AFTER
