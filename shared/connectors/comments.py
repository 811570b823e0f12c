"""The comment by which a statement says which trace it belongs to, as sqlcommenter has it."""

from __future__ import annotations


def comment(traceparent: str) -> str:
    """To stand behind a statement: on a line of its own, so that neither a comment at its end nor a pooler that looks at its first word is
    in the way.
    """
    return f"\n/*traceparent='{traceparent}'*/"
