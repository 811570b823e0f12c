"""The command line apart from any server: its table, its help, servers by name, and a project to begin with."""

from __future__ import annotations

import json
import os
import resource
import stat
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from services.api.cli import servers
from services.api.cli.__main__ import COMMANDS, cli
from services.api.cli.answering import printed
from shared.pipelines.language import read_documents
from shared.pipelines.validation import validate


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No server, profile or project of this machine's."""
    for name in list(os.environ):
        if name.startswith("PENSTOCK_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PENSTOCK_PROFILES", str(tmp_path / "settings" / "profiles.yaml"))
    monkeypatch.chdir(tmp_path)


def typed(*arguments: str, says: str | None = None) -> tuple[int, str]:
    """Exit code, and all that was printed."""
    done = CliRunner().invoke(cli, list(arguments), input=says)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_of_the_table_is_there_and_says_what_it_does(name: str) -> None:
    module, command, about = COMMANDS[name]
    found = getattr(import_module(f"services.api.cli.{module}"), command)
    assert isinstance(found, click.Command)
    assert found.name == name
    assert found.help
    assert about.endswith(".")


# They write files or text that is made for one tool, or have nothing to say but that it is done.
_NO_TABLE = {
    *("completion", "dead-letters export", "docs", "export", "init", "quality offenders", "quality suggest", "schema", "staging"),
    *(
        "credentials delete",
        "down",
        "keystore delete",
        "keystore reseal",
        "keystore set",
        "profiles add",
        "profiles remove",
        "profiles use",
    ),
    *("tokens readmit", "tokens revoke", "up"),
}


def test_whatever_has_an_answer_gives_it_to_programs_too() -> None:
    def below(command: click.Command, name: str) -> Iterator[tuple[str, bool]]:
        inner = command.commands if isinstance(command, click.Group) else {}
        if not inner or getattr(command, "invoke_without_command", False):
            yield name, any(parameter.name == "output" for parameter in command.params)
        for word, one in inner.items():
            yield from below(one, f"{name} {word}")

    roots = {name: getattr(import_module(f"services.api.cli.{module}"), command) for name, (module, command, _) in COMMANDS.items()}
    assert {name for root, command in roots.items() for name, has in below(command, root) if not has} == _NO_TABLE


def test_fractions_keep_their_digits_in_every_form(capsys: pytest.CaptureFixture[str]) -> None:
    row = {"price": Decimal("0.10"), "much": Decimal("12345678901234567890.123456789"), "n": 2}
    printed(row, "yaml")
    assert capsys.readouterr().out == "price: 0.10\nmuch: 12345678901234567890.123456789\nn: 2\n"
    printed(row, "json")
    assert capsys.readouterr().out == '{\n  "price": 0.10,\n  "much": 12345678901234567890.123456789,\n  "n": 2\n}\n'


def test_help_comes_at_once_since_it_loads_no_command() -> None:
    script = (
        "import sys; sys.argv = ['penstock', '--help']\n"
        "from services.api.cli.__main__ import cli\n"
        "try: cli(prog_name='penstock')\n"
        "except SystemExit: pass\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'httpx', 'rich', 'yaml', 'sqlglot', 'marshmallow', 'flask'}))"
    )
    spent = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert done.stdout.splitlines()[-1] == "[]"
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    # Of the processor, since others work here too.
    assert min(spent) < 0.3
    assert "dead-letters" in done.stdout


def test_what_is_wrong_with_files_is_told_to_programs_too(tmp_path: Path) -> None:
    recipe = tmp_path / "bad.yaml"
    recipe.write_text("apiVersion: penstock/v1\nkind: Calendar\nmetadata: {name: bad}\nspec: {dtes: []}\n")
    code, said = typed("validate", str(recipe), "-o", "json")
    found = json.loads(said)
    assert (code, found["valid"]) == (2, False)
    assert {(one["code"], one["line"], one["file"]) for one in found["errors"]} >= {("unknown_setting", 4, str(recipe))}


def test_a_table_whose_reader_has_gone_is_no_run_that_failed() -> None:
    script = "from services.api.cli.answering import console\nfrom services.api.cli.__main__ import cli\n"
    script += "cli.add_command(__import__('click').Command('much', callback=lambda: console().print('row')))\n"
    script += "cli(['much'], prog_name='penstock')"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert (process.wait(20), process.stderr.read()) == (141, b"")


def test_a_word_that_is_no_command_is_refused() -> None:
    assert typed("no-such-command")[0] == 2


def test_servers_are_kept_by_name_for_nobody_else_to_read() -> None:
    assert typed("profiles", "add", "prod", "--url", "https://prod.example/", "--token", "t-1")[0] == 0
    assert typed("profiles", "add", "test", "--url", "https://test.example", says="t-2\n")[0] == 0
    assert stat.S_IMODE(servers.place().stat().st_mode) == 0o600
    code, said = typed("profiles", "-o", "json")
    assert code == 0
    assert [(one["name"], one["current"]) for one in json.loads(said)["items"]] == [("prod", True), ("test", False)]
    assert "t-1" not in said
    assert servers.chosen(None, None, None) == servers.Server("https://prod.example", "t-1")
    assert typed("profiles", "use", "test")[0] == 0
    assert servers.chosen(None, None, None) == servers.Server("https://test.example", "t-2")
    assert typed("profiles", "remove", "test")[0] == 0
    assert servers.chosen(None, None, None) == servers.Server(None, None)


def test_a_secret_is_read_from_a_pipe_and_a_pipe_without_one_is_told() -> None:
    assert typed("profiles", "add", "prod", "--url", "https://prod.example", says="t-1\n") == (0, "profile prod: https://prod.example\n")
    assert servers.chosen(None, None, "prod").token == "t-1"
    code, said = typed("profiles", "add", "test", "--url", "https://test.example", says="")
    assert (code, "nothing is piped in" in said) == (2, True)


def test_up_and_down_are_of_the_server_whose_folder_lies_above_as_all_commands_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # What a sink keeps beside its files has the same name, and is no server.
    project = tmp_path / "shop"
    (project / ".penstock").mkdir(parents=True)
    (tmp_path / ".penstock").mkdir()
    (tmp_path / ".penstock" / "api.url").write_text("http://127.0.0.1:1")
    monkeypatch.chdir(project)
    assert typed("down")[0] == 0
    assert not list((project / ".penstock").iterdir())


def test_what_was_typed_counts_before_variables_and_those_before_folders() -> None:
    for name in ("one", "two", "three"):
        servers.add(name, f"https://{name}.example", name)
    Path("penstock.toml").write_text('name = "x"\nprofile = "three"\n')
    inner = Path("inner")
    inner.mkdir()
    os.chdir(inner)
    assert servers.chosen(None, None, None).token == "three"
    environment = {**os.environ, "PENSTOCK_PROFILE": "two"}
    assert servers.chosen(None, None, None, environment).token == "two"
    assert servers.chosen(None, None, "one", environment).token == "one"
    assert servers.chosen("http://here", "t", "one", environment) == servers.Server("http://here", "t")
    assert servers.chosen(None, None, None, {**os.environ, "PENSTOCK_API_URL": "http://there"}).url == "http://there"


def test_a_profile_that_is_not_known_is_wrong_use_and_no_server_is_not_reachable() -> None:
    code, said = typed("--profile", "nobody", "status")
    assert (code, "penstock profiles add nobody" in said) == (2, True)
    code, said = typed("status")
    assert (code, "penstock up" in said) == (3, True)


def test_a_project_begins_with_a_sample_that_is_valid() -> None:
    code, said = typed("init", "shop", "--yes", "--description", 'What "sells": here')
    assert code == 0, said
    files = [*Path("shop").glob("*.yaml"), *Path("shop").glob("tests/*.yaml")]
    text = b"---\n".join(file.read_bytes() for file in files)
    problems = [problem for problem in validate(read_documents(text)) if problem.severity == "error"]
    assert [(problem.message) for problem in problems] == []
    assert str(Path("shop").resolve()) in Path("shop/connectors.yaml").read_text()
    code, said = typed("init", "shop", "--yes")
    assert (code, "already" in said) == (2, True)


def test_a_project_asks_for_what_is_not_said_and_keeps_the_server_elsewhere() -> None:
    code, said = typed("init", says="far\nOrders\ncloud\nhttps://far.example\nsecret-token\n")
    assert code == 0, said
    assert "secret-token" not in said
    assert not any(b"secret-token" in file.read_bytes() for file in Path("far").rglob("*") if file.is_file())
    os.chdir("far")
    assert servers.chosen(None, None, None) == servers.Server("https://far.example", "secret-token")


@pytest.mark.parametrize("arguments", [("init", "x", "-y", "--name", "No Name"), ("init", "x", "-y", "--hosting", "cloud")], ids=str)
def test_a_project_that_cannot_be_writes_nothing(arguments: tuple[str, ...]) -> None:
    assert typed(*arguments)[0] == 2
    assert not Path("x").exists()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_commands_and_options(shell: str) -> None:
    code, said = typed("completion", shell)
    assert code == 0
    assert "_PENSTOCK_COMPLETE" in said


def test_commands_are_completed_by_their_beginning() -> None:
    environment = {**os.environ, "_PENSTOCK_COMPLETE": "bash_complete", "COMP_WORDS": "penstock sta", "COMP_CWORD": "1"}
    script = "import sys; sys.argv = ['penstock']; from services.api.cli.__main__ import main; main()"
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert sorted(done.stdout.split()) == ["plain,staging", "plain,start", "plain,state", "plain,status"]
