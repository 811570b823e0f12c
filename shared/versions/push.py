"""Sends the chain to a remote repository, on the branch main and nothing else.

Never forced: a remote that holds commits which are not ours is left as it is, and that is told. May block for as long as the network does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dulwich.client import HTTPProxyUnauthorized, HTTPUnauthorized, get_transport_and_path
from dulwich.config import ConfigDict
from dulwich.errors import GitProtocolError, HookError, NotGitRepository, SendPackError
from dulwich.objects import ObjectID
from dulwich.pack import UnpackedObject
from dulwich.refs import Ref
from dulwich.repo import Repo
from urllib3.exceptions import HTTPError

from shared.errors import ConfigurationError, UnavailableError
from shared.versions.repository import REF

TIMEOUT_S = 30
_SSH = "ssh -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=10"


class RemoteUnavailable(UnavailableError):
    """It did not answer, or broke off; the same push may succeed later."""

    code = "git_remote_unavailable"


class RemoteRefused(ConfigurationError):
    """It answered, and will not take this until somebody changes something."""

    code = "git_remote_refused"


@dataclass(frozen=True, slots=True)
class Remote:
    """`url` is anything Git takes: https://…, ssh://…, git@host:path, a folder. Without a username, what the URL says counts."""

    url: str = field(repr=False)
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        """Without a password."""
        return re.sub(r"(?<=://)[^/@]*@", "", self.url)


def push(folder: Path, remote: Remote, ours: Callable[[str], bool]) -> str | None:
    """The sha that the remote is at now; None where there is nothing to push. `ours` says whether a sha is a commit of the chain.

    Raises RemoteUnavailable, RemoteRefused; KeyError where objects of the repository are missing.
    """
    with Repo(str(folder)) as repo:
        if REF not in repo.refs:
            return None
        head = repo.refs[REF]

        def update(refs: dict[Ref, ObjectID]) -> dict[Ref, ObjectID]:
            there = refs.get(REF)
            if there is not None and there != head and not ours(there.decode()):
                raise RemoteRefused(
                    f"the Git remote {remote} has commits on main that are not Penstock's ({there.decode()[:10]}); nothing was pushed:"
                    " move them to another branch, or give PENSTOCK_GIT_REMOTE an empty repository"
                )
            return {} if there == head else {REF: head}

        def pack(have: AbstractSet[ObjectID], want: AbstractSet[ObjectID], **how: Any) -> tuple[int, Iterator[UnpackedObject]]:
            return repo.generate_pack_data(set(have), set(want), **how)

        config = ConfigDict()
        config.set((b"http",), b"timeout", str(TIMEOUT_S).encode())
        try:
            client, path = get_transport_and_path(
                remote.url, config=config, quiet=True, username=remote.username, password=remote.password, ssh_command=_SSH
            )
            told = client.send_pack(path.encode(), update, pack)
        except (HTTPUnauthorized, HTTPProxyUnauthorized) as error:
            raise RemoteRefused(
                f"the Git remote {remote} wants other credentials; set PENSTOCK_GIT_USERNAME and PENSTOCK_GIT_PASSWORD"
            ) from error
        except (SendPackError, HookError) as error:
            raise RemoteRefused(f"the Git remote {remote} refused the push: {_safe(error, remote)}") from error
        except (OSError, GitProtocolError, NotGitRepository, HTTPError) as error:
            raise RemoteUnavailable(
                f"the Git remote {remote} cannot be pushed to just now ({type(error).__name__}: {_safe(error, remote)}); it is tried again"
            ) from error
        refused = {ref: why for ref, why in (told.ref_status or {}).items() if why}
        if refused:
            raise RemoteRefused(f"the Git remote {remote} refused the push: {refused.get(REF) or next(iter(refused.values()))}")
        return head.decode()


def _safe(error: Exception, remote: Remote) -> str:
    text = str(error).replace(remote.url, str(remote))
    return text.replace(remote.password, "***") if remote.password else text
