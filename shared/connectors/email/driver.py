"""Sends mail by SMTP, one message to all who are named. A mail is the same mail (Message-ID) however often it is tried."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.message import EmailMessage
from email.utils import formatdate, parseaddr
from typing import Any

from shared.connectors.errors import Denied, Misconfigured, Overloaded, TimedOut, Unavailable
from shared.connectors.looking import Found, Tried, tried
from shared.connectors.notifying import TIMEOUT_S, Letter, RefusedByFarSide, Sent, is_forbidden
from shared.connectors.protocols import Survey

_PORTS = {"starttls": 587, "implicit": 465, "none": 25}


class ConnectorDriver:
    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = config
        self._where = str(config.get("host", ""))

    def send(self, letter: Letter) -> Sent:
        to = letter.target.get("to") or self._config.get("to")
        if not to:
            raise Misconfigured("a mail needs somebody to go to; give 'to' in the notification, or in the connector")
        mail = EmailMessage()
        sender = str(self._config["from"])
        try:
            mail["Subject"], mail["From"], mail["To"] = letter.subject, sender, ", ".join(map(str, to))
        except (ValueError, TypeError) as error:
            raise Misconfigured(f"these addresses cannot stand in a mail: {error}") from error
        mail["Date"] = formatdate(letter.timestamp)
        mail["Message-ID"] = f"<{letter.id}@{parseaddr(sender)[1].rpartition('@')[2] or 'penstock'}>"
        # So that nobody's answering machine answers.
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(letter.text)
        with self._session() as session:
            refused = session.send_message(mail)
        left_out = f"; refused: {', '.join(sorted(refused))}" if refused else ""
        return Sent(None, f"{self._where} took it for {len(to) - len(refused)} of {len(to)}{left_out}")

    def check(self) -> list[Tried]:
        def reached() -> str:
            with self._session() as session:
                session.noop()
            return f"{self._where} takes mail from us"

        return tried([("session", reached)])

    def discover(self) -> tuple[list[Found], bool]:
        return [], False

    def survey(self, role: str, options: Mapping[str, Any]) -> Survey:
        raise Misconfigured("a connector of type email is for notifications; it is no source and no sink")

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        try:
            with self._connected() as session:
                if user := self._config.get("user"):
                    session.login(str(user), str(self._config.get("password", "")))
                yield session
        except smtplib.SMTPAuthenticationError as error:
            raise Denied(f"{self._where} does not take user and password ({error.smtp_code}); check the credential") from error
        except smtplib.SMTPNotSupportedError as error:
            raise Misconfigured(f"{self._where}: {error}; choose another tls, or leave the user out") from error
        except smtplib.SMTPRecipientsRefused as error:
            codes = {code for code, _ in error.recipients.values()}
            told = f"{self._where} takes mail for none of the addresses ({', '.join(map(str, sorted(codes)))})"
            raise (Overloaded(told) if all(400 <= code < 500 for code in codes) else RefusedByFarSide(told)) from error
        except smtplib.SMTPResponseException as error:
            told = f"{self._where} answered {error.smtp_code} ({_text(error.smtp_error)})"
            raise (Overloaded(told) if 400 <= error.smtp_code < 500 else RefusedByFarSide(told)) from error
        except TimeoutError as error:
            raise TimedOut(f"{self._where} did not answer within {TIMEOUT_S:.0f} s") from error
        except ssl.SSLError as error:
            raise Misconfigured(f"no TLS with {self._where} ({error.reason}); check its certificate, or choose another tls") from error
        except (smtplib.SMTPException, OSError) as error:
            raise Unavailable(
                f"{self._where} could not be reached ({type(error).__name__}); is the address right, and is it up?"
            ) from error

    def _connected(self) -> smtplib.SMTP:
        tls = str(self._config.get("tls") or "starttls")
        port = int(self._config.get("port") or _PORTS[tls])
        trusted = ssl.create_default_context()
        if tls == "implicit":
            session: smtplib.SMTP = smtplib.SMTP_SSL(self._where, port, timeout=TIMEOUT_S, context=trusted)
        else:
            session = smtplib.SMTP(self._where, port, timeout=TIMEOUT_S)
        if session.sock is not None and is_forbidden(str(session.sock.getpeername()[0])):
            session.close()
            raise Denied(f"{self._where} is an address of this machine's own network (link-local or metadata); use another host")
        if tls == "starttls":
            session.starttls(context=trusted)
        return session


def _text(said: bytes | str) -> str:
    return (said.decode("utf-8", "replace") if isinstance(said, bytes) else said)[:200]
