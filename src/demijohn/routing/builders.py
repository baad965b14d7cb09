"""URL builders, one per endpoint, generated from its rules.

Each builder gives what Werkzeug's ``MapAdapter.build`` gives without an application root, or None
where the answer depends on what a builder is not told (the request's method, its host), where it
is an absolute URL (WebSocket rules), or where it is an error. Reads Werkzeug's private
``Rule._trace`` and ``Rule._converters``; must not know about matching.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from string import ascii_letters, digits
from typing import Any, TypeAlias
from urllib.parse import quote, quote_plus

from werkzeug.routing import BaseConverter, Map, Rule, ValidationError
from werkzeug.routing.converters import NumberConverter

from demijohn.routing.source import make_function

__all__ = ["Builder", "make_builders"]

#: Called with values, method and whether unknown values go to the query.
Builder: TypeAlias = "Callable[[Mapping[str, Any], str | None, bool], str | None]"

# The sets of the WHATWG URL standard that Werkzeug leaves bare in a path segment and in a query.
_PATH_SAFE = "!$&'()*+,/:;=@"
_QUERY_SAFE = "!$'()*,/:;?@"
_PATH_BARE = _PATH_SAFE + "_.-~" + ascii_letters + digits
_QUERY_BARE = _QUERY_SAFE + "_.-~" + ascii_letters + digits


def make_builders(url_map: Map) -> dict[Any, Builder]:
    """The builders of every endpoint that one can be made for."""
    if url_map.host_matching or url_map.sort_parameters:
        return {}
    by_endpoint: dict[Any, list[Rule]] = {}
    for rule in url_map.iter_rules():
        by_endpoint.setdefault(rule.endpoint, []).append(rule)
    return {endpoint: _make_builder(rules) for endpoint, rules in by_endpoint.items()}


def _make_builder(rules: list[Rule]) -> Builder:
    """The builder of one endpoint, whose rules are given in Werkzeug's order of choice."""
    if len(rules) == 1 and not rules[0].defaults:
        return _write(rules[0], check=True)
    candidates = [(rule, _write(rule, check=False)) for rule in rules]

    def choose(values: Mapping[str, Any], method: str | None, append_unknown: bool) -> str | None:
        given = {name: value for name, value in values.items() if value is not None}
        fitting = [entry for entry in candidates if entry[0].suitable_for(given, method)]
        if not fitting:
            return None
        first, build = fitting[0]
        if method is None and any(rule.methods != first.methods for rule, _ in fitting):
            # Werkzeug prefers the rule that serves the current request's method.
            return None
        return build(given, None, append_unknown)

    return choose


def _leave(values: Mapping[str, Any], method: str | None, append_unknown: bool) -> str | None:
    return None


def _write(rule: Rule, check: bool) -> Builder:
    """Generate the builder of one rule; ``check`` makes it look at the method itself."""
    if not _is_ordinary(rule):
        return _leave
    given: dict[str, Any] = {"query": _query, "refused": ValidationError, "taken": frozenset(rule.arguments)}
    lines: list[str] = []
    if check and rule.methods is not None:
        given["methods"] = frozenset(rule.methods)
        lines += ["if method is not None and method not in methods:", "    return None"]
    url, names = _template(rule, given)
    if names:
        fetch = "; ".join(f"v{i} = values[{name!r}]" for i, name in enumerate(names))
        lines += ["try:", f"    {fetch}", "except KeyError:", "    return None"]
        lines += [f"if {' or '.join(f'v{i} is None' for i in range(len(names)))}:", "    return None"]
        lines += ["try:", f"    url = {url}", "except refused:", "    return None"]
    else:
        lines.append(f"url = {url}")
    lines += [f"if append_unknown and len(values) > {len(names)}:", "    return query(url, values, taken)"]
    lines.append("return url")
    builder: Builder = make_function("build(values, method, append_unknown)", lines, given)
    return builder


def _is_ordinary(rule: Rule) -> bool:
    """Whether building is Werkzeug's own, relative, and on the domain the router speaks for."""
    own = type(rule)
    return (
        not rule.websocket
        and rule.subdomain == rule.map.default_subdomain
        and "<" not in (rule.subdomain or "")
        and own.build is Rule.build
        and own.suitable_for is Rule.suitable_for
        and own._encode_query_vars is Rule._encode_query_vars
    )


def _template(rule: Rule, given: dict[str, Any]) -> tuple[str, list[str]]:
    """The expression of the path and the names of the values it needs."""
    defaults = rule.defaults or {}
    pieces: list[str] = []
    names: list[str] = []
    literal = ""
    loose_start = False

    def flush() -> None:
        if literal:
            given[f"s{len(given)}"] = literal
            pieces.append(f"{{s{len(given) - 1}}}")

    trace = rule._trace[rule._trace.index((False, "|")) + 1 :]
    for dynamic, data in trace:
        if not dynamic:
            literal += quote(data, safe=_PATH_SAFE)
        elif data in defaults:
            literal += rule._converters[data].to_url(defaults[data])
        else:
            if not names:
                literal = _one_slash(literal)
            flush()
            loose_start = loose_start or (not names and literal == "/")
            literal = ""
            pieces.append(f"{{{_value(f'v{len(names)}', rule._converters[data], given)}}}")
            names.append(data)
    literal = literal if names else _one_slash(literal)
    flush()
    url = 'f"' + "".join(pieces) + '"'
    # A value that comes first may be empty or start with slashes of its own.
    return f'"/" + {url}.lstrip("/")' if loose_start else url, names


def _one_slash(path: str) -> str:
    """The path with exactly one slash at its start, as Werkzeug gives it."""
    return "/" + path.lstrip("/")


def _value(name: str, converter: BaseConverter, given: dict[str, Any]) -> str:
    """The expression of a value in the path."""
    function = getattr(converter.to_url, "__func__", None)
    call = f"u{len(given)}"
    if function is BaseConverter.to_url:
        given[call] = _quote_path
        # PERF: letters and digits, the usual slug or name, need no call.
        return (
            f"{name} if {name}.__class__ is str and {name}.isalnum() and {name}.isascii() else {call}({name})"
        )
    given[call] = converter.to_url
    if (
        function is NumberConverter.to_url
        and isinstance(converter, NumberConverter)
        and converter.num_convert is int
        and not converter.fixed_digits
    ):
        return f"{name} if {name}.__class__ is int else {call}({name})"
    return f"{call}({name})"


def _quote_path(value: object) -> str:
    text = str(value)
    # PERF: stripping what may stay bare leaves nothing when there is nothing to quote.
    return quote(text, safe=_PATH_SAFE) if text.strip(_PATH_BARE) else text


def _query(url: str, values: Mapping[str, Any], taken: frozenset[str]) -> str | None:
    """The URL with the values that are not ``taken`` as its query; None for a key that is no str."""
    pairs: list[str] = []
    for name, value in values.items():
        if name in taken or value is None:
            continue
        if not isinstance(name, str):
            return None
        items = value if isinstance(value, (list, tuple, set)) else (value,)
        pairs.extend(f"{_quote_query(name)}={_quote_query(item)}" for item in items if item is not None)
    return f"{url}?{'&'.join(pairs)}" if pairs else url


def _quote_query(value: object) -> str:
    if type(value) is str and value.isalnum() and value.isascii():
        return value  # PERF: letters and digits need no quoting
    if isinstance(value, bytes):
        return quote_plus(value, safe=_QUERY_SAFE)
    text = str(value)
    return quote_plus(text, safe=_QUERY_SAFE) if text.strip(_QUERY_BARE) else text
