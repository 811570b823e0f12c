"""The encrypted file of credentials."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from click.testing import CliRunner
from joserfc import jwe
from joserfc.jwk import OctKey

from services.api.cli.__main__ import cli
from shared.errors import ConfigurationError
from shared.process import settings
from shared.secrets.allowed import SecretRefused
from shared.secrets.keystore import NO_KEYSTORE, Keystore

KEY, OTHER = b"k" * 32, b"o" * 32


@pytest.fixture
def keystore(tmp_path: Path) -> Keystore:
    return Keystore(tmp_path / "keystore.jwe", lambda: (KEY,))


def test_a_namespace_reads_its_own_entries_as_they_are_now(keystore: Keystore) -> None:
    keystore.put("sales/db", {"user": "loader", "password": "p'ä"})
    assert keystore.read("db", "sales") == keystore.read("sales/db", "sales") == {"user": "loader", "password": "p'ä"}
    keystore.put("sales/db", {"password": "changed"})
    assert keystore.read("db", "sales") == {"password": "changed"}
    for name, namespace in (("db", "hr"), ("sales/db", "hr"), ("../sales/db", "hr"), ("sales/db", "")):
        with pytest.raises(SecretRefused):
            keystore.read(name, namespace)
    assert keystore.remove("sales/db") and not keystore.remove("sales/db")
    with pytest.raises(SecretRefused, match="no sales/db; put it there with `penstock keystore set sales/db"):
        keystore.read("db", "sales")


def test_the_file_is_a_jwe_that_any_library_opens_and_that_only_its_owner_can_read(keystore: Keystore) -> None:
    keystore.put("sales/db", {"password": "visible?"})
    assert keystore.path is not None
    text = keystore.path.read_text()
    assert keystore.path.stat().st_mode & 0o777 == 0o600
    assert "visible?" not in text
    opened = jwe.decrypt_compact(text, OctKey.import_key(KEY), algorithms=["dir", "A256GCM"])
    assert opened.plaintext == b'{"sales/db": {"password": "visible?"}}'
    assert sorted(path.name for path in keystore.path.parent.iterdir()) == ["keystore.jwe", "keystore.jwe.lock"]


@pytest.mark.parametrize("spoilt", [b"", b"a.b.c.d.e", b"\xff\xfe", None])
def test_another_key_or_a_damaged_file_is_told_and_nothing_is_written_over_it(keystore: Keystore, spoilt: bytes | None) -> None:
    keystore.put("sales/db", {"password": "x"})
    assert keystore.path is not None
    if spoilt is not None:
        keystore.path.write_bytes(spoilt)
    before = keystore.path.read_bytes()
    strange = keystore if spoilt is not None else Keystore(keystore.path, lambda: (OTHER,))
    with pytest.raises(SecretRefused, match="cannot be opened with this key"):
        strange.read("db", "sales")
    with pytest.raises(SecretRefused):
        strange.put("sales/other", {"a": "b"})
    assert keystore.path.read_bytes() == before


def test_after_the_key_was_changed_what_was_sealed_before_is_read_and_sealed_anew(keystore: Keystore) -> None:
    keystore.put("sales/db", {"password": "x"})
    both = Keystore(keystore.path, lambda: (OTHER, KEY))
    assert both.read("db", "sales") == {"password": "x"}
    assert both.reseal() == 1
    assert Keystore(keystore.path, lambda: (OTHER,)).read("db", "sales") == {"password": "x"}


def test_writers_at_one_time_lose_nothing(keystore: Keystore) -> None:
    writers = [threading.Thread(target=keystore.put, args=(f"sales/e{n}", {"n": str(n)})) for n in range(8)]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    assert len(keystore.entries()) == 8


def test_its_key_is_the_master_key_unless_another_is_said(tmp_path: Path) -> None:
    import base64

    master = {"PENSTOCK_MASTER_KEY": base64.b64encode(KEY).decode(), "PENSTOCK_MASTER_KEY_BEFORE": base64.b64encode(OTHER).decode()}
    assert settings.keystore(tmp_path, master).keys() == (KEY, OTHER)
    own = {**master, "PENSTOCK_KEYSTORE_KEY": base64.b64encode(OTHER).decode(), "PENSTOCK_KEYSTORE": "/etc/penstock/keys"}
    found = settings.keystore(tmp_path, own)
    assert (found.path, found.keys()) == (Path("/etc/penstock/keys"), (OTHER,))
    with pytest.raises(ConfigurationError, match="PENSTOCK_KEYSTORE_KEY must be the base64 of 32 bytes"):
        settings.keystore(tmp_path, {"PENSTOCK_KEYSTORE_KEY": "short"}).keys()


def test_it_is_kept_by_a_command_that_shows_no_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PENSTOCK_HOME", "state")
    (tmp_path / "state").mkdir()

    def typed(*words: str, says: str | None = None) -> tuple[int, str]:
        done = CliRunner().invoke(cli, ["keystore", *words], input=says)
        return done.exit_code, done.output

    code, said = typed("set", "sales/db", "user=loader", "password", says="s3cret\n")
    assert (code, "s3cret" in said, "{{keystore:db#field}}" in said) == (0, False, True)
    assert typed("list")[1].splitlines()[-1] == "sales/db: password, user"
    assert settings.keystore(tmp_path / "state", {}).read("db", "sales") == {"user": "loader", "password": "s3cret"}
    assert typed("reseal")[0] == 0
    assert typed("delete", "sales/db")[0] == 0
    assert typed("delete", "sales/db") == (2, "the keystore has no sales/db\n")


def test_where_there_is_none_the_remedy_is_named() -> None:
    with pytest.raises(SecretRefused, match="set PENSTOCK_KEYSTORE"):
        NO_KEYSTORE.read("db", "sales")
    assert "k" * 32 not in repr(Keystore(Path("/x"), lambda: (KEY,)))
