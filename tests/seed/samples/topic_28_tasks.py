"""Topic 28: what takes long with an upload is handed to a task, so that it holds up no request."""

# --- the sample ---
from demijohn import Flask, request
from demijohn.ext.tasks import Tasks, app_task

app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 16 * 1024 * 1024  # 16MB
app.config["SECRET_KEY"] = "a key for the sample only"
tasks = Tasks(app)
app.register_blueprint(tasks.blueprint, url_prefix="/jobs")


@app_task
def count_lines(path: str) -> int:
    with open(path, "rb") as file:
        return sum(1 for _ in file)


@app.route("/upload", methods=["POST"])
def upload_file():
    if "file" not in request.files:
        return "No file uploaded", 400
    file = request.files["file"]
    file.save("path/to/save/file")
    return count_lines.delay("path/to/save/file").token
