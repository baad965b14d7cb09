"""Every text that this package shows to visitors is in each of its catalogues."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from werkzeug.exceptions import HTTPException, default_exceptions

import demijohn
from demijohn.ext.oauth.address import MEND

SOURCE = Path(demijohn.__file__).parent
CATALOGUES = SOURCE / "ext" / "i18n" / "translations"
LANGUAGES = ("es", "fr", "de", "pt_BR", "zh_Hans", "ar", "hi", "ja")
#: What is called with a text for visitors, and which of its arguments that is.
_ERRORS = {kind.__name__: 0 for kind in default_exceptions.values()} | {"HTTPException": 0}
_TEXTS = _ERRORS | {
    "Filled": 0, "translate": 0, "abort": 1, "UploadNotAllowed": 0, "NotJSON": 0, "cls": 0, "_known": 2,
    "_Refused": 1, "_error": 1,
}  # fmt: skip
#: What f-strings of those are made of, by the name in their braces.
_FILLED_IN = {
    "MEND": [MEND],
    "what": ["request body", "JSON"],
    "unit": ["second", "minute", "hour", "day", "month", "year"],
}


@cache
def texts():
    """The texts in the code, each with a place where it is."""
    found = {}
    for file in sorted(SOURCE.rglob("*.py")):
        if {"compat", "templates", "debugger"} & set(file.relative_to(SOURCE).parts):
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                for text in _said(node):
                    found[text] = f"{file.relative_to(SOURCE)}:{node.lineno}"
    return found


def _said(call):
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    if name == "problem" and len(call.args) > 1:
        return [text for argument in call.args[1:3] for text in _constants(argument)]
    place = _TEXTS.get(name)
    given = [key.value for key in call.keywords if key.arg == "description" and name in _TEXTS]
    if place is not None and len(call.args) > place:
        given.append(call.args[place])
    return [text for argument in given for text in _constants(argument)]


def _constants(node):
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) and " " in node.value else []
    if isinstance(node, ast.IfExp):
        return [*_constants(node.body), *_constants(node.orelse)]
    if isinstance(node, ast.JoinedStr):
        made = [""]
        for part in node.values:
            fill = (
                [part.value]
                if isinstance(part, ast.Constant)
                else _FILLED_IN.get(ast.unparse(part.value), ["{?}"])
            )
            made = [begun + more for begun in made for more in fill]
        return made
    return []
