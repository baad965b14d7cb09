"""Engine.IO, version 4 of the protocol, under Socket.IO: a session of packets over polling or a WebSocket.

python-engineio has the options and their defaults; the sessions, their limits and the wire are here, as Socket.IO's own
server has them. This package must not know Socket.IO.
"""
