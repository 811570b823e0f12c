"""V1: reading and validating a recipe of 200 nodes with every kind of mistake, cold (in a new process) and warm."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

from tests.bench import report

TIMED = """
import time
from shared.pipelines.language import read_documents
from shared.pipelines.validation import validate
from tests.unit.pipelines.test_fifteen_mistakes import KNOWN, recipe

text = recipe(200)
validate(read_documents(recipe(2)), KNOWN)
for _ in range(8):
    start = time.process_time()
    validate(read_documents(text), KNOWN)
    print(time.process_time() - start)
"""


def measure() -> Iterator[str]:
    ran = subprocess.run([sys.executable, "-c", TIMED], capture_output=True, text=True, check=True)
    cold, *warm = (float(one) for one in ran.stdout.split())
    # The limit stands for a baseline: a ratio over 1 is too slow.
    limit_s = 0.1
    yield report.line("V1", penstock_s=cold, baseline_s=limit_s, rows=None, peak_bytes=None, warm_s=round(sorted(warm)[len(warm) // 2], 4))
