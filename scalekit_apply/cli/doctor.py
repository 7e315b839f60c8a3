"""``doctor``: everything that a plan needs, looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import click
from click.core import ParameterSource

from scalekit_apply import documents, settings
from scalekit_apply.api import ReadClient
from scalekit_apply.cli.examination import Examination
from scalekit_apply.cli.options import (
    READING_FORMATS,
    Connecting,
    Talk,
    config_options,
    connection_options,
    format_option,
    take,
    talk_options,
)
from scalekit_apply.cli.outputs import Outputs
from scalekit_apply.cli.runtime import Runtime
from scalekit_apply.cli.session import api_options
from scalekit_apply.exits import ExitCode, exit_code
from scalekit_apply.findings import outcomes
from scalekit_apply.views import Format
from scalekit_apply.views.findings import findings_document, render_findings

# Somebody waits for the answer, and that it failed is the answer.
_RETRIES: Final = 1


@click.command(name="doctor", short_help="Check URL, TLS, token, permission and files.")
@config_options
@format_option(READING_FORMATS)
@connection_options
@talk_options
@click.pass_context
def command(context: click.Context, /, **values: Any) -> ExitCode:
    """Look at versions, configuration, credentials, network, token and permissions, and say what to do.

    Shows all it can find out, whatever fails. Exits 3 for the configuration, 4 for credentials and
    permissions, 8 for the network and the service. Changes nothing, and never tries to.
    """
    runtime = context.ensure_object(Runtime)
    runtime.open(take(Talk, values), Outputs.parse(values["format"], (), READING_FORMATS))
    connecting = take(Connecting, values)
    if context.get_parameter_source("max_retries") is ParameterSource.DEFAULT:
        connecting = replace(connecting, max_retries=_RETRIES)
    examination = Examination(
        environ=runtime.environ,
        paths=values["config"],
        named=context.get_parameter_source("config") is not ParameterSource.DEFAULT,
        credentials=lambda: settings.resolve(
            runtime.environ,
            environment_url=connecting.environment_url,
            client_id=connecting.client_id,
            client_secret_file=connecting.client_secret_file,
            stdin=runtime.stdin,
        ),
        connect=lambda credentials: ReadClient(api_options(runtime, connecting, credentials)),
    )
    findings = tuple(examination.findings())
    runtime.write(
        lambda fmt, color: (
            documents.dump(findings_document(findings)).decode("ascii")
            if fmt is Format.JSON
            else render_findings(findings, color=color)
        )
    )
    return exit_code(outcomes(findings))
