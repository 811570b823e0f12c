"""The ways on which people are told, with real servers at their ends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from shared.connectors import driver
from shared.connectors.errors import Denied, Misconfigured, NotFound, Overloaded, OverRate, Unavailable
from shared.connectors.notifying import Answered, Letter, Sent, is_forbidden, post
from shared.process import settings
from tests.support.receivers import Mail, Web, mail, web


@pytest.fixture
def far() -> Iterator[Web]:
    with web() as server:
        yield server


@pytest.fixture
def mailbox() -> Iterator[Mail]:
    with mail() as server:
        yield server


def send(kind: str, config: dict[str, Any], text: str = "it broke", subject: str = "default/p failed", **target: Any) -> Sent:
    letter = Letter("msg_1", 1_700_000_000, "failure", subject, text, {"pipeline": "default/p", "node": ""}, target)
    sent: Sent = driver(kind, config).send(letter)  # type: ignore[attr-defined]
    return sent


def test_a_slack_webhook_is_given_the_text(far: Web) -> None:
    assert send("slack", {"webhookUrl": f"{far.url}/services/x"}).status == 200
    assert json.loads(far.got[0].body) == {"text": "it broke"}


def test_a_bot_writes_into_the_channel_that_the_notification_names(far: Web) -> None:
    far.answers = [(200, '{"ok": true}', {})]
    send("slack", {"token": "xoxb-1", "channel": "#all", "apiUrl": f"{far.url}/api"}, channel="#data")
    got = far.got[0]
    assert (got.path, got.headers["authorization"]) == ("/api/chat.postMessage", "Bearer xoxb-1")
    assert json.loads(got.body)["channel"] == "#data"


@pytest.mark.parametrize(
    ("said", "error"),
    [("invalid_auth", Denied), ("channel_not_found", NotFound), ("ratelimited", OverRate), ("msg_too_long", Misconfigured)],
)
def test_what_slack_refuses_with_200_is_a_failure(far: Web, said: str, error: type[Exception]) -> None:
    far.answers = [(200, json.dumps({"ok": False, "error": said}), {})]
    with pytest.raises(error, match=said):
        send("slack", {"token": "xoxb-1", "channel": "#all", "apiUrl": far.url})


def test_what_is_not_known_is_null_in_a_push_and_nothing_is_signed_without_a_secret(far: Web) -> None:
    send("http_push", {"url": far.url})
    said = json.loads(far.got[0].body)
    assert (said["timestamp"], said["data"]["node"]) == ("2023-11-14T22:13:20Z", None)
    assert "webhook-signature" not in far.got[0].headers


def test_a_redirect_is_not_followed(far: Web) -> None:
    far.answers = [(307, "", {"Location": "http://169.254.169.254/latest"})]
    with pytest.raises(Answered) as refused:
        send("http_push", {"url": far.url})
    assert (refused.value.status, len(far.got)) == (307, 1)


def test_an_answer_says_whether_trying_again_helps(far: Web) -> None:
    far.answers = [(503, "", {"Retry-After": "7"})]
    with pytest.raises(Answered) as refused:
        send("http_push", {"url": far.url})
    assert isinstance(refused.value.error, Overloaded)
    assert refused.value.error.retry_after_s == 7


def test_nobody_at_the_address_is_transient() -> None:
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1:1 could not be reached"):
        send("http_push", {"url": "http://127.0.0.1:1/secret-path"})


def test_addresses_of_the_machines_own_network_are_refused_however_they_are_spelled() -> None:
    for address in (
        "169.254.169.254",
        "::ffff:169.254.169.254",
        "fe80::1%eth0",
        "fd00:ec2::254",
        "100.100.100.200",
        "0.0.0.0",
        "224.0.0.1",
    ):
        assert is_forbidden(address), address
    for address in ("127.0.0.1", "10.1.2.3", "192.168.1.1", "8.8.8.8", "2001:db8::1", "fd12::1"):
        assert not is_forbidden(address), address


def test_the_address_that_was_connected_to_is_looked_at_before_anything_is_said(far: Web) -> None:
    looked_at: list[str] = []

    def forbidden(address: str) -> bool:
        looked_at.append(address)
        return True

    with pytest.raises(Denied, match="link-local or metadata"):
        post(far.url.replace("127.0.0.1", "localhost"), b"{}", {}, forbidden)
    assert (looked_at[0], far.got) == ("127.0.0.1", [])


def test_a_mail_goes_to_all_who_are_named(mailbox: Mail) -> None:
    config = {"host": "127.0.0.1", "port": mailbox.port, "tls": "none", "from": "Penstock <penstock@example.com>"}
    sent = send("email", config, "Zażółć\n{it broke}", to=["a@example.com", "b@example.com"])
    assert sent.said == "127.0.0.1 took it for 2 of 2"
    sender, to, message = mailbox.got[0]
    assert (sender, to) == ("penstock@example.com", ["a@example.com", "b@example.com"])
    assert (message["Subject"], message["Message-ID"]) == ("default/p failed", "<msg_1@example.com>")
    assert message.get_payload(decode=True).decode().split() == ["Zażółć", "{it", "broke}"]  # type: ignore[union-attr]


def test_a_mail_server_that_takes_none_of_the_addresses_says_for_how_long(mailbox: Mail) -> None:
    config = {"host": "127.0.0.1", "port": mailbox.port, "tls": "none", "from": "penstock@example.com"}
    mailbox.refuse = {"gone@example.com": "550 no such user", "full@example.com": "452 mailbox full"}
    with pytest.raises(Misconfigured, match="550"):
        send("email", config, to=["gone@example.com"])
    with pytest.raises(Overloaded, match="452"):
        send("email", config, to=["full@example.com"])
    assert send("email", config, to=["a@example.com", "gone@example.com"]).said.endswith("took it for 1 of 2; refused: gone@example.com")


def test_a_line_break_adds_no_header_to_a_mail(mailbox: Mail) -> None:
    config = {"host": "127.0.0.1", "port": mailbox.port, "tls": "none", "from": "penstock@example.com"}
    with pytest.raises(Misconfigured, match="addresses"):
        send("email", config, to=["a@example.com\nBcc: b@example.com"])
    assert mailbox.got == []


def test_tls_that_was_asked_for_is_insisted_on(mailbox: Mail) -> None:
    with pytest.raises(Misconfigured):
        send("email", {"host": "127.0.0.1", "port": mailbox.port, "from": "penstock@example.com"}, to=["a@example.com"])
    assert mailbox.got == []


def test_the_platforms_own_mail_is_a_url() -> None:
    said = {"PENSTOCK_SMTP_URL": "smtps://me:p%40ss@mail.example.com:4650", "PENSTOCK_SMTP_FROM": "penstock@example.com"}
    assert settings.mail(said) == {
        "host": "mail.example.com", "port": 4650, "tls": "implicit", "user": "me", "password": "p@ss", "from": "penstock@example.com",
    }  # fmt: skip
    assert settings.mail({}) is None
    for wrong in ("mail.example.com:25", "http://mail.example.com", "smtp://mail.example.com:port"):
        with pytest.raises(settings.BadSetting, match="PENSTOCK_SMTP_URL") as refused:
            settings.mail({**said, "PENSTOCK_SMTP_URL": wrong})
        assert wrong not in refused.value.message
