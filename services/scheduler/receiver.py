"""Where events of OpenLineage are sent, from the environment."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from shared.process import settings as read


@dataclass(frozen=True, slots=True)
class Receiver:
    """`url`: where events are posted. `namespace`: of the jobs. `key`: a bearer token."""

    url: str = field(repr=False)
    namespace: str
    key: str | None = field(repr=False, default=None)
    timeout_s: float = 10.0

    def __str__(self) -> str:
        return urlsplit(self.url).hostname or ""

    @staticmethod
    def from_environment() -> Receiver | None:
        url = read.text("PENSTOCK_OPENLINEAGE_URL", "")
        if not url:
            return None
        if not url.startswith(("http://", "https://")) or not urlsplit(url).hostname:
            # Not shown: there may be a password in it.
            raise read.BadSetting("PENSTOCK_OPENLINEAGE_URL must begin with http:// or https:// and name a host")
        # As OpenLineage's own clients take it: the path may be left out.
        path = "" if urlsplit(url).path.strip("/") else "/api/v1/lineage"
        return Receiver(
            url.rstrip("/") + path,
            read.text("PENSTOCK_OPENLINEAGE_NAMESPACE", "penstock"),
            read.text("PENSTOCK_OPENLINEAGE_API_KEY", "") or None,
        )
