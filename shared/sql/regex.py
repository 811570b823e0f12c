"""Java's regular expressions, as far as RE2 (DuckDB) and PostgreSQL mean the same by them: rewritten in what all three share.

SpEL's `matches` and the patterns of rules are these. Refused by place: backreferences, look-around, possessive quantifiers, \\b, \\p{…},
named groups, flags other than (?i) at the start. For replacing, where engines disagree on how much of two choices is taken, a pattern may
hold one part of variable length at most, and must not match where there is nothing. `$` is the very end, where Java also takes the place
before a last line end.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.sql.errors import SqlProblem

# Java's own sets: ASCII only, and a dot is no line end.
_CLASSES = {"d": "0-9", "w": "a-zA-Z0-9_", "s": " \t\n\x0b\f\r"}
_DOT = "[^\n\r\u0085\u2028\u2029]"
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
_SPECIAL = frozenset(r".^$*+?{}[]\|()")
# PostgreSQL counts no further.
_MOST_REPEATED = 255
_MAX_NESTING = 20


@dataclass(frozen=True, slots=True)
class Pattern:
    """`sql` without anchors of its own. `groups`: how many there are. `steady`: every engine takes the same part of a text.

    `least`: how many characters a match has at least.
    """

    sql: str
    groups: int
    steady: bool
    least: int


@dataclass(frozen=True, slots=True)
class _Part:
    """`variable`: how many of its parts can have more than one length; `width`: its length, where it has one; `least`: what it has at
    least."""

    sql: str
    variable: int
    width: int | None
    least: int
    steady: bool = True


def translate(pattern: str, position: int = 0, *, problem: type[SqlProblem] = SqlProblem) -> Pattern:
    """`position`: where the pattern's first character stands in the text around it. Raises `problem`."""
    reader = _Reader(pattern, position, problem)
    part = reader.alternatives(0)
    if not reader.ended:
        raise reader.error("a ) that closes nothing")
    return Pattern(part.sql, reader.groups, part.steady and part.variable <= 1, part.least)


def whole(pattern: Pattern) -> str:
    """A pattern that matches where Java's matches() does: from the first character to the last."""
    return f"^(?:{pattern.sql})$"


def quoted(literal: str) -> str:
    """A pattern that matches that text and no other."""
    return "".join(f"\\{letter}" if letter in _SPECIAL else letter for letter in literal)


class _Reader:
    def __init__(self, pattern: str, position: int, problem: type[SqlProblem]) -> None:
        self._pattern, self._position, self._problem, self._at, self.groups = pattern, position, problem, 0, 0
        self._any_case = pattern.startswith("(?i)")
        if self._any_case:
            self._at = 4

    @property
    def ended(self) -> bool:
        return self._at >= len(self._pattern)

    def error(self, what: str) -> SqlProblem:
        told = f"the regular expression {self._pattern[:60]!r} holds {what}, which has no form in SQL"
        return self._problem(told, self._position + self._at)

    def alternatives(self, depth: int) -> _Part:
        if depth > _MAX_NESTING:
            raise self.error("groups too deep inside one another")
        found = [self._sequence(depth)]
        while self._takes("|"):
            found.append(self._sequence(depth))
        if len(found) == 1:
            return found[0]
        width = found[0].width
        same = all(one.width == width and one.variable == 0 for one in found)
        sql = "|".join(one.sql for one in found)
        return _Part(sql, 0, width if same else None, min(one.least for one in found), same and all(one.steady for one in found))

    def _sequence(self, depth: int) -> _Part:
        parts: list[_Part] = []
        while not self.ended and self._pattern[self._at] not in "|)":
            parts.append(self._repeated(depth))
        width = None if any(part.width is None for part in parts) else sum(part.width or 0 for part in parts)
        least = sum(part.least for part in parts)
        return _Part(
            "".join(part.sql for part in parts), sum(part.variable for part in parts), width, least, all(part.steady for part in parts)
        )

    def _repeated(self, depth: int) -> _Part:
        part = self._atom(depth)
        count = self._count()
        if count is None:
            return part
        if not self.ended and self._pattern[self._at] == "+":
            raise self.error("a possessive quantifier")
        lazy = self._takes("?")
        if not self.ended and self._pattern[self._at] in "*+?":
            raise self.error("two quantifiers in a row")
        fixed = count.startswith("{") and "," not in count
        width = part.width * int(count[1:-1]) if fixed and part.width is not None else None
        # A repeated group keeps its last turn, and which that is depends on how the engine went through the text.
        steady = part.steady and not lazy and part.variable == 0 and part.width is not None
        least = part.least * (0 if count in ("*", "?") else 1 if count == "+" else int(count[1:-1].partition(",")[0]))
        variable = 0 if fixed and part.variable == 0 else part.variable + 1
        return _Part(f"{part.sql}{count}{'?' if lazy else ''}", variable, width, least, steady)

    def _count(self) -> str | None:
        if self.ended:
            return None
        sign = self._pattern[self._at]
        if sign in "*+?":
            self._at += 1
            return sign
        if sign != "{":
            return None
        inside, closed, _ = self._pattern[self._at + 1 :].partition("}")
        low, comma, high = inside.partition(",")
        if not closed or not _is_count(low) or (high and not _is_count(high)):
            raise self.error("a { that begins no repetition")
        if int(low) > _MOST_REPEATED or (high and int(high) > _MOST_REPEATED):
            raise self.error(f"more than {_MOST_REPEATED} repetitions")
        if high and int(high) < int(low):
            raise self.error("a repetition whose end is below its start")
        self._at += len(inside) + 2
        return f"{{{int(low)}{comma}{int(high) if high else ''}}}"

    def _atom(self, depth: int) -> _Part:
        sign = self._pattern[self._at]
        if sign == "(":
            return self._group(depth)
        if sign == "[":
            return _Part(self._set(), 0, 1, 1)
        if sign == ".":
            self._at += 1
            return _Part(_DOT, 0, 1, 1)
        if sign in "^$":
            if (sign == "^" and self._at not in (0, 4)) or (sign == "$" and self._at != len(self._pattern) - 1):
                raise self.error(f"a {sign} in the middle")
            self._at += 1
            return _Part(sign, 0, 0, 0)
        if sign in "*+?{":
            raise self.error(f"a {sign} that repeats nothing")
        if sign == "\\":
            return self._escaped()
        self._at += 1
        return _Part(self._letter(sign), 0, 1, 1)

    def _group(self, depth: int) -> _Part:
        opened = self._at
        self._at += 1
        opening = "("
        if self._takes("?"):
            if not self._takes(":"):
                self._at = opened
                raise self.error("a group that begins with (?")
            opening = "(?:"
        else:
            self.groups += 1
        inner = self.alternatives(depth + 1)
        if not self._takes(")"):
            self._at = opened
            raise self.error("a ( without its )")
        return _Part(f"{opening}{inner.sql})", inner.variable, inner.width, inner.least, inner.steady)

    def _escaped(self) -> _Part:
        """An escape outside of [ ]."""
        letter = self._pattern[self._at + 1 : self._at + 2]
        if letter.lower() in _CLASSES and letter:
            self._at += 2
            return _Part(f"[{'^' if letter.isupper() else ''}{_CLASSES[letter.lower()]}]", 0, 1, 1)
        return _Part(self._letter(self._escape()), 0, 1, 1)

    def _escape(self) -> str:
        """The one character that an escape means."""
        letter = self._pattern[self._at + 1 : self._at + 2]
        if letter == "u":
            digits = self._pattern[self._at + 2 : self._at + 6]
            if (
                len(digits) == 4
                and all(digit in "0123456789abcdefABCDEF" for digit in digits)
                and int(digits, 16) > 0
                and not 0xD800 <= int(digits, 16) < 0xE000
            ):
                self._at += 6
                return chr(int(digits, 16))
        elif letter in _CONTROLS:
            self._at += 2
            return _CONTROLS[letter]
        elif letter and not letter.isalnum():
            self._at += 2
            return letter
        raise self.error(f"\\{letter}")

    def _set(self) -> str:
        opened = self._at
        self._at += 1
        negated = "^" if self._takes("^") else ""
        inside: list[str] = []
        while not self.ended and self._pattern[self._at] != "]":
            inside.append(self._member())
        if not self._takes("]") or not inside:
            self._at = opened
            raise self.error("a [ without its ]")
        return f"[{negated}{''.join(inside)}]"

    def _member(self) -> str:
        letter = self._pattern[self._at + 1 : self._at + 2]
        if self._pattern[self._at] == "\\" and letter in _CLASSES:
            self._at += 2
            return _CLASSES[letter]
        low = self._one()
        if self._pattern[self._at : self._at + 1] != "-" or self._pattern[self._at + 1 : self._at + 2] in ("]", ""):
            return self._in_set(low)
        self._at += 1
        high = self._one()
        if high < low:
            raise self.error(f"the range {low}-{high}")
        if self._any_case and (low.isalpha() or high.isalpha()):
            if not (low.isascii() and high.isascii() and low.isalpha() and high.isalpha() and low.islower() == high.islower()):
                raise self.error(f"the range {low}-{high} beside (?i)")
            return f"{low.lower()}-{high.lower()}{low.upper()}-{high.upper()}"
        return f"{_in_brackets(low)}-{_in_brackets(high)}"

    def _one(self) -> str:
        sign = self._pattern[self._at : self._at + 1]
        if sign == "\\":
            return self._escape()
        if sign in ("[", "") or self._pattern.startswith("&&", self._at):
            raise self.error("a set inside a set")
        self._at += 1
        return sign

    def _in_set(self, letter: str) -> str:
        if self._any_case and letter.isascii() and letter.isalpha():
            return letter.lower() + letter.upper()
        return _in_brackets(letter)

    def _letter(self, letter: str) -> str:
        if self._any_case and letter.isascii() and letter.isalpha():
            return f"[{letter.lower()}{letter.upper()}]"
        return quoted(letter)

    def _takes(self, sign: str) -> bool:
        if self._pattern.startswith(sign, self._at):
            self._at += 1
            return True
        return False


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 6


def _in_brackets(letter: str) -> str:
    return f"\\{letter}" if letter in r"\]^-[" else letter
