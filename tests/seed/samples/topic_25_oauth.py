"""Topic 25: signing in with GitHub."""

# --- the sample ---
from demijohn import Flask, redirect, url_for
from demijohn.ext.oauth.contrib.github import github, make_github_blueprint

app = Flask(__name__)
app.secret_key = "your-secret-key"
github_blueprint = make_github_blueprint(
    client_id="your-github-client-id",
    client_secret="your-github-client-secret",
)
app.register_blueprint(github_blueprint, url_prefix="/login")


@app.route("/")
def index():
    if not github.authorized:
        return redirect(url_for("github.login"))
    resp = github.get("/user")
    assert resp.ok
    return "You are @{login} on GitHub".format(login=resp.json()["login"])
