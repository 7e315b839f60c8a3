from __future__ import annotations

from dataclasses import replace

from hypothesis import given

import strategies
from scalekit_apply import planfile
from scalekit_apply.model import Desired, DesiredConnection, LiveConnection, OrganizationId
from scalekit_apply.plan import Plan
from scalekit_apply.result import Result


def no_violations(name: str, document: object) -> list[planfile.Violation]:
    return []


def stored_live(live: LiveConnection) -> LiveConnection:
    return replace(live, provider_key="", key_id="", ui_button_title="", mcp_server_url="")


@given(strategies.plans())
def test_a_saved_plan_reads_back(plan: Plan) -> None:
    data = planfile.dump(planfile.plan_document(plan))
    loaded = planfile.load_plan(data, name="plan.json")
    assert loaded.fingerprint == plan.fingerprint
    assert planfile.dump(planfile.plan_document(loaded)) == data


@given(strategies.results())
def test_a_saved_result_reads_back(result: Result) -> None:
    data = planfile.dump(planfile.result_document(result))
    loaded = planfile.load_result(data, name="result.json")
    assert planfile.dump(planfile.result_document(loaded)) == data
