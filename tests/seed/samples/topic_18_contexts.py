"""Topic 18: the application context and the request context."""

# --- what the sample takes as given ---
from demijohn import Flask

app = Flask(__name__)

# --- the sample ---
from demijohn import current_app, request  # noqa: E402


@app.route("/")
def index():
    # Accessing application context
    app_name = current_app.name

    # Accessing request context
    request_method = request.method

    return f"Application: {app_name}, Request Method: {request_method}"
