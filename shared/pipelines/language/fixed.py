"""What of a pipeline is decided when it is saved, so that no template stands there: its shape, and when it runs."""

from __future__ import annotations

import re

# Settings of a spec that are not filled. Parameters' defaults and the texts of notifications have values of their own time.
FIXED_SETTINGS = frozenset(
    {
        "parameters", "schedule", "timezone", "enabled", "concurrencyPolicy", "catchUp", "jitterSeconds", "calendar", "deadline",
        "triggers", "notifications", "quality",
    }
)  # fmt: skip
# Of these, templates of another time or of secrets may stand in some; whoever reads them says what they mean.
OWN_TEMPLATES = re.compile(r"/spec/(triggers|notifications|parameters/\d+/default)(/|\Z)")
_FIXED = re.compile(rf"/spec/(?:(?:{'|'.join(sorted(FIXED_SETTINGS))})(?:/.*)?|nodes/\d+/(?:id|type)|edges/\d+/(?:from|to|output))")


def is_fixed(path: str) -> bool:
    """Whether the value at a JSON pointer of a Pipeline document is decided when it is saved."""
    return _FIXED.fullmatch(path) is not None
