"""An application that uses the extension."""

from keys import Keys, key_refused

from demijohn import Flask, g

app = Flask(__name__)
keys = Keys(app)
OWNERS = {"k-1": "Ada"}


@keys.finder
async def find(key):
    return OWNERS.get(key)


@key_refused.connect_via(app)
async def warn(sender, address, **extra):
    sender.logger.warning("no key from %s", address)


@app.get("/")
async def index():
    return f"Hello {g.owner}"
