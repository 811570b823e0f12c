"""Text to documents: what each value means, where it stands, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.pipelines.language import read_documents
from shared.pipelines.model import Document


def only(text: str | bytes) -> Document:
    (document,) = read_documents(text)
    return document


def codes(text: str | bytes) -> list[str]:
    return [problem.code for document in read_documents(text) for problem in document.problems]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("yes", "yes"),
        ("on", "on"),
        ("2024-02-30", "2024-02-30"),
        ("12:30:45", "12:30:45"),
        ("1_000", "1_000"),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("", None),
        ("null", None),
        ("-12", -12),
        ("007", 7),
        ("0o17", 15),
        ("0x1F", 31),
        ("1.5e3", 1500.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("1.2.3", "1.2.3"),
        ("'12'", "12"),
        ('"true"', "true"),
    ],
)
def test_a_scalar_means_what_the_core_schema_of_yaml_1_2_says(written: str, value: Any) -> None:
    found = only(f"key: {written}\n").tree["key"]
    assert (found, type(found)) == (value, type(value))


def test_words_of_yaml_1_1_are_text_as_keys_too() -> None:
    assert only("on: 1\nno: 2\n1: 3\n").tree == {"on": 1, "no": 2, "1": 3}


def test_json_with_tabs_is_read_like_yaml() -> None:
    value = {"apiVersion": "penstock/v1", "kind": "Pipeline", "metadata": {"name": "a"}, "spec": {"nodes": [1, 2.5, None, True, "x/y\n"]}}
    document = only("\t" + json.dumps(value, indent="\t"))
    assert document.tree == value
    assert (document.kind, document.namespace, document.name) == ("Pipeline", "default", "a")
    assert document.valid


def test_characters_beyond_the_basic_plane_are_read_in_both_spellings_of_json() -> None:
    value = {"a": "\N{GRINNING FACE}\\ud83d", "b": "x"}
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False)):
        document = only(text)
        assert document.tree == value
        place = document.places.values["/b"]
        assert text[place.start : place.end] == '"x"'
        assert (place.line, place.column) == (1, text.index('"x"') + 1)


def test_every_key_and_value_has_its_place() -> None:
    text = "kind: Pipeline\nspec:\n  nodes:\n    - id: 'ł ó'\n      a/b: [x, {y~: z}]\n"
    document = only(text)
    values, keys = document.places.values, document.places.keys
    assert values["/spec/nodes/0/id"][:2] == (4, 11)
    assert text[slice(*values["/spec/nodes/0/id"][2:])] == "'ł ó'"
    assert keys["/spec/nodes/0/a~1b"][:2] == (5, 7)
    assert values["/spec/nodes/0/a~1b/1/y~0"][:2] == (5, 21)


def test_each_document_has_its_own_text_with_comments_and_offsets() -> None:
    first, second, third = read_documents("# one\nkind: A\n---\n# two\nkind: B\n--- {kind: C}\n")
    assert [document.kind for document in (first, second, third)] == ["A", "B", "C"]
    assert (first.text, second.text, third.text) == ("# one\nkind: A\n", "# two\nkind: B\n", "--- {kind: C}\n")
    place = second.places.values["/kind"]
    assert place.line == 5
    assert second.text[place.start : place.end] == "B"


def test_a_document_read_again_from_its_own_text_is_the_same() -> None:
    for document in read_documents("kind: A\nx: [1]\n---\nkind: B\n...\n%YAML 1.2\n---\nkind: C\n"):
        assert only(document.text).tree == document.tree


def test_documents_that_hold_nothing_are_left_out() -> None:
    assert [document.kind for document in read_documents("---\n# nothing\n---\nkind: B\n---\n")] == ["B"]


def test_an_alias_repeats_its_anchor() -> None:
    document = only("a: &x {b: [1]}\nc: *x\n")
    assert document.tree == {"a": {"b": [1]}, "c": {"b": [1]}}
    assert document.tree["a"] is not document.tree["c"]


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("", "empty", 1, 1),
        ("# nothing\n", "empty", 1, 1),
        ("- a\n", "not_a_mapping", 1, 1),
        ("a: 1\nb: 2\na: 3\n", "duplicate_key", 3, 1),
        ('{"a": 1,\n "a": 2}', "duplicate_key", 2, 2),
        ("a: !!str b\n", "explicit_tag", 1, 4),
        ("a: !!python/object/apply:os.system [ls]\n", "explicit_tag", 1, 4),
        ("!!map\na: b\n", "explicit_tag", 1, 1),
        ("a: *b\n", "unknown_alias", 1, 4),
        ("a: &a\n  b: *a\n", "recursive_alias", 2, 6),
        ("a: b\n? [c]\n: d\n", "key_not_text", 2, 3),
        ("a:\n  <<: {b: c}\n", "merge_key", 2, 3),
        ("a: b\nc: */5 * * * *\n", "yaml_syntax", 2, 5),
        ("a: .nan\n", "invalid_number", 1, 4),
        ("a: 1e999\n", "invalid_number", 1, 4),
        (f"a: {'9' * 5000}\n", "invalid_number", 1, 4),
        ("a: b\nc: 'd\n", "yaml_syntax", 2, 4),
        ("a: b: c\n", "yaml_syntax", 1, 5),
        ("a:\n\tb: c\n", "yaml_syntax", 2, 1),
        ("ą: b\nc: [1, 2\n", "yaml_syntax", 2, 9),
        ("ąę: \x07\n", "yaml_syntax", 1, 5),
        ("a: b\nc: d\0\n", "nul_byte", 2, 5),
        (b"a: b\n\xc4\x85: \xff\n", "invalid_utf8", 2, 4),
        ("a: \ud800\n", "invalid_utf8", 1, 4),
        ("a: " + "[" * 200, "too_deep", 1, 103),
        ("a: {{today}}\n", "template_not_quoted", 1, 4),
        ("a: x\nb:\n  - {{ day }}.csv\n", "template_not_quoted", 3, 5),
        ("a: [{{x}}, b]\n", "template_not_quoted", 1, 5),
    ],
)
def test_what_cannot_be_read_is_a_problem_with_its_place(text: str | bytes, code: str, line: int, column: int) -> None:
    problems = [problem for document in read_documents(text) for problem in document.problems]
    assert [(problem.code, problem.line, problem.column) for problem in problems] == [(code, line, column)]


@pytest.mark.parametrize(
    ("line", "right"),
    [
        ("path: {{today}}", 'path: "{{today}}"'),
        ("  - {{ date_add(today, -7) }}", '- "{{ date_add(today, -7) }}"'),
        ("  - path: {{x}}/y.csv # daily", '- path: "{{x}}/y.csv" # daily'),
        ('a: {{format_date(today, "%Y")}}', "a: '{{format_date(today, \"%Y\")}}'"),
        ('a: [{{x}}, "{{y}}", {{z}}.csv]', 'a: ["{{x}}", "{{y}}", "{{z}}.csv"]'),
        ("a: {{vault:secret/path#key}}", 'a: "{{vault:secret/path#key}}"'),
    ],
)
def test_a_template_without_quotes_is_answered_with_the_quoted_line(line: str, right: str) -> None:
    problems = [problem for document in read_documents(f"x:\n{line}\n" if line.startswith(" ") else line) for problem in document.problems]
    assert [(problem.code, problem.suggestion) for problem in problems] == [("template_not_quoted", right)]
    assert not codes(right if not right.startswith("-") else f"x:\n  {right}\n")


def test_aliases_that_explode_are_stopped() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]" for level in range(1, 12)]
    assert codes("\n".join(lines)) == ["alias_explosion"]


def test_aliases_cannot_nest_deeper_than_text_can() -> None:
    lines = ["a0: &a0 [x]", *(f"a{level}: &a{level} [*a{level - 1}]" for level in range(1, 150))]
    assert codes("\n".join(lines)) == ["too_deep"]


def test_a_text_over_the_limit_is_refused_unread() -> None:
    assert [p.code for p in read_documents("a: " + "ł" * 60, max_bytes=100)[0].problems] == ["too_large"]
    assert codes("a: " + "x" * 60) == []


def test_documents_before_a_broken_one_are_kept() -> None:
    first, second = read_documents("kind: A\n---\nkind: B\nx: [1\n")
    assert (first.kind, first.valid) == ("A", True)
    assert (second.kind, second.valid, second.problems[0].line) == ("", False, 4)


def test_problems_before_a_syntax_error_are_told_with_it() -> None:
    assert codes("a: 1\na: 2\nb: [1\n") == ["duplicate_key", "yaml_syntax"]


def test_kind_and_name_are_empty_where_they_cannot_be_read() -> None:
    document = only("kind: [x]\nmetadata: {name: 3, namespace: sales}\n")
    assert (document.kind, document.namespace, document.name) == ("", "sales", "")
