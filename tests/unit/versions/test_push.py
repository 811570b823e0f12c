"""Pushing the chain to another repository, real ones on this disk and one that is not there."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from dulwich.objects import Commit as GitCommit
from dulwich.repo import Repo

from shared.versions import objects
from shared.versions.push import Remote, RemoteRefused, RemoteUnavailable, push
from shared.versions.repository import REF


def commit(folder: Path, message: str) -> str:
    """Onto main, an empty tree; the sha."""
    with Repo(str(folder)) if folder.exists() else Repo.init_bare(str(folder), mkdir=True) as repo:
        parent = repo.refs[REF].decode() if REF in repo.refs else None
        tree = objects.tree({}, leaves=True)
        made: GitCommit = objects.commit(
            tree=objects.sha(tree), parent=parent, author="a <a@b>", message=message, at=datetime(2026, 1, 1, tzinfo=UTC)
        )
        repo.object_store.add_object(tree)
        repo.object_store.add_object(made)
        repo.refs[REF] = made.id
        return made.id.decode()


def main_of(folder: Path) -> list[str]:
    """Shas, the oldest first, as Git reads them."""
    return subprocess.check_output(["git", "--git-dir", str(folder), "log", "--reverse", "--format=%H", "main"], text=True).split()


@pytest.fixture
def here(tmp_path: Path) -> Path:
    return tmp_path / "here.git"


@pytest.fixture
def there(tmp_path: Path) -> Path:
    folder = tmp_path / "there.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(folder)], check=True)
    return folder


def test_what_is_new_goes_there_and_nothing_goes_twice(here: Path, there: Path) -> None:
    ours = [commit(here, "1"), commit(here, "2")]
    remote = Remote(str(there))
    assert push(here, remote, ours.__contains__) == ours[-1]
    assert main_of(there) == ours
    assert push(here, remote, ours.__contains__) == ours[-1]
    ours.append(commit(here, "3"))
    assert push(here, remote, ours.__contains__) == ours[-1]
    assert main_of(there) == ours


def test_a_remote_with_commits_of_others_is_left_as_it_is(here: Path, there: Path) -> None:
    ours = [commit(here, "ours")]
    theirs = commit(there, "theirs")
    with pytest.raises(RemoteRefused, match=f"not Penstock's \\({theirs[:10]}\\)"):
        push(here, Remote(str(there)), ours.__contains__)
    assert main_of(there) == [theirs]


@pytest.mark.parametrize(
    "url", ["/nowhere/at/all.git", "http://127.0.0.1:9/x.git", "git://127.0.0.1:9/x.git", "ssh://git@127.0.0.1:9/x.git"]
)
def test_a_remote_that_is_away_may_be_tried_again(here: Path, url: str) -> None:
    commit(here, "1")
    with pytest.raises(RemoteUnavailable, match="cannot be pushed to just now"):
        push(here, Remote(url), lambda _: True)


def test_a_password_is_never_told(here: Path) -> None:
    commit(here, "1")
    with pytest.raises(RemoteUnavailable) as told:
        push(here, Remote("http://jan:s3cret-1@127.0.0.1:9/x.git", password="s3cret-2"), lambda _: True)
    assert "s3cret" not in str(told.value) + repr(Remote("http://jan:s3cret-1@h/x", "jan", "s3cret-2"))


def test_nothing_is_pushed_while_nothing_was_saved(tmp_path: Path, there: Path) -> None:
    Repo.init_bare(str(tmp_path / "empty.git"), mkdir=True).close()
    assert push(tmp_path / "empty.git", Remote(str(there)), lambda _: True) is None
