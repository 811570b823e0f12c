"""`penstock schema`: the language as JSON Schema, written down for editors; works without a server."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command()
@click.argument("kind", default="recipe")
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), help="Write recipe.json and one file for each kind there.")
def schema(kind: str, folder: Path | None) -> None:
    """The JSON Schema of a kind of document; of any kind where none is said."""
    from shared.pipelines.json_schema import kind_schema, recipe_schema
    from shared.pipelines.kinds import KINDS

    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        for name, made in (("recipe", recipe_schema()), *((name, kind_schema(name)) for name in KINDS)):
            (folder / f"{name}.json").write_text(json.dumps(made, indent=2, ensure_ascii=False) + "\n")
            click.echo(str(folder / f"{name}.json"))
        return
    found = next((name for name in ("recipe", *KINDS) if name.lower() == kind.lower()), None)
    if found is None:
        raise click.UsageError(f"there is no kind {kind}; there is recipe, {', '.join(KINDS)}")
    click.echo(json.dumps(recipe_schema() if found == "recipe" else kind_schema(found), indent=2, ensure_ascii=False))
