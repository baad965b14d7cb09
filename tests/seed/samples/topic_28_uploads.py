# ruff: noqa: RET503
"""Topic 28: large uploads, limited to 16 MB; and read as a stream."""

# --- the sample ---
from demijohn import Flask, request

app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 16 * 1024 * 1024  # 16MB


@app.route("/upload", methods=["POST"])
def upload_file():
    if "file" not in request.files:
        return "No file uploaded", 400
    file = request.files["file"]
    if file.filename == "":
        return "No selected file", 400
    if file:
        # Save the file to a desired location
        file.save("path/to/save/file")
        return "File uploaded successfully"


# --- "you can use request.stream to read the file in chunks" ---
@app.route("/stream", methods=["POST"], stream=True)
def stream():
    size = 0
    while chunk := request.stream.read(65_536):
        size += len(chunk)
    return f"{size} bytes"
