import hashlib

from demijohn import Flask, request

app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 64 * 1024


@app.post("/labels")
def labels():
    name = request.form["name"]  # 400 when it is missing
    bottles = request.form.get("bottles", 1, type=int)  # 1 when it is missing or no number
    picture = request.files["picture"]
    return {"name": name, "bottles": bottles, "file": picture.filename, "bytes": len(picture.read())}


@app.put("/videos/<name>", stream=True, max_content_length=5 * 1024**3)
async def video(name):
    digest = hashlib.sha256()
    async for chunk in request.stream:  # as it arrives; the client waits while you do
        digest.update(chunk)
    return {"name": name, "sha256": digest.hexdigest()}


@app.put("/notes/<name>", stream=True)
def notes(name):
    return {"name": name, "lines": sum(1 for _ in request.stream)}
