"""What lies under a prefix of a bucket: the same questions as of a folder, answered by lists and ETags."""

from __future__ import annotations

import difflib
import re
from contextlib import AbstractContextManager
from typing import IO

import duckdb

from shared.connectors.errors import Denied, Misconfigured, NotFound
from shared.connectors.files.paths import HIDDEN, LONGEST_NAME
from shared.datasets.buckets import Access, Bucket
from shared.formats.extensions import reaching

_LOOKED_AT = 1000


class Objects:
    """The objects under s3://bucket/prefix; `bucket` is that as a client."""

    in_place = True

    def __init__(self, root: str, access: Access) -> None:
        self.location = root
        self.bucket = Bucket(root, access)
        # Of what was listed, so that telling whether it changed needs no more requests than listing it again.
        self._etags: dict[str, str] = {}

    def key(self, path: str) -> str:
        """Of an object that may or may not be there. Raises Denied for a path that would lead out of the prefix on a disk."""
        steps = path.strip("/").split("/")
        if path.startswith("/") or any(step in ("", ".", "..") for step in steps):
            raise Denied(f"{path!r} leaves {self.location}, the root of this connector; name a path below it")
        if any(len(step.encode()) > LONGEST_NAME for step in steps):
            raise NotFound(f"{path[:60]!r}… holds a name of more than {LONGEST_NAME} bytes; shorten it")
        return self.bucket.key(*steps)

    def matching(self, path: str) -> list[str]:
        fixed = re.split(r"[*?\[]", path, maxsplit=1)[0]
        if fixed == path:
            wanted = self.key(path)
            found = [item for item in self.bucket.items(wanted) if item.key == wanted]
        else:
            if path.startswith("/") or ".." in path.split("/"):
                raise Denied(f"{path!r} leaves {self.location}, the root of this connector; name a path below it")
            pattern = re.compile(regex(path))
            begins = self.bucket.key(fixed) if fixed else (f"{self.bucket.prefix}/" if self.bucket.prefix else "")
            found = [
                item for item in self.bucket.items(begins) if pattern.fullmatch(self._under(item.key)) and not hidden(self._under(item.key))
            ]
        if not found:
            raise NotFound(f"{path} is not in {self.location}; " + self._nearest(path))
        self._etags |= {item.key: item.etag for item in found}
        return sorted(self.bucket.url_of(item.key) for item in found)

    def _nearest(self, path: str) -> str:
        there: list[str] = []
        for item in self.bucket.items(f"{self.bucket.prefix}/" if self.bucket.prefix else ""):
            if not hidden(self._under(item.key)):
                there.append(self._under(item.key))
            if len(there) == _LOOKED_AT:
                break
        near = difflib.get_close_matches(path, there, 1, 0.5)
        return f"did you mean {near[0]}?" if near else "put the file there, or correct the path"

    def marker(self, files: list[str]) -> str:
        """By ETags, as they are now."""
        return ";".join(f"{file}:{self._etag(self.bucket.key_of(file))}" for file in files)

    def settled(self, files: list[str]) -> bool:
        return True

    def _etag(self, key: str) -> str:
        # The first question after a list is answered from it.
        if (listed := self._etags.pop(key, None)) is not None:
            return listed
        return next((item.etag for item in self.bucket.items(key) if item.key == key), "")

    def open(self, file: str) -> AbstractContextManager[IO[bytes]]:
        return self.bucket.open(self.bucket.key_of(file))

    def relative(self, file: str) -> str:
        return self._under(self.bucket.key_of(file))

    def reached_by(self, connection: duckdb.DuckDBPyConnection) -> AbstractContextManager[None]:
        return reaching(connection, self.bucket)

    def _under(self, key: str) -> str:
        return key[len(self.bucket.prefix) + 1 :] if self.bucket.prefix else key


def hidden(path: str) -> bool:
    return path.endswith("/") or any(step.startswith(HIDDEN) for step in path.split("/"))


def regex(pattern: str) -> str:
    """As pathlib globs: * and ? within a name, ** any folders, [ab] and [!ab] one sign.

    Whatever stands for anything takes the first place where what follows it fits, and keeps to it unless it is the last: where one is
    found, no later one is better, and to try them all would take for ever (`*a*a*a*a*a*a*b`). Raises Misconfigured.
    """
    pieces: list[tuple[str, list[str]]] = [("", [])]
    for token in re.findall(r"\*\*/|\*\*|\*|\?|\[!?\]?[^\]]*\]|.", pattern, re.DOTALL):
        if token.startswith("**"):
            pieces.append((token, []))
        else:
            pieces[-1][1].append(token)
    (_, begin), *others = pieces
    if any("**" in part and part != "**" for part in pattern.split("/")):
        raise Misconfigured(f"{pattern!r} is no pattern: ** stands for folders and has a part of the path to itself, as in a/**/b.csv")
    said = [_within_names(begin)]
    for at, (any_folders, tokens) in enumerate(others):
        last = at == len(others) - 1
        lead = ("(?:.*/)?" if last else "(?:.*?/)??") if any_folders == "**/" else (".*" if last else ".*?")
        said.append(f"{lead}{_within_names(tokens)}" if last else f"(?>{lead}{_within_names(tokens)})")
    return "".join(said)


def _within_names(tokens: list[str]) -> str:
    """What stands between two `**`: each * ends where its name does."""
    parts: list[str] = []
    # Of the name that is being read: what is before its first *, and what is after each.
    name = [""]
    for token in [*tokens, None]:
        if token == "*":
            name.append("")
        elif token is None or token == "/":
            parts += [name[0], *(f"(?>[^/]*?{after})" for after in name[1:-1]), *(f"[^/]*{after}" for after in name[1:][-1:]), token or ""]
            name = [""]
        else:
            name[-1] += _one_sign(token)
    return "".join(parts)


def _one_sign(token: str) -> str:
    if token == "?":
        return "[^/]"
    if len(token) == 1:
        return re.escape(token)
    inner = token[1:-1].replace("\\", "\\\\").replace("[", "\\[")
    return f"[^/{inner[1:]}]" if inner.startswith("!") else f"[{inner}]"
