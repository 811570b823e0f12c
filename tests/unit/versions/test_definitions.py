"""One suite for both stores of definitions: rows of PostgreSQL, and a folder of files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.store import definitions, resources, schemas
from shared.store.database import Database
from shared.store.definitions import DefinitionMissing, DefinitionsUnwritable, InFolder
from shared.versions.repository import Repository
from shared.versions.seal import seal

pytestmark = pytest.mark.stack
TEXT = "# kept\r\nname:   żółw\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "definitions"


@pytest.fixture(params=["database", "local"])
def kept(request: pytest.FixtureRequest, store_url: str, folder: Path) -> Iterator[Database]:
    found = Database(store_url, name="tests", definitions=definitions.of(folder if request.param == "local" else None))
    yield found
    found.close()


@pytest.fixture
def local(store_url: str, folder: Path) -> Iterator[Database]:
    found = Database(store_url, name="tests", definitions=InFolder(folder))
    yield found
    found.close()


def save(database: Database, text: str, name: str = "a", *, namespace: str = "default") -> resources.Saved:
    with database.transaction() as tx:
        return resources.save(
            tx, kind="Pipeline", namespace=namespace, name=name, text=text, valid=True, problems=(), author="x", message=""
        )


def history(database: Database, name: str = "a", *, kind: str = "Pipeline", namespace: str = "default") -> list[tuple[int, str]]:
    with database.transaction() as tx:
        return [(row["version"], row["document"]) for row in resources.history(tx, kind, namespace, name, None, 100)]


def test_a_text_comes_back_as_it_was_kept_by_every_way_there_is(kept: Database) -> None:
    first, second = save(kept, "one\n"), save(kept, TEXT)
    assert (first.version, second.version, save(kept, TEXT).changed) == (1, 2, False)
    with kept.transaction() as tx:
        now = resources.current(tx, "Pipeline", "default", "a")
        old = resources.at_version(tx, "Pipeline", "default", "a", 1)
        assert now is not None and old is not None
        assert (now["document"], old["document"]) == (TEXT, "one\n")
        assert resources.document(tx, first.uid, 1) == "one\n"
        assert resources.current_document(tx, "Pipeline", "default", "a") == TEXT
        assert resources.current_documents(tx, "Pipeline") == [TEXT]
        assert resources.current(tx, "Pipeline", "default", "unheard-of") is None
        with pytest.raises(LookupError):
            resources.document(tx, first.uid, 3)
    assert history(kept) == [(2, TEXT), (1, "one\n")]


def test_history_outlives_a_deletion(kept: Database) -> None:
    save(kept, "one\n")
    with kept.transaction() as tx:
        assert resources.delete(tx, "Pipeline", "default", "a")
    assert history(kept) == [(1, "one\n")]
    assert save(kept, "one\n").version == 2


def test_a_save_that_is_rolled_back_leaves_nothing_that_counts(kept: Database) -> None:
    save(kept, "one\n")
    with pytest.raises(RuntimeError), kept.transaction() as tx:
        resources.save(tx, kind="Pipeline", namespace="default", name="a", text="lost\n", valid=True, problems=(), author="x", message="")
        raise RuntimeError("broken off")
    assert history(kept) == [(1, "one\n")]
    save(kept, "two\n")
    assert history(kept) == [(2, "two\n"), (1, "one\n")]


@pytest.mark.parametrize("name", ["..", ".", "a/b", "../../x", "ä b", "x" * 60])
def test_no_name_leads_elsewhere(kept: Database, name: str, tmp_path: Path) -> None:
    save(kept, "text\n", name, namespace=name)
    assert history(kept, name, namespace=name) == [(1, "text\n")]
    assert {path.name for path in tmp_path.iterdir()} <= {"definitions"}


def test_git_shows_the_same_from_either(kept: Database, tmp_path: Path) -> None:
    save(kept, TEXT)
    with kept.transaction() as tx:
        (sha,) = seal(tx).values()
    assert Repository(tmp_path / "recipes.git").catch_up(kept) == sha


def test_other_columns_of_a_table_are_another_version_of_its_definition(kept: Database) -> None:
    def look(*columns: list[Any], **more: Any) -> None:
        with kept.transaction() as tx:
            schemas.seen(tx, "default/db", {"table": "public.flights"}, {"exists": True, "columns": list(columns), **more})

    look(["id", "INTEGER", False])
    look(["id", "INTEGER", False], rows=9)
    look(["id", "INTEGER", False], ["née", "TEXT", True])
    look(exists=False)
    (version, after), (_, before) = history(kept, "db.public.flights", kind="Dataset")
    assert version == 2
    assert after == before + '    - {"name": "née", "type": "TEXT", "nullable": true}\n'
    with kept.transaction() as tx:
        schemas.seen(tx, "default/db", {"query": "SELECT 1"}, {"exists": True, "columns": [["x", "TEXT", True]]})
        assert len(resources.current_documents(tx, "Dataset")) == 1


def test_versions_of_both_stores_stand_side_by_side(local: Database, database: Database) -> None:
    save(database, "in a row\n")
    save(local, "in a file\n")
    assert history(local) == [(2, "in a file\n"), (1, "in a row\n")]
    with pytest.raises(DefinitionMissing, match="PENSTOCK_DEFINITIONS=local"):
        history(database)


def test_a_file_that_is_lost_or_was_changed_is_told_of_and_not_taken(local: Database, folder: Path) -> None:
    save(local, "one\n")
    (file,) = folder.rglob("*.yaml")
    assert file.relative_to(folder).parts[:-1] == ("default", "Pipeline", "a")
    file.write_text("by hand\n")
    with pytest.raises(DefinitionMissing, match="versions do not change"):
        history(local)
    file.unlink()
    with pytest.raises(DefinitionMissing, match="bring the file back"):
        history(local)


def test_nothing_is_saved_in_a_folder_that_cannot_be_written(local: Database, folder: Path) -> None:
    folder.write_text("in the way")
    with pytest.raises(DefinitionsUnwritable, match="nothing was saved"):
        save(local, "one\n")
    with local.transaction() as tx:
        schemas.seen(tx, "default/db", {"table": "t"}, {"exists": True, "columns": [["x", "TEXT", True]]})
        assert tx.execute("SELECT count(*) AS n FROM resource_versions").fetchone() == {"n": 0}


def test_a_text_that_is_lost_holds_up_nobody_elses_commit(local: Database, folder: Path) -> None:
    lost = save(local, "lost\n", "a")
    for file in folder.rglob("*.yaml"):
        file.rename(file.with_suffix(".aside"))
    other = save(local, "other\n", "b")
    with local.transaction() as tx:
        assert list(seal(tx)) == [(other.uid, 1)]
    for file in folder.rglob("*.aside"):
        file.rename(file.with_suffix(".yaml"))
    with local.transaction() as tx:
        assert list(seal(tx)) == [(lost.uid, 1)]
