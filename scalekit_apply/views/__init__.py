"""Plans, results and problems as text: one module a format, and the registry of them.

Views know the domain only. They return text and print nothing, and text that came from a server, a file or an
option goes through the escaping of its format.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import assert_never

from scalekit_apply.diagnostics import Diagnostics
from scalekit_apply.plan import Plan
from scalekit_apply.result import Result
from scalekit_apply.views.view import View


class Format(StrEnum):
    """Every way to write a value."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    GITHUB = "github"
    GITLAB = "gitlab"
    JUNIT = "junit"
    SARIF = "sarif"


def view_for(format: Format, *, color: bool = False) -> View:  # noqa: A002, PLR0911  # one a format
    """Return the view of a format. Only text knows colours.

    A format is imported when it is asked for: what one of them needs does not slow the start of all.
    """
    match format:
        case Format.TEXT:
            from scalekit_apply.views.text import TextView

            return TextView(color=color)
        case Format.JSON:
            from scalekit_apply.views.json import JsonView

            return JsonView()
        case Format.MARKDOWN:
            from scalekit_apply.views.markdown import MarkdownView

            return MarkdownView()
        case Format.GITHUB:
            from scalekit_apply.views.github import GithubView

            return GithubView()
        case Format.GITLAB:
            from scalekit_apply.views.gitlab import GitlabView

            return GitlabView()
        case Format.JUNIT:
            from scalekit_apply.views.junit import JunitView

            return JunitView()
        case Format.SARIF:
            from scalekit_apply.views.sarif import SarifView

            return SarifView()
        case _:
            assert_never(format)


def render_plan(plan: Plan, format: Format, *, color: bool = False) -> str:  # noqa: A002  # the option's name
    """Return what apply would do."""
    return view_for(format, color=color).plan(plan)


def render_result(
    result: Result,
    plan: Plan | None,
    format: Format,  # noqa: A002  # the option's name
    *,
    color: bool = False,
) -> str:
    """Return what apply did. ``plan`` is the plan that was applied, where it is at hand."""
    return view_for(format, color=color).result(result, plan)


def render_drift(plan: Plan, format: Format, *, color: bool = False) -> str:  # noqa: A002  # the option's name
    """Return how live differs from the configuration, enabled connections that it does not name included."""
    return view_for(format, color=color).drift(plan)


def render_diagnostics(
    diagnostics: Diagnostics,
    format: Format,  # noqa: A002  # the option's name
    *,
    color: bool = False,
    files: Sequence[str] = (),
) -> str:
    """Return problems on their own: of ``validate``, or of a run that ended without plan and result.

    ``files`` are the files that were read: with them, views for people end with a verdict.
    """
    return view_for(format, color=color).diagnostics(diagnostics, files)
