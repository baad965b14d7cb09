"""Served by a real server in test_served.py: sessions in the Redis that REDIS_URL names."""

from __future__ import annotations

import os

from demijohn import Flask, session
from demijohn.sessions.server_side import Session

app = Flask(__name__)
app.config.update(SESSION_TYPE="redis", SESSION_REDIS=os.environ["REDIS_URL"], SESSION_REDIS_TIMEOUT=30)
Session(app)


def count() -> str:
    session["n"] = session.get("n", 0) + 1
    return str(session["n"])


@app.get("/")
def index() -> str:
    return "up"


@app.get("/s/count")
def count_sync() -> str:
    return count()


@app.get("/a/count")
async def count_async() -> str:
    return count()
