"""What a text may be written in, by bytes that are not the encoding that was said: only what makes sense of them, and how they read then.

Nobody can tell some encodings apart by their bytes. So all are named that bear a reading: every byte means something in them, no control
sign, no sign such as £ or ³ in the middle of a word, no capital with an accent behind a small letter.
"""

from __future__ import annotations

import codecs
import re
import unicodedata

from shared.formats.options import ENCODINGS

# Around the first byte that is not what was said, so that a person sees a word of it and not the row.
_AROUND = 20
_WORD = re.compile(r"[^\s,;|\"]*")


# Of the bytes before and behind it that are looked at.
_SAMPLE_BYTES = 8192


def told(problem: UnicodeError, said: str) -> str:
    """The end of a sentence about bytes that are not what was `said`, for people and for `shared.diagnosis`."""
    found: dict[str, tuple[str, ...]] = {}
    if isinstance(problem, UnicodeDecodeError):
        start = max(problem.object.rfind(b"\n", 0, problem.start) + 1, problem.start - _SAMPLE_BYTES)
        found = readings(problem.object[start : problem.start + _SAMPLE_BYTES], problem.start - start, said)
    if not found:
        return "nothing that is known here makes sense of its bytes; set options.encoding to what it is written in"
    listed = ", ".join(f"{' or '.join(encodings)} ({text!r})" for text, encodings in found.items())
    return f"its bytes make sense as {listed}; set options.encoding"


def readings(sample: bytes, at: int, not_in: str) -> dict[str, tuple[str, ...]]:
    """Reading -> the encodings that give it, of the word around the byte at `at`; empty where nothing makes sense of the bytes.

    `not_in`: what was said. `sample` may end in the middle of a sign.
    """
    found: dict[str, list[str]] = {}
    for encoding in dict.fromkeys(ENCODINGS.values()):
        text = _decoded(sample, encoding)
        if encoding == not_in or text is None or not _makes_sense(text):
            continue
        if encoding in ("utf-8", "utf-16"):
            # Bytes of another encoding hardly ever happen to be one of these.
            return {_word(text, len(_decoded(sample[:at], encoding) or "")): (encoding,)}
        found.setdefault(_word(text, at), []).append(encoding)
    return {text: tuple(encodings) for text, encodings in found.items()}


def _decoded(sample: bytes, encoding: str) -> str | None:
    if encoding == "utf-16" and not sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        # Without its mark any two bytes are a sign of it.
        return None
    try:
        return codecs.getincrementaldecoder(encoding)("strict").decode(sample, False)
    except UnicodeDecodeError:
        return None


def _makes_sense(text: str) -> bool:
    before = " "
    for number, sign in enumerate(text):
        after = text[number + 1] if number + 1 < len(text) else " "
        kind = unicodedata.category(sign)
        if kind in ("Cc", "Cn", "Co", "Cs") and sign not in "\t\r\n":
            return False
        if not sign.isascii() and _strange(sign, kind, before, after):
            return False
        before = sign
    return True


def _strange(sign: str, kind: str, before: str, after: str) -> bool:
    if kind == "Lu":
        return before.islower()
    # Marks of quotes and dashes (P) stand within words; money, fractions and accents by themselves do not.
    return kind[0] in "SN" and (before.isalpha() or after.isalpha())


def _word(text: str, at: int) -> str:
    start = max((end.end() for end in re.finditer(r"[\s,;|\"]", text[:at])), default=0)
    found = _WORD.match(text, start)
    return (found.group() if found is not None else "")[max(0, at - start - _AROUND) : at - start + _AROUND]
