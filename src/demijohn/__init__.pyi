from typing import Any

from demijohn import json as json
from demijohn.setup.application import App as App
from demijohn.setup.blueprint import Blueprint as Blueprint
from demijohn.config import Config as Config
from demijohn.contexts.current import (
    after_this_request as after_this_request,
    copy_current_request_context as copy_current_request_context,
    csp_nonce as csp_nonce,
    has_app_context as has_app_context,
    has_request_context as has_request_context,
)
from demijohn.app import Flask as Flask
from demijohn.policy import Policy as Policy
from demijohn.events.broadcast import Broadcast as Broadcast
from demijohn.events.message import (
    BroadcastUnavailable as BroadcastUnavailable,
    Lagged as Lagged,
    Message as Message,
)
from demijohn.events.subscription import Subscription as Subscription
from demijohn.globals import (
    app_ctx as app_ctx,
    current_app as current_app,
    g as g,
    request as request,
    request_ctx as request_ctx,
    session as session,
    websocket as websocket,
)
from demijohn.helpers import (
    abort as abort,
    event_stream as event_stream,
    flash as flash,
    get_flashed_messages as get_flashed_messages,
    get_template_attribute as get_template_attribute,
    is_safe_url as is_safe_url,
    make_response as make_response,
    redirect as redirect,
    safe_redirect as safe_redirect,
    send_file as send_file,
    send_from_directory as send_from_directory,
    stream_with_context as stream_with_context,
    url_for as url_for,
)
from demijohn.http.sse import ServerSentEvent as ServerSentEvent
from demijohn.signals import (
    appcontext_popped as appcontext_popped,
    appcontext_pushed as appcontext_pushed,
    appcontext_tearing_down as appcontext_tearing_down,
    before_render_template as before_render_template,
    got_request_exception as got_request_exception,
    message_flashed as message_flashed,
    request_finished as request_finished,
    request_started as request_started,
    request_tearing_down as request_tearing_down,
    template_rendered as template_rendered,
)
from demijohn.templating import (
    render_block as render_block,
    render_template as render_template,
    render_template_string as render_template_string,
    stream_template as stream_template,
    stream_template_string as stream_template_string,
)
from demijohn.wrappers.request import Request as Request
from demijohn.wrappers.response import Response as Response
from demijohn.wrappers.disconnected import Disconnected as Disconnected
from demijohn.wrappers.websocket import Websocket as Websocket

# It stands on a floor below the response's.
def jsonify(*args: Any, **kwargs: Any) -> Response: ...

__version__: str
__all__ = [
    "App",
    "Blueprint",
    "Broadcast",
    "BroadcastUnavailable",
    "Config",
    "Disconnected",
    "Flask",
    "Lagged",
    "Message",
    "Policy",
    "Request",
    "Response",
    "ServerSentEvent",
    "Subscription",
    "Websocket",
    "abort",
    "after_this_request",
    "app_ctx",
    "appcontext_popped",
    "appcontext_pushed",
    "appcontext_tearing_down",
    "before_render_template",
    "copy_current_request_context",
    "current_app",
    "event_stream",
    "flash",
    "g",
    "get_flashed_messages",
    "get_template_attribute",
    "got_request_exception",
    "has_app_context",
    "has_request_context",
    "json",
    "jsonify",
    "make_response",
    "message_flashed",
    "redirect",
    "render_block",
    "render_template",
    "render_template_string",
    "request",
    "request_ctx",
    "request_finished",
    "request_started",
    "request_tearing_down",
    "safe_redirect",
    "send_file",
    "send_from_directory",
    "session",
    "stream_template",
    "stream_template_string",
    "stream_with_context",
    "template_rendered",
    "url_for",
    "websocket",
]
