"""Any bytes through reading, validation, values and writing: problems or documents, never an exception, never slow.

`python -m tests.fuzz.recipe -max_total_time=600`; what it finds is written to the current folder, and the text is one argument to run
it again. Seeds are the examples and the golden recipes.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["shared.pipelines", "shared.triggers", "shared.sql"]):
    from shared.pipelines.json_schema import kind_schema, node_schema
    from shared.pipelines.kinds import KINDS
    from shared.pipelines.language import connector, pipeline, read_documents, rule_set
    from shared.pipelines.language.writing import written
    from shared.pipelines.nodes import NODE_TYPES
    from shared.pipelines.validation import Known, validate

ROOT = Path(__file__).parents[2]
SEEDS = [
    *(ROOT / "examples").rglob("*.yaml"),
    *(ROOT / "examples").rglob("*.toml"),
    *(ROOT / "tests" / "golden" / "validation").glob("*.yaml"),
]
KNOWN = Known({"default/files": ("files", {"root": "/data"}), "default/landing": ("files", {"root": "/data"})})
VALUES = {"Pipeline": pipeline, "Connector": connector, "DataQualityRuleSet": rule_set}


def one(data: bytes) -> None:
    documents = read_documents(data)
    assert documents
    problems = validate(documents, KNOWN)
    for problem in problems:
        assert problem.line >= 1 and problem.column >= 1 and problem.message, problem
    json.dumps([problem.to_json() for problem in problems])
    for document in documents:
        if document.problems:
            continue
        again = read_documents(written(document.tree))[0]
        # A mapping without any key is no document; and a key << is refused wherever it is written.
        assert again.tree == document.tree or again.problems, document.tree
        if document.kind in VALUES and not any(problem.severity == "error" for problem in problems):
            VALUES[document.kind](document)


def _words() -> list[str]:
    """What stands in recipes, for the fuzzer to put in: names of settings and types, and signs that mean something."""
    found = {
        *KINDS,
        *NODE_TYPES,
        "{{today}}",
        "{{",
        "}}",
        "---\n",
        "&a ",
        "*a",
        "!!str ",
        "|\n",
        ">-\n",
        "'",
        '"',
        ": ",
        "- ",
        "#",
        " = ",
        "[[a]]",
        "\t",
    }
    for schema in (*map(kind_schema, KINDS), *map(node_schema, NODE_TYPES)):
        found |= set(re.findall(r'"([A-Za-z]{3,20})"', json.dumps(schema)))
    return sorted(found)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="penstock-fuzz-") as corpus:
        for number, seed in enumerate(SEEDS):
            (Path(corpus) / str(number)).write_bytes(seed.read_bytes())
        words = Path(corpus) / "words.dict"
        quoted = ("".join(rf"\x{byte:02x}" for byte in word.encode()) for word in _words())
        words.write_text("".join(f'"{word}"\n' for word in quoted))
        named = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
        atheris.Setup(
            [*sys.argv, "-timeout=10", "-rss_limit_mb=2048", "-max_len=20000", f"-dict={words}", *([] if named else [corpus])], one
        )
        atheris.Fuzz()


if __name__ == "__main__":
    main()
