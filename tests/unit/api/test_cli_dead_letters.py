"""What the command line makes of what is typed."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from services.api.cli.dead_letters import _column, _in_file
from shared.formats import exact_json


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("version=1.10", "1.10"),
        ("version=true", "true"),
        ('version="7"', "7"),
        ("version=null", None),
        ("version=NaN", "NaN"),
        ("amount=12345678901234567.89", Decimal("12345678901234567.89")),
        ("amount=NaN", "NaN"),
        ("amount=x y", "x y"),
    ],
)
def test_a_corrected_column_stays_what_it_is(typed: str, value: Any) -> None:
    _, found = _column(typed, {"version": "1.9", "amount": Decimal("1.5")})
    assert (found, type(found)) == (value, type(value))


def test_letters_that_were_waived_or_replayed_are_not_fixed_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "bad.jsonl"
    lines = [{"id": str(n), "state": s, "original_record": {"a": 1}} for n, s in enumerate(("open", "waived", "replayed", "fixed"))]
    file.write_text("".join(exact_json.dumps(one) + "\n" for one in lines))
    assert [[one["id"] for one in some] for some in _in_file(file)] == [["0", "3"]]


def test_a_filter_before_the_subcommand_is_refused() -> None:
    command = [sys.executable, "-m", "services.api.cli", "dead-letters", "--run", "r", "delete", "--node", "price"]
    environment = {**os.environ, "PENSTOCK_API_URL": "http://127.0.0.1:1", "PENSTOCK_API_TOKEN": "x"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, "--run stands before 'delete'" in done.stderr) == (2, True), done.stderr


SAID = '{"name": "Łódź – 北京 🎈"}\n'.encode()


class _Exporting(BaseHTTPRequestHandler):
    """A server whose blocks end within characters. `whole`: else it breaks off."""

    whole = True

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(SAID) + (0 if self.whole else 100)))
        self.end_headers()
        for byte in SAID:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            time.sleep(0.005)

    def log_message(self, *_: Any) -> None: ...


def export(whole: bool, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    handler = type("Handler", (_Exporting,), {"whole": whole})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        command = [sys.executable, "-m", "services.api.cli", "dead-letters", "export", *arguments]
        environment = {**os.environ, "PENSTOCK_API_URL": f"http://127.0.0.1:{server.server_port}", "PENSTOCK_API_TOKEN": "x"}
        done = subprocess.run(command, env=environment, capture_output=True, check=False)
        server.shutdown()
    return done


def test_an_export_to_a_pipe_is_what_the_server_said_wherever_its_blocks_end() -> None:
    done = export(True)
    assert (done.returncode, done.stdout) == (0, SAID), done.stderr


def test_an_export_that_breaks_off_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "bad.jsonl"
    file.write_text("before")
    assert export(False, "--to", str(file)).returncode == 3
    assert (file.read_text(), [path.name for path in tmp_path.iterdir()]) == ("before", ["bad.jsonl"])
    assert export(True, "--to", str(file)).returncode == 0
    assert file.read_bytes() == SAID
