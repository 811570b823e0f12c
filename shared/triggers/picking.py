"""Parameters out of a document, by JSON paths as RFC 9535 has them; and whether a document is what its JSON Schema says.

The libraries are loaded by the first use: most processes never see a webhook.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from decimal import Decimal
from math import isfinite
from typing import Any

from shared.errors import ConfigurationError, DataError
from shared.triggers.unfolding import too_much

# Of one body; who sends a thousand wrong rows learns nothing from the rest.
MOST_VIOLATIONS = 50


class BadPath(ConfigurationError):
    """Not a JSON path."""

    code = "bad_json_path"


class BadSchema(ConfigurationError):
    """Not a JSON Schema of draft 2020-12, or one that refers to what lies elsewhere."""

    code = "bad_json_schema"


class Several(DataError):
    """A path finds several values for a parameter that takes one."""

    code = "several_values"


class NoSuchNumber(DataError):
    """A number that is greater than any that a parameter can be."""

    code = "number_too_great"


# A document -> the values of parameters, by name; those that the document does not have are left out. Raises Several and
# NoSuchNumber.
Pick = Callable[[Any], dict[str, Any]]
# A document -> {path, message} of what is wrong with it; `path` a JSON pointer.
Violations = Callable[[Any], list[dict[str, str]]]


def picker(paths: Mapping[str, str], lists: Collection[str] = ()) -> Pick:
    """`paths`: by parameter. `lists`: the parameters that take a list: all that a path finds, where it may find several. Raises BadPath."""
    compiled = {name: _compiled(path) for name, path in paths.items()}

    def pick(document: Any) -> dict[str, Any]:
        found = {}
        for name, path in compiled.items():
            values = [_plain(value) for value in path.find(document).values()]
            if name in lists and not path.singular_query():
                found[name] = values
            elif len(values) > 1:
                raise Several(f"{paths[name]} finds {len(values)} values for the parameter '{name}', which takes one")
            elif values:
                found[name] = values[0]
        return found

    return pick


def checker(schema: Any) -> Violations:
    """Raises BadSchema."""
    import jsonschema_rs

    if (why := too_much(schema)) is not None:
        raise BadSchema(why)
    try:
        # Nothing is fetched, and no pattern takes longer than the text is long, whoever writes it.
        made = jsonschema_rs.Draft202012Validator(schema, retriever=_nothing, pattern_options=jsonschema_rs.RegexOptions())
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError, TypeError) as error:
        raise BadSchema(str(getattr(error, "message", None) or error).partition("\n")[0]) from error

    def violations(document: Any) -> list[dict[str, str]]:
        found = []
        for error in made.iter_errors(document):
            found.append({"path": _pointer(error.instance_path), "message": _brief(error.message)})
            if len(found) == MOST_VIOLATIONS:
                break
        return found

    return violations


def _compiled(path: str) -> Any:
    import jsonpath_rfc9535

    try:
        made = jsonpath_rfc9535.compile(path)
    except jsonpath_rfc9535.JSONPathError as error:
        raise BadPath(str(error).partition("\n")[0]) from error
    _looks_once(made)
    return made


def _looks_once(query: Any) -> None:
    """Raises BadPath for a path that would go over the same part of a body again and again: each `..` after another multiplies what is
    looked at by the depth of the body, each list of selectors by its length, and a filter that begins at the root does so for each value.
    """
    segments = [segment for one in _queries(query) for segment in one.segments]
    if sum(str(segment).startswith("..") for segment in segments) > 1:
        raise BadPath("it says .. more than once, which could take very long; name what stands between")
    if sum(len(segment.selectors) > 1 for segment in segments) > 1:
        raise BadPath("it lists several selectors more than once, which could take very long; use a parameter for each")
    if any(str(one).startswith("$") and not one.query.singular_query() for one in _filters(query)):
        raise BadPath("a filter in it looks through all of the body for each value, which could take very long; begin it with @")


def _queries(query: Any) -> Iterator[Any]:
    """The path, and those in its filters."""
    yield query
    for inner in _filters(query):
        yield inner.query


def _filters(query: Any) -> Iterator[Any]:
    """All queries in filters, filters in filters too."""
    waiting = [selector for segment in query.segments for selector in segment.selectors]
    while waiting:
        node = waiting.pop()
        if (inner := getattr(node, "query", None)) is not None:
            yield node
            waiting += [selector for segment in inner.segments for selector in segment.selectors]
        waiting += [found for name in ("expression", "left", "right") if (found := getattr(node, name, None)) is not None]
        waiting += getattr(node, "args", ())


def _nothing(address: str) -> Any:
    raise ValueError(f"it refers to {address}; write what stands there into $defs")


def _plain(value: Any) -> Any:
    """As parameters have them: fractions are floats, wherever they stand. Raises NoSuchNumber."""
    if isinstance(value, Decimal):
        if not isfinite(number := float(value)):
            raise NoSuchNumber(f"{value:.5E} is greater than any number that a parameter can be; send it as a text")
        return number
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    return value


def _pointer(path: Collection[str | int]) -> str:
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def _brief(message: str, most: int = 300) -> str:
    return message if len(message) <= most else f"{message[:most]} …"
