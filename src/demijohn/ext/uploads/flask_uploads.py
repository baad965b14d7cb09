"""Sets and applications brought together: settings read, downloads served, the size of requests limited.

The module has the name of Flask-Reuploaded's, where other packages import from.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from demijohn import Blueprint, Flask, abort, current_app, send_from_directory
from demijohn.ext.uploads.exceptions import UploadNotAllowed
from demijohn.ext.uploads.extensions import (
    ALL, ARCHIVES, AUDIO, DATA, DEFAULTS, DOCUMENTS, EXECUTABLES, IMAGES, SCRIPTS, SOURCE, TEXT, All, AllExcept,
    extension, lowercase_ext, tuple_from,
)  # fmt: skip
from demijohn.ext.uploads.stores import FolderStore
from demijohn.ext.uploads.test_helper import TestingFileStorage
from demijohn.ext.uploads.upload_set import UploadConfiguration, UploadSet, serve_upload

__all__ = [
    "ALL", "ARCHIVES", "AUDIO", "All", "AllExcept", "DATA", "DEFAULTS", "DOCUMENTS", "EXECUTABLES", "IMAGES", "SCRIPTS",
    "SOURCE", "TEXT", "TestingFileStorage", "UploadConfiguration", "UploadNotAllowed", "UploadSet", "addslash",
    "config_for_set", "configure_uploads", "extension", "lowercase_ext", "patch_request_class", "tuple_from",
    "uploaded_file", "uploads_mod",
]  # fmt: skip


def addslash(url: str) -> str:
    """A URL that ends in a slash."""
    return url if url.endswith("/") else f"{url}/"


def config_for_set(
    uset: UploadSet, app: Flask, defaults: dict[str, str | None] | None = None
) -> UploadConfiguration:
    """What the settings of an application say of a set.

    :param defaults: ``dest`` and ``url`` for sets without settings of their own.
    :raises RuntimeError: when nothing says where its files go.
    """
    prefix = f"UPLOADED_{uset.name.upper()}_"
    defaults = defaults or {}
    setting = app.config.get
    destination: str | None = setting(f"{prefix}DEST")
    url: str | None = setting(f"{prefix}URL")
    if destination is None and uset.default_dest is not None:
        destination = uset.default_dest(app)
    if destination is None and not uset.has_store:
        if defaults.get("dest") is None:
            raise RuntimeError(
                f"no destination for set {uset.name}: set {prefix}DEST or UPLOADS_DEFAULT_DEST, or give the set a"
                " default_dest or a store."
            )
        destination = os.path.join(str(defaults["dest"]), uset.name)
        base = defaults.get("url")
        if url is None and base is not None:
            url = f"{addslash(base)}{uset.name}/"
    allow, deny = setting(f"{prefix}ALLOW", ()), setting(f"{prefix}DENY", ())
    return UploadConfiguration(destination, url, tuple(allow), tuple(deny))


def configure_uploads(app: Flask, upload_sets: UploadSet | Iterable[UploadSet]) -> None:
    """Read what the settings of an application say of sets; call it once the settings are complete, as often as
    there are sets.

    With ``UPLOADS_AUTOSERVE``, files of sets without a URL of their own are served below ``/_uploads``.

    :raises RuntimeError: when nothing says where the files of a set go.
    """
    owner: Any = app
    if not hasattr(owner, "upload_set_config"):
        owner.upload_set_config = {}
    configs: dict[str, UploadConfiguration] = owner.upload_set_config
    sets: dict[str, UploadSet] = app.extensions.setdefault("uploads", {})
    defaults = {"dest": app.config.get("UPLOADS_DEFAULT_DEST"), "url": app.config.get("UPLOADS_DEFAULT_URL")}
    for uset in (upload_sets,) if isinstance(upload_sets, UploadSet) else upload_sets:
        configs[uset.name] = config_for_set(uset, app, defaults)
        sets[uset.name] = uset
    serves = app.config.get("UPLOADS_AUTOSERVE") and any(
        config.base_url is None for config in configs.values()
    )
    if serves and "_uploads" not in app.blueprints:
        app.register_blueprint(uploads_mod)


def patch_request_class(app: Flask, size: int | None = 64 * 1024 * 1024) -> None:
    """Limit the size of requests, as Flask-Uploads did before there was ``MAX_CONTENT_LENGTH``, which does it better.

    :param size: Most bytes; None for what that setting says.
    """
    if size is not None:
        app.config["MAX_CONTENT_LENGTH"] = size


uploads_mod = Blueprint("_uploads", __name__, url_prefix="/_uploads")


@uploads_mod.route("/<setname>/<path:filename>")
def uploaded_file(setname: str, filename: str) -> Any:
    """A file of a set that the application serves by itself."""
    owner: Any = current_app
    config: UploadConfiguration | None = getattr(owner, "upload_set_config", {}).get(setname)
    if config is None:
        abort(404)
    uset = current_app.extensions["uploads"].get(setname)
    if not current_app.policy.checked_uploads and config.destination is not None:
        return send_from_directory(config.destination, filename)
    if uset is not None and uset.has_store:
        return serve_upload(uset.store, filename, True)
    return serve_upload(FolderStore(str(config.destination)), filename, True)
