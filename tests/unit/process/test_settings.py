"""Settings from the environment: right values, and errors that name the setting."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from shared.process import settings
from shared.process.settings import BadSetting


def test_sizes_durations_flags_and_words_are_read() -> None:
    environment = {"A": "512MB", "B": "2GiB", "C": "1.5", "D": "true", "E": "x, y,,z"}
    assert settings.size_bytes("A", 1, environment) == 512_000_000
    assert settings.size_bytes("B", 1, environment) == 2 * 2**30
    assert settings.seconds("C", 1, environment) == timedelta(seconds=1.5)
    assert settings.flag("D", environment=environment)
    assert settings.words("E", environment) == ("x", "y", "z")


def test_what_is_not_set_takes_its_default() -> None:
    assert settings.integer("N", 3, environment={}) == 3
    assert settings.text("N", "x", {"N": "  "}) == "x"


def test_a_folder_is_a_path_or_a_file_url() -> None:
    assert settings.folder("F", environment={"F": "/a/b"}) == Path("/a/b")
    assert settings.folder("F", environment={"F": "file:///a/b%20c"}) == Path("/a/b c")


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (settings.integer, "-1"),
        (settings.integer, "x"),
        (settings.seconds, "nan"),
        (settings.seconds, "soon"),
        (settings.size_bytes, "512 MBs"),
        (settings.flag, "perhaps"),
        (settings.folder, "relative/path"),
        (settings.folder, "s3://bucket/x"),
    ],
)
def test_a_wrong_value_is_refused_naming_the_setting(read, value) -> None:  # type: ignore[no-untyped-def]
    arguments = () if read in (settings.flag, settings.folder) else (1,)
    with pytest.raises(BadSetting, match="PENSTOCK_X"):
        read("PENSTOCK_X", *arguments, environment={"PENSTOCK_X": value})


def test_a_setting_without_default_must_be_given() -> None:
    with pytest.raises(BadSetting, match="PENSTOCK_Y is not set"):
        settings.text("PENSTOCK_Y", environment={})
