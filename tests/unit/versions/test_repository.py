"""The repository that Git shows: the same chain as the store's, whatever happened to whoever wrote it. On a real PostgreSQL."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from shared.store import commits, resources
from shared.store.database import Database
from shared.versions.repository import Repository, RepositoryBusy
from shared.versions.seal import seal, seal_deletion

pytestmark = pytest.mark.stack


def save(database: Database, name: str, text: str, *, kind: str = "Pipeline", namespace: str = "default", message: str = "") -> str:
    """The sha."""
    with database.transaction() as tx:
        saved = resources.save(
            tx, kind=kind, namespace=namespace, name=name, text=text, valid=True, problems=(), author="Żaneta <z>", message=message
        )
        return seal(tx)[saved.uid, saved.version]


def delete(database: Database, name: str) -> str:
    with database.transaction() as tx:
        uid = resources.delete(tx, "Pipeline", "default", name)
        assert uid is not None
        return seal_deletion(tx, uid=uid, kind="Pipeline", namespace="default", name=name, author="admin", message="")


def git(repository: Repository, *arguments: str) -> str:
    done = subprocess.run(["git", "--git-dir", str(repository.folder), *arguments], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def sound(repository: Repository) -> None:
    """As Git itself sees it."""
    assert git(repository, "fsck", "--strict", "--full", "--no-dangling") == ""


def log_of(repository: Repository) -> list[str]:
    """Shas, the oldest first."""
    return git(repository, "log", "--reverse", "--format=%H", "main").split()


def recorded(database: Database) -> list[str]:
    with database.transaction() as tx:
        return [commit.sha for commit, _ in commits.after(tx, 0, 10_000)]


def test_git_shows_what_was_saved_as_it_was_written(database: Database, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "recipes.git")
    text = "# a comment, kept\r\nname:   żółw\n"
    shas = [
        save(database, "a", text),
        save(database, "a", text + "b: 1\n", message="two\nlines"),
        save(database, "b", "x", kind="Calendar"),
    ]
    shas.append(save(database, "a", "in another namespace\n", namespace="team"))
    assert repository.catch_up(database) == shas[-1]
    sound(repository)
    assert log_of(repository) == shas == recorded(database)
    assert (
        subprocess.check_output(["git", "--git-dir", str(repository.folder), "show", f"{shas[0]}:default/Pipeline/a.yaml"]) == text.encode()
    )
    names = git(repository, "ls-tree", "-r", "--name-only", "main").split()
    assert names == ["default/Calendar/b.yaml", "default/Pipeline/a.yaml", "team/Pipeline/a.yaml"]
    assert git(repository, "log", "-1", "--format=%an|%cn|%B", shas[1]).strip() == "Żaneta z|Penstock|two\nlines"
    assert git(repository, "log", "-1", "--format=%s", shas[0]).strip() == "Save Pipeline default/a, version 1"


def test_a_deleted_file_goes_with_its_empty_folders_and_comes_back(database: Database, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "recipes.git")
    save(database, "a", "1")
    gone = delete(database, "a")
    assert repository.catch_up(database) == gone
    assert git(repository, "ls-tree", "-r", "--name-only", "main") == ""
    save(database, "a", "1")
    repository.catch_up(database)
    sound(repository)
    assert git(repository, "ls-tree", "-r", "--name-only", "main").split() == ["default/Pipeline/a.yaml"]
    with database.transaction() as tx:
        assert [row["version"] for row in resources.history(tx, "Pipeline", "default", "a", None, 10)] == [2, 1]


def test_names_that_git_would_take_for_something_else_stay_names(database: Database, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "recipes.git")
    for name, namespace in (("..", ".."), (".git", ".git"), ("a/b", "x/../y"), ("ä b", "n\n1")):
        save(database, name, "text", namespace=namespace)
    repository.catch_up(database)
    sound(repository)
    assert len(git(repository, "ls-tree", "-r", "--name-only", "main").splitlines()) == 4


@pytest.mark.parametrize("saves", [1, 700])
def test_a_repository_that_is_lost_is_written_again_with_the_same_commits(database: Database, tmp_path: Path, saves: int) -> None:
    repository = Repository(tmp_path / "recipes.git")
    for number in range(saves):
        save(database, f"p{number % 7}", f"version {number}\n")
    repository.catch_up(database)
    before = log_of(repository)
    shutil.rmtree(repository.folder)
    repository.catch_up(database)
    sound(repository)
    assert log_of(repository) == before == recorded(database)
    other = Repository(tmp_path / "elsewhere" / "recipes.git")
    other.catch_up(database)
    assert log_of(other) == before


def damage_objects(folder: Path) -> None:
    for file in folder.glob("objects/??/*"):
        file.chmod(0o600)
        file.write_bytes(b"")


def damage_head(folder: Path) -> None:
    (folder / "refs/heads/main").write_text("0" * 39 + "1\n")


def damage_all(folder: Path) -> None:
    shutil.rmtree(folder / "objects")
    (folder / "HEAD").unlink()


@pytest.mark.parametrize("damage", [damage_objects, damage_head, damage_all])
def test_a_damaged_repository_is_put_aside_and_written_anew(database: Database, tmp_path: Path, damage: object) -> None:
    repository = Repository(tmp_path / "recipes.git")
    for number in range(3):
        save(database, "a", str(number))
    repository.catch_up(database)
    damage(repository.folder)  # type: ignore[operator]
    save(database, "a", "after")
    repository.catch_up(database)
    sound(repository)
    assert log_of(repository) == recorded(database)
    assert len(list(tmp_path.glob("recipes.git.replaced-*"))) == 1


def test_versions_saved_before_there_were_commits_get_theirs_in_the_order_of_saving(database: Database, tmp_path: Path) -> None:
    with database.transaction() as tx:
        for name, text in (("b", "1"), ("a", "1"), ("b", "2"), ("c", "1")):
            resources.save(tx, kind="Pipeline", namespace="default", name=name, text=text, valid=True, problems=(), author="x", message="")
        resources.delete(tx, "Pipeline", "default", "c")
    with database.transaction() as tx:
        seal(tx)
    repository = Repository(tmp_path / "recipes.git")
    repository.catch_up(database)
    sound(repository)
    assert git(repository, "log", "--reverse", "--format=%s").splitlines() == [
        "Save Pipeline default/b, version 1",
        "Save Pipeline default/a, version 1",
        "Save Pipeline default/b, version 2",
        "Save Pipeline default/c, version 1",
        "Delete Pipeline default/c",
    ]


_WRITES = {"os.rename", "os.mkdir", "os.remove"}


def dies_at(step: int, database: Database, repository: Repository) -> bool:
    """Catches up in a process that gets SIGKILL before its Nth step that touches the disk, whatever that step is; False if it finished."""
    child = os.fork()
    if child:
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert code in {0, -signal.SIGKILL}
        return code != 0
    left, around = step, str(repository.folder.parent)

    def count(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal left
        writes = event in _WRITES or (event == "open" and bool(int(arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR)))
        if writes and str(arguments[0]).startswith(around):
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    # Whatever happens here, this process must not go on as a second run of the tests.
    try:
        sys.addaudithook(count)
        repository.catch_up(Database(database.url, name="dying"))
        os._exit(0)
    finally:
        os._exit(1)


@pytest.mark.parametrize("saves", [0, 1, 30], ids=["into a new one", "of one save", "of many saves"])
def test_a_writer_killed_at_any_step_leaves_what_the_next_one_finishes(database: Database, tmp_path: Path, saves: int) -> None:
    killed = 0
    while True:
        repository = Repository(tmp_path / f"{killed if saves == 0 else 0}.git")
        for number in range(max(1, saves)):
            save(database, "a", f"{killed} {number}\n")
        died = dies_at(killed, database, repository)
        assert repository.catch_up(database) == recorded(database)[-1]
        sound(repository)
        assert log_of(repository) == recorded(database)
        if not died:
            break
        killed += 1
    assert killed > 4


def test_a_repository_that_another_process_writes_is_waited_for_a_while(database: Database, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "recipes.git")
    save(database, "a", "1")
    with repository._alone(1), pytest.raises(RepositoryBusy):
        repository.catch_up(database, wait_s=0.05)
    assert repository.catch_up(database) is not None


def test_a_saver_that_is_killed_before_it_wrote_to_git_leaves_that_to_the_next(database: Database, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "recipes.git")
    unsaid = save(database, "a", "1")
    with pytest.raises(RuntimeError), database.transaction() as tx:
        resources.save(tx, kind="Pipeline", namespace="default", name="a", text="2", valid=True, problems=(), author="x", message="")
        seal(tx)
        raise RuntimeError("killed before the commit")
    after = save(database, "a", "3")
    repository.catch_up(database)
    assert log_of(repository) == [unsaid, after] == recorded(database)


def test_many_loose_files_become_one_pack(database: Database, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "recipes.git")
    for number in range(3):
        save(database, "a", str(number))
        repository.catch_up(database)
    repository.tidy()
    assert list(repository.folder.glob("objects/??/*"))
    repository.tidy(at_least=1)
    sound(repository)
    assert not list(repository.folder.glob("objects/??/*"))
    save(database, "a", "after")
    repository.catch_up(database)
    sound(repository)
    assert log_of(repository) == recorded(database)
