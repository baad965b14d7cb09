"""Matchers generated from chains: a table look-up, then code written for the few that are left.

Chains that a path could fit are first told apart by how many segments the path has, then by a
literal segment (whichever position tells most of them apart), and what remains becomes one
generated function of plain comparisons. It answers what is common and hands every doubt to
``Verdict``. Order within what remains is the order of the chains, so the answer is Werkzeug's.

It must not know Werkzeug's machine (``chains``) nor the application.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from werkzeug.exceptions import NotFound
from werkzeug.routing import BaseConverter
from werkzeug.routing.converters import NumberConverter

from demijohn.routing.chains import Chain, Check, Route, pattern_of
from demijohn.routing.mounted import Mounted
from demijohn.routing.source import make_function
from demijohn.routing.verdict import Answer, MethodKey, Verdict

__all__ = ["Branch", "Matcher", "grow", "tabled"]

Matcher: TypeAlias = Callable[[str, list[str], MethodKey], Answer]

#: Position of the segment to look at, matcher by literal there, matcher for every other segment.
Branch: TypeAlias = tuple[int, dict[str, Matcher], Matcher]

#: Methods that a rule for any method is tabled under; ``Verdict`` answers for others.
_COMMON_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")

_SMALL = 2  # so few chains are tried one after the other rather than told apart by a table
_LENGTHS = r"\[\^/\]\{(?P<least>\d{1,6})(?P<open>,)?(?P<most>\d{1,6})?\}"  # of the string converter


def grow(chains: Sequence[Chain], length: int, verdict: Verdict) -> Branch:
    """The branch that answers for paths of ``length`` segments.

    ``chains`` must be those that fit this length (or any greater one, when all are final).
    """
    grower = _Grower(length, verdict, len(chains))
    return grower.split(list(chains), frozenset()) or (0, {}, grower.leaf(list(chains), frozenset()))


class _Grower:
    """Builds the branches for one length of path."""

    def __init__(self, length: int, verdict: Verdict, chains: int) -> None:
        self.length = length
        self.verdict = verdict
        # A chain without a literal at a position is copied to every branch there. However a map is made,
        # copying ends when this many are spent, and the chains left together are tried one by one.
        self.copies = 16 * chains + 256

    def split(self, chains: list[Chain], known: frozenset[int]) -> Branch | None:
        """Tell the chains apart at the best position; None where that does not help."""
        position = self.best_position(chains, known)
        if position is None:
            return None
        known = known | {position}
        free: list[Chain] = []
        by_literal: dict[str, list[Chain]] = {}
        for chain in chains:
            literal = chain.literal_at(position)
            if literal is None:
                free.append(chain)
                for fitting in by_literal.values():
                    fitting.append(chain)
            else:
                by_literal.setdefault(literal, list(free)).append(chain)
        table = {literal: self.matcher(fitting, known) for literal, fitting in by_literal.items()}
        return position, table, self.matcher(free, known)

    def best_position(self, chains: list[Chain], known: frozenset[int]) -> int | None:
        """The position whose largest group is smallest; None where no group is smaller."""
        best: tuple[int, int] | None = None
        for position in range(1, self.length):
            if position in known:
                continue
            counts = Counter(chain.literal_at(position) for chain in chains)
            free = counts.pop(None, 0)
            if not counts or len(counts) * free > self.copies:
                continue
            largest = max(counts.values()) + free
            if (largest < len(chains) or not known) and (best is None or largest < best[0]):
                best = (largest, position)
        return best[1] if best else None

    def matcher(self, chains: list[Chain], known: frozenset[int]) -> Matcher:
        """The matcher for chains that fit what is known of the path."""
        self.copies -= len(chains)
        branch = self.split(chains, known) if len(chains) > _SMALL and self.copies > 0 else None
        if branch is None:
            return self.leaf(chains, known)
        position, table, other = branch

        def descend(path: str, segments: list[str], key: MethodKey) -> Answer:
            return table.get(segments[position], other)(path, segments, key)

        return descend

    def leaf(self, chains: list[Chain], known: frozenset[int]) -> Matcher:
        if not chains:
            return self.verdict.refuse
        leaf: Matcher = _LeafWriter(chains, known, self.length, self.verdict).write()
        return leaf


class _LeafWriter:
    """Writes the function that tries a few chains in order."""

    DOUBT = "return weigh(chains, path, p, key)"

    def __init__(self, chains: list[Chain], known: frozenset[int], length: int, verdict: Verdict) -> None:
        self.chains = chains
        self.known = known
        self.length = length
        self.given: dict[str, Any] = {
            "weigh": verdict.weigh,
            "forbid": verdict.forbid,
            "refuse": verdict.refuse,
            "NotFound": NotFound,
            "chains": tuple(chains),
        }

    def name(self, value: object) -> str:
        """Hand a value to the generated function and return its name there."""
        name = f"x{len(self.given)}"
        self.given[name] = value
        return name

    def write(self) -> Any:
        lines: list[str] = []
        for chain in self.chains:
            conditions, raw = self.conditions(chain)
            block = self.answers(chain, raw) if chain.mount is None else self.hand_on(chain.mount)
            if not conditions:
                lines += block
                break
            lines.append(f"if {' and '.join(conditions)}:")
            lines += [f"    {line}" for line in block]
        else:
            lines.append("return refuse(path, p, key)")
        return make_function("leaf(path, p, key)", lines, self.given)

    def conditions(self, chain: Chain) -> tuple[list[str], list[str]]:
        """The expressions that must hold, and those of the variables' raw text."""
        conditions: list[str] = []
        for position, literal in chain.literals:
            if position not in self.known:
                same = f"p[{position}] == {self.name(literal)}"
                conditions.append(same if literal else f"not p[{position}]")
        raw: list[str] = []
        for check in chain.checks:
            condition, texts = self.final_check(check, chain) if check.final else self.segment_check(check)
            conditions += condition
            raw += texts
        return conditions, raw

    def segment_check(self, check: Check) -> tuple[list[str], list[str]]:
        segment = f"p[{check.position}]"
        inner = _inner(check)
        if inner == "[^/]{1,}":
            return [segment], [segment]
        if inner == r"\d+":
            # PERF: ``str.isdecimal`` accepts exactly what \d+ does, a third of the cost.
            return [f"{segment}.isdecimal()"], [segment]
        lengths = re.fullmatch(_LENGTHS, inner)
        if lengths:
            least = int(lengths["least"])
            most = (int(lengths["most"]) if lengths["most"] else None) if lengths["open"] else least
            if lengths["open"] or not lengths["most"]:
                condition = self.length_test(segment, least, most)
                if condition is not None:
                    return [condition], [segment]
        found = f"m{check.position}"
        texts = [f"{found}[{name!r}]" for name in check.groups]
        return [f"({found} := {self.name(pattern_of(check.content).match)}({segment}))"], texts

    @staticmethod
    def length_test(segment: str, least: int, most: int | None) -> str | None:
        if most is None:
            return f"len({segment}) >= {least}"
        return f"{least} <= len({segment}) <= {most}" if least <= most else None

    def final_check(self, check: Check, chain: Chain) -> tuple[list[str], list[str]]:
        if len(chain.checks) == 1:
            # PERF: after literals only, the rest starts at a known place of the path.
            start = sum(len(literal) + 1 for _, literal in chain.literals) + 1
            rest = f"(rest := path[{start}:])"
        else:
            rest = f'(rest := "/".join(p[{check.position}:]))'
        if _inner(check) == "[^/].*?":
            # PERF: the path converter without its lazy pattern, whose dot stops at a newline.
            return [rest, 'rest[0] != "/"', 'rest.find("\\n", 1) < 0'], ["rest"]
        found = f"m{check.position}"
        conditions = [f"({found} := {self.name(pattern_of(check.content).match)}({rest}))"]
        if check.slash is not None:
            conditions.append(f'({found}.groups()[-1] == "/") is {check.slash}')
        return conditions, [f"{found}[{name!r}]" for name in check.groups]

    def hand_on(self, mount: object) -> list[str]:
        """The line for a path of a mounted application."""
        return [f"raise {self.name(Mounted)}({self.name(mount)})"]

    def answers(self, chain: Chain, raw: list[str]) -> list[str]:
        """The lines that answer once the chain's conditions hold."""
        lines: list[str] = []
        if self.takes_empty_start(chain):
            # Werkzeug strips the slashes a path starts with beyond the first before it matches.
            lines += ["if not p[1]:", f"    {self.DOUBT}"]
        for routes in _by_reading(tabled(chain)):
            table = {key: route.rule for key, route in routes.items()}
            values, kinds = self.values(next(iter(routes.values())), raw)
            lines += [f"rule = {self.name(table)}.get(key)", "if rule is not None:"]
            if kinds == {"text"} or not kinds:
                lines.append(f"    return rule, {values}")
                continue
            # A refused value ends the search, and no other rule has had a say by then.
            alone = len(chain.outcomes) == 1 and "call" not in kinds
            lines += ["    try:", f"        return rule, {values}", "    except ValueError:"]
            lines.append("        raise NotFound() from None" if alone else f"        {self.DOUBT}")
        lines.append(self.last_words(chain))
        return lines

    def last_words(self, chain: Chain) -> str:
        """The line for a method that no table has."""
        methods = [outcome.route.rule.methods for outcome in chain.outcomes if not outcome.missing_slash]
        if chain is not self.chains[-1] or len(methods) < len(chain.outcomes) or None in methods:
            return self.DOUBT
        allowed = sorted(set[str]().union(*(some or () for some in methods)))
        return f"return forbid(chains, {self.name(allowed)}, path, p, key)"

    def takes_empty_start(self, chain: Chain) -> bool:
        """Whether the chain could match a path that starts with two slashes."""
        if self.length == 2 and not chain.final:
            return False
        literal = chain.literal_at(1)
        return not _plain(chain.checks[0]) if literal is None else not literal

    def values(self, route: Route, raw: list[str]) -> tuple[str, set[str]]:
        """The expression of the view arguments, and the kinds of reading in it."""
        items: list[str] = []
        kinds: set[str] = set()
        for (name, converter), text in zip(route.converters, raw, strict=True):
            kind = _reading(converter)
            kinds.add(kind)
            if kind == "int":
                text = f"int({text})"
            elif kind == "call":
                text = f"{self.name(converter.to_python)}({text})"
            items.append(f"{name!r}: {text}")
        if route.rule.defaults:
            items.append("**rule.defaults")
        return "{" + ", ".join(items) + "}", kinds


def _plain(check: Check) -> bool:
    """Whether the test is known to refuse an empty segment, and a slash at its start."""
    return _inner(check) in (r"\d+", "[^/]{1,}", "[^/].*?")


def _inner(check: Check) -> str:
    """The pattern of the one variable that the check consists of, else an empty string."""
    before, after = "(?P<__werkzeug_0>", ")\\Z"
    content = check.content
    if not (content.startswith(before) and content.endswith(after)):
        return ""
    return content[len(before) : -len(after)]


def _reading(converter: BaseConverter) -> str:
    """How a converter's ``to_python`` can be written: as the text, as ``int``, or as a call."""
    function = getattr(converter.to_python, "__func__", None)
    if function is BaseConverter.to_python:
        return "text"
    if (
        function is NumberConverter.to_python
        and isinstance(converter, NumberConverter)
        and converter.num_convert is int
        and not converter.fixed_digits
        and converter.min is None
        and converter.max is None
    ):
        return "int"
    return "call"


def tabled(chain: Chain) -> dict[MethodKey, Route]:
    """The route that answers each method at once; what needs a second look is left out."""
    methods: set[str] = set()
    for outcome in chain.outcomes:
        methods.update(outcome.route.rule.methods or _COMMON_METHODS)
    table: dict[MethodKey, Route] = {}
    for method in methods:
        for websocket, key in ((False, method), (True, (method,))):
            for outcome in chain.outcomes:
                route = outcome.route
                if not route.accepts(method) or route.rule.websocket != websocket:
                    continue
                redirects = outcome.missing_slash and route.rule.strict_slashes
                if not (redirects or route.beyond or route.rivals):
                    table[key] = route
                break
    return table


def _by_reading(table: dict[MethodKey, Route]) -> list[dict[MethodKey, Route]]:
    """Part a table into those whose routes read the same values in the same way."""
    parted: dict[Any, dict[MethodKey, Route]] = {}
    for key, route in table.items():
        kinds = ((name, converter, _reading(converter)) for name, converter in route.converters)
        like = tuple((name, kind, id(converter) if kind == "call" else 0) for name, converter, kind in kinds)
        parted.setdefault((like, bool(route.rule.defaults)), {})[key] = route
    return list(parted.values())
