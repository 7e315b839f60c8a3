"""Measure every fault and write the table that the tests hold the program to.

Run it by hand, and read the difference before it is committed: ``python tests/faults/table.py``. With
``--matrix`` it measures nothing and prints the table in short, a row a fault and a column a step.
"""

from __future__ import annotations

import sys
from itertools import chain
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from faults_support import TABLE, TROUBLES, Step, broken_promises, expected, measured, table

_TITLE = """\
# Faults, as measured

What a run comes to when one thing goes wrong. Retries are limited to 2, to 1 where nothing answers. Behind
the state of a change stands how often it was sent. Written by `python tests/faults/table.py`; the tests
demand each row.

"""


def matrix() -> str:
    """Return the table in short.

    A cell is the exit code, what became of the enable, the disable and the other organization (applied,
    failed, skipped, unknown; a dash without a result), and how many requests the fault hit.
    """
    rows = expected()
    lines = ["| fault | " + " | ".join(step.title for step in Step) + " |", "| --- " * (len(Step) + 1) + "|"]
    for trouble in TROUBLES:
        cells = [trouble.title]
        for step in Step:
            row = rows.get(("apply", step.title, trouble.title))
            cells.append(_cell(row) if row else "")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _cell(row: dict[str, str]) -> str:
    states = (row["enable"], row["disable"], row["other organization"])
    short = "".join("-" if state == "no result" else _letter(state) for state in states)
    return f"{row['exit']} {short} x{row['requests hit']}"


def _letter(states: str) -> str:
    letters = sorted({state[0].upper() for state in states.split(", ")})
    return letters[0] if len(letters) == 1 else f"({'/'.join(letters)})"


def main(arguments: list[str]) -> int:
    """Write the table; complain about rows that no measuring can make right."""
    if arguments == ["--matrix"]:
        sys.stdout.write(matrix())
        return 0
    found = list(chain(measured("plan"), measured("apply")))
    TABLE.write_text(_TITLE + table(found), "utf-8")
    problems = [f"{item.case}: {what}" for item in found for what in broken_promises(item)]
    sys.stdout.write("".join(f"{line}\n" for line in [*problems, f"{len(found)} rows in {TABLE}"]))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
