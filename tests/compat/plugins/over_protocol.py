"""Lets every test client speak the protocol that the environment names: `OVER_PROTOCOL=asgi`."""

from __future__ import annotations

import os

from demijohn.testing.client import ClientBase

ClientBase.__init__.__kwdefaults__["protocol"] = os.environ["OVER_PROTOCOL"]
