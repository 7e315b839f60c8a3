from __future__ import annotations

import json

import pytest
from command_support import run
from inprocess_support import invoke


def test_a_schema_is_printed_by_the_command() -> None:
    done = run(["schema", "config"])
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out)["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("name", ["config", "plan", "result"])
def test_every_schema_is_a_document_with_a_title(name: str) -> None:
    done = invoke(["schema", name])
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out)["title"]


@pytest.mark.parametrize("args", [["schema"], ["schema", "other"], ["schema", "config", "plan"]])
def test_another_name_is_a_usage_error(args: list[str]) -> None:
    done = invoke(args)
    assert done.code == 3
    assert done.out == ""
    assert "--help" in done.err
