"""Every outcome in every format: law 5 says that the code never depends on how a result is written."""

from __future__ import annotations

import io
import json
import os
import signal
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from live_support import World, world

from scalekit_apply.cli.entry import run
from scalekit_apply.cli.runtime import Runtime

PLAN_FORMATS = ("text", "json", "markdown", "github", "gitlab", "junit")
VALIDATE_FORMATS = ("text", "json", "github", "gitlab", "sarif", "junit")


class Terminal(io.StringIO):
    """Somebody at a keyboard."""

    def isatty(self) -> bool:
        return True


def broken_clock() -> datetime:
    raise RuntimeError("a defect")


@dataclass(slots=True, kw_only=True)
class Setting:
    """What a scenario can bend before the command runs."""

    made: World
    args: list[str]
    environ: dict[str, str]
    stdin: io.StringIO = field(default_factory=io.StringIO)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def configure(self, old: str, new: str) -> None:
        """Change the configuration."""
        text = self.made.configuration.read_text("utf-8")
        assert old in text
        self.made.configuration.write_text(text.replace(old, new), "utf-8")

    def saved(self) -> Path:
        """Save a plan and apply that one."""
        path = self.made.folder / "saved.plan"
        assert self.run_quietly(["plan", "-c", str(self.made.configuration), "--out", str(path)]) == 0
        self.args[:] = ["apply", str(path)]
        return path

    def run_quietly(self, args: list[str]) -> int:
        """Run a command that is not under test."""
        out = io.StringIO()
        return run(args, Runtime(environ=self.made.environ, stdin=io.StringIO(), stdout=out, stderr=out))


Scenario = Callable[[Setting], None]


def nothing(_: Setting) -> None:
    """Leave everything as it is: there are changes."""


def settled(setting: Setting) -> None:
    assert setting.run_quietly(["apply", "-c", str(setting.made.configuration), "--auto-approve"]) == 0


def detailed(setting: Setting) -> None:
    setting.args.append("--detailed-exitcode")


def settled_and_detailed(setting: Setting) -> None:
    settled(setting)
    detailed(setting)


def invalid(setting: Setting) -> None:
    setting.configure("enabled: true", "enabled: perhaps")


def absent(setting: Setting) -> None:
    setting.args += ["-c", str(setting.made.folder / "absent.yaml")]


def misspelt_option(setting: Setting) -> None:
    setting.args.append("--no-such-option")


def unwritable(setting: Setting) -> None:
    setting.args += ["--output", f"json={setting.made.folder}/absent/result.json"]


def unknown_target(setting: Setting) -> None:
    setting.args += ["--target", "org_absent"]


def fixed_check_allowed(setting: Setting) -> None:
    setting.args += ["--allow", "protected-connection"]


def without_credentials(setting: Setting) -> None:
    setting.environ.clear()


def wrong_secret(setting: Setting) -> None:
    setting.environ["SCALEKIT_CLIENT_SECRET"] = "not-the-secret"


def plain_http(setting: Setting) -> None:
    setting.environ["SCALEKIT_ENVIRONMENT_URL"] = "http://acme.scalekit.com"


def other_environment(setting: Setting) -> None:
    setting.configure("version: 1", "version: 1\nenvironment: https://acme.scalekit.com")


def forbidden(setting: Setting) -> None:
    setting.made.emulator.faults.add("status=403,path=/api/v1/connections")


def blocked(setting: Setting) -> None:
    setting.configure("id: conn_new", "id: conn_absent")


def blocked_and_detailed(setting: Setting) -> None:
    blocked(setting)
    detailed(setting)


def unreachable(setting: Setting) -> None:
    setting.made.emulator.faults.add("reset,path=/api/*")
    setting.args += ["--max-retries", "0"]


def unusable(setting: Setting) -> None:
    setting.made.emulator.faults.add("invalid-json,path=/api/*")


def interrupted(setting: Setting) -> None:
    setting.made.at_request(2, lambda: os.kill(os.getpid(), signal.SIGINT))
    setting.made.emulator.faults.add("hang,path=/api/*")


def terminated(setting: Setting) -> None:
    setting.made.at_request(2, lambda: os.kill(os.getpid(), signal.SIGTERM))
    setting.made.emulator.faults.add("hang,path=/api/*")


def defect(setting: Setting) -> None:
    setting.now = broken_clock


def interrupted_writing(setting: Setting) -> None:
    setting.made.emulator.faults.add("delay=0.2,path=*:enable")
    setting.made.at_request(8, lambda: os.kill(os.getpid(), signal.SIGINT))
    setting.args += ["--concurrency", "1"]


def declined(setting: Setting) -> None:
    setting.args.remove("--auto-approve")
    setting.stdin = Terminal("no\n")


def unattended(setting: Setting) -> None:
    setting.args.remove("--auto-approve")


def incomplete(setting: Setting) -> None:
    setting.made.emulator.faults.add("error-message,path=*:enable")


def refused_to_write(setting: Setting) -> None:
    setting.made.emulator.faults.add("status=403,method=PATCH")


def unverified(setting: Setting) -> None:
    setting.made.emulator.faults.add("status=503,path=/api/v1/connections,skip=4")
    setting.args += ["--max-retries", "0"]


def other_fingerprint(setting: Setting) -> None:
    setting.args += ["--expect-fingerprint", "sha256:" + "0" * 64]


def saved(setting: Setting) -> None:
    setting.saved()


def saved_and_tampered(setting: Setting) -> None:
    path = setting.saved()
    path.write_text(path.read_text("utf-8").replace("conn_new", "conn_old"), "utf-8")


def saved_and_absent(setting: Setting) -> None:
    setting.saved().unlink()


def saved_and_stale(setting: Setting) -> None:
    setting.saved()
    setting.made.emulator.store.delete_connection("conn_new")


def saved_elsewhere(setting: Setting) -> None:
    setting.saved()
    setting.environ["SCALEKIT_ENVIRONMENT_URL"] = setting.made.emulator.url.replace("127.0.0.1", "localhost")


READING: dict[Scenario, int] = {
    invalid: 3,
    absent: 3,
    misspelt_option: 3,
    unwritable: 3,
    unknown_target: 3,
    fixed_check_allowed: 3,
    plain_http: 3,
    without_credentials: 4,
    wrong_secret: 4,
    other_environment: 4,
    forbidden: 4,
    unreachable: 8,
    unusable: 8,
    interrupted: 130,
    terminated: 143,
    defect: 1,
}
TABLE: dict[str, dict[Scenario, int]] = {
    "plan": {
        nothing: 0,
        settled: 0,
        detailed: 2,
        settled_and_detailed: 0,
        blocked: 5,
        blocked_and_detailed: 5,
        **READING,
    },
    "drift": {nothing: 2, settled: 0, blocked: 2, **READING},
    "apply": {
        nothing: 0,
        settled: 0,
        detailed: 0,
        blocked: 5,
        **READING,
        declined: 1,
        unattended: 3,
        other_fingerprint: 6,
        incomplete: 7,
        refused_to_write: 7,
        unverified: 7,
        interrupted_writing: 130,
        saved: 0,
        saved_and_absent: 3,
        saved_elsewhere: 4,
        saved_and_tampered: 6,
        saved_and_stale: 6,
    },
    "validate": {nothing: 0, invalid: 3, absent: 3, misspelt_option: 3, unwritable: 3},
}


def rows() -> Iterator[object]:
    for command, scenarios in TABLE.items():
        for fmt in VALIDATE_FORMATS if command == "validate" else PLAN_FORMATS:
            for scenario, code in scenarios.items():
                yield pytest.param(
                    command, fmt, scenario, code, id=f"{command}-{fmt}-{scenario.__name__}-{code}"
                )


def understood(fmt: str, text: str) -> None:
    """Read what other programs would read."""
    match fmt:
        case "json" | "gitlab" | "sarif":
            json.loads(text)
        case "junit":
            ET.fromstring(text)  # noqa: S314  # our own
        case _:
            pass


@pytest.mark.parametrize(("command", "fmt", "scenario", "code"), list(rows()))
def test_law_5_the_exit_code_is_the_same_in_every_format(
    command: str, fmt: str, scenario: Scenario, code: int, tmp_path: Path
) -> None:
    with world(tmp_path) as made:
        approved = ["--auto-approve"] if command == "apply" else []
        setting = Setting(
            made=made,
            args=[command, *approved, "-c", str(made.configuration)],
            environ=made.environ,
        )
        scenario(setting)
        out, err = io.StringIO(), io.StringIO()
        file = tmp_path / "also"
        ended = run(
            [*setting.args, "--format", fmt, "--output", f"{fmt}={file}"],
            Runtime(
                environ=setting.environ,
                stdin=setting.stdin,
                stdout=out,
                stderr=err,
                now=setting.now,
                random=lambda: 0.0,
            ),
        )
        assert ended == code, err.getvalue()
        assert "Traceback" not in err.getvalue()
        if out.getvalue() and fmt != "text":
            understood(fmt, out.getvalue())
            assert file.read_text("utf-8") == out.getvalue()
        if code not in {0, 2}:
            assert "No changes." not in out.getvalue()
            assert out.getvalue() + err.getvalue()
