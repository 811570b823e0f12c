"""A pipeline as a page of Markdown, for people who read no YAML. Pure: whoever asks has looked everything up."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shared.pipelines.language.run_values import DEFAULT_ZONE
from shared.planning.lineage import Neighbour, Touched

# Of it, Markdown would make something else.
_SPECIAL = str.maketrans({"|": "\\|", "\n": " ", "<": "&lt;", "`": "'"})


def page(
    row: Mapping[str, Any],
    tree: Mapping[str, Any],
    *,
    fires: Sequence[Mapping[str, Any]],
    notes: Sequence[str],
    inputs: Sequence[Touched],
    outputs: Sequence[Touched],
    upstream: Sequence[Neighbour],
    downstream: Sequence[Neighbour],
    waits_for: Sequence[Mapping[str, Any]],
) -> str:
    """`row`: the version in force; `tree`: its document, as it is written; `fires`: the next fire times, as they are shown; `waits_for`:
    {upstream, condition} of dependencies.
    """
    lines = [
        *_head(row, tree), *_starting(tree, fires, notes), *_parameters(tree), *_data(inputs, outputs), *_steps(tree), *_order(
            upstream, downstream, waits_for
        ), *_quality(tree), *_people(tree),
    ]  # fmt: skip
    return "\n".join(lines).rstrip() + "\n"


def _head(row: Mapping[str, Any], tree: Mapping[str, Any]) -> Iterator[str]:
    yield f"# {row['namespace']}/{row['name']}"
    yield ""
    if description := _annotations(tree).get("description"):
        yield from (_plain(description), "")
    sha = f", commit {row['git_commit_sha'][:10]}" if row["git_commit_sha"] else ""
    yield f"Version {row['version']}{sha}, saved {row['saved_at']:%Y-%m-%d %H:%M} UTC by {_plain(row['author'])}."
    yield ""


def _starting(tree: Mapping[str, Any], fires: Sequence[Mapping[str, Any]], notes: Sequence[str]) -> Iterator[str]:
    spec = tree["spec"]
    yield from ("## When it runs", "")
    if spec.get("schedule"):
        yield f"Schedule `{_plain(spec['schedule'])}`, time zone {_plain(spec.get('timezone', DEFAULT_ZONE))}."
    for trigger in spec.get("triggers") or ():
        yield f"- trigger {_plain(trigger.get('name', trigger.get('type')))}: {_plain(trigger.get('type'))}"
    if not spec.get("schedule") and not spec.get("triggers"):
        yield "When somebody starts it."
    yield ""
    for one in fires:
        yield f"- {one['local']}"
    for note in notes:
        yield f"- {_plain(note)}"
    yield ""


def _parameters(tree: Mapping[str, Any]) -> Iterator[str]:
    declared = tree["spec"].get("parameters")
    if not declared:
        return
    yield from ("## Parameters", "", "| name | type | default | |", "|---|---|---|---|")
    for one in declared:
        default = f"`{_plain(one['default'])}`" if "default" in one else "required" if one.get("required") else ""
        yield f"| {_plain(one['name'])} | {_plain(one.get('type', 'string'))} | {default} | {_plain(one.get('description', ''))} |"
    yield ""


def _data(inputs: Sequence[Touched], outputs: Sequence[Touched]) -> Iterator[str]:
    yield from ("## Data", "", "| | node | connector | table, file or query |", "|---|---|---|---|")
    for word, listed in (("reads", inputs), ("writes", outputs)):
        for one in listed:
            yield f"| {word} | {_plain(one.node)} | {_plain(one.connector)} | {'`' + _plain(one.object) + '`' if one.object else '–'} |"
    yield ""


def _steps(tree: Mapping[str, Any]) -> Iterator[str]:
    nodes, edges = tree["spec"].get("nodes") or (), tree["spec"].get("edges") or ()
    if not nodes:
        return
    yield from ("## Steps", "", "| node | type | |", "|---|---|---|")
    for node in nodes:
        yield f"| {_plain(node['id'])} | {_plain(node['type'])} | {_plain(node.get('label') or node.get('description') or '')} |"
    # A picture where Markdown is shown with mermaid, as most hosts of Git do.
    number = {str(node["id"]): f"n{at}" for at, node in enumerate(nodes)}
    yield from ("", "```mermaid", "flowchart LR")
    for name, short in number.items():
        yield f'  {short}["{_plain(name).replace(chr(34), chr(39))}"]'
    for edge in edges:
        source, _, output = str(edge["from"]).partition(".")
        said = f"|{_plain(output)}|" if output else ""
        if source in number and edge["to"] in number:
            yield f"  {number[source]} -->{said} {number[edge['to']]}"
    yield from ("```", "")


def _order(upstream: Sequence[Neighbour], downstream: Sequence[Neighbour], waits_for: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not (upstream or downstream or waits_for):
        return
    yield from ("## Before and after", "")
    for one in waits_for:
        yield f"- waits for {_plain(one['upstream'])} ({_plain(one['condition'])})"
    for word, listed in (("reads what", upstream), ("is read by", downstream)):
        for other in listed:
            if other.distance == 1:
                shared = ", ".join(f"`{_plain(name)}`" for name in other.datasets)
                yield f"- {word} {_plain(other.pipeline)}{' writes' if word == 'reads what' else ''}: {shared}"
    yield ""


def _quality(tree: Mapping[str, Any]) -> Iterator[str]:
    named = tree["spec"].get("quality")
    if not named:
        return
    yield from ("## Quality", "", *(f"- rule set {_plain(name)}" for name in named), "")


def _people(tree: Mapping[str, Any]) -> Iterator[str]:
    said = _annotations(tree)
    contacts = said.get("contacts") or []
    listed = contacts if isinstance(contacts, list) else [contacts]
    if not (said.get("owner") or listed):
        return
    yield from ("## People", "")
    if said.get("owner"):
        yield f"- owner: {_plain(said['owner'])}"
    for one in listed:
        yield f"- contact: {_plain(one)}"
    yield ""


def _annotations(tree: Mapping[str, Any]) -> Mapping[str, Any]:
    found = (tree.get("metadata") or {}).get("annotations")
    return found if isinstance(found, Mapping) else {}


def _plain(value: Any) -> str:
    said = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    return said.strip().translate(_SPECIAL)
