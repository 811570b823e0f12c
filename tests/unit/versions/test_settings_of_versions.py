"""The settings of versions and definitions, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.process import settings
from shared.process.settings import BadSetting

HOME = Path("/home/of/penstock")


def test_git_and_definitions_lie_in_the_state_folder_unless_told_otherwise() -> None:
    assert settings.git_repository(HOME, {}) == HOME / "recipes.git"
    assert settings.git_repository(None, {}) is None
    assert settings.git_repository(None, {"PENSTOCK_GIT_REPOSITORY": "/elsewhere"}) == Path("/elsewhere")
    assert settings.definitions(HOME, {}) is None
    assert settings.definitions(HOME, {"PENSTOCK_DEFINITIONS": "local"}) == HOME / "definitions"
    assert settings.definitions(None, {"PENSTOCK_DEFINITIONS": "local", "PENSTOCK_DEFINITIONS_FOLDER": "/d"}) == Path("/d")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"PENSTOCK_DEFINITIONS": "git"}, "database or local"),
        ({"PENSTOCK_DEFINITIONS": "local"}, "PENSTOCK_DEFINITIONS_FOLDER is not set"),
        ({"PENSTOCK_DEFINITIONS": "local", "PENSTOCK_DEFINITIONS_FOLDER": "here"}, "absolute"),
        ({"PENSTOCK_DEFINITIONS": "local", "PENSTOCK_DEFINITIONS_FOLDER": "/d", "PENSTOCK_FORBID_LOCAL_STATE": "true"}, "forbids"),
    ],
)
def test_a_setting_that_cannot_be_kept_to_is_refused_by_name(given: dict[str, str], words: str) -> None:
    with pytest.raises(BadSetting, match=words):
        settings.definitions(None, given)


@pytest.mark.parametrize(
    ("remote", "taken"),
    [
        ("https://git.example.org/recipes.git", True),
        ("ssh://git@host/recipes.git", True),
        ("git@host:recipes.git", True),
        ("/srv/recipes.git", True),
        ("recipes.git", False),
        ("../recipes.git", False),
    ],
)
def test_a_remote_is_a_url_or_an_absolute_folder(monkeypatch: pytest.MonkeyPatch, remote: str, taken: bool) -> None:
    from services.scheduler.settings import Settings

    given = {"PENSTOCK_HOME": str(HOME), "PENSTOCK_DATABASE_URL": "postgresql://x", "PENSTOCK_REDIS_URL": "redis://x"}
    for name, value in {**given, "PENSTOCK_GIT_REMOTE": remote, "PENSTOCK_GIT_PASSWORD": "n0t-told"}.items():
        monkeypatch.setenv(name, value)
    if taken:
        assert "n0t-told" not in repr(Settings.from_environment())
        return
    with pytest.raises(BadSetting, match="PENSTOCK_GIT_REMOTE"):
        Settings.from_environment()
