"""The application and the blueprint with what releases before Flask 3 had besides."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from threading import Lock
from typing import Any, TypeVar

from demijohn.compat import app as compat_app, blueprints as compat_blueprints
from demijohn.contexts.context import current
from demijohn.errors import LateRegistration
from demijohn.json.provider import DefaultJSONProvider, _default
from demijohn.setup.scaffold import setupmethod

F = TypeVar("F", bound=Callable[..., Any])


def warn(old: str, new: str) -> None:
    """Say that a name is gone in Flask 3, and what takes its place; to who called a guarded method."""
    warnings.warn(f"{old} was removed from Flask. Use {new} instead.", DeprecationWarning, stacklevel=4)


def _warn_of_late(error: LateRegistration) -> None:
    """Say what Flask 2.3 and later refuse."""
    warnings.warn(str(error), DeprecationWarning, stacklevel=5)


class JSONEncoder(json.JSONEncoder):
    """Encodes what Flask's provider does; a subclass is set on ``app.json_encoder``."""

    def default(self, o: Any) -> Any:
        """What JSON has instead of ``o``."""
        return _default(o)


class JSONDecoder(json.JSONDecoder):
    """A decoder to subclass, set on ``app.json_decoder``."""


class Provider(DefaultJSONProvider):
    """The provider of an application whose encoder, decoder and settings are those of Flask 2.1."""

    def _chosen(self, name: str) -> Any:
        app = self._app
        blueprint = app.blueprints.get(_current_blueprint())
        chosen = getattr(blueprint, name, None)
        return getattr(app, name) if chosen is None else chosen

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Encode ``obj``, by the encoder that was set."""
        config = self._app.config
        encoder = self._chosen("json_encoder")
        if encoder is not None and "cls" not in kwargs:
            kwargs["cls"] = encoder
            kwargs.setdefault("ensure_ascii", self._setting("JSON_AS_ASCII", self.ensure_ascii))
            kwargs.setdefault("sort_keys", self._setting("JSON_SORT_KEYS", self.sort_keys))
            return json.dumps(obj, **kwargs)
        if config.get("JSON_AS_ASCII") is not None:
            kwargs.setdefault("ensure_ascii", config["JSON_AS_ASCII"])
        if config.get("JSON_SORT_KEYS") is not None:
            kwargs.setdefault("sort_keys", config["JSON_SORT_KEYS"])
        return super().dumps(obj, **kwargs)

    def _setting(self, name: str, default: Any) -> Any:
        value = self._app.config.get(name)
        return default if value is None else value

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Decode text, by the decoder that was set."""
        decoder = self._chosen("json_decoder")
        if decoder is not None:
            kwargs.setdefault("cls", decoder)
        return super().loads(s, **kwargs)

    def body(self, obj: Any, debug: bool | None = None) -> bytes:
        """The body of a response, with JSONIFY_PRETTYPRINT_REGULAR."""
        pretty = self._app.config.get("JSONIFY_PRETTYPRINT_REGULAR")
        spaced = self._app.debug if pretty is None else pretty
        layout: dict[str, Any] = {"indent": 2} if spaced else {"separators": (",", ":")}
        return f"{self.dumps(obj, **layout)}\n".encode()

    def response(self, *args: Any, **kwargs: Any) -> Any:
        """A response with JSON, of JSONIFY_MIMETYPE."""
        body = self.body(self._prepare_response_obj(args, kwargs))
        mimetype = self._app.config.get("JSONIFY_MIMETYPE") or self.mimetype
        return self._app.response_class(body, mimetype=mimetype)


def _current_blueprint() -> Any:
    ctx = current.get(None)
    return None if ctx is None or ctx.request is None else ctx.request.blueprint


def _warn_of_setting(name: str, setting: str) -> None:
    warn(f"'app.{name}'", f"'app.config[{setting!r}]'")


def _setting(name: str, setting: str) -> property:
    def read(self: Any) -> Any:
        _warn_of_setting(name, setting)
        return self.config[setting]

    def write(self: Any, value: Any) -> None:
        _warn_of_setting(name, setting)
        self.config[setting] = value

    return property(read, write)


class Flask(compat_app.Flask):
    """An application with the hooks and attributes that Flask 2.3 and 3.0 removed."""

    json_provider_class = Provider
    #: Encoder and decoder of the application's JSON; None takes the provider's.
    json_encoder: Any = None
    json_decoder: Any = None

    session_cookie_name = _setting("session_cookie_name", "SESSION_COOKIE_NAME")
    send_file_max_age_default = _setting("send_file_max_age_default", "SEND_FILE_MAX_AGE_DEFAULT")
    use_x_sendfile = _setting("use_x_sendfile", "USE_X_SENDFILE")
    templates_auto_reload = _setting("templates_auto_reload", "TEMPLATES_AUTO_RELOAD")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.before_first_request_funcs: list[Callable[[], Any]] = []
        self._first_request_lock = Lock()
        for name in (
            "ENV",
            "JSON_AS_ASCII",
            "JSON_SORT_KEYS",
            "JSONIFY_PRETTYPRINT_REGULAR",
            "JSONIFY_MIMETYPE",
        ):
            self.config.setdefault(name, "production" if name == "ENV" else None)

    def _check_setup_finished(self, f_name: str) -> None:
        if self._got_first_request:
            _warn_of_late(LateRegistration.on_application(f_name))

    @property
    def env(self) -> str:
        """``ENV`` of the configuration."""
        return str(self.config["ENV"])

    @env.setter
    def env(self, value: str) -> None:
        self.config["ENV"] = value

    @property
    def propagate_exceptions(self) -> bool:
        """Whether errors are raised rather than answered."""
        value = self.config["PROPAGATE_EXCEPTIONS"]
        return bool(self.testing or self.debug) if value is None else bool(value)

    @property
    def got_first_request(self) -> bool:
        """Whether a request has been handled."""
        return self._got_first_request

    @setupmethod
    def before_first_request(self, f: F) -> F:
        """Run ``f()`` before the first request of this process."""
        warn("'before_first_request'", "code that runs while the application is created")
        if not self.before_first_request_funcs:
            self.before_request_funcs[None].insert(0, self._before_first)
        self.before_first_request_funcs.append(f)
        return f

    def _before_first(self) -> None:
        with self._first_request_lock:
            functions, self.before_first_request_funcs = self.before_first_request_funcs, []
            for function in functions:
                self.ensure_sync(function)()
            hooks = self.before_request_funcs[None]
            if self._before_first in hooks:
                hooks.remove(self._before_first)

    def try_trigger_before_first_request_functions(self) -> None:
        """Run what is left to run before the first request."""
        self._before_first()


class Blueprint(compat_blueprints.Blueprint):
    """A blueprint with the hooks and attributes that Flask 2.3 removed."""

    json_encoder: Any = None
    json_decoder: Any = None

    def _check_setup_finished(self, f_name: str) -> None:
        if self._got_registered_once:
            _warn_of_late(LateRegistration.on_blueprint(f_name, self.name))

    @setupmethod
    def before_app_first_request(self, f: F) -> F:
        """:meth:`Flask.before_first_request` of the application it is registered with."""
        self.record_once(lambda state: state.app.before_first_request(f))
        return f
