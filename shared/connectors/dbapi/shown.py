"""What a plan shows of a write through `shared.connectors.dbapi`: the statements that publish, in the order in which they are said."""

from __future__ import annotations

from sqlglot import exp

from shared.connectors.dbapi import statements as say
from shared.connectors.protocols import SinkWrite
from shared.sql.reads import named


def statements(dialect: str, write: SinkWrite) -> list[str]:
    names, target = [column.name for column in write.columns], write.target
    said: list[exp.Expr] = []
    if write.write_mode == "UPSERT":
        said = [say.stage(target, names), say.insert_values(say.table(say.STAGED), [*names, say.ORDINAL])]
        said.append(say.latest(names, write.upsert_keys, write.order))
        update = say.update_known(target, names, write.upsert_keys, dialect)
        said += [*([update] if update is not None else []), say.insert_new(target, names, write.upsert_keys)]
    else:
        said = [say.delete_all(target)] if write.write_mode == "OVERWRITE" else []
        said.append(say.insert_values(named(target), names))
    return [tree.sql(dialect=dialect, pretty=True) for tree in said]
