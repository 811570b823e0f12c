"""Calls made of what the API says of itself, against a whole stack: no answer may be a server's error, or other than it is promised.

`make fuzz FUZZ=api SECONDS=600`. Four rounds: an administrator whose calls find a pipeline and a run, one whose calls go on from what
earlier ones answered, one whose calls find what they find, and somebody without a token.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support.stack import SHORT, Stack, running

PIPELINE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: fuzzed}
spec:
  schedule: "0 6 * * *"
  parameters: [{name: day, type: date, default: "2026-01-01"}]
  nodes:
    - {id: read, type: connector_source, config: {connector: files, path: fuzzed.csv, schema: {id: BIGINT}}}
    - {id: write, type: connector_sink, config: {connector: files, path: out/fuzzed.csv, writeMode: OVERWRITE}}
  edges: [{from: read, to: write}]
"""
# A name in an address, and what it is made to find.
FOUND = {"namespace": "default", "name": "fuzzed", "pipeline": "fuzzed", "node": "read", "kind": "Pipeline", "trigger": "schedule"}
# All but two: what is right by its schema may be refused by a rule between fields, or for a cursor that no page gave; and where an address
# is a word beside a name (/dead-letters/export, /dead-letters/{letter}), OPTIONS tells what can be done to both.
NOT_CHECKED = "positive_data_acceptance,allow_header_conformance"
CONFIG = """
[checks]
# An address that is too long is refused before anybody reads what it says.
negative_data_rejection.expected-statuses = ["400", "401", "403", "404", "405", "406", "409", "414", "415", "422", "428", "429", "5xx"]

# It says what is wrong with any text, an empty one too.
[[operations]]
include-path = "/api/v1/validate"
checks.negative_data_rejection.enabled = false
"""
# What the library has no way to write: texts as they are, else as JSON, a line of it.
AS_TEXT = """
import json
import schemathesis


@schemathesis.serializer("application/toml", "application/jsonl", "application/ndjson", "application/x-ndjson")
def as_text(context, value):
    return value if isinstance(value, bytes) else value.encode() if isinstance(value, str) else json.dumps(value).encode()
"""
EACH_CALL = "examples,coverage,fuzzing"
# (share of the time, with a token, with what is there, the library's phases)
ROUNDS = ((0.45, True, True, EACH_CALL), (0.2, True, True, "stateful"), (0.2, True, False, EACH_CALL), (0.15, False, False, EACH_CALL))


def main(arguments: list[str]) -> int:
    """Of the arguments that the other targets take: -max_total_time, and -seed."""
    given = {name: int(value) for name, value in re.findall(r"-(max_total_time|seed)=(\d+)", " ".join(arguments))}
    seconds = given.get("max_total_time", 60)
    seed = ("--seed", str(given["seed"])) if "seed" in given else ()
    limits = {"PENSTOCK_WORKERS": "1", "PENSTOCK_API_RATE": "0", "PENSTOCK_FAILED_LOGINS_RATE": "0", **SHORT}
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "home", **limits) as stack:
        stack.connectors()
        (stack.files / "fuzzed.csv").write_text("id\n1\nx\n3\n")
        stack.apply(PIPELINE)
        run = stack.start("fuzzed")
        stack.wait(run)
        return max(_round(stack, Path(folder), run, max(5, int(seconds * share)), seed, *how) for share, *how in ROUNDS)


def _round(stack: Stack, folder: Path, run: str, seconds: int, seed: tuple[str, ...], known: bool, finds: bool, phases: str) -> int:
    settings = folder / "schemathesis.toml"
    found = {**FOUND, "run": run} if finds else {}
    named = "".join(f'"path.{name}" = "{value}"\n' for name, value in found.items())
    (folder / "as_text.py").write_text(AS_TEXT)
    settings.write_text(f"hooks = 'as_text'\n[parameters]\n{named}{CONFIG}")
    token = ["--header", f"Authorization: Bearer {stack.home.api_token.read_text().strip()}"] if known else []
    print(f"{seconds} s {'with' if known else 'without'} a token{', of what is there' if finds else ''}: {phases}", flush=True)
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(settings), "run", f"{stack.url}/api/v1/openapi.json"),
        *("--exclude-checks", NOT_CHECKED, "--phases", phases, "--max-time", str(seconds), *seed),
        *("--request-timeout", "60", "--continue-on-failure"),
        *("--suppress-health-check", "all", "--warnings", "off"),
        # A stream goes on for as long as a run does.
        *("--exclude-path-regex", "/(events|logs)$", *token),
    ]
    # Its database of examples goes with the folder.
    return subprocess.run(command, cwd=folder, env={**os.environ, "NO_COLOR": "1"}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
