"""Topic 17: the visitor's address."""

# --- what the sample takes as given ---
from demijohn import Flask

app = Flask(__name__)

# --- the sample ---
from demijohn import request  # noqa: E402


@app.route("/")
def index():
    ip_address = request.remote_addr
    return f"Your IP address is: {ip_address}"


# --- "behind a proxy server, you might need to use" ---
@app.route("/forwarded")
def forwarded():
    return f"Forwarded for: {request.headers.get('X-Forwarded-For')}"
