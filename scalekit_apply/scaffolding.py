"""A starter: the first configuration of a repository, and the CI files that go with it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Final

from scalekit_apply.exporting import HEADER, TOP_FILE, quote
from scalekit_apply.model import Environment


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A file that is written as it is packaged. ``path`` is below the folder that is set up."""

    path: PurePosixPath
    resource: str


_ACTIONS: Final = (
    *(f"{action}/action.yml" for action in ("validate", "plan", "apply", "drift", "reviewed")),
    *(
        f"lib/{script}.sh"
        for script in (
            "api",
            "apply",
            "comment",
            "drift",
            "install",
            "issue",
            "plan",
            "reviewed",
            "runner",
            "validate",
        )
    ),
)
_WORKFLOWS: Final = ("scalekit-apply.yml", "scalekit-drift.yml", "scalekit-plan.yml")

CI_TEMPLATES: Final[Mapping[str, tuple[Template, ...]]] = MappingProxyType(
    {
        # The actions go along: what a pipeline runs then changes in a pull request only, like all the rest.
        "github": (
            *(
                Template(
                    path=PurePosixPath(".github/actions/scalekit-apply", name),
                    resource=f"github/actions/{name}",
                )
                for name in _ACTIONS
            ),
            *(
                Template(path=PurePosixPath(".github/workflows", name), resource=f"github/workflows/{name}")
                for name in _WORKFLOWS
            ),
        ),
        "gitlab": (Template(path=PurePosixPath(".gitlab-ci.yml"), resource="gitlab/gitlab-ci.yml"),),
    }
)
"""The files of each CI service, by its name. They are pinned to the version that they come with."""

# A folder, or a file in a work tree beside the first one and in a submodule.
_GIT: Final = ".git"
_ENVIRONMENT: Final = "https://acme.scalekit.com"
_BODY: Final = """\

# One entry for each organization whose connections are kept here, for example:
#
#  - id: org_59615193906282635
#    name: Megasoft                      # a label; a different live name is a warning
#    connections:
#      - id: conn_2123312131125533
#        enabled: true
#        protected: true                 # no plan may disable it
#        expect: {provider: OKTA}        # a mistyped id then hits an error, not another customer
#
# `scalekit-apply export --all` writes the entries for everything that is live.
organizations: []
"""


def starter(environment: Environment | None) -> str:
    """Return a configuration that is valid, changes nothing and says how to go on."""
    line = (
        f"environment: {quote(environment)}\n"
        if environment
        else f"# environment: {_ENVIRONMENT}    # refuses to run against any other\n"
    )
    return f"{HEADER}version: 1\n{line}{_BODY}"


def starter_files(folder: Path, *, environment: Environment | None) -> dict[Path, bytes]:
    """Return the starter, as a file of ``folder``."""
    return {folder / TOP_FILE: starter(environment).encode()}


def ci_files(
    folder: Path, ci: str, *, templates: Mapping[str, tuple[Template, ...]] = CI_TEMPLATES
) -> dict[Path, bytes]:
    """Return the files of a CI service, as files of ``folder``."""
    return {folder / template.path: _packaged(template.resource) for template in templates[ci]}


def repository_above(folder: Path) -> Path | None:
    """Return the top of the git work tree that ``folder`` is below, ``None`` when it is a top or in none.

    ``folder`` need not exist yet.
    """
    real = folder.resolve()
    top = next((path for path in (real, *real.parents) if os.path.lexists(path / _GIT)), None)
    return None if top == real else top


def _packaged(resource: str) -> bytes:
    return files("scalekit_apply").joinpath("templates", resource).read_bytes()
