from demijohn import Flask, render_template_string

app = Flask(__name__)
app.config["SECURITY_HEADERS"] = {"Permissions-Policy": "camera=()", "Cross-Origin-Opener-Policy": None}
app.config["HSTS"] = 31_536_000
app.config["CSP"] = {
    "default-src": ["'self'"],
    "script-src": ["'self'", "'nonce'"],
    "frame-ancestors": ["'self'"],
    "base-uri": ["'self'"],
}

PAGE = """<!doctype html>
<title>Cellar</title>
<script nonce="{{ csp_nonce() }}">document.title += "!"</script>
"""


@app.get("/")
def index():
    return render_template_string(PAGE)


@app.get("/old", csp={"script-src": ["'unsafe-inline'"]})
def old():
    return "<!doctype html><title>Old</title><script>document.title += '!'</script>"


@app.get("/embedded", csp=None)
def embedded():
    return "no policy at all"
