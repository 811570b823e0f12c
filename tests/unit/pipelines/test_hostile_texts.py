"""Texts that are made to hurt: each is refused within a second and within 200 MB, in a process of its own that measures itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

# One process that has everything loaded, and forks one of its own for each text.
MEASURE = """
import json, os, resource, sys, time
from shared.pipelines.language import read_documents
from shared.pipelines.validation import validate

validate(read_documents("kind: Pipeline"))

def measured(text):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    problems = validate(read_documents(text))
    took = time.process_time() - start
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    return took, grown, sorted({problem.code for problem in problems if problem.severity == "error"})

for name, source in json.loads(sys.argv[1]).items():
    read, write = os.pipe()
    if os.fork() == 0:
        os.write(write, json.dumps(measured(eval(source))).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        print(json.dumps([name, json.loads(pipe.read() or "null")]), flush=True)
    os.wait()
"""
LAUGHS = "'\\n'.join(['a0: &a0 [x,x,x,x,x,x,x,x,x]'] + [f'a{n}: &a{n} [' + ','.join([f'*a{n-1}'] * 9) + ']' for n in range(1, 30)])"
HOSTILE = {
    "aliases that explode": (LAUGHS, "alias_explosion"),
    "an alias to a large value, many times": ("'a: &a [' + 'x,' * 9000 + ']\\nb: [' + '*a,' * 9000 + ']'", "alias_explosion"),
    "a megabyte of brackets": ("'a: ' + '[' * 999_000", "too_deep"),
    "a megabyte of braces": ("'a: ' + '{a: ' * 249_000", "too_deep"),
    "a megabyte of nested lists": ("'- ' * 499_000", "too_deep"),
    "a megabyte of indentation": ("'\\n'.join(' ' * n + 'a:' for n in range(1400))", "too_deep"),
    "a megabyte of nested JSON": ("'{\"a\":' * 166_000 + '1' + '}' * 166_000", "too_large|too_deep"),
    "a megabyte of nested TOML": ("'a = ' + '[' * 999_000", "too_deep"),
    "keys written twice": ("'a: 1\\n' * 20_000", "duplicate_key"),
    "tags": ("'a: !!python/object/apply:os.system [ls]\\n'", "explicit_tag"),
    "a NUL byte": ("b'kind: Pipeline\\0\\n' * 10_000", "nul_byte"),
    "bytes that are no UTF-8": ("b'kind: \\xff\\xfe' * 50_000", "invalid_utf8"),
    "half a character": ("'kind: \\ud800'", "invalid_utf8"),
    "50 MB of bytes": ("b'a: 1\\n' * 8_400_000", "too_large"),
    "50 MB of text": ("'a: 1\\n' * 8_400_000", "too_large"),
    "a megabyte of templates without quotes": ("'a: {{x}}.csv\\n' * 75_000", "template_not_quoted|duplicate_key|yaml_syntax"),
    "a megabyte of an open quote": ("'a: \\'' + 'x ' * 498_000", "yaml_syntax"),
    "a number of a megabyte": ("'a: ' + '9' * 999_000", "invalid_number"),
    "SQL of brackets": (
        "'apiVersion: penstock/v1\\nkind: Pipeline\\nmetadata: {name: a}\\n"
        "spec:\\n  nodes:\\n    - {id: f, type: filter, config: {condition: \"'"
        " + '(' * 100_000 + '\"}}\\n'",
        "invalid_sql",
    ),
    "a pattern of brackets": (
        "'apiVersion: penstock/v1\\nkind: DataQualityRuleSet\\nmetadata: {name: a}\\nspec:\\n"
        "  dataset: {pipeline: p, node: n}\\n  rules:\\n"
        "    - {name: r, type: REGEX, column: c, pattern: \"' + '(' * 100_000 + '\"}\\n'",
        "invalid_setting",
    ),
    "a cron of a megabyte": (
        "'apiVersion: penstock/v1\\nkind: Pipeline\\nmetadata: {name: a}\\nspec:\\n  schedule: \"' + '1,' * 400_000 + ' * * * *\"\\n'",
        "invalid_setting",
    ),
}


@pytest.fixture(scope="module")
def measured() -> dict[str, Any]:
    texts = json.dumps({name: text for name, (text, _) in HOSTILE.items()})
    # Not under coverage, which costs some of these texts more than the work itself.
    plain = {key: value for key, value in os.environ.items() if not key.startswith("COVERAGE_")}
    ran = subprocess.run([sys.executable, "-c", MEASURE, texts], env=plain, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr[-2000:]
    return dict(json.loads(line) for line in ran.stdout.splitlines())


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_is_refused_within_a_second_and_200_mb(measured: dict[str, Any], name: str) -> None:
    assert measured[name] is not None, "the process died"
    took, grown, codes = measured[name]
    assert set(codes) & set(HOSTILE[name][1].split("|")), codes
    assert took < 1
    assert grown < 200_000_000
