"""Plans, results and problems as JUnit XML: a test case a change and a problem, failures for errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, LiteralString, NewType
from xml.sax.saxutils import escape

from scalekit_apply.diagnostics import Diagnostic, Diagnostics, Location, Severity
from scalekit_apply.plan import Change, Plan
from scalekit_apply.result import ChangeResult, Result, State
from scalekit_apply.views import wording
from scalekit_apply.views.escaping import SENTENCE_LIMIT, Plain, plain, spread, weld, whole

_Xml = NewType("_Xml", str)
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>'
_QUOTES: Final = {'"': "&quot;", "'": "&apos;"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    classname: Plain
    name: Plain
    location: Location | None
    body: Sequence[_Xml] = ()
    failed: bool = False
    skipped: bool = False


class JunitView:
    """XML 1.0, one suite."""

    __slots__ = ()

    def plan(self, plan: Plan) -> str:
        """Changes pass; what the checks found follows."""
        return _suite(
            "plan",
            [*map(_change, plan.changes), *map(_problem, plan.diagnostics)],
            wording.conditions(plan.allowed, plan.targets),
        )

    def result(self, result: Result, plan: Plan | None) -> str:
        """A change that failed, or of which nothing is known, is a failure."""
        return _suite(
            "apply",
            [*map(_ended, result.results), *map(_problem, result.diagnostics)],
            wording.conditions(result.allowed, plan.targets if plan else ()),
        )

    def drift(self, plan: Plan) -> str:
        """A difference is a failure, and so is an enabled connection that the configuration does not name."""
        unmanaged = [
            _failure_case(
                classname=whole(live.address.organization_id),
                name=weld("unmanaged ", whole(live.address.connection_id)),
                message=weld("enabled, but not in the configuration. ", wording.about(live)),
                kind=Plain("unmanaged-connection"),
            )
            for live in plan.unmanaged
        ]
        return _suite(
            "drift",
            [*map(_difference, plan.changes), *unmanaged, *map(_problem, wording.drift_problems(plan))],
            wording.conditions((), plan.targets),
        )

    def diagnostics(self, diagnostics: Diagnostics, files: Sequence[str]) -> str:  # noqa: ARG002  # a case a problem
        """Errors are failures; warnings and notes pass, and say what they have to say."""
        return _suite("problems", [_problem(item) for item in diagnostics])


def _change(change: Change) -> _Case:
    return _Case(
        classname=whole(change.address.organization_id),
        name=weld(wording.verb(change.action), " ", whole(change.address.connection_id)),
        location=change.source,
        body=[_element("system-out", {}, [_text(weld(wording.origin(change), wording.about(change.live)))])],
    )


def _difference(change: Change) -> _Case:
    return _failure_case(
        classname=whole(change.address.organization_id),
        name=whole(change.address.connection_id),
        message=weld(wording.difference(change), ". ", wording.about(change.live)),
        kind=Plain("drift"),
        location=change.source,
    )


def _ended(item: ChangeResult) -> _Case:
    change = item.change
    classname = whole(change.address.organization_id)
    name = weld(wording.verb(change.action), " ", whole(change.address.connection_id))
    message = plain(item.message, SENTENCE_LIMIT)
    if item.state in {State.FAILED, State.UNKNOWN}:
        return _failure_case(
            classname=classname,
            name=name,
            message=message or wording.ending(item),
            kind=Plain("failed" if item.state is State.FAILED else "unknown"),
            location=change.source,
            lines=wording.facts(item),
        )
    if item.state is State.SKIPPED:
        body = [_element("skipped", {"message": message}, [])]
        return _Case(classname=classname, name=name, location=change.source, body=body, skipped=True)
    body = [_element("system-out", {}, [_text(weld(wording.ending(item), ". ", wording.about(change.live)))])]
    return _Case(classname=classname, name=name, location=change.source, body=body)


def _problem(item: Diagnostic) -> _Case:
    summary = plain(item.summary, SENTENCE_LIMIT)
    place = Plain("  ".join(whole(part) for part in wording.problem_place(item)))
    classname, name = (
        whole(item.check),
        Plain(": ".join([*([whole(item.address)] if item.address else []), summary])),
    )
    if item.severity is Severity.ERROR:
        return _failure_case(
            classname=classname,
            name=name,
            message=summary,
            kind=classname,
            location=item.location,
            lines=[place, *spread(item.detail)],
        )
    said = [weld(wording.severity_word(item.severity), ": ", summary), place, *spread(item.detail)]
    body = [_element("system-out", {}, [_text(line) for line in said])]
    return _Case(classname=classname, name=name, location=item.location, body=body)


def _failure_case(
    *,
    classname: Plain,
    name: Plain,
    message: Plain,
    kind: Plain,
    location: Location | None = None,
    lines: Sequence[Plain] = (),
) -> _Case:
    body = [_element("failure", {"message": message, "type": kind}, [_text(line) for line in lines])]
    return _Case(classname=classname, name=name, location=location, body=body, failed=True)


def _suite(name: LiteralString, cases: Sequence[_Case], said: Sequence[Plain] = ()) -> str:
    counts = {
        "tests": len(cases),
        "failures": sum(case.failed for case in cases),
        "errors": 0,
        "skipped": sum(case.skipped for case in cases),
    }
    closing = [_element("system-out", {}, [_text(line) for line in said])] if said else []
    suite = _element(
        "testsuite",
        {"name": weld("scalekit-apply ", name), **counts},
        [*(_case(case) for case in cases), *closing],
    )
    return f"{_HEAD}\n{_element('testsuites', {'name': Plain('scalekit-apply'), **counts}, [suite])}\n"


def _case(case: _Case) -> _Xml:
    place = case.location
    attributes: dict[str, Plain | int] = {"classname": case.classname, "name": case.name}
    if place:
        attributes["file"] = whole(place.file)
    if place and place.line is not None:
        attributes["line"] = place.line
    return _element("testcase", attributes, case.body)


def _element(name: LiteralString, attributes: Mapping[str, Plain | int], children: Sequence[_Xml]) -> _Xml:
    """An element, its children on lines of their own. Names of attributes are literals."""
    start = name + "".join(f' {key}="{escape(str(value), _QUOTES)}"' for key, value in attributes.items())
    if not children:
        return _Xml(f"<{start}/>")
    inner = "\n".join(children).replace("\n", "\n  ")
    return _Xml(f"<{start}>\n  {inner}\n</{name}>")


def _text(text: Plain) -> _Xml:
    return _Xml(escape(text, _QUOTES))
