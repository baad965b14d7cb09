"""Jinja for applications: the environment, the loaders' order, rendering in a context.

One environment per application, synchronous, because an asynchronous one renders half as fast
again. This module must not know how requests are dispatched.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import FunctionType
from typing import Any, Protocol, TypeAlias

from jinja2 import BaseLoader, FileSystemLoader, Template, TemplateNotFound
from jinja2 import Environment as BaseEnvironment
from jinja2 import pass_eval_context
from jinja2.runtime import Context, new_context
from jinja2.utils import internalcode

from demijohn.config import Config
from demijohn.contexts.context import AppContext, RequestContext, current
from demijohn.contexts.proxies import NO_APP
from demijohn.errors import Source, explain_template_loading_attempts
from demijohn.policy import Policy
from demijohn.signals import before_render_template, send_signal, template_rendered

#: A template, or what it is found by.
_Wanted: TypeAlias = str | Template
_WantedOrList: TypeAlias = _Wanted | list[_Wanted]


class Templated(Protocol):
    """An application or a blueprint: what has a folder of templates."""

    @property
    def jinja_loader(self) -> Any:
        """A :class:`jinja2.BaseLoader`, or None for no folder."""
        ...


class Application(Templated, Protocol):
    """An application, as far as its templates go."""

    policy: Policy

    @property
    def config(self) -> Config:
        """The settings."""
        ...

    @property
    def logger(self) -> Any:
        """Where it is explained which loaders were asked."""
        ...

    def iter_blueprints(self) -> Iterable[Templated]:
        """All blueprints, in the order they were registered."""
        ...

    def create_global_jinja_loader(self) -> BaseLoader:
        """The loader that asks the application, then its blueprints."""
        ...


def default_template_ctx_processor() -> dict[str, Any]:
    """``request`` and ``g`` for every template, as far as there is a context."""
    ctx = current.get(None)
    if ctx is None:
        return {}
    if ctx.request is None:
        return {"g": ctx.g}
    # Not the session: the environment's global is a proxy, so a template that does not use it
    # does not load it.
    return {"g": ctx.g, "request": ctx.request}


#: How a function that wants the context of its evaluation is marked.
_EVAL_CONTEXT: Any = vars(pass_eval_context(lambda context: None))["jinja_pass_arg"]


class _Context(Context):
    """A template's context that calls plain functions at once.

    PERF: Jinja asks each thing that is called four times how it wants to be, 1.2 us for each ``{{ url_for(...) }}``.
    """

    @internalcode
    def call(self, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        """See :meth:`jinja2.runtime.Context.call`."""
        if obj.__class__ is FunctionType and not kwargs:
            wanted = obj.__dict__.get("jinja_pass_arg")
            try:
                if wanted is None:
                    return obj(*args)
                if wanted is _EVAL_CONTEXT:
                    return obj(self.eval_ctx, *args)
            except StopIteration:
                return self.environment.undefined(f"{obj.__name__} raised a StopIteration")
        return super().call(obj, *args, **kwargs)


class _Template(Template):
    """A template that has its environment's globals copied as the dictionary that they are.

    PERF: Jinja has a ``ChainMap`` of its own globals and the environment's, which is copied in Python: 0.8 us for each
    name, and extensions add names.
    """

    def new_context(
        self,
        vars: dict[str, Any] | None = None,
        shared: bool = False,
        locals: Mapping[str, Any] | None = None,
    ) -> Context:
        """See :meth:`jinja2.Template.new_context`."""
        names = self.globals
        if type(names) is ChainMap and not names.maps[0] and type(names.maps[1]) is dict:
            names = names.maps[1]
        return new_context(self.environment, self.name, self.blocks, vars, shared, names, locals)


class Environment(BaseEnvironment):
    """Jinja's environment, knowing its application.

    :param app: The application whose loaders and settings it uses.
    """

    template_class = _Template
    context_class = _Context

    def __init__(self, app: Application, **options: Any) -> None:
        if "loader" not in options:
            options["loader"] = app.create_global_jinja_loader()
        super().__init__(**options)
        self.app = app


class ExtensionTemplates:
    """The templates that an extension brings for every application: an owner of templates, like a blueprint.

    :param package: The extension's package.
    :param folder: Where they are.
    """

    def __init__(self, package: str, folder: Path) -> None:
        self.package = package
        self.jinja_loader: BaseLoader = FileSystemLoader(folder)
        #: The folders of this one: only a name below one of them is looked for here.
        self.tops = tuple(f"{path.name}/" for path in folder.iterdir() if path.is_dir())

    def __repr__(self) -> str:
        return f"extension {self.package!r}"


#: What extensions have brought, by their packages.
extension_templates: dict[str, ExtensionTemplates] = {}


class DispatchingJinjaLoader(BaseLoader):
    """Looks for a template in the application's folder, then in those of its blueprints, then of extensions."""

    #: A line for who has EXPLAIN_TEMPLATE_LOADING on: where to read about templates of blueprints.
    read_on = ""

    def __init__(self, app: Application) -> None:
        self.app = app

    def get_source(self, environment: BaseEnvironment, template: str) -> Source:
        """Source, file name and freshness check of the first loader that has ``template``.

        :raises TemplateNotFound: when none has.
        """
        explain = self.app.config["EXPLAIN_TEMPLATE_LOADING"]
        attempts: list[tuple[BaseLoader, Templated, Source | None]] = []
        found: Source | None = None
        for owner, loader in self._iter_loaders(template):
            try:
                result: Source | None = loader.get_source(environment, template)
            except TemplateNotFound:
                result = None
            if not explain and result is not None:
                return result
            attempts.append((loader, owner, result))
            found = found or result
        if explain:
            ctx = current.get(None)
            blueprint = None if ctx is None or ctx.request is None else ctx.request.blueprint
            explain_template_loading_attempts(self.app, template, attempts, blueprint, self.read_on)
        if found is None:
            raise TemplateNotFound(template, self._where(template))
        return found

    def _iter_loaders(self, template: str) -> Iterator[tuple[Templated, BaseLoader]]:
        owner: Templated
        for owner in (self.app, *self.app.iter_blueprints()):
            loader = owner.jinja_loader
            if loader is not None:
                yield owner, loader
        for brought in extension_templates.values():
            if not template or template.startswith(brought.tops):
                yield brought, brought.jinja_loader

    def _where(self, template: str) -> str:
        """The message of a miss: what was looked for, where, and what to do."""
        if not self.app.policy.explained_errors:
            return template
        places = [
            str(place)
            for _, loader in self._iter_loaders(template)
            for place in getattr(loader, "searchpath", [loader])
        ]
        searched = ", ".join(repr(place) for place in places) or "no template folder at all"
        return (
            f"Template {template!r} was not found. Searched: {searched}. Create it there, or set"
            " template_folder on the application or blueprint."
        )

    def list_templates(self) -> list[str]:
        """The names of all templates that can be loaded."""
        return list({name for _, loader in self._iter_loaders("") for name in loader.list_templates()})


def _context() -> AppContext:
    try:
        return current.get()
    except LookupError:
        raise RuntimeError(NO_APP) from None


def _render(ctx: AppContext | Application, template: Template, context: dict[str, Any]) -> str:
    if not isinstance(ctx, AppContext):
        # COMPAT: Flask 3.1 has the application here, and so have extensions with templates of their own.
        ctx = _context()
    app = ctx.app
    _update(ctx, context)
    if before_render_template.receivers:
        send_signal(before_render_template, app, template=template, context=context)
    text = template.render(context)
    if template_rendered.receivers:
        send_signal(template_rendered, app, template=template, context=context)
    return text


def _update(ctx: AppContext, context: dict[str, Any]) -> None:
    app = ctx.app
    if isinstance(ctx, RequestContext) and ctx.way.plain_context:
        # PERF: with no context processor registered, two names are all that is added.
        context.setdefault("g", ctx.g)
        context.setdefault("request", ctx.request)
    else:
        app.update_template_context(context)


def _stream(ctx: AppContext | Application, template: Template, context: dict[str, Any]) -> Iterator[str]:
    if not isinstance(ctx, AppContext):
        ctx = _context()  # COMPAT: as in _render
    app = ctx.app
    for prepare in app.template_streams:
        prepare(template)
    app.update_template_context(context)
    send_signal(before_render_template, app, template=template, context=context)

    def parts() -> Iterator[str]:
        token = None
        stream = template.generate(context)
        while True:
            # Each part is rendered inside the context, which is not left set between parts.
            token = current.set(ctx)
            try:
                part = next(stream, None)
            finally:
                current.reset(token)
            if part is None:
                break
            yield part
        send_signal(template_rendered, app, template=template, context=context)

    return parts()


def _load(ctx: AppContext, template: _WantedOrList) -> Template:
    # PERF: unless templates are reloaded, a name leads straight to its compiled template.
    cache = ctx.settled().templates
    env: BaseEnvironment = ctx.app.jinja_env
    if cache is None or type(template) is not str:
        return env.get_or_select_template(template)
    found: Template | None = None if env.auto_reload else cache.get(template)
    if found is None:
        found = cache[template] = env.get_template(template)
    return found


def render_template(template_name_or_list: _WantedOrList, **context: Any) -> str:
    """The text of a template.

    :param template_name_or_list: Name, template, or a list of which the first that exists counts.
    :param context: Variables of the template.
    :raises TemplateNotFound: with the folders that were searched.
    """
    ctx = _context()
    return _render(ctx, _load(ctx, template_name_or_list), context)


def render_template_string(source: str, **context: Any) -> str:
    """The text of a template given as ``source``; autoescape is on."""
    ctx = _context()
    return _render(ctx, ctx.app.jinja_env.from_string(source), context)


def stream_template(template_name_or_list: _WantedOrList, **context: Any) -> Iterator[str]:
    """A template's text in parts, to be returned from a view as a streamed body."""
    ctx = _context()
    return _stream(ctx, _load(ctx, template_name_or_list), context)


def stream_template_string(source: str, **context: Any) -> Iterator[str]:
    """Like :func:`stream_template` for a template given as ``source``."""
    ctx = _context()
    return _stream(ctx, ctx.app.jinja_env.from_string(source), context)


def get_template_attribute(template_name: str, attribute: str) -> Any:
    """A macro or variable that a template exports, to be called from Python."""
    ctx = _context()
    return getattr(_load(ctx, template_name).module, attribute)
