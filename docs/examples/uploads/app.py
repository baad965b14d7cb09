"""Photos, and films that can be resumed."""

from datetime import timedelta
from pathlib import Path

from demijohn import Flask, redirect, render_template, request, url_for
from demijohn.ext.uploads import (
    IMAGES,
    Tus,
    UploadNotAllowed,
    UploadSet,
    configure_uploads,
    upload_progress,
)

app = Flask(__name__)
app.config["UPLOADS_DEFAULT_DEST"] = Path(app.instance_path) / "uploads"

photos = UploadSet("photos", IMAGES, names="random", max_pixels=40_000_000)
films = UploadSet("films", ("mp4", "webm"))
configure_uploads(app, [photos, films])
app.register_blueprint(upload_progress)

tus = Tus(app, films, "/files", max_size=10 * 1024**3, expires=timedelta(days=1))
finished: list[str] = []


@tus.authorize
def allowed():
    return "Authorization" in request.headers or request.remote_addr == "127.0.0.1"


@tus.on_complete
async def done(upload):
    finished.append(f"{upload.name}, {upload.size} bytes")


@app.get("/")
def index():
    return render_template("index.html", finished=finished)


@app.post("/photos")
def add_photo():
    try:
        name = photos.save(request.files["photo"])
    except UploadNotAllowed as refused:
        return str(refused), 400
    return redirect(url_for("photo", name=name))


@app.get("/photos/<name>")
def photo(name):
    return photos.serve(name, as_attachment=False)


@app.post("/albums", stream=True, max_content_length=4 * 1024**3)
async def add_album():
    return [await photos.asave(part) async for part in request.parts() if part.filename is not None]
