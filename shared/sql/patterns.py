r"""Named patterns of values: PESEL, NIP, REGON, IBAN, E164_PHONE, EMAIL, UUID, as a condition over a text that is not NULL, and
of a value that is at hand.

Values are matched whole and as they are: no blanks, no dashes but a UUID's, letters of an IBAN in capitals. Where a standard has a check
digit it is computed: PESEL (Act on population registration, 24 September 2010, Art. 15; the day must be one of its century's months),
NIP (Regulation of the Minister of Finance on NIP, weights modulo 11), REGON (Regulation on REGON of 30 November 2015: nine digits, or
fourteen whose first nine are one), IBAN (ISO 13616, ISO 7064 MOD 97-10). E164_PHONE: ITU-T E.164 with its plus. UUID: RFC 9562 in text.
EMAIL: dot-atom @ domain of RFC 5322 without comments and quotes, the domain with a dot.

The conditions hold no cast that could fail, so a row with any text gets an answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sqlglot import exp

from shared.sql import regex

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_PLAIN = {
    "PESEL": r"[0-9]{2}([02468][1-9]|[13579][0-2])(0[1-9]|[12][0-9]|3[01])[0-9]{5}",
    "NIP": r"[0-9]{10}",
    "REGON": r"[0-9]{9}([0-9]{5})?",
    "IBAN": r"[A-Z]{2}[0-9]{2}[0-9A-Z]{11,30}",
    "E164_PHONE": r"\+[1-9][0-9]{1,14}",
    "EMAIL": rf"{_ATOM}(\.{_ATOM})*@([A-Za-z0-9]([A-Za-z0-9-]{{0,61}}[A-Za-z0-9])?\.)+[A-Za-z]{{2,63}}",
    "UUID": r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}",
}
NAMES = tuple(_PLAIN)


@dataclass(frozen=True, slots=True)
class _Sum:
    """Of texts of `length` digits and more: the first digits, each times its weight, are in sum, modulo `modulus`, the digit that follows
    them; 0 where none follows. `folded`: of what is left, the last digit counts.
    """

    length: int
    weights: tuple[int, ...]
    modulus: int
    folded: bool = False


_SUMS = {
    "PESEL": (_Sum(11, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1), 10),),
    # A remainder of 10 is no digit: such numbers are not given out.
    "NIP": (_Sum(10, (6, 5, 7, 2, 3, 4, 5, 6, 7), 11),),
    "REGON": (_Sum(9, (8, 9, 2, 3, 4, 5, 6, 7), 11, folded=True), _Sum(14, (2, 4, 8, 5, 0, 9, 7, 3, 6, 1, 2, 4, 8), 11, folded=True)),
}
_IBAN_DIGITS = 72
_CHUNK = 9


def matches(name: str, text: exp.Expr) -> exp.Expr:
    """True or false for a text that is not NULL. Raises KeyError for a name that is none of NAMES."""
    shaped = _whole(_PLAIN[name], text)
    checked = _CHECKS.get(name)
    if checked is None:
        return shaped
    # A CASE, since the check reads digits where the pattern says there are some.
    return exp.Case(ifs=[exp.If(this=shaped, true=checked(text))], default=exp.false())


def holds(name: str, value: str) -> bool:
    """What `matches` says of a value, here. Raises KeyError for a name that is none of NAMES."""
    if re.fullmatch(_PLAIN[name], value) is None:
        return False
    if name == "IBAN":
        return int("".join(str(int(sign, 36)) for sign in value[4:] + value[:4])) % 97 == 1
    return all(_sums_up(one, value) for one in _SUMS.get(name, ()) if len(value) >= one.length)


def _sums_up(one: _Sum, value: str) -> bool:
    rest = sum(weight * int(digit) for weight, digit in zip(one.weights, value, strict=False)) % one.modulus
    follows = value[len(one.weights) : one.length]
    return (rest % 10 if one.folded else rest) == int(follows or 0)


def fits(pattern: str, text: exp.Expr) -> exp.Expr:
    """As `matches` for one of NAMES; any other is a regular expression for the whole text (`shared.sql.regex`). Raises SqlProblem."""
    return matches(pattern, text) if pattern in NAMES else _whole(regex.translate(pattern).sql, text)


def _whole(pattern: str, text: exp.Expr) -> exp.Expr:
    """The pattern matches all of the text. In RE2 and PostgreSQL $ is the very end, not the place before a line break as well."""
    return exp.RegexpLike(this=text.copy(), expression=exp.Literal.string(f"^(?:{pattern})$"))


def _digit(text: exp.Expr, at: int) -> exp.Expr:
    """The digit at a place, from 1; a place in a list instead of a cast, which could fail."""
    sign = exp.Substring(this=text.copy(), start=exp.Literal.number(at), length=exp.Literal.number(1))
    return exp.StrPosition(this=exp.Literal.string("123456789"), substr=sign)


def _weighed(text: exp.Expr, weights: tuple[int, ...]) -> exp.Expr:
    """The sum of the first digits, each times its weight."""
    terms = [exp.Mul(this=_digit(text, at), expression=exp.Literal.number(weight)) for at, weight in enumerate(weights, start=1)]
    total: exp.Expr = terms[0]
    for term in terms[1:]:
        total = exp.Add(this=total, expression=term)
    return exp.paren(total, copy=False)


def _modulo(value: exp.Expr, by: int) -> exp.Expr:
    return exp.paren(exp.Mod(this=value, expression=exp.Literal.number(by)), copy=False)


def _equal(one: exp.Expr, other: exp.Expr) -> exp.Expr:
    return exp.EQ(this=one, expression=other)


def _summed(text: exp.Expr, one: _Sum) -> exp.Expr:
    rest = _modulo(_weighed(text, one.weights), one.modulus)
    follows = _digit(text, one.length) if one.length > len(one.weights) else exp.Literal.number(0)
    return _equal(_modulo(rest, 10) if one.folded else rest, follows)


def _sums(text: exp.Expr, first: _Sum, *longer: _Sum) -> exp.Expr:
    """The first is of all texts, another of those that are no shorter than it; there are two lengths at most."""
    made = _summed(text, first)
    for one in longer:
        short = _equal(exp.Length(this=text.copy()), exp.Literal.number(first.length))
        made = exp.and_(made, exp.or_(short, _summed(text, one)))
    return made


def _iban(text: exp.Expr) -> exp.Expr:
    """The first four signs at the end, letters as 10 to 35, all of it modulo 97 is 1: taken nine digits at a time."""
    rest = exp.Substring(this=text.copy(), start=exp.Literal.number(5))
    head = exp.Substring(this=text.copy(), start=exp.Literal.number(1), length=exp.Literal.number(4))
    digits: exp.Expr = exp.DPipe(this=rest, expression=head)
    for value, letter in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ", start=10):
        digits = exp.Replace(this=digits, expression=exp.Literal.string(letter), replacement=exp.Literal.string(str(value)))
    padded = exp.Pad(this=digits, expression=exp.Literal.number(_IBAN_DIGITS), fill_pattern=exp.Literal.string("0"), is_left=True)
    remainder: exp.Expr = exp.Literal.number(0)
    for at in range(1, _IBAN_DIGITS, _CHUNK):
        chunk = exp.Substring(this=padded.copy(), start=exp.Literal.number(at), length=exp.Literal.number(_CHUNK))
        number = exp.TryCast(this=chunk, to=exp.DataType.build("BIGINT"))
        moved = exp.Mul(this=remainder, expression=exp.cast(exp.Literal.number(10**_CHUNK), "BIGINT"))
        remainder = _modulo(exp.paren(exp.Add(this=moved, expression=number), copy=False), 97)
    return _equal(remainder, exp.Literal.number(1))


def _of_sums(sums: tuple[_Sum, ...]) -> Callable[[exp.Expr], exp.Expr]:
    return lambda text: _sums(text, *sums)


_CHECKS: dict[str, Callable[[exp.Expr], exp.Expr]] = {"IBAN": _iban} | {name: _of_sums(sums) for name, sums in _SUMS.items()}
