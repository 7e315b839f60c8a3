"""Saving a plan for a later apply."""

from __future__ import annotations

import shlex
from pathlib import Path

from scalekit_apply import planfile
from scalekit_apply.cli.runtime import Runtime
from scalekit_apply.plan import Plan
from scalekit_apply.views.escaping import whole


def save_plan(plan: Plan, path: Path) -> None:
    """Write the plan in one step. Raises ``OutputError``."""
    planfile.write_atomic(path, planfile.dump(planfile.plan_document(plan)))


def say_saved(runtime: Runtime, plan: Plan, path: Path) -> None:
    """Say what to do with a plan that was saved."""
    if runtime.quiet:
        return
    if not plan.applyable:
        runtime.talk(f"Saved {whole(str(path))}; apply refuses it, because a check blocks the plan.\n")
    elif plan.changes:
        command = f"scalekit-apply apply {shlex.quote(str(path))}"
        runtime.talk(f"Saved {whole(str(path))}; apply it with: {whole(command)}\n")
