"""A run as a picture: `python -m infra.run_picture RUN RECIPE.yaml > docs/run.svg`, with the figures that the API tells.

One column for each generation, one box for each node, in the colour of its stage; dashed: a port other than the main one.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import yaml

from services.api.cli.client import Client

BOX, GAP_X, GAP_Y, HEIGHT, MARGIN, HEAD = 150, 46, 26, 58, 16, 46
COLOURS = ("#dbeafe", "#dcfce7", "#fef3c7", "#fce7f3", "#e0e7ff", "#fee2e2")


def picture(run: dict[str, Any], edges: list[dict[str, str]]) -> str:
    """SVG text. `edges` as in the recipe: from (or from.port), to."""
    columns: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for node in run["nodes"]:
        columns[node["generation"]].append(node)
    place = {
        node["id"]: (MARGIN + (column - 1) * (BOX + GAP_X), HEAD + MARGIN + row * (HEIGHT + GAP_Y))
        for column, nodes in columns.items()
        for row, node in enumerate(nodes)
    }
    stages = sorted({node["stage"] for node in run["nodes"]})
    colour = {stage: COLOURS[number % len(COLOURS)] for number, stage in enumerate(stages)}
    width = 2 * MARGIN + max(columns) * (BOX + GAP_X) - GAP_X
    tallest = max(len(nodes) for nodes in columns.values())
    legend_top = HEAD + 2 * MARGIN + tallest * (HEIGHT + GAP_Y)
    shapes = [_edge(edge, place) for edge in edges]
    shapes += [_node(node, *place[node["id"]], colour[node["stage"]]) for node in run["nodes"]]
    shapes += _legend(run, stages, colour, legend_top)
    height = legend_top + 22 * len(stages) + MARGIN
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="system-ui, sans-serif" font-size="12">',
            f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
            f'<text x="{MARGIN}" y="28" font-size="16" font-weight="600" fill="#111827">{escape(_title(run))}</text>',
            *shapes,
            "</svg>\n",
        ]
    )


def _title(run: dict[str, Any]) -> str:
    scores = ", ".join(f"quality {scored['score']} of 100" for scored in run["quality"])
    name = f"{run['pipeline']['namespace']}/{run['pipeline']['name']}"
    return f"{name}: {run['status']}, {run['progress']['rowsRead']:,} rows read{', ' + scores if scores else ''}"


def _node(node: dict[str, Any], x: int, y: int, colour: str) -> str:
    if node["type"] == "connector_source":
        figures = f"{_rows(node['rowsOut'])} rows"
    else:
        figures = f"{_rows(node['rowsIn'])} → {_rows(node['rowsOut'])}"
    return (
        f'<rect x="{x}" y="{y}" width="{BOX}" height="{HEIGHT}" rx="6" fill="{colour}" stroke="#6b7280"/>'
        f'<text x="{x + 10}" y="{y + 19}" font-weight="600" fill="#111827">{escape(node["id"])}</text>'
        f'<text x="{x + 10}" y="{y + 34}" fill="#4b5563">{escape(node["type"])}</text>'
        f'<text x="{x + 10}" y="{y + 50}" fill="#111827">{escape(figures)}</text>'
    )


def _edge(edge: dict[str, str], place: dict[str, tuple[int, int]]) -> str:
    source, _, port = edge["from"].partition(".")
    (x1, y1), (x2, y2) = place[source], place[edge["to"]]
    x1, y1, y2 = x1 + BOX, y1 + HEIGHT // 2, y2 + HEIGHT // 2
    bend = (x2 - x1) // 2
    dashes = ' stroke-dasharray="5 4"' if port or edge.get("output") else ""
    return f'<path d="M{x1} {y1} C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}" fill="none" stroke="#9ca3af" stroke-width="1.5"{dashes}/>'


def _legend(run: dict[str, Any], stages: list[int], colour: dict[int, str], top: int) -> list[str]:
    told = {stage["id"]: stage for stage in run["stages"]}
    lines = []
    for number, stage in enumerate(stages):
        y = top + 22 * number
        found = told[stage]
        text = f"stage {stage}: {found['engine']}, {found['durationMs']:,} ms, {found['peakMemoryBytes'] / 1e6:,.0f} MB, {found['worker']}"
        lines.append(f'<rect x="{MARGIN}" y="{y}" width="14" height="14" rx="3" fill="{colour[stage]}" stroke="#6b7280"/>')
        lines.append(f'<text x="{MARGIN + 22}" y="{y + 12}" fill="#374151">{escape(text)}</text>')
    return lines


def _rows(count: int | None) -> str:
    return "?" if count is None else f"{count:,}"


def main(run: str, recipe: str) -> None:
    documents = yaml.safe_load_all(Path(recipe).read_text())
    pipeline = next(document for document in documents if document["kind"] == "Pipeline")
    print(picture(Client().call("GET", f"/runs/{run}"), pipeline["spec"]["edges"]), end="")


if __name__ == "__main__":
    main(*sys.argv[1:3])
