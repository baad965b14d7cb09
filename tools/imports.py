"""Read which modules a package's files import, and where in the file they do it.

Complements import-linter, which sees what is imported but not from which place: an import inside a
function or under TYPE_CHECKING hides a knot from a reader. Works on source text; imports nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Imported:
    """One imported name: the module it is taken from, the name ('' for `import module`), and the place."""

    module: str
    name: str
    line: int
    type_checking: bool
    function_line: int = 0
    function_docstring: str = ""

    @property
    def in_function(self) -> bool:
        """Whether the import runs when a function is called, not when the module is loaded."""
        return self.function_line > 0

    @property
    def target(self) -> str:
        """Dotted name of what is imported."""
        return f"{self.module}.{self.name}" if self.name else self.module


def module_name(path: Path, source_root: Path) -> str:
    """`src/demijohn/http/__init__.py` below `src` -> `demijohn.http`."""
    parts = list(path.relative_to(source_root).with_suffix("").parts)
    if parts[-1] == "__init__":
        parts.pop()
    return ".".join(parts)


def imports_of(path: Path, source_root: Path) -> list[Imported]:
    """All imports of a file, with relative ones resolved to absolute module names."""
    name = module_name(path, source_root)
    package = name if path.stem == "__init__" else name.rpartition(".")[0]
    return list(_walk(ast.parse(path.read_text()), package, None, type_checking=False))


def _walk(
    node: ast.AST, package: str, function: Function | None, *, type_checking: bool
) -> Iterator[Imported]:
    line = function.lineno if function else 0
    docstring = (ast.get_docstring(function) or "") if function else ""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Imported(alias.name, "", child.lineno, type_checking, line, docstring)
        elif isinstance(child, ast.ImportFrom):
            module = _absolute(child, package)
            for alias in child.names:
                yield Imported(module, alias.name, child.lineno, type_checking, line, docstring)
        else:
            inner = child if isinstance(child, Function) else function
            asked = type_checking or _asks_type_checking(child)
            yield from _walk(child, package, inner, type_checking=asked)


def _absolute(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    base = package.split(".")
    base = base[: len(base) - (node.level - 1)]
    return ".".join([*base, node.module] if node.module else base)


def _asks_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
