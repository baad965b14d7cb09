"""The ``Flask`` class under compatibility: this package's, with Flask 3.1's defaults and behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from werkzeug.datastructures import ImmutableDict

from demijohn import app as native
from demijohn.compat import contexts, serving
from demijohn.compat.policy import FLASK
from demijohn.compat.wrappers import Request, Websocket
from demijohn.config import Config
from demijohn.dispatch import settle
from demijohn.dispatch.settle import overridable
from demijohn.setup.kinds import Kind
from demijohn.templating import DispatchingJinjaLoader
from demijohn.compat.sessions import SecureCookieSessionInterface

_call = native.Flask.__call__
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


class Settling(settle.Settling):
    """What an application written for Flask is for a request."""

    def services(self) -> dict[str, Any]:
        """Sessions, JSON and templates: a request that brings a cookie has its session opened at once."""
        # COMPAT: tests of applications replace what the Jinja environment finds.
        return {**super().services(), "opens_early": not self.eager_session, "templates": None}

    def short_ways(self) -> dict[str, Any]:
        """Which short ways are open: Flask's environ is always there."""
        return {**super().short_ways(), "bare": False, "at_once": False}

    @property
    def eager_session(self) -> bool:
        """An interface of the application's own is asked for every request, by the pipeline."""
        return type(self.app.session_interface) is not SecureCookieSessionInterface

    @property
    def lazy_request(self) -> bool:
        """Whoever stands around the application finds ``environ["werkzeug.request"]`` afterwards."""
        return super().lazy_request and not self.watched

    @property
    def watched(self) -> bool:
        """Middleware may want contexts kept, as Werkzeug's debugger does."""
        return super().watched or self.wrapped

    @property
    def wrapped(self) -> bool:
        """COMPAT: Sentry puts its middleware into ``Flask.__call__``."""
        return super().wrapped or self.steps["__call__"] is not _call


class Flask(native.Flask):
    """An application that behaves as one of Flask 3.1 does."""

    compat_level = "3.1"
    policy = FLASK
    own_prefix = "DEMIJOHN_"
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
    websocket_class: type[Any] = Websocket
    session_interface: Any = SecureCookieSessionInterface()
    settling = Settling

    def thaw(self) -> None:
        """Let a console change the application after it was run, and run it again."""
        self.lifecycle.stop_sync()
        self._got_first_request = False

    def make_config(self, instance_relative: bool = False) -> Config:
        """The configuration the application starts with: Flask's."""
        config = super().make_config(instance_relative)
        if isinstance(config, Config):
            config.strict = False
        return config

    def check_settings(self, kinds: Mapping[str, Kind] | None = None) -> None:
        """Nothing: what Flask takes until a request reads it is taken."""

    def warn_of_key(self) -> None:
        """Nothing: Flask takes every key."""

    def select_jinja_autoescape(self, filename: str | None) -> bool:
        """Whether a template is escaped: those named as HTML or XML, and those without a name."""
        return filename is None or filename.endswith(_ESCAPED)

    def create_global_jinja_loader(self) -> DispatchingJinjaLoader:
        """The loader that asks the application, then its blueprints."""
        loader = super().create_global_jinja_loader()
        # COMPAT: Flask's own tests look for this line.
        loader.read_on = "See https://flask.palletsprojects.com/blueprints/#templates"
        return loader

    def app_context(self) -> contexts.AppContext:
        """A context that makes this application current, for a ``with`` block."""
        return contexts.AppContext(self)

    @overridable
    def request_context(self, environ: Any) -> contexts.RequestContext:
        """A context for the request of a WSGI environ."""
        return contexts.RequestContext(self, environ)

    @overridable
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
        self.watch()  # the debugger keeps the contexts of its frames
        serving.run(self, host, port, debug, load_dotenv, options)
