"""What changed in a source, from the columns it had and those it has."""

from __future__ import annotations

from difflib import SequenceMatcher

from shared.diagnosis.case import Change, Seen

# Below this, two names are not one that was changed, unless they stand at the same place with the same type.
_ALIKE = 0.6


def changed(seen: Seen) -> Change:
    """A column that is gone is taken for one that is new where their types are the same and the names are alike, or nothing else was
    added or taken away and they stand at the same place.
    """
    if not seen.before or not seen.now:
        return Change()
    old, new = dict(seen.before), dict(seen.now)
    gone = [name for name in old if name not in new]
    added = [name for name in new if name not in old]
    places = {name: at for at, name in enumerate(old)}, {name: at for at, name in enumerate(new)}
    renamed: dict[str, str] = {}
    alone = len(gone) == len(added) == 1
    pairs = sorted(((_alike(one, other), one, other) for one in gone for other in added), reverse=True)
    for alike, one, other in pairs:
        if one in renamed or other in renamed.values() or old[one] != new[other]:
            continue
        if alike >= _ALIKE or (alone and places[0][one] == places[1][other]):
            renamed[one] = other
    return Change(
        tuple(name for name in gone if name not in renamed),
        tuple(name for name in added if name not in renamed.values()),
        renamed,
        {name: (old[name], new[name]) for name in old if name in new and old[name] != new[name]},
    )


def _alike(one: str, other: str) -> float:
    one, other = one.lower()[:100], other.lower()[:100]
    # A name within the other: amount and amount_net.
    return 1.0 if one in other or other in one else SequenceMatcher(None, one, other).ratio()
