"""Uploaded files in sets: Flask-Uploads' interface, with a look at what files hold.

    photos = UploadSet("photos", IMAGES, names="random", max_pixels=40_000_000)

    app.config["UPLOADED_PHOTOS_DEST"] = "/srv/photos"
    configure_uploads(app, photos)

    @app.post("/photos")
    def add():
        try:
            name = photos.save(request.files["photo"])    # await photos.asave(...), in async def
        except UploadNotAllowed as refused:               # no JPEG, too many pixels, ...
            return str(refused), 400
        return redirect(url_for("photo", name=name))

    @app.get("/photos/<path:name>")
    def photo(name):
        return photos.serve(name, as_attachment=False)

Large files come part by part, with ``request.parts()``, or can be resumed after a break, by the tus protocol:

    tus = Tus(app, photos, "/files", max_size=10 * 1024**3, expires=timedelta(days=1))

A set keeps files and gives them out. Who may do either, and what is known of a file besides its name, are the
application's.
"""

from __future__ import annotations

from demijohn.ext.uploads.exceptions import UploadNotAllowed
from demijohn.ext.uploads.extensions import (
    ALL, ARCHIVES, AUDIO, DATA, DEFAULTS, DOCUMENTS, EXECUTABLES, IMAGES, SCRIPTS, SOURCE, TEXT, All, AllExcept,
    extension, lowercase_ext, tuple_from,
)  # fmt: skip
from demijohn.ext.uploads.flask_uploads import (
    addslash, config_for_set, configure_uploads, patch_request_class, uploaded_file, uploads_mod,
)  # fmt: skip
from demijohn.ext.uploads.progress import upload_progress
from demijohn.ext.uploads.test_helper import TestingFileStorage
from demijohn.ext.uploads.tus import Tus, Upload
from demijohn.ext.uploads.upload_set import UploadConfiguration, UploadSet

__all__ = [
    "ALL", "ARCHIVES", "AUDIO", "All", "AllExcept", "DATA", "DEFAULTS", "DOCUMENTS", "EXECUTABLES", "IMAGES", "SCRIPTS",
    "SOURCE", "TEXT", "TestingFileStorage", "Tus", "Upload", "UploadConfiguration", "UploadNotAllowed", "UploadSet",
    "addslash", "config_for_set", "configure_uploads", "extension", "lowercase_ext", "patch_request_class",
    "tuple_from", "upload_progress", "uploaded_file", "uploads_mod",
]  # fmt: skip
