"""Flask-RESTful's half of an Api: where resources are, how their data is written, and who answers their errors.

An Api keeps what was added to it and registers it with each application or blueprint it is given, before or
after. This module must not know of typed handlers.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from functools import partial
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar, cast

from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException, InternalServerError, MethodNotAllowed, NotAcceptable, NotFound
from werkzeug.wrappers import Response as BaseResponse

from demijohn import (
    Blueprint, Flask, current_app, got_request_exception, has_request_context, make_response, request, url_for,
)  # fmt: skip
from demijohn.blueprints import BlueprintSetupState
from demijohn.ext.rest.representations.json import output_json
from demijohn.ext.rest.resources.errors import members_of, problem_of, status_of
from demijohn.ext.rest.resources.resource import Representation, Resource, written_by
from demijohn.ext.rest.utils import unpack
from demijohn.ext.rest.utils.results import changing
from demijohn.extend import answer_errors, current_application, send_signal, unproxied
from demijohn.views import View

__all__ = ["ResourceRoutes"]

C = TypeVar("C", bound=type[Any])
F = TypeVar("F", bound=Callable[..., Any])

#: The media type of a problem as JSON (RFC 9457).
PROBLEM = "application/problem+json"


class Added(NamedTuple):
    """A resource as it was added."""

    resource: Any
    urls: tuple[str, ...]
    options: dict[str, Any]
    #: By URL the methods of its rule, where those are not all: the others are answered by a rule that is there.
    methods: dict[str, list[str]] | None = None


class Place:
    """Where an Api's resources are registered: an application, itself or by a blueprint.

    :param app: The application; kept weakly, since an Api is often global and applications are made by tests.
    :param state: The registration of the blueprint.
    """

    def __init__(self, app: Flask, state: BlueprintSetupState | None = None) -> None:
        self._app = weakref.ref(app)
        self.url_prefix: str | None = None if state is None else state.url_prefix
        self.subdomain: str | None = None if state is None else state.subdomain
        self.url_defaults: dict[str, Any] = {} if state is None else state.url_defaults
        #: Before the name of each endpoint.
        self.name = "" if state is None else f"{state.name_prefix}.{state.name}.".lstrip(".")

    @property
    def app(self) -> Flask | None:
        """The application, while there is one."""
        return self._app()

    def options(self, endpoint: str, view: object, options: dict[str, Any]) -> dict[str, Any]:
        """The options of a rule here."""
        if self.name:
            defaults = {**self.url_defaults, **(options.get("defaults") or {})}
            options = {"subdomain": self.subdomain, **options, "defaults": defaults}
        elif getattr(view, "__name__", endpoint) == endpoint:
            return options
        return {**options, "endpoint": self.name + endpoint}


class ResourceRoutes:
    """Adds resources to an application or a blueprint.

    :param app: The application or blueprint; or call :meth:`init_app` later.
    :param prefix: Put before each URL.
    :param default_mediatype: What a client gets that takes none of the representations; with None it gets 406.
    :param decorators: Put around each resource's view, the first innermost.
    :param catch_all_404s: Whether a URL that nothing in the application has is told as one of the Api's errors.
    :param serve_challenge_on_401: Whether a 401 has a browser ask for name and password.
    :param url_part_order: The order of a URL's parts: ``b`` the blueprint's prefix, ``a`` the Api's, ``e`` what
        the resource was added with.
    :param errors: What is told of an exception, by the name of its class: members, of which ``status`` is the
        answer's status.
    """

    def __init__(
        self, app: Flask | Blueprint | None = None, prefix: str = "",
        default_mediatype: str | None = "application/json", decorators: list[Callable[..., Any]] | None = None,
        catch_all_404s: bool = False, serve_challenge_on_401: bool = False, url_part_order: str = "bae",
        errors: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:  # fmt: skip
        #: How data is written, by media type; the first where a client takes any.
        self.representations: dict[str, Representation] = {"application/json": output_json}
        self.urls: dict[str, Any] = {}
        self.prefix = prefix
        self.default_mediatype = default_mediatype
        self.decorators = decorators or []
        self.catch_all_404s = catch_all_404s
        self.serve_challenge_on_401 = serve_challenge_on_401
        self.url_part_order = url_part_order
        self.errors = errors or {}
        #: The last registration of the blueprint.
        self.blueprint_setup: Any = None
        #: The endpoints of resources, without the blueprint's name.
        self.endpoints: set[str] = set()
        #: All that was added.
        self.resources: list[Added] = []
        self.app: Flask | Blueprint | None = None
        self.blueprint: Blueprint | None = None
        self._places: list[Place] = []
        #: The endpoint a resource was added under last, by the resource.
        self._endpoint_of: dict[Any, str] = {}
        if app is not None:
            self.app = app if isinstance(app, Blueprint) else unproxied(app)
            self.init_app(self.app)

    # Where resources are.

    def init_app(self, app: Flask | Blueprint) -> None:
        """Add the resources, those added until now and later, to an application or a blueprint."""
        if isinstance(app, Blueprint):
            self.blueprint = app
            app.record(self._deferred_blueprint_init)
        else:
            self._init_app(unproxied(app))

    def _deferred_blueprint_init(self, state: BlueprintSetupState) -> None:
        self.blueprint_setup = state
        self._init_app(state.app, state)

    def _init_app(self, app: Flask, state: BlueprintSetupState | None = None) -> None:
        if app.policy.handlers_before_api:
            answer_errors(app, self.find_error_handler)
        else:
            self._stand_before(app)
        place = Place(app, state)
        self._places.append(place)
        for added in self.resources:
            self._register(place, added)

    def add_resource(self, resource: type[View], *urls: str, **kwargs: Any) -> None:
        """Add a resource.

        :param resource: The class.
        :param urls: Its URLs, as those of routes, below the prefixes.
        :param kwargs: ``endpoint``, by default the class's name in small letters; ``resource_class_args`` and
            ``resource_class_kwargs`` for its constructor; everything else is for ``add_url_rule``.
        :raises ValueError: when another class has the endpoint.
        """
        self._add_resource(Added(resource, urls, kwargs))

    def _add_resource(self, added: Added) -> None:
        self.resources.append(added)
        for place in self._places:
            self._register(place, added)

    def resource(self, *urls: str, **kwargs: Any) -> Callable[[C], C]:
        """Decorates a class that is added; takes what :meth:`add_resource` takes."""

        def add(cls: C) -> C:
            self.add_resource(cls, *urls, **kwargs)
            return cls

        return add

    def _register(self, place: Place, added: Added) -> None:
        app = place.app
        if app is None:
            return
        options: dict[str, Any] = dict(added.options)
        resource = added.resource
        endpoint: str = options.pop("endpoint", None) or resource.__name__.lower()
        taken = getattr(app.view_functions.get(place.name + endpoint), "view_class", resource)
        if taken != resource and not isinstance(resource, taken):
            raise ValueError(
                f"The endpoint {place.name + endpoint!r} is already that of {taken.__name__}: give"
                f" {getattr(resource, '__name__', resource)} another one, by endpoint=."
            )
        self.endpoints.add(endpoint)
        self._endpoint_of[resource] = endpoint
        if isinstance(resource, Resource) or (isinstance(resource, type) and issubclass(resource, Resource)):
            known: Any = resource
            known.endpoint, known.mediatypes = endpoint, self.mediatypes_method()
        view = self.output(
            resource.as_view(
                endpoint,
                *options.pop("resource_class_args", ()),
                **options.pop("resource_class_kwargs", {}),
            )
        )
        for decorator in self.decorators:
            view = decorator(view)
        options = dict(place.options(endpoint, view, options))
        for url in added.urls:
            if added.methods is not None:
                options["methods"] = added.methods[url]
                if not added.methods[url]:
                    app.view_functions.setdefault(place.name + endpoint, view)
                    continue
            app.add_url_rule(self._complete_url(url, place.url_prefix), view_func=view, **options)

    def _complete_url(self, url: str, registration_prefix: str | None) -> str:
        parts = {"b": registration_prefix, "a": self.prefix, "e": url}
        return "".join(parts[part] or "" for part in self.url_part_order)

    def owns_endpoint(self, endpoint: str) -> bool:
        """Whether an endpoint, with the names of blueprints before it, is a resource of this Api."""
        if self.blueprint is None:
            return endpoint in self.endpoints
        return any(
            endpoint.startswith(place.name) and endpoint[len(place.name) :] in self.endpoints
            for place in self._places
        )

    def url_for(self, resource: type[View], **values: Any) -> str:
        """The URL of a resource; takes what ``url_for`` takes.

        Of a blueprint that is registered several times, it is that of the registration which the request came by.
        """
        endpoint = self._endpoint_of.get(resource)
        if endpoint is None:
            raise ValueError(
                f"{resource.__name__} was not added to this Api: add it, or ask the Api it was added to."
            )
        return url_for(self._name_here() + endpoint, **values)

    def _name_here(self) -> str:
        if self.blueprint is None:
            return ""
        app = current_application()
        names = [place.name for place in self._places if place.app is app]
        here = f"{request.blueprint}." if has_request_context() else None
        return here if here in names else next(iter(names), f"{self.blueprint.name}.")

    # How data is written.

    def output(self, resource: F) -> F:
        """A view whose results are data, made one whose results are responses."""

        def answer(value: object) -> object:
            if isinstance(value, BaseResponse):
                return value
            data, code, headers = unpack(value)
            return self.make_response(data, code, headers=headers)

        return changing(resource, answer)

    def make_response(self, data: object, *args: Any, **kwargs: Any) -> Any:
        """A response with the data, written in the media type that the client likes best.

        :param data: The data.
        :param args: For the representation: the status.
        :param kwargs: For the representation: ``headers``. ``fallback_mediatype`` goes before
            :attr:`default_mediatype`.
        :raises NotAcceptable: when there is no default, and the client takes none of the representations.
        """
        default = kwargs.pop("fallback_mediatype", None) or self.default_mediatype
        known = self.representations
        if default in known and len(known) == 1:
            wanted = default  # whatever the client says
        else:
            accepted = request.accept_mimetypes
            wanted = accepted.best_match(known) or default
            if wanted is None and not accepted:
                wanted = next(
                    iter(known), None
                )  # who names nothing takes anything (RFC 9110, section 12.5.1)
        if wanted is None:
            raise NotAcceptable
        write = known.get(wanted)
        if write is not None:
            response = written_by(write, wanted, data, *args, **kwargs)
        elif wanted == "text/plain":
            response = make_response(str(data), *args)
            response.headers.extend(kwargs.get("headers") or {})
        else:
            raise InternalServerError
        response.headers["Content-Type"] = wanted
        return response

    def representation(self, mediatype: str) -> Callable[[F], F]:
        """Decorates a function that writes data in a media type: takes data, status and header fields.

        :param mediatype: The media type; may be one that is there, to write it otherwise.
        """

        def register(function: F) -> F:
            self.representations[mediatype] = function
            return function

        return register

    def mediatypes(self) -> list[str]:
        """The media types that the request asks for, the best liked first."""
        accepted = sorted(request.accept_mimetypes, key=itemgetter(1), reverse=True)
        return [mediatype for mediatype, _ in accepted]

    def mediatypes_method(self) -> Callable[..., list[Any]]:
        """A method for resources that gives :meth:`mediatypes` and the default."""
        return lambda resource: [*self.mediatypes(), self.default_mediatype]

    # Who answers for errors.

    def find_error_handler(self, e: Exception) -> Callable[[Exception], Any] | None:
        """What answers for an error that no handler of the application answers; None for an error of others.

        That a resource failed in an unexpected way is found out twice: first by what was raised, which only a
        :meth:`handle_error` of one's own or :attr:`errors` has an answer to, then as a 500.
        """
        expected = isinstance(e, HTTPException) or type(e).__name__ in self.errors or self._handles_errors
        return self._handle if expected and self._has_fr_route() else None

    def _handle(self, e: Exception) -> Any:
        try:
            return self.handle_error(e)
        except HTTPException as raised:
            if raised is e:
                return e
            raise

    @property
    def _handles_errors(self) -> bool:
        """Whether a subclass has an answer to errors."""
        ours: Any = ResourceRoutes.handle_error
        return getattr(self.handle_error, "__func__", None) is not ours

    def _stand_before(self, app: Flask) -> None:
        """Take the place of the application's own methods, as Flask-RESTful does."""
        replaced: Any = app
        replaced.handle_exception = partial(self.error_router, app.handle_exception)
        replaced.handle_user_exception = partial(self.error_router, app.handle_user_exception)

    def error_router(self, original_handler: Callable[[Exception], Any], e: Exception) -> Any:
        """The Api's answer to an error of a resource, else the application's.

        :param original_handler: The application's method.
        """
        if not self._has_fr_route():
            return original_handler(e)
        try:
            answer = self.handle_error(e)
        except Exception:
            # What the Api has no answer to is the application's.
            answer = original_handler(e)
        return answer

    def _has_fr_route(self) -> bool:
        """Whether the request is for a resource of this Api."""
        rule = request.url_rule
        if rule is None:
            return self._should_use_fr_error_handler()
        return self.owns_endpoint(rule.endpoint)

    def _should_use_fr_error_handler(self) -> bool:
        """Whether a request that no route takes is this Api's: one of its URLs, or, if it has these, any."""
        adapter = current_app.create_url_adapter(cast(Any, request))
        if adapter is None:
            return False
        try:
            adapter.match()
        except MethodNotAllowed as error:
            method = next(iter(error.valid_methods or ()), None)
            rule, _ = adapter.match(method=method, return_rule=True)
            return self.owns_endpoint(rule.endpoint)
        except NotFound:
            return self.catch_all_404s
        except HTTPException:
            pass  # a redirect
        return False

    def handle_error(self, e: Exception) -> Any:
        """The response to an error of a resource; override it to answer others, and call this for the rest.

        :raises Exception: the error itself, where errors propagate, or the application has a handler of 500.
        """
        app = current_application()
        self._report(app, e)
        if isinstance(e, HTTPException) and e.response is not None:
            return e.get_response()
        headers = e.get_response().headers if isinstance(e, HTTPException) else Headers()
        headers = Headers(
            [item for item in headers if item[0].lower() not in {"content-length", "content-type"}]
        )
        members = members_of(e)
        custom = self.errors.get(type(e).__name__)
        members.update(custom or {})
        code = status_of(e) if custom is None else custom.get("status", 500)
        is_problem = app.policy.problem_json
        fallback = None
        if self.default_mediatype is None and (is_problem or code == 406):
            # An error can be told in any media type rather than not be told.
            fallback = next(iter(self.representations), "text/plain")
        told = problem_of(code, members) if is_problem else members
        response = self.make_response(told, code, headers, fallback_mediatype=fallback)
        if is_problem and response.mimetype == "application/json":
            response.headers["Content-Type"] = PROBLEM
        return self.unauthorized(response) if code == 401 else response

    def _report(self, app: Flask, e: Exception) -> None:
        """Tell of an error that is unexpected, and raise it where that is what the application wants."""
        first = app.policy.handlers_before_api
        if first and (isinstance(e, HTTPException) or type(e).__name__ in self.errors):
            return  # it is expected, or was told of before it became a 500
        if first:
            as_500 = app.find_error_handler(InternalServerError(original_exception=e), request.blueprints)
            if as_500 not in (None, self._handle):
                raise e
        send_signal(got_request_exception, app, exception=e)
        propagate = app.config.get("PROPAGATE_EXCEPTIONS")
        if propagate is None:
            propagate = app.testing or app.debug
        if propagate and not isinstance(e, HTTPException):
            raise e
        if status_of(e) >= 500:
            app.log_exception((type(e), e, e.__traceback__))

    def unauthorized(self, response: BaseResponse) -> BaseResponse:
        """The response to somebody unknown, with a challenge where that is wanted.

        Its realm is the setting ``HTTP_BASIC_AUTH_REALM``.
        """
        if self.serve_challenge_on_401:
            realm = str(current_app.config.get("HTTP_BASIC_AUTH_REALM", "flask-restful"))
            quoted = realm.replace("\\", "\\\\").replace('"', '\\"')
            response.headers["WWW-Authenticate"] = f'Basic realm="{quoted}"'
        return response
