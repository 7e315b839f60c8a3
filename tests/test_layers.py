"""The architecture, as imports show it: who may know whom, and who may use which library."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import scalekit_apply

PACKAGE = Path(scalekit_apply.__file__).parent

# Each group may import itself and the groups named. Inside a tuple, a module may import only those before it.
DOMAIN = (
    "exits",
    "diagnostics",
    "errors",
    "identifiers",
    "model",
    "plan",
    "result",
    "documents",
    "findings",
    "interruption",
    "workers",
)
DECISIONS = ("targets", "diff", "checks", "reading", "inventory", "executor")
YAML = ("sourcetext", "scalars", "syntax", "nodes", "yamlsource")
CONFIGURATION = (
    "schema",
    "shapes",
    "explanation",
    "discovery",
    "configfile",
    "assembly",
    "config",
)
FILES = ("filewriting", "newfiles", "planreader", "planfile")

GROUPS = {
    "domain": DOMAIN,
    "decisions": DECISIONS,
    "workflow": ("workflow",),
    "yaml": YAML,
    "configuration": CONFIGURATION,
    "files": FILES,
    "exporting": ("exporting", "scaffolding"),
    "settings": ("settings",),
    "api": ("api",),
    "views": ("views",),
    "emulator": ("emulator",),
    "cli": ("cli", "__main__"),
}
MAY_IMPORT = {
    "domain": set[str](),
    "decisions": {"domain"},
    "workflow": {"domain", "decisions"},
    "yaml": {"domain"},
    "configuration": {"domain", "yaml"},
    "files": {"domain", "configuration"},
    "exporting": {"domain"},
    "settings": {"domain"},
    "api": {"domain", "settings"},
    "views": {"domain"},
    "emulator": {"domain"},
    "cli": set(GROUPS),
}
ORDERED = {"domain", "decisions", "files"}

LIBRARIES = {
    "deepdiff": {"diff"},
    "yaml": {"yamlsource"},
    "jsonschema": {"schema"},
    "httpx": {"api"},
    "click": {"cli"},
    "sqlite3": {"emulator"},
    "http.server": {"emulator"},
    "subprocess": {"cli", "emulator"},
}


def top(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0]


def sources() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: imports are absolute"
            module = node.module or ""
            yield module
            if module == "scalekit_apply":
                yield from (f"scalekit_apply.{alias.name}" for alias in node.names)


def own(path: Path) -> set[str]:
    names = {name.split(".")[1] for name in imported(path) if name.startswith("scalekit_apply.")}
    return names - {"__version__", "schemas"}


def group_of(module: str) -> str:
    found = [group for group, modules in GROUPS.items() if module in modules]
    assert len(found) == 1, f"{module} stands in {found or 'no group'}: give it one place in the architecture"
    return found[0]


@pytest.mark.parametrize("path", sources(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_module_imports_only_what_its_place_allows(path: Path) -> None:
    module = top(path)
    group = group_of(module)
    for name in sorted(own(path) - {module}):
        target = group_of(name)
        if target != group:
            assert target in MAY_IMPORT[group], f"{module} ({group}) may not import {name} ({target})"
        elif group in ORDERED:
            order = GROUPS[group]
            assert order.index(name) < order.index(module), f"{module} stands before {name}"


@pytest.mark.parametrize("library", sorted(LIBRARIES))
def test_a_library_is_imported_in_one_place(library: str) -> None:
    users = {
        top(path)
        for path in sources()
        for name in imported(path)
        if name == library or name.startswith(f"{library}.")
    }
    assert users
    assert users <= LIBRARIES[library]


def calls(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)
        elif isinstance(node, ast.Raise) and node.exc is not None:
            yield ast.unparse(node.exc).partition("(")[0]


def test_only_the_command_line_exits() -> None:
    exits = {"sys.exit", "os._exit", "exit", "quit", "SystemExit"}
    assert {top(path) for path in sources() if exits.intersection(calls(path))} <= {"cli"}


def test_only_the_command_line_and_the_emulator_know_the_streams_of_the_process() -> None:
    streams = {"sys.stdout", "sys.stderr", "sys.stdin", "print"}

    def names(path: Path) -> set[str]:
        return {
            ast.unparse(node)
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Attribute | ast.Name)
        }

    assert {top(path) for path in sources() if streams & names(path)} <= {"cli"}


@pytest.mark.parametrize("path", sources(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 350
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, node.name
