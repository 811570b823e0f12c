"""SpEL text to a tree, by recursive descent over the grammar of Spring's InternalSpelExpressionParser (6.2).

What Spring reads and SQL has no form for (assignment, constructors, beans, projection, selection, maps) is refused here, at its place.
Nesting is limited, so that no text can exhaust the stack.
"""

from __future__ import annotations

from collections.abc import Callable

from shared.pipelines.spel.errors import SpelError
from shared.pipelines.spel.lexer import Token, tokens
from shared.pipelines.spel.tree import (
    Binary,
    Call,
    Elvis,
    Index,
    InlineList,
    Literal,
    Logical,
    Node,
    Property,
    Ternary,
    TypeName,
    Unary,
    Variable,
)

# Python allows about a thousand frames; one level of nesting takes fourteen here.
MAX_NESTING = 32
MAX_CHAIN = 80

_WORDS = {"true": True, "false": False}
_NO_SQL_FORM = {
    "=": "an assignment",
    "++": "an increment",
    "--": "a decrement",
    "@": "a bean reference",
    "&": "a factory bean reference",
    "![": "a projection",
    "?[": "a selection",
    "^[": "a selection",
    "$[": "a selection",
}


def parse(text: str) -> Node:
    """Raises SpelError."""
    if not text.strip():
        raise SpelError("the expression is empty", 0)
    parser = _Parser(text, tokens(text))
    tree = parser.expression()
    if parser.here.kind != "end":
        raise parser.unexpected()
    return tree


class _Parser:
    def __init__(self, text: str, found: list[Token]) -> None:
        self._text, self._tokens, self._at, self._depth = text, found, 0, 0

    @property
    def here(self) -> Token:
        return self._tokens[self._at]

    def unexpected(self) -> SpelError:
        token = self.here
        if token.kind == "symbol" and token.value in _NO_SQL_FORM:
            return self._no_form(_NO_SQL_FORM[token.value], token)
        if token.kind == "end":
            return SpelError(f"cannot read {_short(self._text)} as SpEL: something is missing at its end", token.start)
        near = self._text[token.start : token.end]
        return SpelError(f"cannot read {_short(self._text)} as SpEL near {_short(near)}", token.start)

    def expression(self) -> Node:
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise SpelError(
                f"the expression is nested more than {MAX_NESTING} deep; compute parts of it in an expression node before", self.here.start
            )
        start = self.here.start
        tree = self._or()
        if self._takes("?:"):
            otherwise = self.expression()
            tree = Elvis(start, self._end, tree, otherwise)
        elif self._takes("?"):
            yes = self.expression()
            self._needs(":")
            no = self.expression()
            tree = Ternary(start, self._end, tree, yes, no)
        self._depth -= 1
        return tree

    def _or(self) -> Node:
        return self._logical("or", "||", self._and)

    def _and(self) -> Node:
        return self._logical("and", "&&", self._relational)

    def _logical(self, word: str, symbol: str, below: Callable[[], Node]) -> Node:
        start = self.here.start
        operands = [below()]
        while self.here.is_symbol(symbol) or self.here.is_word(word):
            self._next()
            operands.append(below())
        return operands[0] if len(operands) == 1 else Logical(start, self._end, word, tuple(operands))

    def _relational(self) -> Node:
        start = self.here.start
        left = self._sum()
        token = self.here
        if token.is_symbol("==", "!=", "<", "<=", ">", ">="):
            operator = str(token.value)
        elif token.is_word("instanceof", "matches", "between"):
            operator = str(token.value).lower()
        else:
            return left
        self._next()
        right = self._sum()
        return Binary(start, self._end, operator, left, right)

    def _sum(self) -> Node:
        return self._chain(("+", "-"), self._product)

    def _product(self) -> Node:
        return self._chain(("*", "/", "%"), self._power)

    def _chain(self, operators: tuple[str, ...], below: Callable[[], Node]) -> Node:
        start = self.here.start
        tree = below()
        length = 0
        while self.here.is_symbol(*operators):
            length += 1
            if length > MAX_CHAIN:
                raise SpelError(f"more than {MAX_CHAIN} operators in a row; compute parts in an expression node before", self.here.start)
            operator = str(self._next().value)
            right = below()
            tree = Binary(start, self._end, operator, tree, right)
        return tree

    def _power(self) -> Node:
        start = self.here.start
        base = self._unary()
        if not self._takes("^"):
            return base
        exponent = self._unary()
        return Binary(start, self._end, "^", base, exponent)

    def _unary(self) -> Node:
        signs: list[Token] = []
        while self.here.is_symbol("+", "-", "!"):
            signs.append(self._next())
            if len(signs) > MAX_NESTING:
                raise SpelError(f"more than {MAX_NESTING} signs in a row", signs[0].start)
        tree = self._primary()
        for sign in reversed(signs):
            tree = Unary(sign.start, self._end, str(sign.value), tree)
        return tree

    def _primary(self) -> Node:
        start = self.here.start
        tree = self._start()
        for _ in range(MAX_NESTING):
            step = self._step(tree, start)
            if step is None:
                return tree
            tree = step
        raise SpelError(f"more than {MAX_NESTING} calls in a row; compute parts in an expression node before", self.here.start)

    def _step(self, target: Node, start: int) -> Node | None:
        """What is done with `target`: .name .name(…) ?.name [key] ?.[key]; None when nothing is. `start`: with its parenthesis."""
        if self.here.is_symbol("["):
            return self._index(target, start, safe=False)
        if not self.here.is_symbol(".", "?."):
            return None
        safe = self._next().value == "?."
        if self.here.is_symbol("["):
            return self._index(target, start, safe=safe)
        name = self._name()
        if not self.here.is_symbol("("):
            return Property(start, name.end, target, str(name.value), name.start, safe)
        arguments = self._list("(", ")")
        return Call(start, self._end, target, str(name.value), name.start, arguments, safe)

    def _start(self) -> Node:
        token = self.here
        if token.kind in ("int", "long", "float", "double", "string"):
            self._next()
            return Literal(token.start, token.end, token.kind, token.value)
        if token.is_symbol("("):
            self._next()
            inner = self.expression()
            self._needs(")")
            return inner
        if token.is_symbol("{"):
            return self._inline_list(token)
        if token.is_symbol("["):
            return self._index(None, token.start, safe=False)
        if token.is_symbol("#"):
            self._next()
            name = self._name()
            if self.here.is_symbol("("):
                raise self._no_form("a call of a function variable", token)
            return Variable(token.start, name.end, str(name.value))
        if token.kind == "name":
            return self._word(token)
        raise self.unexpected()

    def _word(self, token: Token) -> Node:
        word = str(token.value).lower()
        following = self._tokens[self._at + 1]
        if token.value == "T" and following.is_symbol("("):
            return self._type(token)
        if word == "new" and following.kind == "name":
            raise self._no_form("a constructor", token)
        self._next()
        if self.here.is_symbol("("):
            raise SpelError(f"{token.value}(…) is a method of the row, and a row has none; write what it is a method of", token.start)
        if word in _WORDS:
            return Literal(token.start, token.end, "boolean", _WORDS[word])
        if word == "null":
            return Literal(token.start, token.end, "null", None)
        return Property(token.start, token.end, None, str(token.value), token.start)

    def _type(self, token: Token) -> Node:
        self._next()
        self._needs("(")
        parts = [str(self._name().value)]
        while self._takes("."):
            parts.append(str(self._name().value))
        if self.here.is_symbol("["):
            raise self._no_form("an array type", token)
        self._needs(")")
        return TypeName(token.start, self._end, ".".join(parts))

    def _inline_list(self, token: Token) -> Node:
        following = self._tokens[self._at + 1 : self._at + 3]
        if following[0].is_symbol(":") or (following[0].kind in ("name", "string", "int") and following[-1].is_symbol(":")):
            raise self._no_form("a map", token)
        items = self._list("{", "}")
        return InlineList(token.start, self._end, items)

    def _index(self, target: Node | None, start: int, *, safe: bool) -> Node:
        self._needs("[")
        key = self.expression()
        self._needs("]")
        return Index(start, self._end, target, key, safe)

    def _list(self, opening: str, closing: str) -> tuple[Node, ...]:
        self._needs(opening)
        items: list[Node] = []
        if not self.here.is_symbol(closing):
            items.append(self.expression())
            while self._takes(","):
                items.append(self.expression())
        self._needs(closing)
        return tuple(items)

    def _name(self) -> Token:
        if self.here.kind != "name":
            raise self.unexpected()
        return self._next()

    def _takes(self, symbol: str) -> bool:
        if self.here.is_symbol(symbol):
            self._next()
            return True
        return False

    def _needs(self, symbol: str) -> None:
        if not self._takes(symbol):
            error = self.unexpected()
            raise SpelError(f"{error.message}; {symbol!r} is missing", error.position)

    def _next(self) -> Token:
        self._at += 1
        return self._tokens[self._at - 1]

    @property
    def _end(self) -> int:
        """Where the last token that was taken ends."""
        return self._tokens[self._at - 1].end

    def _no_form(self, what: str, token: Token) -> SpelError:
        return SpelError(f"{_short(self._text[token.start : token.start + 30])} is {what}, which has no form in SQL", token.start)


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}...")
