"""Which runs are meant: by id, or by filters, as `penstock runs`, `cancel`, `retry` and `label` take them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from services.api.cli.client import Client

_FILTERS = (
    click.option("--pipeline", metavar="[NAMESPACE/]NAME", help="Of this pipeline."),
    click.option("--namespace", help="Of this namespace."),
    click.option("--status", metavar="STATUS,…", help="In one of these states, such as FAILED,TIMED_OUT."),
    click.option("--trigger", help="That this asked for: manual, schedule, webhook …"),
    click.option("--label", "labels", multiple=True, metavar="KEY:VALUE", help="With this label; may be repeated."),
    click.option("--since", metavar="TIME", help="Made at or after it, as 2026-03-29T02:00:00Z."),
    click.option("--until", metavar="TIME", help="Made before it."),
)


def chosen(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options that say which runs; the command gets them as `query`."""

    @wraps(command)
    def with_query(*arguments: Any, **options: Any) -> Any:
        said = {name: options.pop(name) for name in ("pipeline", "namespace", "status", "trigger", "labels", "since", "until")}
        return command(*arguments, query=_query(**said), **options)

    made: Callable[..., Any] = with_query
    for option in reversed(_FILTERS):
        made = option(made)
    return made


def _query(*, pipeline: str | None, labels: Sequence[str], since: str | None, until: str | None, **more: str | None) -> dict[str, Any]:
    namespace, _, name = (pipeline or "").rpartition("/")
    if namespace and more["namespace"] not in {None, namespace}:
        raise click.UsageError(f"--pipeline {pipeline} is not in --namespace {more['namespace']}; say one of both")
    said = {
        **more,
        "namespace": more["namespace"] or namespace or None,
        "pipeline": name or None,
        "label": ",".join(labels) or None,
        "from": since,
        "to": until,
    }
    return {key: value for key, value in said.items() if value is not None}


def changed(server: Client, what: str, ids: Sequence[str], query: dict[str, Any], **body: Any) -> Iterator[dict[str, Any]]:
    """What became of each run, call by call until there are no more. Raises UsageError where it is not said which."""
    if bool(ids) == bool(query):
        raise click.UsageError("name runs by their ids, or say which with filters such as --status FAILED")
    if ids:
        for at in range(0, len(ids), 500):
            yield from server.call("POST", f"/runs/{what}", body={"ids": list(ids[at : at + 500]), **body})["items"]
        return
    cursor = None
    while True:
        going_on = {"query": query, **body} if cursor is None else {"query": query, "cursor": cursor, **body}
        found = server.call("POST", f"/runs/{what}", body=going_on)
        yield from found["items"]
        cursor = found["nextCursor"]
        if cursor is None:
            return


def told(items: Iterator[dict[str, Any]], output: str) -> int:
    """Prints them; exit code 1 where one was refused."""
    from services.api.cli.answering import printed

    refused = 0
    kept = []
    for one in items:
        refused += not one["done"]
        if output == "table":
            click.echo(f"{one['run']}  {one['status'] or '–'}{'' if one['done'] else '  not done: ' + one['detail']}")
        else:
            kept.append(one)
    if output != "table":
        printed({"items": kept}, output)
    return 1 if refused else 0
