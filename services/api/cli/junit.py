"""Verdicts as JUnit XML, which build servers read: a suite for each check, a case for each rule; and of tests a case for each. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

# What XML 1.0 has no way to say.
_UNSAYABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(checks: Sequence[Mapping[str, Any]]) -> bytes:
    """`checks` as GET /checks/{id} tells them. FAILED is a failure and ERROR an error; LEARNING has passed, and says so."""
    suites = Element("testsuites")
    for check in checks:
        results = check["results"]
        suite = SubElement(
            suites,
            "testsuite",
            name=_said(check["ruleSet"] or "profile"),
            tests=str(len(results)),
            failures=str(sum(result["status"] == "FAILED" for result in results)),
            errors=str(sum(result["status"] == "ERROR" for result in results)),
            timestamp=_said(check["at"]),
            time=_seconds(sum(result["durationMs"] or 0 for result in results)),
        )
        properties = SubElement(suite, "properties")
        for name in ("dataset", "scope", "score", "partial", "rows"):
            SubElement(properties, "property", name=name, value=_said(check[name]))
        for result in results:
            _case(suite, check, result)
    text: bytes = tostring(suites, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def junit_of_tests(results: Sequence[Mapping[str, Any]], summary: Callable[[Mapping[str, Any]], str]) -> bytes:
    """`results` as `penstock test` tells them; `summary`: what went wrong with one, as text."""
    suites = Element("testsuites")
    suite = SubElement(
        suites,
        "testsuite",
        name="penstock test",
        tests=str(len(results)),
        failures=str(sum(result["status"] == "FAILED" for result in results)),
        errors=str(sum(result["status"] == "ERROR" for result in results)),
        time=_seconds(sum(result["durationMs"] for result in results)),
    )
    for result in results:
        case = SubElement(
            suite, "testcase", classname=_said(result["pipeline"]), name=_said(result["test"]), time=_seconds(result["durationMs"])
        )
        if result["status"] != "PASSED":
            told = _said(summary(result))
            # One line says it; the text has all of it.
            found = SubElement(case, "failure" if result["status"] == "FAILED" else "error", message=told.partition("\n")[0])
            found.text = told
    text: bytes = tostring(suites, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _case(suite: Element, check: Mapping[str, Any], result: Mapping[str, Any]) -> None:
    case = SubElement(
        suite, "testcase", classname=_said(check["dataset"]), name=_said(result["rule"]), time=_seconds(result["durationMs"] or 0)
    )
    if result["status"] == "ERROR":
        SubElement(case, "error", message=_said(result["error"]), type=_said(result["type"]))
    elif result["status"] == "FAILED":
        failure = SubElement(case, "failure", message=_said(failed(result)), type=_said(result["type"]))
        failure.text = "\n".join(_said(json.dumps(row, ensure_ascii=False)) for row in result["offenders"])
    elif result["status"] == "LEARNING":
        SubElement(case, "system-out").text = "learning: there is too little history to compare with"


def failed(result: Mapping[str, Any]) -> str:
    """In a sentence: how many rows, and what was found instead of what."""
    rows = f"{result['failing']} of {result['checked']} rows" if result["failing"] is not None else "rows not counted"
    observed, expected = (", ".join(f"{key} {value}" for key, value in (result[part] or {}).items()) for part in ("observed", "expected"))
    return f"{rows}; found {observed or 'nothing'}, expected {expected or 'nothing'}"


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:.3f}"


def _said(value: object) -> str:
    text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return _UNSAYABLE.sub("\ufffd", text)
