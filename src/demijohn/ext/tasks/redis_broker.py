"""Redis as a broker that loses nothing: kombu's transport, with what it leaves to chance done in one step.

A worker of kombu's takes a message out of its queue (BRPOP), and then notes that it has it; what it took and had not
noted yet is gone with it. Here both are one script. To wait, it takes a token from a list beside the queue, which holds
nothing that could be lost.

This module must not know of applications.
"""

from __future__ import annotations

import logging
from hashlib import sha1
from queue import Empty
from time import monotonic, time
from typing import TYPE_CHECKING, Any, cast

from demijohn.ext.tasks.ports import RedisClient
from demijohn.extend import needs

with needs("tasks"):
    # First: kombu imports its transport without redis-py too, and fails in the middle of it.
    from redis.backoff import NoBackoff
    from redis.exceptions import NoScriptError
    from redis.retry import Retry

    from kombu.transport import redis as kombu_redis
    from kombu.transport import virtual
    from kombu.utils.encoding import bytes_to_str
    from kombu.utils.json import dumps, loads

_log = logging.getLogger(__name__)

#: Tokens that are kept for one queue: enough to wake all workers of a site.
_TOKENS = 64

#: KEYS: unacked, its index, queues in order. ARGV: the time. Gives the queue's key and the message.
_TAKE = """
for i = 3, #KEYS do
  local message = redis.call('RPOP', KEYS[i])
  if message then
    local ok, found = pcall(cjson.decode, message)
    local about = ok and type(found) == 'table' and found.properties
    if type(about) == 'table' and about.delivery_tag then
      local where = type(about.delivery_info) == 'table' and about.delivery_info or {}
      redis.call('HSET', KEYS[1], about.delivery_tag, '[' .. message .. ',' .. cjson.encode(where.exchange or '')
        .. ',' .. cjson.encode(where.routing_key or '') .. ']')
      redis.call('ZADD', KEYS[2], ARGV[1], about.delivery_tag)
    end
    return {KEYS[i], message}
  end
end
return false
"""

#: KEYS: a queue, its tokens. ARGV: the message, how many tokens at most.
_PUT = """
redis.call('LPUSH', KEYS[1], ARGV[1])
if redis.call('LPUSH', KEYS[2], '') > tonumber(ARGV[2]) then redis.call('LTRIM', KEYS[2], 0, ARGV[2] - 1) end
"""


_DIGESTS = {text: sha1(text.encode(), usedforsecurity=False).hexdigest() for text in (_PUT,)}


# Of kombu's transport the stubs know the names only.
if TYPE_CHECKING:

    class _QoS:
        channel: Any
        unacked_index_key: str
        _delivered: dict[str, Any]

        def append(self, message: virtual.Message, delivery_tag: str) -> None: ...

    class _Channel:
        client: Any
        connection: Any
        sep: str
        global_keyprefix: str
        unacked_key: str
        unacked_index_key: str
        brpop_timeout: float
        active_queues: list[str]
        priority_steps: list[int]
        connection_errors: tuple[type[Exception], ...]
        _queue_cycle: Any
        conn_or_acquire: Any
        _q_for_pri: Any
        _get_message_priority: Any
        _flush_brpop_reauth: Any
        _create_client: Any
        pool: Any

        def __init__(self, *args: Any, **options: Any) -> None: ...
        def _connparams(self, asynchronous: bool = False) -> dict[str, Any]: ...
        def _delete(self, queue: str, *args: Any, **options: Any) -> None: ...

else:
    _QoS, _Channel = kombu_redis.QoS, kombu_redis.Channel


class QoS(_QoS):
    """What a worker has taken and not acknowledged."""

    def append(self, message: virtual.Message, delivery_tag: str) -> None:
        """Note a message, in Redis too unless the script that took it has."""
        if delivery_tag in self.channel.taken:
            self.channel.taken.discard(delivery_tag)
            virtual.QoS.append(cast(virtual.QoS, self), message, delivery_tag)
        else:
            super().append(message, delivery_tag)

    def keep(self) -> None:
        """Say that this worker is there: what it has is not given to others, however long it takes."""
        now = time()
        tags = dict.fromkeys(tuple(self._delivered), now)
        if tags:
            with self.channel.conn_or_acquire() as client:
                client.zadd(self.unacked_index_key, tags, xx=True)


class Channel(_Channel):
    """A channel that takes messages in one step."""

    QoS = QoS

    def __init__(self, *args: Any, **options: Any) -> None:
        #: Tags of messages that the script has noted.
        self.taken: set[Any] = set()
        #: Whether the reply that is waited for is the script's; else it is a token.
        self._taking = False
        self._may_have_more = True
        self._sender: Any = None
        super().__init__(*args, **options)

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        # What is tried again here is tried again above, where somebody knows how long there is.
        return {**super()._connparams(asynchronous), "retry": Retry(NoBackoff(), 0)}

    def _tokens_of(self, queue: str) -> str:
        return f"{queue}{self.sep}tokens"

    def _put(self, queue: str, message: dict[str, Any], **options: Any) -> None:
        key = self._q_for_pri(queue, self._get_message_priority(message, reverse=False))
        # PERF: kombu makes a client for each message, a tenth of what sending costs.
        client = self._sender
        if (
            client is None or client.connection_pool is not self.pool
        ):  # after a fork, or a connection that is gone
            client = self._sender = self._create_client()
        _script(client, _PUT, [key, self._tokens_of(queue)], [dumps(message), _TOKENS])

    def _delete(self, queue: str, *args: Any, **options: Any) -> None:
        super()._delete(queue, *args, **options)
        with self.conn_or_acquire() as client:
            client.delete(self._tokens_of(queue))

    def _brpop_start(self, timeout: float | None = None) -> None:
        if timeout is None:
            timeout = self.brpop_timeout
        queues = self._queue_cycle.consume(len(self.active_queues))
        if not queues:
            return
        self._in_poll = self.client.connection
        self._brpop_sent_at = monotonic()
        if self._may_have_more:
            keys = [self._q_for_pri(queue, step) for step in self.priority_steps for queue in queues]
            command = ["EVAL", _TAKE, len(keys) + 2, self.unacked_key, self.unacked_index_key, *keys, time()]
        else:
            command = ["BRPOP", *(self._tokens_of(queue) for queue in queues), timeout or 0]
        self._taking = self._may_have_more
        if self.global_keyprefix:
            command = self.client._prefix_args(command)
        self.client.connection.send_command(*command)

    def _brpop_read(self, **options: Any) -> bool:
        try:
            try:
                reply = self.client.parse_response(self.client.connection, "EVAL", **options)
            except self.connection_errors:
                self.client.connection.disconnect()
                raise
            taking, self._may_have_more = self._taking, True
            if not taking:
                raise Empty  # a token, or it is time to look without one
            if not reply:
                self._may_have_more = False
                raise Empty
            self._deliver_taken(*reply)
            return True
        finally:
            self._in_poll = None
            self._flush_brpop_reauth()

    def _deliver_taken(self, key: bytes, written: bytes) -> None:
        queue = bytes_to_str(key)[len(self.global_keyprefix) :].rsplit(self.sep, 1)[0]
        self._queue_cycle.rotate(queue)
        try:
            message = loads(bytes_to_str(written))
            tag = message["properties"]["delivery_tag"]
            message["body"]
        except (ValueError, LookupError, TypeError) as error:
            _log.error(
                "What was in the queue %r is no message, and is dropped (%s): %.200r", queue, error, written
            )
            raise Empty from None
        self.taken.add(tag)
        self.connection._deliver(message, queue)


class Transport(kombu_redis.Transport):
    """The transport, for ``broker_transport``."""

    Channel = cast(Any, Channel)


def _script(client: RedisClient, text: str, keys: list[str], arguments: list[Any]) -> Any:
    """Run a script by its digest, which is shorter."""
    try:
        return client.evalsha(_DIGESTS[text], len(keys), *keys, *arguments)
    except NoScriptError:
        return client.eval(text, len(keys), *keys, *arguments)
