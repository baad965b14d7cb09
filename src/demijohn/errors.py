"""The framework's own exceptions, and the explanations shown in debug mode.

    Exception
    +-- SetupError                    the application is not set up as this needs
    |   +-- LateRegistration          (AssertionError) registered after the app was frozen
    |   +-- MissingSecretKey          (RuntimeError) something must be signed, without a key
    |   +-- AsyncUnsupported          (RuntimeError) something can only be awaited
    |   +-- WrongSetting              (TypeError) a setting is of a kind it cannot be
    +-- ValueError
    |   +-- JSONRefused               JSON that Python could read, and that is not let in
    +-- HTTPException
    |   +-- InsufficientStorage       507, which Werkzeug does not have
    +-- AssertionError                what only debug mode raises
        +-- UnexpectedUnicodeError    (UnicodeError)
        +-- DebugFilesKeyError        (KeyError) a file that the form did not send
        +-- FormDataRoutingRedirect   a redirect that would lose the body

The bases in brackets are what Flask raises in the same place, so ``except`` clauses written for
Flask still catch. Other HTTP errors are Werkzeug's. This module must not know applications,
requests or blueprints; it reads what it is handed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from errno import EDQUOT, EFBIG, ENOSPC
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from werkzeug.exceptions import HTTPException

if TYPE_CHECKING:  # names in signatures; at run time this module needs nothing
    from jinja2 import BaseLoader
    from werkzeug.wrappers import Request

__all__ = [
    "AsyncUnsupported",
    "DebugFilesKeyError",
    "FormDataRoutingRedirect",
    "InsufficientStorage",
    "JSONRefused",
    "LateRegistration",
    "MissingSecretKey",
    "SetupError",
    "UnexpectedUnicodeError",
    "WrongSetting",
    "attach_enctype_error_multidict",
    "explain_template_loading_attempts",
]


#: What a loader returns: the template's source, its file name and whether it is still up to date.
Source: TypeAlias = tuple[str, str | None, Callable[[], bool] | None]


class Routed(Protocol):
    """A request that was routed: one of this package, a socket or an application's own."""

    routing_exception: Any

    @property
    def url(self) -> Any:
        """Where it was sent, a text."""
        ...

    @property
    def base_url(self) -> Any:
        """The same without its query."""
        ...


class Application(Protocol):
    """An application, as far as explanations go that are logged."""

    @property
    def logger(self) -> Any:
        """A :class:`logging.Logger`."""
        ...


class InsufficientStorage(HTTPException):
    """There is no room for what a request brings (507; RFC 4918, section 11.5)."""

    code = 507
    description = "The server has no room for what was sent. Try again later, or send less."

    @classmethod
    @contextmanager
    def instead_of_oserror(cls) -> Iterator[None]:
        """Have the system's errors that say a disk or a quota is full raised as this."""
        try:
            yield
        except OSError as error:
            if error.errno in (ENOSPC, EDQUOT, EFBIG):
                raise cls() from error
            raise


class SetupError(Exception):
    """The application is not set up as the call that raised this needs it to be."""


class LateRegistration(SetupError, AssertionError):
    """Something was registered on an application or blueprint that is already in use."""

    @classmethod
    def on_application(cls, method: str) -> LateRegistration:
        """The error for calling the setup method ``method`` after the first request."""
        return cls(
            f"The setup method {method!r} can no longer be called on the application. It has already"
            " handled its first request, any changes will not be applied consistently.\n"
            "Call it where the application is created: make sure that the modules which register on"
            " it are imported there, before running it."
        )

    @classmethod
    def on_blueprint(cls, method: str, name: str) -> LateRegistration:
        """The error for calling ``method`` on the blueprint ``name`` after it was registered."""
        return cls(
            f"The setup method {method!r} can no longer be called on the blueprint {name!r}. It has"
            " already been registered at least once, any changes will not be applied consistently.\n"
            "Call it before app.register_blueprint(): make sure that the modules which add to the"
            " blueprint are imported there."
        )


class MissingSecretKey(SetupError, RuntimeError):
    """Something has to be signed and there is no ``SECRET_KEY``."""

    @classmethod
    def for_session(cls) -> MissingSecretKey:
        """The error for writing to the session of an application without a key."""
        return cls(
            "The session is unavailable because no secret key was set.  Set the secret_key on the"
            " application to something unique and secret: for instance app.secret_key ="
            " os.environ['SECRET_KEY'], with a value made once by"
            " python -c 'import secrets; print(secrets.token_hex())'."
        )


class AsyncUnsupported(SetupError, RuntimeError):
    """Something that can only be awaited was used where nothing can wait for it."""


class WrongSetting(SetupError, TypeError):
    """A setting is of a kind that it cannot be."""

    @classmethod
    def of(cls, name: str, value: object, expected: str) -> WrongSetting:
        """The error for the setting ``name``. Its value is not shown where it may be a secret."""
        shown = "" if "KEY" in name else f" {value!r:.60}"
        return cls(
            f"The setting {name} is of type {type(value).__name__}{shown and ':' + shown}. Expected is {expected}."
        )


class JSONRefused(ValueError):
    """JSON text that Python's parser would read, and that the provider's limits do not let in.

    It is a ``ValueError``, as every other JSON error, so a request body with it becomes a 400.
    """


class UnexpectedUnicodeError(AssertionError, UnicodeError):
    """Text where bytes were needed, or bytes where text was needed."""


class DebugFilesKeyError(KeyError, AssertionError):
    """Raised in debug mode for ``request.files[key]`` when the form did not send files.

    :param request: The request whose form was not sent as multipart/form-data.
    :param key: The key that was asked for.
    """

    def __init__(self, request: Request, key: str) -> None:
        message = (
            f"You tried to access the file {key!r} in the request.files dictionary but it does not exist."
            f" The mimetype for the request is {request.mimetype!r} instead of 'multipart/form-data',"
            " which means that no file contents were transmitted. To fix this error you should provide"
            ' enctype="multipart/form-data" in your form.'
        )
        if names := request.form.getlist(key):
            listed = ", ".join(map(repr, names))
            message += "\n\nThe browser instead transmitted some file names. This was submitted: " + listed
        super().__init__(message)
        self.msg = message

    def __str__(self) -> str:
        # KeyError would show the repr of the message.
        return self.msg


class FormDataRoutingRedirect(AssertionError):
    """Raised in debug mode where a routing redirect would make the browser drop method or body.

    :param request: A request whose ``routing_exception`` is Werkzeug's ``RequestRedirect``.
    """

    def __init__(self, request: Routed) -> None:
        target: str = request.routing_exception.new_url
        message = (
            f"A request was sent to '{request.url}', but routing issued a redirect to the canonical"
            f" URL '{target}'."
        )
        if target.partition("?")[0] == request.base_url + "/":
            message += (
                " The URL was defined with a trailing slash. A request without the slash is redirected"
                " to the URL with it."
            )
        message += (
            " Send requests to the canonical URL, or use 307 or 308 for routing redirects. Otherwise,"
            " browsers will drop form data.\n\nThis exception is only raised in debug mode."
        )
        super().__init__(message)


def attach_enctype_error_multidict(request: Request) -> None:
    """Make ``request.files[key]`` explain a form that lacks its enctype. For debug mode.

    :param request: A request that carries no files.
    """
    files: Any = request.files
    plain: type[Any] = type(files)

    def __getitem__(self: Any, key: str) -> Any:
        try:
            return plain.__getitem__(self, key)
        except KeyError as error:
            if key not in request.form:
                raise
            explained = DebugFilesKeyError(request, key)
            raise explained.with_traceback(error.__traceback__) from None

    files.__class__ = type(
        plain.__name__, (plain,), {"__getitem__": __getitem__, "__module__": plain.__module__}
    )


def explain_template_loading_attempts(
    app: Application,
    template: str,
    attempts: Iterable[tuple[BaseLoader, object, Source | None]],
    blueprint: str | None = None,
    read_on: str = "",
) -> None:
    """Log which loaders were asked for a template, and what each of them said.

    :param app: The application, to whose logger the explanation goes at level INFO.
    :param template: The name that was looked up.
    :param attempts: For each loader asked: the loader, the application or blueprint it belongs to,
        and what it returned (source, file name, function), or None.
    :param blueprint: The name of the blueprint whose endpoint is being handled, if any.
    :param read_on: Where to read more about that, for what was not found for a blueprint.
    """
    lines = [f"Locating template {template!r}:"]
    found = 0
    for number, (loader, owner, result) in enumerate(attempts, start=1):
        lines.append(f"{number:5}: trying loader of {_describe_owner(owner)}")
        lines += ["       " + line for line in _describe_loader(loader)]
        if result is None:
            lines.append("       -> no match")
        else:
            found += 1
            lines.append(f"       -> found ({result[1] or '<string>'!r})")
    if found != 1:
        lines.append(
            "Warning: multiple loaders returned a match for the template."
            if found
            else "Error: the template could not be found."
        )
        if blueprint is not None:
            lines.append(
                f"  The template was looked up from an endpoint that belongs to the blueprint {blueprint!r}."
            )
            lines.append("  Maybe you did not place a template in the right folder?")
            lines.append("  The application's own templates are looked for before those of its blueprints.")
            if read_on:
                lines.append(f"  {read_on}")
    app.logger.info("\n".join(lines))


def _describe_owner(owner: object) -> str:
    import_name = getattr(owner, "import_name", None)
    # An application has a WSGI interface; a blueprint has a name of its own.
    if hasattr(owner, "wsgi_app"):
        return f"application {import_name!r}"
    if import_name is not None:
        return f"blueprint {getattr(owner, 'name', None)!r} ({import_name})"
    return repr(owner)


def _describe_loader(loader: BaseLoader) -> Iterator[str]:
    kind = type(loader)
    yield f"class: {kind.__module__}.{kind.__name__}"
    for name, value in sorted(vars(loader).items()):
        if name.startswith("_"):
            continue
        if isinstance(value, (list, tuple)):
            if all(isinstance(item, str) for item in value):
                yield f"{name}:"
                yield from (f"  - {item}" for item in value)
        elif isinstance(value, (str, int, float)):
            yield f"{name}: {value!r}"
