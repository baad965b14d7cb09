"""The ``Flask`` class under compatibility: this package's, with Flask 3.1's defaults and behaviour."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from werkzeug.datastructures import ImmutableDict

from demijohn import app as framework
from demijohn.compat import contexts, sequence, serving
from demijohn.compat.policy import FLASK
from demijohn.compat.wrappers import Request
from demijohn.config import Config
from demijohn.waiting.steps import drive
from demijohn.compat.sessions import SecureCookieSessionInterface

_ESCAPED = (".html", ".htm", ".xml", ".xhtml", ".svg")


def _in_flask_app(source: str, name: str) -> Any:
    """A function whose warnings come from the module ``flask.app``."""
    namespace: dict[str, Any] = {"__name__": "flask.app"}
    exec(source, namespace)  # noqa: S102 (a constant)
    return namespace[name]


# COMPAT: Werkzeug warns of a server name that does not match; Flask's users filter that by module.
_bind = _in_flask_app(
    "def bind(url_map, environ, **kwargs): return url_map.bind_to_environ(environ, **kwargs)", "bind"
)


class Flask(framework.Flask):
    """An application that behaves as one of Flask 3.1 does."""

    compat_level = "3.1"
    policy = FLASK
    default_config = ImmutableDict(
        {
            "DEBUG": None, "TESTING": False, "PROPAGATE_EXCEPTIONS": None, "SECRET_KEY": None,
            "SECRET_KEY_FALLBACKS": None, "PERMANENT_SESSION_LIFETIME": timedelta(days=31),
            "USE_X_SENDFILE": False, "TRUSTED_HOSTS": None, "SERVER_NAME": None, "APPLICATION_ROOT": "/",
            "SESSION_COOKIE_NAME": "session", "SESSION_COOKIE_DOMAIN": None, "SESSION_COOKIE_PATH": None,
            "SESSION_COOKIE_HTTPONLY": True, "SESSION_COOKIE_SECURE": False,
            "SESSION_COOKIE_PARTITIONED": False, "SESSION_COOKIE_SAMESITE": None,
            "SESSION_REFRESH_EACH_REQUEST": True, "MAX_CONTENT_LENGTH": None,
            "MAX_FORM_MEMORY_SIZE": 500_000, "MAX_FORM_PARTS": 1_000, "SEND_FILE_MAX_AGE_DEFAULT": None,
            "TRAP_BAD_REQUEST_ERRORS": None, "TRAP_HTTP_EXCEPTIONS": False,
            "EXPLAIN_TEMPLATE_LOADING": False, "PREFERRED_URL_SCHEME": "http", "TEMPLATES_AUTO_RELOAD": None,
            "MAX_COOKIE_SIZE": 4093, "PROVIDE_AUTOMATIC_OPTIONS": True,
        }
    )  # fmt: skip
    request_class: type[Any] = Request
    session_interface: Any = SecureCookieSessionInterface()
    _native_steps: ClassVar[dict[str, Any]]

    #: Whether contexts open the session, as soon as a request brings a cookie. A session interface of
    #: the application's own is asked for every request instead, by the pipeline.
    _opens_early = True

    def _freeze(self) -> Any:
        # Instrumentation may have patched the class since this instance was made.
        self._note_steps()
        return super()._freeze()

    def _chain(self, environ: Any, start_response: Any) -> Any:
        # COMPAT: Sentry puts its middleware into Flask.__call__.
        return type(self).__call__(self, environ, start_response)

    def _answer(self, ctx: Any, environ: Any, start_response: Any) -> Any:
        return drive(sequence.answer(self, ctx, environ, start_response))

    def _note_steps(self) -> None:
        super()._note_steps()
        put = object.__setattr__
        if self.__dict__.get("_wsgi_replaced") and not self._watched:
            self._watch()  # middleware may want contexts kept: Werkzeug's debugger does
        if type(self).__call__ is not _call:
            put(self, "_wsgi_replaced", True)
        plain = type(self.session_interface) is SecureCookieSessionInterface
        put(self, "_opens_early", plain)
        put(self, "_eager_session", not plain)
        if not plain:
            put(self, "_express", False)

    def make_config(self, instance_relative: bool = False) -> Config:
        """The configuration the application starts with: Flask's, and what else this package reads."""
        config = super().make_config(instance_relative)
        for name, value in framework.Flask.default_config.items():
            config.setdefault(name, value)
        return config

    def select_jinja_autoescape(self, filename: str | None) -> bool:
        """Whether a template is escaped: those named as HTML or XML, and those without a name."""
        return filename is None or filename.endswith(_ESCAPED)

    def app_context(self) -> contexts.AppContext:
        """A context that makes this application current, for a ``with`` block."""
        return contexts.AppContext(self)

    def request_context(self, environ: Any) -> contexts.RequestContext:
        """A context for the request of a WSGI environ."""
        return contexts.RequestContext(self, environ)

    def create_url_adapter(self, request: Any) -> Any:
        """Werkzeug's matcher and builder for a request, or for use outside of one."""
        if request is None:
            return super().create_url_adapter(None)
        trusted = self.config["TRUSTED_HOSTS"]
        if trusted is not None:
            request.trusted_hosts = trusted
        request.__dict__.pop("host", None)  # looked up anew, with the list
        request.host  # noqa: B018 (raises when it is refused)
        server_name = subdomain = None
        if not self.url_map.host_matching:
            server_name = self.config["SERVER_NAME"]
            if not self.subdomain_matching:
                subdomain = self.url_map.default_subdomain or ""
        return _bind(self.url_map, request.environ, server_name=server_name, subdomain=subdomain)

    def run(
        self, host: str | None = None, port: int | None = None, debug: bool | None = None,
        load_dotenv: bool = True, **options: Any,
    ) -> None:  # fmt: skip
        """Serve this application with Werkzeug's development server.

        :param options: For ``werkzeug.serving.run_simple``.
        """
        self._watch()  # the debugger keeps the contexts of its frames
        serving.run(self, host, port, debug, load_dotenv, options)


_call = Flask.__call__
Flask._native_steps = {step: getattr(Flask, step) for step in framework.STEPS}
