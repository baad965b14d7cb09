"""The OpenAPI 3.1 document of an Api: of its typed views, its resources, and plain views that have a docstring.

This module must not know how documents are served.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType
from werkzeug.routing import Rule

from demijohn.views import MethodView
from demijohn import Flask
from demijohn.ext.rest.openapi import resources
from demijohn.ext.rest.openapi.schemas import Schemas
from demijohn.ext.rest.toolkit.idempotency import HEADER
from demijohn.ext.rest.typed.handlers import Handler
from demijohn.ext.rest.typed.kinds import fields_of, is_model, members_of, without
from demijohn.ext.rest.typed.parameters import Parameter
from demijohn.ext.rest.routes import Registry
from demijohn.ext.rest.typed.sources import Header, Source

__all__ = ["Described", "Entry", "build"]

_variable = re.compile(r"<(?:(?P<converter>[A-Za-z_]\w*)(?:\((?P<args>.*?)\))?:)?(?P<name>[A-Za-z_]\w*)>")
_PATH_KINDS: dict[str | None, dict[str, Any]] = {
    "int": {"type": "integer", "minimum": 0},
    "float": {"type": "number", "minimum": 0},
    "uuid": {"type": "string", "format": "uuid"},
}
PROBLEM = "Problem"
_PROBLEM_SCHEMA = {
    "title": PROBLEM,
    "description": "What went wrong (RFC 9457).",
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["in", "detail"],
                "properties": {
                    "in": {"type": "string"},
                    "name": {"type": "string"},
                    "pointer": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}


@dataclass
class Entry:
    """One operation: a method of a rule, and the handler where its view is typed."""

    rule: Rule
    path: str
    method: str
    view: Callable[..., Any]
    handler: Handler | None
    #: Further members of its operation, as a resource describes itself.
    described: dict[str, Any]


@dataclass
class Described:
    """What a document is made of."""

    title: str
    version: str
    servers: list[dict[str, Any]]
    entries: list[Entry]


def path_of(rule: str) -> tuple[str, list[dict[str, Any]]]:
    """The path of a rule as OpenAPI writes it, and its parameters."""
    parameters = []
    for found in _variable.finditer(rule):
        schema = _PATH_KINDS.get(found["converter"], {"type": "string"})
        if found["converter"] == "int" and "signed" in (found["args"] or ""):
            schema = {"type": "integer"}
        if found["converter"] == "any":
            names = [name.strip().strip("\"'") for name in (found["args"] or "").split(",")]
            schema = {"type": "string", "enum": names}
        parameters.append({"name": found["name"], "in": "path", "required": True, "schema": dict(schema)})
    return _variable.sub(lambda found: f"{{{found['name']}}}", rule), parameters


def entries_of(app: Flask, registry: Registry, rules: Iterable[Rule], version: str | None) -> Iterator[Entry]:
    """The operations of rules.

    :param version: The version that is documented, where there are several.
    """
    for rule in rules:
        view: Any = registry.view_of(rule, version)
        if view is None or rule.websocket:
            continue
        path, _ = path_of(rule.rule)
        typed = dict(registry.typed_methods(rule, version))
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            handler = typed.get(method)
            if handler is None and method in typed:
                continue  # another version has it
            function = view if handler is None else handler.function
            described: dict[str, Any] = {}
            cls = getattr(view, "view_class", None)
            if handler is None and cls is not None:
                if issubclass(cls, MethodView) and not hasattr(cls, method.lower()):
                    continue  # another version has it
                function = getattr(cls, method.lower(), view)
                described = resources.described(function)
            if handler is not None and handler.options.hidden:
                continue
            if handler is None and not described and not inspect.getdoc(function):
                continue
            yield Entry(rule, path, method, function, handler, described)


def build(described: Described) -> dict[str, Any]:
    """The document."""
    schemas = Schemas()
    for entry in described.entries:
        if entry.handler is not None:
            _tell(schemas, entry.handler)
    schemas.make()
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": described.title, "version": described.version},
        "servers": described.servers,
        "paths": {},
        "components": {"schemas": schemas.components},
    }
    names: set[str] = set()
    for entry in described.entries:
        operation = _operation(entry, schemas, document, names)
        document["paths"].setdefault(entry.path, {})[entry.method.lower()] = operation
    document["components"]["schemas"].setdefault(PROBLEM, _PROBLEM_SCHEMA)
    document["components"]["schemas"] = dict(sorted(document["components"]["schemas"].items()))
    tags = sorted({tag for entry in described.entries if entry.handler for tag in entry.handler.options.tags})
    if tags:
        document["tags"] = [{"name": tag} for tag in tags]
    return document


def _tell(schemas: Schemas, handler: Handler) -> None:
    for parameter in handler.parameters:
        if not isinstance(parameter.source, Source):
            continue
        models = _text_models(parameter)
        for annotation in [one.annotation for model in models for one in fields_of(model)] or [
            parameter.annotation
        ]:
            schemas.add(annotation)
    promise = handler.promise
    if promise.media_type in {"application/json", "application/jsonl", "application/problem+json"}:
        schemas.add(promise.kind)


def _text_models(parameter: Parameter) -> list[Any]:
    """The models whose fields are parameters."""
    if parameter.place == "body":
        return []
    return [member for member in members_of(parameter.annotation) if is_model(member)]


def _operation(entry: Entry, schemas: Schemas, document: dict[str, Any], names: set[str]) -> dict[str, Any]:
    operation: dict[str, Any] = {}
    options = None if entry.handler is None else entry.handler.options
    if options is not None and options.tags:
        operation["tags"] = list(options.tags)
    summary, _, description = (inspect.getdoc(entry.view) or "").strip().partition("\n")
    if options is not None and options.summary:
        summary = options.summary
    if summary:
        operation["summary"] = summary.strip()
    if description.strip():
        operation["description"] = description.strip()
    operation["operationId"] = _operation_id(entry, names)
    _, parameters = path_of(entry.rule.rule)
    operation["parameters"] = parameters
    operation["responses"] = {}
    if entry.handler is None:
        operation["responses"]["200"] = {"description": "OK"}
    else:
        _add_parameters(entry.handler, schemas, operation)
        _add_body(entry.handler, schemas, operation)
        _add_responses(entry.handler, schemas, operation)
        for supplier in entry.handler.suppliers:
            supplier.describe(operation, document)
        if entry.handler.options.deprecated:
            operation["deprecated"] = True
    for name, value in entry.described.items():
        if name == "parameters":
            operation["parameters"] += value
        elif name == "components":
            for kind, members in value.items():
                document["components"].setdefault(kind, {}).update(members)
        else:
            operation[name] = value
    operation["responses"].setdefault("default", _problem("Any other error."))
    if not operation["parameters"]:
        del operation["parameters"]
    return operation


def _operation_id(entry: Entry, names: set[str]) -> str:
    """A name that no other operation of the document has."""
    given = None if entry.handler is None else entry.handler.options.operation_id
    base = given or entry.rule.endpoint.replace(".", "_")
    name = base
    if name in names and given is None:
        name = f"{base}_{entry.method.lower()}"
    number = 2
    while name in names:
        name = f"{base}_{number}"
        number += 1
    names.add(name)
    return name


def _add_parameters(handler: Handler, schemas: Schemas, operation: dict[str, Any]) -> None:
    in_path = {one["name"]: one for one in operation["parameters"]}
    for parameter in handler.parameters:
        if parameter.place == "path" and parameter.key in in_path and parameter.annotation is not Any:
            known = in_path[parameter.key]
            known["schema"] = {**known["schema"], **schemas.of(parameter.annotation)}
        if parameter.place not in {"query", "header", "cookie"}:
            continue
        models = _text_models(parameter)
        for model in models:
            for field in fields_of(model):
                schema = schemas.of(field.annotation)
                name = Header().called(field.key) if parameter.place == "header" else field.key
                operation["parameters"].append(
                    _parameter(name, parameter.place, field.required, schema, field.default)
                )
        if not models:
            schema = schemas.of(without(parameter.annotation, UnsetType))
            operation["parameters"].append(
                _parameter(parameter.key, parameter.place, parameter.required, schema, parameter.default)
            )


def _parameter(name: str, place: str, required: bool, schema: dict[str, Any], default: Any) -> dict[str, Any]:
    if not required and default is not UNSET and default is not None:
        try:
            schema = {**schema, "default": msgspec.to_builtins(default)}
        except TypeError:  # a default that JSON does not have
            pass
    return {"name": name, "in": place, "required": required, "schema": schema}


def _add_body(handler: Handler, schemas: Schemas, operation: dict[str, Any]) -> None:
    bodies = [one for one in handler.parameters if one.place == "body"]
    forms = [one for one in handler.parameters if one.place in {"form", "file"}]
    if bodies:
        named = isinstance(bodies[0].source, Source) and bodies[0].source.name is not None
        schema = schemas.of(bodies[0].annotation)
        if named:
            schema = _object([(one.key, one.required, schemas.of(one.annotation)) for one in bodies])
        required = any(one.required for one in bodies)
        operation["requestBody"] = {"required": required, "content": {"application/json": {"schema": schema}}}
    elif forms:
        members: list[tuple[str, bool, dict[str, Any]]] = []
        for one in forms:
            models = _text_models(one)
            for model in models:
                members += [
                    (field.key, field.required, schemas.of(field.annotation)) for field in fields_of(model)
                ]
            if not models:
                members.append((one.key, one.required, schemas.of(one.annotation)))
        files = any(one.place == "file" for one in forms)
        content: dict[str, Any] = {"multipart/form-data": {"schema": _object(members)}}
        if not files:
            content["application/x-www-form-urlencoded"] = {"schema": _object(members)}
        operation["requestBody"] = {
            "required": any(required for _, required, _ in members),
            "content": content,
        }


def _object(members: list[tuple[str, bool, dict[str, Any]]]) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "properties": {name: one for name, _, one in members}}
    required = [name for name, needed, _ in members if needed]
    return {**schema, "required": required} if required else schema


def _add_responses(handler: Handler, schemas: Schemas, operation: dict[str, Any]) -> None:
    promise, status = handler.promise, handler.options.status
    responses = operation["responses"]
    media_type = promise.media_type
    if media_type is not None:
        schema: dict[str, Any] = {"type": "string"}
        if media_type in {"application/json", "application/jsonl"}:
            schema = schemas.of(promise.kind)
        code = status
        if promise.bulk:
            code, schema = 207, _bulk(schema)
        responses[str(code)] = {"description": _phrase(code), "content": {media_type: {"schema": schema}}}
    elif promise.open:
        responses[str(status)] = {"description": _phrase(status)}
    if promise.empty or promise.nothing:
        responses["204"] = {"description": _phrase(204)}
    if handler.options.etag:
        responses["304"] = {"description": _phrase(304)}
    places = {one.place for one in handler.parameters}
    if "body" in places:
        responses["400"] = _problem("The body is no JSON.")
        responses["415"] = _problem("The body has another type than JSON.")
    if handler.options.idempotent:
        operation["parameters"].append(
            _parameter(HEADER, "header", handler.options.idempotent == "required", {"type": "string"}, UNSET)
        )
        responses.setdefault("400", _problem(f"There is no {HEADER}, or it is none."))
        responses["409"] = _problem("The first request with this key has not ended.")
    if handler.parameters or handler.options.idempotent:
        responses["422"] = _problem("Values are invalid.")
    for code, text in handler.options.errors.items():
        responses[str(code)] = _problem(text)


def _bulk(schema: dict[str, Any]) -> dict[str, Any]:
    members = {
        "status": {"type": "integer"}, "body": schema, "problem": {"$ref": f"#/components/schemas/{PROBLEM}"},
    }  # fmt: skip
    return {"type": "array", "items": {"type": "object", "required": ["status"], "properties": members}}


def _problem(text: str) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{PROBLEM}"}
    return {"description": text, "content": {"application/problem+json": {"schema": schema}}}


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "An answer."
