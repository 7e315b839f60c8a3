"""Measure every fault and write the table that the tests hold the program to.

Run it by hand, and read the difference before it is committed: ``python tests/faults/table.py``.
"""

from __future__ import annotations

import sys
from itertools import chain
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from faults_support import TABLE, broken_promises, measured, table

_TITLE = """\
# Faults, as measured

What a run comes to when one thing goes wrong. Retries are limited to 2, to 1 where nothing answers. Behind
the state of a change stands how often it was sent. Written by `python tests/faults/table.py`; the tests
demand each row.

"""


def main() -> int:
    """Write the table; complain about rows that no measuring can make right."""
    found = list(chain(measured("plan"), measured("apply")))
    TABLE.write_text(_TITLE + table(found), "utf-8")
    problems = [f"{item.case}: {what}" for item in found for what in broken_promises(item)]
    sys.stdout.write("".join(f"{line}\n" for line in [*problems, f"{len(found)} rows in {TABLE}"]))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
