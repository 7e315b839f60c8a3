"""How fast the commands are, as ratios to a floor or a peer that runs in turn with them.

``make bench`` runs all; ``python benchmarks/run.py NAME…`` some. Each pair runs alternately, after one run of
each that does not count; the medians of wall time, CPU time and peak memory of whole processes are shown, and
the ratio of the medians. Absolute numbers belong to the machine and the hour; the ratios are what to watch.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROUNDS = 5
_WRITE = "--write"
SCRIPTS = Path(sys.executable).parent
TOOL = [str(SCRIPTS / "scalekit-apply")]
SCHEMA = Path(__file__).parent.parent / "schemas" / "config.schema.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One process: seconds, and mebibytes at its peak."""

    wall: float
    cpu: float
    memory: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """What is measured, against what."""

    name: str
    command: Sequence[str]
    against: Sequence[str]
    floor: str
    env: dict[str, str] = field(default_factory=dict[str, str])


def measure(command: Sequence[str], env: dict[str, str]) -> Run:
    """Run a command to its end; a failure ends the benchmark."""
    environ = {**os.environ, **env}
    started = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        child = os.posix_spawn(
            command[0],
            list(command),
            environ,
            file_actions=[
                (os.POSIX_SPAWN_DUP2, said.fileno(), 1),
                (os.POSIX_SPAWN_DUP2, said.fileno(), 2),
            ],
        )
        _, status, usage = os.wait4(child, 0)
        wall = time.perf_counter() - started
        if code := os.waitstatus_to_exitcode(status):
            said.seek(0)
            sys.exit(f"{' '.join(command)} exited with {code}:\n{said.read().decode(errors='replace')}")
    return Run(wall=wall, cpu=usage.ru_utime + usage.ru_stime, memory=usage.ru_maxrss / 1024)


def compare(pair: Pair) -> None:
    """Run both sides in turn and print a row."""
    ours: list[Run] = []
    theirs: list[Run] = []
    for turn in range(ROUNDS + 1):
        for runs, command in ((ours, pair.command), (theirs, pair.against)):
            run = measure(command, pair.env)
            if turn:
                runs.append(run)
    first, second = median(ours), median(theirs)
    print(
        f"{pair.name:<34} {first.wall:7.3f} {first.cpu:7.3f} {first.memory:6.0f}   "
        f"{pair.floor:<34} {second.wall:7.3f} {second.cpu:7.3f} {second.memory:6.0f}   "
        f"{first.wall / second.wall:6.2f} {first.cpu / second.cpu:6.2f}",
        flush=True,
    )


def median(runs: Sequence[Run]) -> Run:
    """Take each figure's median."""
    return Run(
        wall=statistics.median(run.wall for run in runs),
        cpu=statistics.median(run.cpu for run in runs),
        memory=statistics.median(run.memory for run in runs),
    )


def world_in(folder: Path, connections: int, *, differing: int = 0) -> Path:
    """Have a world written by a process of its own: what this one once held counts as its children's peak."""
    command = [sys.executable, __file__, _WRITE, str(folder), str(connections), str(differing)]
    subprocess.run(command, check=True)
    return folder


def write_world(folder: Path, connections: int, differing: int) -> None:
    """Write a configuration of two connections an organization, and the seed that it matches.

    ``differing`` organizations are live the other way round.
    """
    folder.mkdir()
    organizations: list[dict[str, object]] = []
    lines = ["version: 1", "limits: {max_disables: 100000, max_disable_percent: 100}", "organizations:"]
    for number in range(connections // 2):
        lines += [f"  - id: org_{number:017}", f"    name: Customer {number}", "    connections:"]
        seeded: list[dict[str, object]] = []
        for place in range(2):
            name = f"conn_{number * 2 + place:016}"
            enabled = place == 0
            lines += [f"      - id: {name}", f"        enabled: {str(enabled).lower()}"]
            lines += ["        expect: {provider: OKTA, type: OIDC}"]
            live = enabled != (number < differing)
            seeded.append({"id": name, "provider": "OKTA", "type": "OIDC", "enabled": live})
        organizations.append(
            {"id": f"org_{number:017}", "display_name": f"Customer {number}", "connections": seeded}
        )
    (folder / "scalekit.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "seed.json").write_text(json.dumps({"organizations": organizations}), encoding="utf-8")


@contextmanager
def served(folder: Path, *options: str) -> Iterator[dict[str, str]]:
    """Serve a seed in a process of its own and yield the variables that lead to it."""
    process = subprocess.Popen(
        [*TOOL, "emulator", "--seed", str(folder / "seed.json"), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None  # noqa: S101  # it is a pipe
        found: dict[str, str] = {}
        while len(found) < 3:
            line = process.stdout.readline()
            if line.startswith("export "):
                name, _, value = line.removeprefix("export ").strip().partition("=")
                found[name] = value.strip("'\"")
        yield found
    finally:
        process.terminate()
        process.wait()


def start_up(_folder: Path) -> None:
    """Before any work: how long does it take to be there."""
    bare = [sys.executable, "-I", "-c", "pass"]
    click = [sys.executable, "-I", "-c", "import click"]
    compare(Pair(name="--version", command=[*TOOL, "--version"], against=bare, floor="bare Python"))
    compare(Pair(name="--help", command=[*TOOL, "--help"], against=click, floor="import click"))


def validate(folder: Path) -> None:
    """Reading configurations against the C parser alone, and against the peer that checks schemas."""
    parse = "import sys, yaml; yaml.load(open(sys.argv[1], 'rb'), yaml.CSafeLoader)"
    for size in (1_000, 10_000, 100_000):
        file = world_in(folder / f"validate-{size}", size) / "scalekit.yaml"
        command = [*TOOL, "validate", "-c", str(file)]
        loader = [sys.executable, "-c", parse, str(file)]
        compare(Pair(name=f"validate {size}", command=command, against=loader, floor="PyYAML CSafeLoader"))
        peer = SCRIPTS / "check-jsonschema"
        if peer.exists() and size <= 10_000:
            check = [str(peer), "--schemafile", str(SCHEMA), str(file)]
            compare(Pair(name=f"validate {size}", command=command, against=check, floor="check-jsonschema"))


def plan(folder: Path) -> None:
    """Planning with nothing to change: against validating alone, and against Terraform where there is one."""
    for size in (1_000, 10_000):
        world = world_in(folder / f"plan-{size}", size)
        command = [*TOOL, "plan", "-c", str(world)]
        alone = [*TOOL, "validate", "-c", str(world)]
        with served(world) as env:
            compare(Pair(name=f"plan {size}", command=command, against=alone, floor="validate", env=env))
            if (terraform := shutil.which("terraform")) and size <= 1_000:
                peer = terraform_world(folder / f"terraform-{size}", size, terraform)
                chdir = [terraform, f"-chdir={peer}", "plan", "-input=false"]
                compare(Pair(name=f"plan {size}", command=command, against=chdir, floor="terraform", env=env))


def terraform_world(folder: Path, size: int, terraform: str) -> Path:
    """Write as many resources that need no provider and no network, and apply them once."""
    folder.mkdir()
    blocks = [f'resource "terraform_data" "c{number}" {{\n  input = true\n}}\n' for number in range(size)]
    (folder / "main.tf").write_text("".join(blocks), encoding="utf-8")
    for step in (["init"], ["apply", "-auto-approve"]):
        subprocess.run(
            [terraform, f"-chdir={folder}", *step, "-input=false"], check=True, capture_output=True
        )
    return folder


def apply(folder: Path) -> None:
    """Two hundred changes at 20 ms a call: against the time that the calls alone take, side by side."""
    changed = 100
    for concurrency in (8, 32):
        world = world_in(folder / f"apply-{concurrency}", 1_000, differing=changed)
        options = ["--auto-approve", "--concurrency", str(concurrency)]
        with served(world, "--latency", "20") as env:
            run = measure([*TOOL, "apply", "-c", str(world), *options], env)
        # Of each organization two reads of what is enabled, one enable, one list and one disable.
        calls = changed * 5
        ideal = calls * 0.020 / concurrency
        print(
            f"{f'apply 200, {concurrency} at once':<34} {run.wall:7.3f} {run.cpu:7.3f} {run.memory:6.0f}   "
            f"{f'{calls} calls of 20 ms':<34} {ideal:7.3f} {'':14}   {run.wall / ideal:6.2f}",
            flush=True,
        )


SUITES: dict[str, Callable[[Path], None]] = {
    "start-up": start_up,
    "validate": validate,
    "plan": plan,
    "apply": apply,
}


def main() -> None:
    """Run the suites named, or all."""
    if sys.argv[1:2] == [_WRITE]:
        folder, connections, differing = sys.argv[2:]
        write_world(Path(folder), int(connections), int(differing))
        return
    names = sys.argv[1:] or list(SUITES)
    print(
        f"{'what':<34} {'wall s':>7} {'cpu s':>7} {'MiB':>6}   "
        f"{'against':<34} {'wall s':>7} {'cpu s':>7} {'MiB':>6}   {'wall x':>6} {'cpu x':>6}"
    )
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            SUITES[name](Path(folder))


if __name__ == "__main__":
    main()
