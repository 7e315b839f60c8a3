"""Saving a plan for a later apply."""

from __future__ import annotations

import shlex
from pathlib import Path

from scalekit_apply import planfile
from scalekit_apply.cli.runtime import Runtime
from scalekit_apply.plan import Plan
from scalekit_apply.views.escaping import whole


def save_plan(runtime: Runtime, plan: Plan, path: Path) -> None:
    """Write the plan in one step, and say what to do with it. Raises ``OutputError``."""
    planfile.write_atomic(path, planfile.dump(planfile.plan_document(plan)))
    if runtime.quiet:
        return
    if not plan.applyable:
        runtime.talk(f"Saved {whole(str(path))}; apply refuses it, because a check blocks the plan.\n")
    elif plan.changes:
        command = f"scalekit-apply apply {shlex.quote(str(path))}"
        runtime.talk(f"Saved {whole(str(path))}; apply it with: {whole(command)}\n")
