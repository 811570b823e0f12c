"""Every command has examples, and each of them is one that the command takes; whatever goes wrong, nobody sees a traceback."""

from __future__ import annotations

import http.server
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from services.api.cli.__main__ import COMMANDS, cli
from services.api.cli.examples import EXAMPLES

NOTHING = click.Context(cli, info_name="penstock")


def commands() -> Iterator[tuple[str, click.Command]]:
    """Each that does something, by its words."""
    for name in COMMANDS:
        found = cli.get_command(NOTHING, name)
        assert found is not None
        if not isinstance(found, click.Group) or found.invoke_without_command:
            yield name, found
        if isinstance(found, click.Group):
            yield from ((f"{name} {inner}", one) for inner, one in found.commands.items())


def test_every_command_has_examples_in_its_help() -> None:
    found = dict(commands())
    assert found.keys() == EXAMPLES.keys()
    for words, command in found.items():
        text = command.get_help(click.Context(command, info_name=f"penstock {words}"))
        assert EXAMPLES[words][0] in text, text


@pytest.mark.parametrize("words", EXAMPLES)
def test_examples_parse(words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for example in EXAMPLES[words]:
        text = example.removeprefix('eval "$(').removesuffix(')"')
        typed = shlex.split(text.replace("*.yaml", "all.yaml").partition(" > ")[0], comments=True)
        for name in (word for word in typed if word.endswith((".yaml", ".json"))):
            Path(name).parent.mkdir(exist_ok=True)
            Path(name).touch()
        assert typed[0] == "penstock"
        command: click.Command = cli
        rest = typed[1:]
        while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
            found = command.get_command(NOTHING, rest[0])
            assert found is not None, example
            command, rest = found, rest[1:]
        command.make_context("penstock", rest)


def penstock(*arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PENSTOCK_")}
    clean |= {"PENSTOCK_PROFILES": str(folder / "profiles.yaml"), **environment}
    return subprocess.run(
        [sys.executable, "-m", "services.api.cli", *arguments],
        cwd=folder,
        env=clean,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


class _SomebodyElse(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>welcome</html>")

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture(scope="module")
def somebody_else() -> Iterator[str]:
    server = http.server.HTTPServer(("127.0.0.1", 0), _SomebodyElse)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_what_goes_wrong_is_a_sentence_and_an_exit_code(tmp_path: Path, somebody_else: str) -> None:
    (tmp_path / "broken.yaml").write_text("a: [\n\x00")
    (tmp_path / "odd.yaml").write_text("{current: prod, profiles: {prod: nowhere}}")
    (tmp_path / "one.yaml").write_text("{current: prod, profiles: {prod: {url: https://a, token: t}}}")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00\x01")
    for arguments, environment, code in (
        (("pipelines",), {}, 3),
        (("pipelines",), {"PENSTOCK_API_URL": "http://127.0.0.1:9", "PENSTOCK_API_TOKEN": "x"}, 3),
        (("pipelines",), {"PENSTOCK_API_URL": somebody_else, "PENSTOCK_API_TOKEN": "x"}, 3),
        (("pipelines",), {"PENSTOCK_API_URL": "nonsense", "PENSTOCK_API_TOKEN": "x"}, 2),
        (("pipelines",), {"PENSTOCK_API_URL": somebody_else, "PENSTOCK_API_TOKEN": "x\ny"}, 2),
        (("validate", "broken.yaml", "binary.yaml"), {}, 2),
        (("test", "broken.yaml"), {}, 2),
        (("plan", "broken.yaml"), {}, 2),
        (("nothing",), {}, 2),
        (("runs", "--pipeline", "a/b", "--namespace", "c"), {"PENSTOCK_API_URL": somebody_else, "PENSTOCK_API_TOKEN": "x"}, 2),
        (("profiles",), {"PENSTOCK_PROFILES": str(tmp_path / "binary.yaml")}, 2),
        (("pipelines", "-o", "json"), {"PENSTOCK_PROFILES": str(tmp_path / "odd.yaml")}, 2),
        (
            ("init", "x", "--name", "prod", "--url", "https://b", "--token", "t", "--yes"),
            {"PENSTOCK_PROFILES": str(tmp_path / "one.yaml")},
            2,
        ),
        (("run",), {}, 2),
    ):
        done = penstock(*arguments, folder=tmp_path, **environment)
        assert done.returncode == code, (arguments, done.stderr)
        assert "Traceback" not in done.stderr
        assert done.stderr


def test_ctrl_c_ends_with_130_and_a_closed_pipe_without_a_word(tmp_path: Path) -> None:
    environment = {**os.environ, "PENSTOCK_PROFILES": str(tmp_path / "profiles.yaml")}
    script = "import sys; sys.argv = ['penstock', 'init']; from services.api.cli.__main__ import main; main()"
    asking = subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True)  # fmt: skip
    assert asking.stdout is not None
    assert asking.stdout.read(4) == "name"
    time.sleep(0.1)
    asking.send_signal(signal.SIGINT)
    _, told = asking.communicate(timeout=30)
    assert asking.returncode == 130
    assert "Traceback" not in told
    read, write = os.pipe()
    os.close(read)
    writing = subprocess.run(
        [sys.executable, "-m", "services.api.cli", "schema"], cwd=tmp_path, stdout=write, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(write)
    assert (writing.returncode, writing.stderr) == (141, "")
