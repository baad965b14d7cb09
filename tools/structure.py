"""Measure how the package is put together; tests/house/test_ceilings.py says how much is allowed.

`python tools/structure.py` prints every measure, and with the name of one the places it counts. Works on
source text, wherever in the package a file stands; imports nothing of it.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from imports import Function, imports_of, module_name

PACKAGE = "demijohn"
ROOT = Path(__file__).resolve().parent.parent

#: Functions that load the module of a name, and the one that puts off an import.
LOADERS = frozenset({"import_module", "__import__", "import_string", "resolve_name"})
LATER = "later"
#: Whose business names of modules are: the lazy public faces, and the tables of old names.
ALLOWED_TABLES = (
    "demijohn/__init__.py", "demijohn/ext/login/__init__.py", "demijohn/compat/aliases.py",
    "demijohn/compat/extensions.py", "demijohn/compat/older.py",
)  # fmt: skip
#: Where a name in a variable is that of a user's module or somebody else's: end of the file's name, variable.
NOT_OURS = {
    ("cli/loading.py", "module_name"), ("cli/params.py", "text"), ("cli/params.py", "name"),
    ("compat/served.py", "prepare_import(module)"), ("config.py", "obj"), ("scaffold.py", "import_name"),
    ("server_side/redis.py", "root"),
}  # fmt: skip

#: What holds the application, by convention: alone, or as the last name of `ctx.app`.
APPLICATION = frozenset({"app", "_app", "application", "current_app"})
#: The classes that make up an application; their files may use its private names.
APPLICATION_CLASSES = frozenset({"App", "Blueprint", "Flask", "Scaffold"})
#: Of them, those whose `__setattr__` is meant.
WRITTEN_CLASSES = frozenset({"App", "Flask"})

#: What every request goes through, as files or folders below the package.
REQUEST_PATH = (
    "adapters", "compat/sequence", "context", "contexts", "dispatch", "failure", "finish", "matching", "plan",
    "teardown",
)  # fmt: skip
#: The steps of a request that an application may override.
STEPS = frozenset(
    {
        "full_dispatch_request", "preprocess_request", "dispatch_request", "finalize_request", "make_response",
        "process_response", "handle_exception", "handle_user_exception", "handle_http_exception",
        "do_teardown_request", "do_teardown_appcontext", "create_url_adapter", "raise_routing_exception",
        "update_template_context", "wsgi_app", "request_context", "ensure_sync", "async_to_sync",
        "inject_url_defaults",
    }
)  # fmt: skip
STEP_QUESTIONS = frozenset({"overridden", "is_overridden"})

#: What makes a response of what is given to it.
RESPONSE_MAKERS = frozenset({"Response", "cls", "of_bytes", "of_parts", "response_class"})

#: The words by which a docstring gives the reason for its length.
SAYS_WHY_LONG = re.compile(r"\b(longer|split)\b", re.IGNORECASE)
SAYS_WHY_WHOLE = re.compile(r"\bsplit", re.IGNORECASE)


@dataclass(frozen=True)
class Source:
    """One file of the package; `name` is its path with the package's folder in front."""

    path: Path
    source_root: Path

    @cached_property
    def name(self) -> str:
        """`demijohn/http/dates.py`."""
        return self.path.relative_to(self.source_root).as_posix()

    @cached_property
    def text(self) -> str:
        """What stands in it."""
        return self.path.read_text()

    @cached_property
    def tree(self) -> ast.Module:
        """What Python reads there."""
        return ast.parse(self.text)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node that has a line, in the order of lines."""
        return sorted((node for node in ast.walk(self.tree) if hasattr(node, "lineno")), key=line_of)

    @cached_property
    def comments(self) -> dict[int, str]:
        """Line -> the comment on it."""
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        return {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}

    @cached_property
    def functions(self) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
        """Its functions and methods, inner ones too."""
        return [node for node in self.nodes if isinstance(node, Function)]

    @cached_property
    def calls(self) -> list[ast.Call]:
        """Its calls."""
        return [node for node in self.nodes if isinstance(node, ast.Call)]

    def at(self, node: ast.AST, what: str = "") -> str:
        """A place as it is shown."""
        return f"{self.name}:{line_of(node)} {what}".rstrip()

    def stands_in(self, folders: Iterable[str]) -> bool:
        """Whether this is one of these files, or in one of these folders, below the package."""
        own = self.name.partition("/")[2].removesuffix(".py")
        return any(own == folder or own.startswith(f"{folder}/") for folder in folders)

    def defines(self, classes: Iterable[str]) -> bool:
        """Whether one of these classes stands here."""
        return any(isinstance(node, ast.ClassDef) and node.name in classes for node in self.tree.body)


Package = Sequence[Source]


@dataclass(frozen=True)
class Measured:
    """What a measure came to, and the places to look at."""

    value: float
    places: list[str]


def read(source_root: Path) -> list[Source]:
    """The files of the package below a folder."""
    return [Source(path, source_root) for path in sorted((source_root / PACKAGE).rglob("*.py"))]


def counted(places: Iterable[str]) -> Measured:
    """So many places."""
    found = list(places)
    return Measured(len(found), found)


# What nodes say.


def line_of(node: ast.AST) -> int:
    return node.lineno


def last_name(node: ast.AST) -> str:
    """`b` of `b` and of `a.b`; else nothing."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def is_any(annotation: ast.AST | None) -> bool:
    return annotation is not None and ast.unparse(annotation) in {"Any", "typing.Any", "'Any'"}


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.arg]:
    """The annotated parameters, without `*args` and `**kwargs`, which take what the world brings."""
    given = function.args
    named = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    return [one for one in named if one.annotation is not None and one.arg not in {"self", "cls"}]


def own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function without those of the functions in it."""
    for child in ast.iter_child_nodes(function):
        yield child
        if not isinstance(child, Function):
            yield from own_nodes(child)


# Imports.


@dataclass(frozen=True)
class Load:
    """A module of ours that is loaded by its name in a string.

    :param module: The name; of one that is put together the part that is known; empty for a variable.
    :param whole: Whether that is the whole name.
    :param put_off: Whether it is written as put-off imports have to be.
    """

    call: ast.Call
    module: str
    whole: bool
    put_off: bool


def loads(source: Source) -> Iterator[Load]:
    """What a file loads of ours by name."""
    renamed = {
        alias.asname
        for node in source.nodes
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name in LOADERS and alias.asname
    }
    makes_later = any(isinstance(node, Function) and node.name == LATER for node in source.tree.body)
    good = rightly_put_off(source)
    for call in source.calls:
        name = last_name(call.func)
        arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
        if not arguments or not (name == LATER or name in LOADERS or name in renamed):
            continue
        module, whole = loaded_name(arguments[0], source)
        if module is None:
            if makes_later or any(
                source.name.endswith(f"/{end}") and what == ast.unparse(variable_of(arguments[0]))
                for end, what in NOT_OURS
            ):
                continue
            module = ""
        elif not re.match(rf"{PACKAGE}\b", module):
            continue
        yield Load(call, module, whole, call in good)


def loaded_name(argument: ast.expr, source: Source) -> tuple[str | None, bool]:
    """The module's name, as far as it stands there, and whether it is all there; None for a variable."""
    module = module_name(source.path, source.source_root)
    parts = argument.values if isinstance(argument, ast.JoinedStr) else [argument]
    known, whole = "", True
    for part in parts:
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            known += part.value
        elif ast.unparse(variable_of(part)) == "__name__":
            known += module
        else:
            whole = False
            break
    if known.startswith("."):
        known = (module if source.path.stem == "__init__" else module.rpartition(".")[0]) + known
    return known or None, whole


def variable_of(node: ast.expr) -> ast.expr:
    """What a name is made of first."""
    if isinstance(node, ast.JoinedStr):
        node = node.values[0]
    return node.value if isinstance(node, ast.FormattedValue) else node


def rightly_put_off(source: Source) -> set[ast.Call]:
    """The put-off imports that type checkers see too, each with its reason.

    They stand in the `else` of an `if TYPE_CHECKING` that imports the same module under the same name, and
    have a comment on their line.
    """
    good = set()
    for node in source.nodes:
        if not isinstance(node, ast.If) or last_name(node.test) != "TYPE_CHECKING":
            continue
        seen = {
            (alias.asname or alias.name, f"{inner.module}.{alias.name}")
            for inner in node.body
            if isinstance(inner, ast.ImportFrom)
            for alias in inner.names
        } | {
            (alias.asname, alias.name)
            for inner in node.body
            if isinstance(inner, ast.Import)
            for alias in inner.names
        }
        for inner in node.orelse:
            if not isinstance(inner, ast.Assign) or not isinstance(inner.value, ast.Call):
                continue
            call, argument = inner.value, inner.value.args[0] if inner.value.args else None
            if (
                last_name(call.func) == LATER
                and isinstance(argument, ast.Constant)
                and all((last_name(target), argument.value) in seen for target in inner.targets)
                and any(gives_reason(source, line) for line in range(call.lineno, call.end_lineno + 1))
            ):
                good.add(call)
    return good


def gives_reason(source: Source, line: int) -> bool:
    """Whether the comment on a line says something, and not to a tool only."""
    comment = source.comments.get(line, "")
    return bool(re.sub(r"#\s*(type: ignore|noqa|pyright:|fmt:)[^#]*", "", comment).strip("# "))


def own_modules_by_name(package: Package) -> Measured:
    """Places that load a module of ours by its name in a string."""
    return counted(
        source.at(load.call, ast.unparse(load.call))
        for source in package
        if source.name not in ALLOWED_TABLES
        for load in loads(source)
        if not load.put_off
    )


def edges(package: Package) -> dict[str, dict[str, str]]:
    """Module -> the modules it imports, whenever it does -> the place.

    The public face stands for nothing: it imports all, and whoever imports a name from it means another module.
    """
    modules = {module_name(source.path, source.source_root): source for source in package}
    graph: dict[str, dict[str, str]] = {module: {} for module in modules}
    for module, source in modules.items():
        if module == PACKAGE:
            continue
        for found in imports_of(source.path, source.source_root):
            target = found.target if found.target in modules else found.module
            graph[module].setdefault(target, f"{source.name}:{found.line}")
        for load in loads(source):
            for other in modules:
                if other == load.module or (load.module and not load.whole and other.startswith(load.module)):
                    graph[module].setdefault(other, source.at(load.call))
    return {
        module: {
            target: place
            for target, place in targets.items()
            if target in modules and target not in {PACKAGE, module}
        }
        for module, targets in graph.items()
    }


def largest_knot(package: Package) -> Measured:
    """Modules of the largest group in which each leads to each other by imports, put-off ones as well."""
    graph = edges(package)
    reached = {module: reachable(module, graph) for module in graph}
    knots = [
        {other for other in reached[module] if module in reached[other]}
        for module in graph
        if module in reached[module]
    ]
    knot = max(knots, key=len, default=set())
    return counted(
        f"{module} -> " + ", ".join(f"{to} ({place})" for to, place in graph[module].items() if to in knot)
        for module in sorted(knot)
    )


def reachable(module: str, graph: dict[str, dict[str, str]]) -> set[str]:
    """What a module leads to, itself only when it comes back."""
    found: set[str] = set()
    left = list(graph[module])
    while left:
        one = left.pop()
        if one not in found:
            found.add(one)
            left += graph[one]
    return found


# Compatibility.


def level_questions(sources: Iterable[Source]) -> Measured:
    return counted(
        source.at(node, ast.unparse(node)) for source in sources for node in source.nodes if asks_level(node)
    )


def asks_level(node: ast.AST) -> bool:
    """`app.compat_level`, `getattr(app, "compat_level", None)`."""
    if isinstance(node, ast.Attribute):
        return node.attr == "compat_level" and isinstance(node.ctx, ast.Load)
    if isinstance(node, ast.Call):
        return any(isinstance(part, ast.Constant) and part.value == "compat_level" for part in node.args)
    return False


def level_questions_core(package: Package) -> Measured:
    """Places outside of `compat/` and `ext/` that ask for the level of compatibility."""
    return level_questions(source for source in package if not source.stands_in(("compat", "ext")))


def level_questions_ext(package: Package) -> Measured:
    """Places in rooms that ask for the level of compatibility."""
    return level_questions(source for source in package if source.stands_in(("ext",)))


# The application.


def private_names_of_the_application(package: Package) -> Measured:
    """Private names of the application that files use which are not its own."""
    names: dict[str, list[str]] = {}
    for source in package:
        if source.defines(APPLICATION_CLASSES):
            continue
        for node in source.nodes:
            name = private_name(node)
            if name is not None:
                names.setdefault(name, []).append(source.at(node))
    return counted(f"{name}: {', '.join(places)}" for name, places in sorted(names.items()))


def private_name(node: ast.AST) -> str | None:
    """`_x` of `app._x` and of `getattr(ctx.app, "_x")`."""
    if isinstance(node, ast.Attribute):
        holder, name = last_name(node.value), node.attr
    elif isinstance(node, ast.Call) and last_name(node.func) in {"getattr", "setattr", "hasattr"}:
        holder, name = last_name(node.args[0]), getattr(node.args[1], "value", None)
    else:
        return None
    private = isinstance(name, str) and re.match("_[^_]", name) and name != "_get_current_object"
    return name if private and holder in APPLICATION else None


def writes_past_setattr(package: Package) -> Measured:
    """Writes to an application that its own `__setattr__` does not see."""
    return counted(
        source.at(node, ast.unparse(node).splitlines()[0])
        for source in package
        for node in past_setattr(source, source.defines(WRITTEN_CLASSES))
    )


def past_setattr(source: Source, is_own: bool) -> Iterator[ast.AST]:
    setters, states = set(), set()
    for node in source.nodes:
        if isinstance(node, ast.Assign):
            names = {last_name(target) for target in node.targets}
            if ast.unparse(node.value) == "object.__setattr__":
                setters |= names
            elif is_state(node.value, is_own):
                states |= names
    for node in source.nodes:
        if isinstance(node, ast.Call):
            past = ast.unparse(node.func) == "object.__setattr__" or last_name(node.func) in setters
            if past and node.args and (is_own or last_name(node.args[0]) in APPLICATION):
                yield node
                continue
            changed = node.func.value if isinstance(node.func, ast.Attribute) else None
            if changed is None or last_name(node.func) not in {"pop", "setdefault", "update"}:
                continue
        elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
            changed = node.value
        elif isinstance(node, ast.AugAssign):
            changed = node.target
        else:
            continue
        if is_state(changed, is_own) or (isinstance(changed, ast.Name) and changed.id in states):
            yield node


def is_state(node: ast.AST, is_own: bool) -> bool:
    """Whether this is the dictionary of an application's attributes."""
    if isinstance(node, ast.Attribute) and node.attr == "__dict__":
        owner = last_name(node.value)
    elif isinstance(node, ast.Call) and last_name(node.func) == "vars" and node.args:
        owner = last_name(node.args[0])
    else:
        return False
    return owner in APPLICATION or (is_own and owner == "self")


# The request path.


def tests_for_an_overridden_step(package: Package) -> Measured:
    """Places on the request path that ask whether the application overrides a step."""
    return counted(
        source.at(node, ast.unparse(node))
        for source in package
        if source.stands_in(REQUEST_PATH)
        for node in source.nodes
        if (
            isinstance(node, ast.Compare)
            and isinstance(node.ops[0], ast.In | ast.NotIn)
            and isinstance(node.left, ast.Constant)
            and node.left.value in STEPS
        )
        or (isinstance(node, ast.Call) and last_name(node.func) in STEP_QUESTIONS)
    )


def tests_for_await(package: Package) -> Measured:
    """Places that find out whether something can be awaited."""
    return counted(
        source.at(node, ast.unparse(node))
        for source in package
        for node in source.nodes
        if (isinstance(node, ast.Constant) and node.value == "__await__")
        or (isinstance(node, ast.Call) and last_name(node.func) == "isawaitable")
    )


def homes_of_str_responses(package: Package) -> Measured:
    """Functions in which a text that a view returned becomes a response, or what is sent of one.

    On the request path and in the application's files: those that find that something is a `str` and then
    encode it or give it to a response class. Anywhere: those that give one its encoded text at once, or that
    encode what they call `rv`.
    """
    return counted(
        source.at(function, function.name)
        for source in package
        for function in source.functions
        if any(
            gives_encoded(node) or (near_requests(source) and answers_text(node))
            for node in own_nodes(function)
        )
    )


def near_requests(source: Source) -> bool:
    return source.stands_in(REQUEST_PATH) or source.defines(WRITTEN_CLASSES)


def gives_encoded(node: ast.AST) -> bool:
    """`Response.of_bytes(text.encode(), ...)`, `rv.encode()`."""
    if not isinstance(node, ast.Call):
        return False
    if last_name(node.func) in {"of_bytes", "of_parts"}:
        return bool(node.args) and is_encoding(node.args[0])
    return is_encoding(node) and last_name(node.func.value) == "rv"


def answers_text(node: ast.AST) -> bool:
    """`if kind is str: body = rv.encode()`, `if isinstance(rv, (str, bytes)): rv = cls(rv)`."""
    if not isinstance(node, ast.If | ast.IfExp) or not any(map(is_str_test, ast.walk(node.test))):
        return False
    branch = node.body if isinstance(node.body, list) else [node.body]
    return any(
        is_encoding(inner) or (isinstance(inner, ast.Call) and last_name(inner.func) in RESPONSE_MAKERS)
        for statement in branch
        for inner in ast.walk(statement)
    )


def is_encoding(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "encode"


def is_str_test(node: ast.AST) -> bool:
    if isinstance(node, ast.Compare):
        return isinstance(node.ops[0], ast.Is | ast.Eq) and last_name(node.comparators[0]) == "str"
    if isinstance(node, ast.Call) and last_name(node.func) == "isinstance" and len(node.args) == 2:
        return any(last_name(part) == "str" for part in ast.walk(node.args[1]))
    return False


def functions_of_one_name(package: Package) -> Measured:
    """Functions that the adapters of ASGI and of RSGI both have."""
    found = [
        {node.name: source.at(node) for node in source.tree.body if isinstance(node, Function)}
        for source in package
        if source.name in {f"{PACKAGE}/adapters/asgi.py", f"{PACKAGE}/adapters/rsgi.py"}
    ]
    if len(found) < 2:
        return counted([])
    asgi, rsgi = found
    return counted(f"{name}: {asgi[name]}, {rsgi[name]}" for name in sorted(asgi.keys() & rsgi.keys()))


# Types.


def parameters_typed_any(package: Package) -> Measured:
    """Per cent of the annotated parameters that are typed `Any`, `*args` and `**kwargs` apart."""
    all_of_them = [
        (source, one) for source in package for function in source.functions for one in parameters(function)
    ]
    places = [source.at(one, one.arg) for source, one in all_of_them if is_any(one.annotation)]
    return Measured(round(100 * len(places) / max(1, len(all_of_them)), 1), places)


def app_any(package: Package) -> Measured:
    """Parameters and variables called `app` that are typed `Any`."""
    return counted(
        source.at(node)
        for source in package
        for node in source.nodes
        if (isinstance(node, ast.arg) and node.arg == "app" and is_any(node.annotation))
        or (isinstance(node, ast.AnnAssign) and last_name(node.target) == "app" and is_any(node.annotation))
    )


def type_ignores(package: Package) -> Measured:
    """Comments that tell a type checker to look away."""
    return counted(
        f"{source.name}:{line} {comment}"
        for source in package
        for line, comment in source.comments.items()
        if re.search(r"#\s*type: *ignore", comment)
    )


# Sizes.


def longest_function(package: Package) -> Measured:
    """Lines of the longest function whose docstring does not say why it is not split."""
    return longest(
        (function.end_lineno - function.lineno + 1, source.at(function, function.name))
        for source in package
        for function in source.functions
        if not SAYS_WHY_LONG.search(ast.get_docstring(function) or "")
    )


def longest_file(package: Package) -> Measured:
    """Lines of the longest file whose docstring does not say why it is not split."""
    return longest(
        (source.text.count("\n"), f"{source.name}:1")
        for source in package
        if not SAYS_WHY_WHOLE.search(ast.get_docstring(source.tree) or "")
    )


def longest(sizes: Iterable[tuple[int, str]]) -> Measured:
    """The first of these, and the ten longest as places."""
    found = sorted(sizes, reverse=True)[:10]
    return Measured(found[0][0] if found else 0, [f"{place}: {lines} lines" for lines, place in found])


def top_level_files(package: Package) -> Measured:
    """Python files that stand directly in the package."""
    return counted(source.name for source in package if source.name.count("/") == 1)


MEASURES: dict[str, Callable[[Package], Measured]] = {
    measure.__name__: measure
    for measure in (
        own_modules_by_name, largest_knot, level_questions_core, level_questions_ext,
        private_names_of_the_application, writes_past_setattr, tests_for_an_overridden_step, tests_for_await,
        homes_of_str_responses, functions_of_one_name, parameters_typed_any, app_any, type_ignores,
        longest_function, longest_file, top_level_files,
    )
}  # fmt: skip


def main(names: Sequence[str]) -> None:
    package = read(ROOT / "src")
    for name in names or MEASURES:
        if name not in MEASURES:
            raise SystemExit(f"no such measure: {name}; there are {', '.join(MEASURES)}")
        found = MEASURES[name](package)
        if names:
            print(*found.places, sep="\n")
        print(f"{found.value:>6g}  {name}: {(MEASURES[name].__doc__ or '').splitlines()[0]}")


if __name__ == "__main__":
    main(sys.argv[1:])
