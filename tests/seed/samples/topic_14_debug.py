"""Topic 14: debug mode, by running the file; the address comes from FLASK_SERVER_NAME here."""

# --- what the sample takes as given ---
from demijohn import Flask

app = Flask(__name__)
app.config.from_prefixed_env()


@app.route("/")
def home():
    return f"debug: {app.debug}"


@app.route("/fails")
def fails():
    harmless = "a local name"
    raise ValueError(f"<b>shown</b> {harmless}")


# --- the sample ---
if __name__ == "__main__":
    app.run(debug=True)
