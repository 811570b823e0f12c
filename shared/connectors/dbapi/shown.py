"""What a plan shows of a write through `shared.connectors.dbapi`: the statements that publish, in the order in which they are said."""

from __future__ import annotations

from sqlglot import exp

from shared.connectors.dbapi import statements as say
from shared.connectors.protocols import Query, SinkWrite
from shared.sql.dialects import dialect as dialect_of
from shared.sql.reads import named
from shared.sql.temporary import called, made
from shared.sql.writes import writes


def statements(dialect: str, write: SinkWrite) -> list[str]:
    names, target = [column.name for column in write.columns], write.target
    said: list[exp.Expr] = []
    if write.write_mode == "UPSERT":
        said = [say.stage(target, names), say.insert_values(say.table(say.STAGED), [*names, say.ORDINAL])]
        said.append(say.latest(names, write.upsert_keys, write.order))
        update = say.update_known(target, names, write.upsert_keys, dialect, write.options.get("updatedAtColumn"))
        said += [*([update] if update is not None else []), say.insert_new(target, names, write.upsert_keys)]
    else:
        said = [say.delete_all(target)] if write.write_mode == "OVERWRITE" else []
        said.append(say.insert_values(named(target), names))
    return [tree.sql(dialect=dialect, pretty=True) for tree in said]


def computed(dialect: str, write: SinkWrite, query: Query) -> list[str]:
    """What a vendor's session says to write rows that its database computes itself: by way of a table of the session's own, made and filled
    first, unless they are only added. `query` stands by itself: what it reads was kept.
    """
    to = dialect_of(dialect)
    names = [column.name for column in write.columns]

    def filled(into: exp.Table, *, numbered: bool) -> str:
        select = say.picked(names, query.sql, numbered=numbered).sql(to.writes)
        return say.inserted(into, names, select, numbered=numbered).sql(to.writes)

    if write.write_mode == "INSERT":
        return [filled(named(write.target), numbered=False)]
    staged = called(say.STAGED, to)
    none = say.stage_like(write.target, names).sql(to.writes)
    said = writes(dialect, write.target, names, write.write_mode, write.upsert_keys, write.order)
    return [made(staged, none, to), filled(say.table(staged), numbered=True), *said]
