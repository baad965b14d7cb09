"""Messages to everybody who listens: ``Broadcast``, its subscriptions, and streams of server-sent events.

A ``Broadcast`` gives what is published to the subscriptions of this process (``hub``), or through Redis to those of
all (``redis``). This package must not know protocols, nor the application but for its JSON.
"""
