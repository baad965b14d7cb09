"""The settings of an application's tasks, read once.

This module must not import Celery.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from demijohn import Flask
from demijohn.extend import WrongSetting, expect_settings

CARRY = ("request_id", "locale", "url_root", "trace")

#: What Celery is told where nobody says otherwise.
_DEFAULTS: dict[str, Any] = {
    # A message is given back when the process that had it dies, whichever way.
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "worker_prefetch_multiplier": 1,
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    "task_publish_retry": False,
    # Loading an application's modules is done before the fork; this is for a machine that is busy.
    "worker_proc_alive_timeout": 60.0,
    "worker_hijack_root_logger": False,
    "worker_redirect_stdouts": False,
    "worker_send_task_events": False,
    # One for all threads, not one for each: nothing of ours depends on the thread.
    "result_backend_thread_safe": True,
}

#: Whatever anybody says: what comes from a queue is data, and nothing of it is run.
_ALWAYS: dict[str, Any] = {
    "task_serializer": "json",
    "result_serializer": "json",
    "event_serializer": "json",
    "accept_content": ["json"],
    "result_accept_content": ["json"],
}


def _is_address(value: object) -> bool:
    return isinstance(value, str) and "://" in value


@dataclass
class Settings:
    """What the settings come to.

    :param config: Celery's own settings, complete.
    """

    broker: str | None
    results: str | None
    config: dict[str, Any]
    schedule: dict[str, Any]
    zone: zoneinfo.ZoneInfo
    carry: tuple[str, ...]
    publish_timeout: float
    rescue: float
    max_message: int
    max_crashes: int
    shutdown_timeout: float
    schemes: tuple[str, ...] = field(default=("redis", "rediss"))

    @property
    def on_redis(self) -> bool:
        """Whether the broker is Redis, or speaks as it does."""
        return self.broker is not None and urlsplit(self.broker).scheme in self.schemes

    @property
    def counts_in_messages(self) -> bool:
        """Whether crashes are counted in the messages: on RabbitMQ without a Redis."""
        return self.ledger is None and urlsplit(self.broker or "").scheme in ("amqp", "amqps", "pyamqp")

    @property
    def ledger(self) -> str | None:
        """The Redis in which it is kept which tasks have crashed, if there is one."""
        for address in (self.broker, self.results):
            if address is not None and urlsplit(address).scheme in self.schemes:
                return address
        return None


def read_settings(app: Flask) -> Settings:
    """The settings of an application.

    :raises WrongSetting: for one that cannot be.
    """
    expect_settings(
        app, TASKS_BROKER=(_is_address, "an address, such as 'redis://localhost:6379/0'"), TASKS_RESULTS="text",
        TASKS_PUBLISH_TIMEOUT="time", TASKS_RESCUE_SECONDS="time", TASKS_MAX_MESSAGE="number",
        TASKS_MAX_CRASHES="number", TASKS_SHUTDOWN_TIMEOUT="time", TASKS_CARRY="texts", TIMEZONE="text",
        TASKS_CONFIG=(lambda value: isinstance(value, Mapping), "a dictionary of Celery's settings"),
        TASKS_SCHEDULE=(lambda value: isinstance(value, Mapping), "a dictionary of turns by name"),
    )  # fmt: skip

    def seconds(name: str, default: float) -> float:
        value = app.config.get(name)
        if value is None:
            return default
        return float(value.total_seconds() if isinstance(value, timedelta) else value)

    given = {**(app.config.get("CELERY") or {}), **(app.config.get("TASKS_CONFIG") or {})}
    for name in _ALWAYS:
        _refuse_other_than_json(name, given.pop(name, None))
    broker = app.config.get("TASKS_BROKER") or given.get("broker_url")
    results = app.config.get("TASKS_RESULTS") or given.get("result_backend")
    if results is None and broker is not None and urlsplit(broker).scheme in ("redis", "rediss"):
        results = broker
    carry = app.config.get("TASKS_CARRY")
    settings = Settings(
        broker, results, {}, dict(app.config.get("TASKS_SCHEDULE") or {}), _zone(app),
        CARRY if carry is None else (carry,) if isinstance(carry, str) else tuple(carry),
        seconds("TASKS_PUBLISH_TIMEOUT", 3.0), seconds("TASKS_RESCUE_SECONDS", 60.0),
        int(app.config.get("TASKS_MAX_MESSAGE") or 256 * 1024), int(app.config.get("TASKS_MAX_CRASHES") or 3),
        seconds("TASKS_SHUTDOWN_TIMEOUT", 5.0),
    )  # fmt: skip
    settings.config = _celery_config(settings, given)
    return settings


def _refuse_other_than_json(name: str, value: Iterable[str] | None) -> None:
    several = (value,) if isinstance(value, str) else tuple(value or ())
    for each in several:
        if each not in {"json", "application/json"}:
            raise WrongSetting(
                f"TASKS_CONFIG[{name!r}] names {each!r}: messages and results are JSON only, since reading others,"
                " such as pickle, can run what somebody put into the queue."
            )


def _zone(app: Flask) -> zoneinfo.ZoneInfo:
    name = app.config.get("TIMEZONE") or "UTC"
    try:
        return zoneinfo.ZoneInfo(name)
    except (ValueError, zoneinfo.ZoneInfoNotFoundError):
        raise WrongSetting.of("TIMEZONE", name, "a time zone, such as 'Europe/Vienna'") from None


def _celery_config(settings: Settings, given: dict[str, Any]) -> dict[str, Any]:
    config: dict[str, Any] = {
        **_DEFAULTS,
        **given,
        **_ALWAYS,
        "timezone": settings.zone.key,
        "enable_utc": True,
    }
    config["broker_url"] = settings.broker or "memory://"
    config["result_backend"] = settings.results or "disabled://"
    # Waiting for a broker is bounded wherever it can be waited for; half of it, since there is the connection and the
    # command.
    each = settings.publish_timeout / 2
    config.setdefault("broker_connection_timeout", each)
    options: dict[str, Any] = {**(config.get("broker_transport_options") or {})}
    if settings.on_redis:
        options.setdefault("socket_connect_timeout", each)
        # Somebody else's scan finds what was not kept alive for two thirds of the time, and looks often enough.
        options.setdefault("visibility_timeout", settings.rescue * 2 / 3)
        options.setdefault("unacked_restore_interval", max(settings.rescue / 6, 0.2))
        options.setdefault("unacked_restore_throttle", 1)
        config["broker_transport"] = "demijohn.ext.tasks.redis_broker:Transport"
        if urlsplit(settings.broker or "").scheme == "rediss":
            config.setdefault("broker_use_ssl", True)
    elif settings.broker is not None and urlsplit(settings.broker).scheme.startswith("amqp"):
        options.setdefault("confirm_publish", True)
        options.setdefault("confirm_timeout", each)
        options.setdefault("read_timeout", None)
        config.setdefault("broker_heartbeat", max(settings.rescue / 3, 2))
    config["broker_transport_options"] = options
    config.setdefault("redis_socket_connect_timeout", each)
    config.setdefault("redis_socket_timeout", max(settings.publish_timeout, 5.0))
    return config
