"""What ships: the exact files of the wheel, and the command of the installed wheel outside of the tree."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def tracked() -> list[str]:
    """Return what a clone would hold: tracked files, and new ones that are not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return sorted(name for name in listed.split("\0") if name and (ROOT / name).is_file())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a clean copy: a stale build folder would hide a package that is not listed."""
    copy = tmp_path_factory.mktemp("copy")
    for name in tracked():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, copy / name)
    built = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(built), str(copy)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (found,) = built.glob("*.whl")
    return found


def test_the_wheel_holds_exactly_the_package_its_data_and_its_metadata(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
    package = {name for name in tracked() if name.startswith("scalekit_apply/")}
    schemas = {f"scalekit_apply/{name}" for name in tracked() if name.startswith("schemas/")}
    metadata = {name for name in names if ".dist-info/" in name}
    assert names - metadata == package | schemas
    assert {name.partition("/")[2] for name in metadata} == {
        "METADATA",
        "RECORD",
        "WHEEL",
        "entry_points.txt",
        "licenses/LICENSE",
        "top_level.txt",
    }


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel where nothing of the tree is, with the dependencies of this environment."""
    home = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    python = home / "bin" / "python"
    subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(python)]
        + ["install", "--quiet", "--no-deps", "--no-index", str(wheel)],
        check=True,
    )
    (packages,) = home.glob("lib/python*/site-packages")
    # The folder is added as it is; its own .pth files, the editable install among them, are not read.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return home


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    return subprocess.run(command, cwd=folder, env=environ, check=False, capture_output=True, text=True)


def test_the_installed_wheel_runs_outside_of_the_tree(installed: Path, tmp_path: Path) -> None:
    python = str(installed / "bin" / "python")
    where = run([python, "-I", "-c", "import scalekit_apply; print(scalekit_apply.__file__)"], tmp_path)
    assert where.stdout.startswith(str(installed))
    (tmp_path / "scalekit.yaml").write_text(
        "version: 1\norganizations:\n  - id: org_1\n    connections:\n      - {id: conn_1, enabled: 1}\n",
        encoding="utf-8",
    )
    validated = run([python, "-I", "-m", "scalekit_apply", "validate"], tmp_path)
    assert validated.returncode == 3
    assert "scalekit.yaml:5:" in validated.stdout
    script = run([str(installed / "bin" / "scalekit-apply"), "--version"], tmp_path)
    assert script.stdout.startswith("scalekit-apply ")


@pytest.mark.parametrize("name", ["config", "plan", "result"])
def test_the_installed_wheel_finds_its_schemas(installed: Path, tmp_path: Path, name: str) -> None:
    python = str(installed / "bin" / "python")
    shown = run([python, "-I", "-m", "scalekit_apply", "schema", name], tmp_path)
    assert shown.returncode == 0
    assert shown.stdout == (ROOT / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8")


def test_the_version_stands_in_one_place_in_the_package_and_the_metadata(wheel: Path) -> None:
    import scalekit_apply  # noqa: PLC0415  # next to what it is compared with

    assert wheel.name.split("-")[1] == scalekit_apply.__version__
