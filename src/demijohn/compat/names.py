"""Where each name of ``flask.*`` comes from: the whole surface of Flask 3.1.3, private names too.

A table only: module by module, from which module the names are taken. ``old=new`` takes ``new`` under
the name ``old``; ``name=*`` takes the module itself. Names that Flask's modules merely import are
here as well, because code in the wild imports them from there.
"""

from __future__ import annotations

#: Modules that contain others.
PACKAGES = frozenset({"flask", "flask.json", "flask.sansio"})

_SIGNALS = (
    "appcontext_popped appcontext_pushed appcontext_tearing_down before_render_template"
    " got_request_exception message_flashed request_finished request_started request_tearing_down"
    " template_rendered"
)
_TEMPLATE_TYPES = "T_template_filter T_template_global T_template_test"
_HOOK_TYPES = (
    "T_after_request T_before_request T_error_handler T_teardown T_template_context_processor"
    " T_url_defaults T_url_value_preprocessor"
)
_ANNOTATIONS = {"__future__": "annotations", "typing": "t=*"}

MODULES: dict[str, dict[str, str]] = {
    "flask": {
        **_ANNOTATIONS,
        "demijohn.compat.app": "Flask",
        "demijohn.globals": "current_app g request session",
        "demijohn.compat.wrappers": "Request Response",
        "demijohn.compat.blueprints": "Blueprint",
        "demijohn.config": "Config",
        "demijohn.contexts.current": (
            "after_this_request copy_current_request_context has_app_context has_request_context"
        ),
        "demijohn.helpers": (
            "abort flash get_flashed_messages get_template_attribute make_response redirect send_file"
            " send_from_directory stream_with_context url_for"
        ),
        "demijohn.json": "jsonify",
        "demijohn.signals": _SIGNALS,
        "demijohn.templating": (
            "render_template render_template_string stream_template stream_template_string"
        ),
        "demijohn.compat.version": "__getattr__=module_attribute",
    },
    "flask.app": {
        **_ANNOTATIONS,
        "demijohn.compat.app": "Flask",
        "demijohn.setup.application": "App _make_timedelta=_seconds",
        "demijohn.cli": "cli=*",
        "demijohn.compat.contexts": "AppContext RequestContext _cv_app _cv_request request_ctx",
        "demijohn.globals": "current_app g request session",
        "demijohn.compat.wrappers": "Request Response",
        "demijohn.contexts.context": "_sentinel=UNSET",
        "demijohn.helpers": "get_debug_flag get_flashed_messages get_load_dotenv send_from_directory",
        "demijohn.compat.sessions": "SecureCookieSessionInterface SessionInterface",
        "demijohn.signals": (
            "appcontext_tearing_down got_request_exception request_finished request_started"
            " request_tearing_down"
        ),
        "demijohn.templating": "Environment",
        "demijohn.typing": "ft=*",
        "TypeVar": f"T_shell_context_processor T_teardown {_TEMPLATE_TYPES}",
        "click": "click=*",
        "collections.abc": "cabc=*",
        "datetime": "timedelta",
        "inspect": "iscoroutinefunction",
        "itertools": "chain",
        "os": "os=*",
        "sys": "sys=*",
        "types": "TracebackType",
        "urllib.parse": "_url_quote=quote",
        "weakref": "weakref=*",
        "werkzeug.datastructures": "Headers ImmutableDict",
        "werkzeug.exceptions": "BadRequestKeyError HTTPException InternalServerError",
        "werkzeug.routing": "BuildError MapAdapter RequestRedirect RoutingException Rule",
        "werkzeug.serving": "is_running_from_reloader",
        "werkzeug.wrappers": "BaseResponse=Response",
        "werkzeug.wsgi": "get_host",
    },
    "flask.blueprints": {
        **_ANNOTATIONS,
        "demijohn.compat.blueprints": "Blueprint SansioBlueprint=Blueprint",
        "demijohn.setup.blueprint": "BlueprintSetupState",
        "demijohn.setup.commands": "AppGroup",
        "demijohn.globals": "current_app",
        "demijohn.helpers": "send_from_directory",
        "demijohn.setup.scaffold": "_sentinel=MISSING",
        "datetime": "timedelta",
        "os": "os=*",
    },
    "flask.cli": {
        **_ANNOTATIONS,
        "demijohn.cli": (
            "AppGroup CertParamType FlaskGroup NoAppException ScriptInfo SeparatedPathType cli"
            " find_app_by_string find_best_app get_debug_flag get_load_dotenv get_version load_dotenv"
            " locate_app main pass_script_info prepare_import routes_command run_command shell_command"
            " show_server_banner version_option with_appcontext"
        ),
        "demijohn.cli.group": (
            "_app_option=app_option _debug_option=debug_option _env_file_callback=_load_env_file"
            " _env_file_option=env_file_option _set_app _set_debug"
        ),
        "demijohn.cli.params": "_validate_key=validate_key",
        "demijohn.globals": "current_app",
        "demijohn.compat.serving": "_called_with_wrong_args _path_is_ancestor",
        "TypeVar": "F",
        "ast": "ast=*",
        "click": "click=*",
        "click.core": "ParameterSource",
        "collections.abc": "cabc=*",
        "functools": "update_wrapper",
        "importlib": "importlib=*",
        "inspect": "inspect=*",
        "operator": "itemgetter",
        "os": "os=*",
        "platform": "platform=*",
        "re": "re=*",
        "sys": "sys=*",
        "traceback": "traceback=*",
        "types": "ModuleType",
        "werkzeug": "run_simple",
        "werkzeug.serving": "is_running_from_reloader",
        "werkzeug.utils": "import_string",
    },
    "flask.config": {
        **_ANNOTATIONS,
        "demijohn.config": "Config ConfigAttribute",
        "TypeVar": "T",
        "errno": "errno=*",
        "json": "json=*",
        "os": "os=*",
        "types": "types=*",
        "werkzeug.utils": "import_string",
    },
    "flask.ctx": {
        **_ANNOTATIONS,
        "demijohn.compat.contexts": "AppContext RequestContext _cv_app _cv_request",
        "demijohn.contexts.context": "_sentinel=UNSET",
        "demijohn.contexts.current": (
            "after_this_request copy_current_request_context has_app_context has_request_context"
        ),
        "demijohn.contexts.namespace": "_AppCtxGlobals",
        "demijohn.signals": "appcontext_popped appcontext_pushed",
        "demijohn.typing": "ft=*",
        "TypeVar": "F",
        "contextvars": "contextvars=*",
        "functools": "update_wrapper",
        "sys": "sys=*",
        "types": "TracebackType",
        "werkzeug.exceptions": "HTTPException",
    },
    "flask.debughelpers": {
        **_ANNOTATIONS,
        "demijohn.errors": (
            "DebugFilesKeyError FormDataRoutingRedirect UnexpectedUnicodeError attach_enctype_error_multidict"
            " explain_template_loading_attempts _dump_loader_info=_describe_loader"
        ),
        "demijohn.setup.application": "App",
        "demijohn.compat.blueprints": "Blueprint",
        "demijohn.compat.contexts": "request_ctx",
        "jinja2.loaders": "BaseLoader",
        "werkzeug.routing": "RequestRedirect",
    },
    "flask.globals": {
        **_ANNOTATIONS,
        "demijohn.compat.contexts": "_cv_app _cv_request request_ctx",
        "demijohn.contexts.proxies": "app_ctx _no_app_msg=NO_APP _no_req_msg=NO_REQUEST",
        "demijohn.globals": "current_app g request session",
        "contextvars": "ContextVar",
        "werkzeug.local": "LocalProxy",
    },
    "flask.helpers": {
        **_ANNOTATIONS,
        "demijohn.helpers": (
            "abort flash get_debug_flag get_flashed_messages get_load_dotenv get_root_path"
            " get_template_attribute make_response redirect send_file send_from_directory"
            " stream_with_context url_for _split_blueprint_path=split_blueprint_path"
        ),
        "demijohn.compat.contexts": "_cv_app _cv_request request_ctx",
        "demijohn.globals": "current_app request session",
        "demijohn.compat.serving": "_prepare_send_file_kwargs",
        # COMPAT: Flask-RESTX looks here first, for releases before 2.2.
        "demijohn.setup.scaffold": "_endpoint_from_view_func=endpoint_from_view_func",
        "demijohn.signals": "message_flashed",
        "datetime": "datetime",
        "functools": "cache update_wrapper",
        "importlib": "importlib=*",
        "os": "os=*",
        "sys": "sys=*",
        "werkzeug": "werkzeug=*",
        "werkzeug.exceptions": "_wz_abort=abort",
        "werkzeug.utils": "_wz_redirect=redirect",
        "werkzeug.wrappers": "BaseResponse=Response",
    },
    "flask.json": {
        **_ANNOTATIONS,
        "demijohn.json": "dump dumps jsonify load loads",
        "demijohn.json.provider": "_default",
        "demijohn.globals": "current_app",
        "json": "_json=*",
    },
    "flask.json.provider": {
        **_ANNOTATIONS,
        "demijohn.json.provider": "DefaultJSONProvider JSONProvider _default",
        "dataclasses": "dataclasses=*",
        "datetime": "date",
        "decimal": "decimal=*",
        "json": "json=*",
        "uuid": "uuid=*",
        "weakref": "weakref=*",
        "werkzeug.http": "http_date",
    },
    "flask.json.tag": {
        **_ANNOTATIONS,
        "demijohn.json.tag": (
            "JSONTag PassDict PassList TagBytes TagDateTime TagDict TagMarkup TagTuple TagUUID"
            " TaggedJSONSerializer"
        ),
        "demijohn.json": "dumps loads",
        "base64": "b64decode b64encode",
        "datetime": "datetime",
        "markupsafe": "Markup",
        "uuid": "UUID",
        "werkzeug.http": "http_date parse_date",
    },
    "flask.logging": {
        **_ANNOTATIONS,
        "demijohn.logging": "create_logger default_handler has_level_handler wsgi_errors_stream",
        "demijohn.globals": "request",
        "logging": "logging=*",
        "sys": "sys=*",
        "werkzeug.local": "LocalProxy",
    },
    "flask.sansio": {"demijohn.setup.application": ""},
    "flask.sansio.app": {
        **_ANNOTATIONS,
        "demijohn.setup.application": "App _make_timedelta=_seconds",
        "demijohn.config": "Config ConfigAttribute",
        "demijohn.contexts.namespace": "_AppCtxGlobals",
        "demijohn.helpers": "get_debug_flag _split_blueprint_path=split_blueprint_path",
        "demijohn.json.provider": "DefaultJSONProvider JSONProvider",
        "demijohn.logging": "create_logger",
        "demijohn.setup.scaffold": (
            "Scaffold _endpoint_from_view_func=endpoint_from_view_func find_package setupmethod"
        ),
        "demijohn.templating": "DispatchingJinjaLoader Environment",
        "demijohn.typing": "ft=*",
        "TypeVar": f"T_shell_context_processor T_teardown {_TEMPLATE_TYPES}",
        "datetime": "timedelta",
        "itertools": "chain",
        "logging": "logging=*",
        "os": "os=*",
        "sys": "sys=*",
        "werkzeug.exceptions": "Aborter BadRequest BadRequestKeyError",
        "werkzeug.routing": "BuildError Map Rule",
        "werkzeug.sansio.response": "Response",
        "werkzeug.utils": "_wz_redirect=redirect cached_property",
    },
    "flask.sansio.blueprints": {
        **_ANNOTATIONS,
        "demijohn.compat.blueprints": "Blueprint",
        "demijohn.setup.blueprint": "BlueprintSetupState DeferredSetupFunction=Deferred",
        "demijohn.setup.scaffold": (
            "Scaffold _endpoint_from_view_func=endpoint_from_view_func _sentinel=MISSING setupmethod"
        ),
        "demijohn.typing": "ft=*",
        "TypeVar": f"{_HOOK_TYPES} {_TEMPLATE_TYPES}",
        "collections": "defaultdict",
        "functools": "update_wrapper",
        "os": "os=*",
    },
    "flask.sansio.scaffold": {
        **_ANNOTATIONS,
        "demijohn.setup.scaffold": (
            "Scaffold _endpoint_from_view_func=endpoint_from_view_func _find_package_path=_package_path"
            " _sentinel=MISSING find_package get_root_path setupmethod"
        ),
        "demijohn.templating": "_default_template_ctx_processor=default_template_ctx_processor",
        "demijohn.typing": "ft=*",
        "TypeVar": f"F T_route {_HOOK_TYPES}",
        "collections": "defaultdict",
        "functools": "update_wrapper",
        "importlib": "importlib=*",
        "jinja2": "BaseLoader FileSystemLoader",
        "os": "os=*",
        "pathlib": "pathlib=*",
        "sys": "sys=*",
        "werkzeug.exceptions": "HTTPException default_exceptions",
        "werkzeug.utils": "cached_property",
    },
    # COMPAT: a module up to 2.2, read by Flask-RESTX for those releases.
    "flask.scaffold": {
        "demijohn.setup.scaffold": (
            "Scaffold _endpoint_from_view_func=endpoint_from_view_func _sentinel=MISSING find_package"
            " get_root_path setupmethod"
        ),
    },
    "flask.sessions": {
        **_ANNOTATIONS,
        "demijohn.compat.sessions": (
            "NullSession SecureCookieSession SecureCookieSessionInterface SessionInterface"
        ),
        "demijohn.sessions": "SessionMixin TaggedJSONSerializer session_json_serializer",
        "demijohn.sessions.secure_cookie": "_lazy_sha1",
        "collections.abc": "MutableMapping c=*",
        "datetime": "datetime timezone",
        "hashlib": "hashlib=*",
        "itsdangerous": "BadSignature URLSafeTimedSerializer",
        "werkzeug.datastructures": "CallbackDict",
    },
    "flask.signals": {"__future__": "annotations", "demijohn.signals": f"Namespace _signals {_SIGNALS}"},
    "flask.templating": {
        **_ANNOTATIONS,
        "demijohn.templating": (
            "DispatchingJinjaLoader Environment _default_template_ctx_processor=default_template_ctx_processor"
            " _render _stream render_template render_template_string stream_template stream_template_string"
        ),
        "demijohn.compat.contexts": "_cv_app _cv_request",
        "demijohn.globals": "current_app request",
        "demijohn.helpers": "stream_with_context",
        "demijohn.signals": "before_render_template template_rendered",
        "jinja2": "BaseEnvironment=Environment BaseLoader Template TemplateNotFound",
    },
    "flask.testing": {
        **_ANNOTATIONS,
        "demijohn.testing": "EnvironBuilder FlaskCliRunner FlaskClient",
        "demijohn.cli": "ScriptInfo",
        "demijohn.sessions": "SessionMixin",
        "demijohn.testing.client": "_get_werkzeug_version=_user_agent",
        "demijohn.compat.version": "_werkzeug_version",
        "click.testing": "CliRunner Result",
        "contextlib": "ExitStack contextmanager",
        "copy": "copy",
        "importlib.metadata": "importlib=*",
        "types": "TracebackType",
        "urllib.parse": "urlsplit",
        "werkzeug.test": "werkzeug=* Client",
        "werkzeug.wrappers": "BaseRequest=Request",
    },
    "flask.typing": {
        **_ANNOTATIONS,
        "demijohn.typing": (
            "AfterRequestCallable AppOrBlueprintKey BeforeFirstRequestCallable BeforeRequestCallable"
            " ErrorHandlerCallable HeaderValue HeadersValue ResponseClass ResponseReturnValue ResponseValue"
            " RouteCallable ShellContextProcessorCallable TeardownCallable TemplateContextProcessorCallable"
            " TemplateFilterCallable TemplateGlobalCallable TemplateTestCallable URLDefaultCallable"
            " URLValuePreprocessorCallable"
        ),
        "collections.abc": "cabc=*",
    },
    "flask.views": {
        **_ANNOTATIONS,
        "demijohn.views": "MethodView View http_method_funcs",
        "demijohn.globals": "current_app request",
        "demijohn.typing": "ft=*",
        "TypeVar": "F",
    },
    "flask.wrappers": {
        **_ANNOTATIONS,
        "demijohn.compat.wrappers": "Request Response",
        "demijohn.globals": "current_app",
        "demijohn.helpers": "_split_blueprint_path=split_blueprint_path",
        "demijohn.json": "json=*",
        "werkzeug.exceptions": "BadRequest HTTPException",
        "werkzeug.wrappers": "RequestBase=Request ResponseBase=Response",
    },
}

#: COMPAT: the classes that say they are from ``flask.*``, as a repr, a log or a pickle shows them: by the module
#: of ours that defines them, and by the one that does in Flask.
CLASSES: dict[str, dict[str, str]] = {
    "demijohn.cli.group": {"flask.cli": "FlaskGroup"},
    "demijohn.cli.loading": {"flask.cli": "NoAppException ScriptInfo"},
    "demijohn.cli.params": {"flask.cli": "CertParamType SeparatedPathType"},
    "demijohn.compat.app": {"flask.app": "Flask"},
    "demijohn.compat.blueprints": {"flask.blueprints": "Blueprint"},
    "demijohn.compat.contexts": {"flask.ctx": "AppContext RequestContext"},
    "demijohn.compat.sessions": {
        "flask.sessions": "NullSession SecureCookieSession SecureCookieSessionInterface SessionInterface"
    },
    "demijohn.compat.wrappers": {"flask.wrappers": "Request"},
    "demijohn.config": {"flask.config": "Config ConfigAttribute"},
    "demijohn.contexts.namespace": {"flask.ctx": "_AppCtxGlobals"},
    "demijohn.errors": {
        "flask.debughelpers": "DebugFilesKeyError FormDataRoutingRedirect UnexpectedUnicodeError"
    },
    "demijohn.json.provider": {"flask.json.provider": "DefaultJSONProvider JSONProvider"},
    "demijohn.json.tag": {
        "flask.json.tag": (
            "JSONTag PassDict PassList TagBytes TagDateTime TagDict TagMarkup TagTuple TagUUID"
            " TaggedJSONSerializer"
        )
    },
    "demijohn.sessions.session": {"flask.sessions": "SessionMixin"},
    "demijohn.setup.application": {"flask.sansio.app": "App"},
    "demijohn.setup.blueprint": {"flask.sansio.blueprints": "BlueprintSetupState"},
    "demijohn.setup.commands": {"flask.cli": "AppGroup"},
    "demijohn.setup.scaffold": {"flask.sansio.scaffold": "Scaffold"},
    "demijohn.templating": {"flask.templating": "DispatchingJinjaLoader Environment"},
    "demijohn.testing.builder": {"flask.testing": "EnvironBuilder"},
    "demijohn.testing.client": {"flask.testing": "FlaskClient"},
    "demijohn.testing.runner": {"flask.testing": "FlaskCliRunner"},
    "demijohn.views": {"flask.views": "MethodView View"},
    "demijohn.wrappers.response": {"flask.wrappers": "Response"},
}
