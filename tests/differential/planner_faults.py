"""Faults that are sown in the planner's passes: what a wrong pass would have left in the draft.

For each pass, by name, faults by sentence: each takes the draft that the sound pass has made and gives a wrong one. One that finds nothing
to do its harm to gives the draft as it is. What is asked for by a pass's name and has no entry here is a pass nobody has doubted; a test
holds this table against the planner's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from sqlglot import exp

from shared.planning.attach import Check
from shared.planning.graph import Graph, Port, Source
from shared.planning.passes import PASSES, Draft, Pass, through
from shared.planning.place import Placement

Fault = Callable[[Draft], Draft]
Item = TypeVar("Item")


def _sources(change: Callable[[Source], Source]) -> Fault:
    def fault(draft: Draft) -> Draft:
        changed = {table: change(source) for table, source in draft.graph.sources.items()}
        return replace(draft, graph=replace(draft.graph, sources=changed))

    return fault


def _ports(change: Callable[[Port, exp.Select], None]) -> Fault:
    def fault(draft: Draft) -> Draft:
        ports = {}
        for table, port in draft.graph.ports.items():
            select = port.relation.select.copy()
            change(port, select)
            ports[table] = replace(port, relation=replace(port.relation, select=select))
        return replace(draft, graph=replace(draft.graph, ports=ports))

    return fault


def _sources_exchanged(draft: Draft) -> Draft:
    """Of two sources each reads what the other names."""
    sources = draft.graph.sources
    if len(sources) < 2:
        return draft
    one, two = list(sources)[:2]
    swapped = {
        one: replace(sources[one], options=sources[two].options, connector=sources[two].connector),
        two: replace(sources[two], options=sources[one].options, connector=sources[one].connector),
    }
    return replace(draft, graph=replace(draft.graph, sources={**sources, **swapped}))


def _where_lost(port: Port, select: exp.Select) -> None:
    select.set("where", None)


def _column_lost(port: Port, select: exp.Select) -> None:
    select.set("expressions", select.expressions[:-1] or select.expressions)


def _sink_inputs_turned(draft: Draft) -> Draft:
    """Each sink gets what the next is to get; a lone one gets what its input is made of."""
    graph = draft.graph
    tables = list(graph.sink_inputs.values())
    turned = dict(zip(graph.sink_inputs, _turned(tables), strict=True))
    if len(set(tables)) < 2:
        turned = {sink: (graph.ports[table].inputs[0] if table in graph.ports else table) for sink, table in graph.sink_inputs.items()}
    return replace(draft, graph=replace(graph, sink_inputs=turned))


def _turned(items: list[Item]) -> list[Item]:
    return [*items[1:], *items[:1]]


def _used_port_dropped(draft: Draft) -> Draft:
    ports = dict(draft.graph.ports)
    for table in list(ports)[-1:]:
        del ports[table]
    return replace(draft, graph=replace(draft.graph, ports=ports))


def _checks_lost(draft: Draft) -> Draft:
    return replace(draft, checks=())


def _checks_everywhere(draft: Draft) -> Draft:
    everywhere = (Check(rules, "wrong", sink, sink) for sink in draft.graph.sinks for rules in draft.rule_sets)
    return replace(draft, checks=tuple(everywhere))


def _gates_open(draft: Draft) -> Draft:
    """Whoever reads what a rule set looks at does not wait for it."""
    return replace(draft, checks=tuple(replace(check, gate=False) for check in draft.checks))


def _made_by_sinks(draft: Draft) -> Draft:
    """What a sink is to get is made by the sink itself, whatever looks at it before."""
    ports = {table: replace(port, node=port.for_sink or port.node) for table, port in draft.graph.ports.items()}
    return replace(draft, graph=replace(draft.graph, ports=ports))


def _published_at_once(draft: Draft) -> Draft:
    return replace(draft, pieces=(replace(draft.pieces[0], nodes=draft.graph.order), *draft.pieces[1:-1])) if draft.pieces else draft


def _engine(engine: str) -> Fault:
    return lambda draft: replace(draft, choices={node: replace(choice, engine=engine) for node, choice in draft.choices.items()})


def _cut_lost(draft: Draft) -> Draft:
    """All in one piece, whatever computes it and wherever it goes."""
    if not draft.pieces:
        return draft
    together = tuple(node for node in draft.graph.order if any(node in piece.nodes for piece in draft.pieces))
    return replace(draft, pieces=(replace(draft.pieces[0], nodes=together),))


def _last_before_first(draft: Draft) -> Draft:
    return replace(draft, pieces=draft.pieces[::-1])


def _whole_elsewhere(draft: Draft) -> Draft:
    """In the database that the rows come from, though the sink is elsewhere."""

    def wrong(placement: Placement) -> Placement:
        looking = placement.looking
        if looking is None or not looking.databases:
            return replace(placement, whole=None, looking=None)
        return replace(placement, whole=next(iter(looking.databases.values())), looking=None)

    return replace(draft, placements=tuple(map(wrong, draft.placements)))


def _predicates_moved(draft: Draft) -> Draft:
    """Conditions go into the relations they read, past limits, windows and outer joins."""
    return replace(draft, placements=tuple(replace(one, typed=_moved(draft.graph, one.typed)) for one in draft.placements))


def _moved(graph: Graph, typed: Mapping[str, exp.Select]) -> dict[str, exp.Select]:
    trees = {table: select.copy() for table, select in typed.items()}
    for table, select in trees.items():
        inputs = graph.ports[table].inputs
        where = select.args.get("where")
        if where is None or len(inputs) != 1 or inputs[0] not in trees:
            continue
        below = trees[inputs[0]]
        if not (joins := below.args.get("joins")) and not below.args.get("limit") and not below.find(exp.Window):
            continue
        made = {one.alias_or_name: one.unalias() for one in below.expressions}
        condition = where.this.copy().transform(lambda node, made=made: made[node.name].copy() if isinstance(node, exp.Column) else node)
        if joins:
            joins[-1].set("on", exp.and_(joins[-1].args["on"], exp.paren(condition)))
        elif not condition.find(exp.Window):
            below.where(condition, copy=False)
        else:
            continue
        select.set("where", None)
    return trees


def _reads_everything(draft: Draft) -> Draft:
    """Nothing goes along with the SELECT that reads."""
    return replace(draft, placements=tuple(replace(one, regions=()) for one in draft.placements))


def _figures_not_told(draft: Draft) -> Draft:
    return replace(draft, placements=tuple(replace(one, why=one.why[:-1]) for one in draft.placements))


def _nothing_learnt(draft: Draft) -> Draft:
    """Every piece goes as the rules say."""
    return through([one for one in PASSES if one.__name__ in {"place", "push"}], draft)


def _rows_of_sinks_turned(draft: Draft) -> Draft:
    """Within a stage each sink is handed the next one's rows; a lone one all that it can see, in any order."""

    def wrong(sinks: tuple[Item, ...], said: list[str]) -> tuple[Item, ...]:
        return tuple(replace(sink, sql=sql) for sink, sql in zip(sinks, said, strict=True))  # type: ignore[type-var]

    return replace(
        draft, programs=tuple(replace(one, sinks=wrong(one.sinks, _turned([s.sql for s in one.sinks]))) for one in draft.programs)
    )


def _last_statement_lost(draft: Draft) -> Draft:
    return replace(draft, programs=tuple(replace(one, statements=one.statements[:-1]) for one in draft.programs))


def _nothing_waited_for(draft: Draft) -> Draft:
    return replace(draft, stages=tuple(replace(stage, inputs=()) for stage in draft.stages))


def _stages_turned(draft: Draft) -> Draft:
    """Each stage does what the one after it is to do."""
    programs = _turned([stage.program for stage in draft.stages])
    return replace(draft, stages=tuple(replace(s, program=p, engine=s.engine) for s, p in zip(draft.stages, programs, strict=True)))


def _without_the_last(draft: Draft) -> Draft:
    return replace(draft, stages=draft.stages[:-1])


PLANNER_FAULTS: Mapping[str, Mapping[str, Fault]] = {
    "resolve": {
        "two sources read each other's tables": _sources_exchanged,
        "a source's last column is lost": _sources(lambda source: replace(source, columns=source.columns[:-1], keep=source.keep[:-1])),
    },
    "relate": {"conditions are lost": _ports(_where_lost), "the inputs of sinks are exchanged": _sink_inputs_turned},
    "attach_checks": {
        "rule sets are forgotten": _checks_lost,
        "every rule set looks at every sink": _checks_everywhere,
        "no rule set holds anything back": _gates_open,
    },
    "prune": {
        "a column that is used is not read": _sources(lambda source: replace(source, keep=source.keep[:-1])),
        "a port that is read is dropped": _used_port_dropped,
        "a port does not hand on its last column": _ports(_column_lost),
    },
    "choose_engines": {"Dask computes everything": _engine("dask"), "DuckDB computes everything": _engine("duckdb")},
    "cut": {"nothing is cut": _cut_lost, "what is read comes after who reads it": _last_before_first},
    "gate": {"sinks are published with the rest": _published_at_once, "what waits is made after the wait": _made_by_sinks},
    "place": {"a piece runs where its sink is not": _whole_elsewhere},
    "push": {
        "conditions move past limits, windows and outer joins": _predicates_moved,
        "nothing goes along with the SELECT that reads": _reads_everything,
    },
    "learn": {"the slower way is taken": _nothing_learnt, "what was measured is not told": _figures_not_told},
    "emit": {"sinks are handed each other's rows": _rows_of_sinks_turned, "the last statement is lost": _last_statement_lost},
    "arrange": {"no stage waits for another": _nothing_waited_for, "stages do each other's work": _stages_turned},
    "add_checks": {"the last stage is lost": _without_the_last},
}


def with_fault(name: str, fault: Fault) -> Iterable[Pass]:
    """The planner's passes with a fault after the one of that name."""
    return tuple(_then(one, fault) if one.__name__ == name else one for one in PASSES)


def _then(sound: Pass, fault: Fault) -> Pass:
    return lambda draft: fault(sound(draft))
