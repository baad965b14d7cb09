"""Sending files: ranges, conditional requests, and only from where they may come.

Werkzeug's ``send_file`` does the work; here the current application's settings go in, and paths
are checked by the rules of every platform. This module must not know about routing.
"""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any, cast

from werkzeug import utils
from werkzeug.exceptions import NotFound

from demijohn.http.filenames import content_disposition, download_basename, safe_join
from demijohn.proxies import current_app, request
from demijohn.wrappers.response import Response


def max_age_setting(app: Any) -> int | None:
    """``SEND_FILE_MAX_AGE_DEFAULT`` of ``app`` in seconds; None asks the client to revalidate."""
    value = app.config["SEND_FILE_MAX_AGE_DEFAULT"]
    if value is None:
        return None
    return int(value.total_seconds()) if isinstance(value, timedelta) else cast(int, value)


def send_file(
    path_or_file: Any, mimetype: str | None = None, as_attachment: bool = False, **options: Any
) -> Response:
    """A response with the contents of a file.

    :param path_or_file: Path, relative to the application's ``root_path``, or an open binary file.
    :param mimetype: Media type; guessed from the name by default.
    :param as_attachment: Ask browsers to save rather than show it.
    :param options: ``download_name``, ``conditional``, ``etag``, ``last_modified``, ``max_age``.
    :raises ValueError: when no name is known to guess a media type from.
    """
    app = current_app._get_current_object()
    if options.get("max_age") is None:
        options["max_age"] = app.get_send_file_max_age
    named = options.get("download_name")
    if named is not None and app.compat_level is None:
        options["download_name"] = download_basename(named)
    response = utils.send_file(
        path_or_file,
        request.environ,
        mimetype,
        as_attachment,
        use_x_sendfile=app.config["USE_X_SENDFILE"],
        response_class=app.response_class,
        _root_path=app.root_path,
        **options,
    )
    if named is not None and app.compat_level is None:
        # RFC 6266, by our own writer: Werkzeug's lets a name choose another folder or direction.
        kind = "attachment" if as_attachment else "inline"
        response.headers["Content-Disposition"] = content_disposition(kind, named)
    return cast(Response, response)


def send_from_directory(directory: Any, path: Any, **kwargs: Any) -> Response:
    """A response with a file below ``directory``, for paths that come from a client.

    :param directory: Folder, relative to the application's ``root_path``.
    :param path: Path below it; one that would leave it, through a link too, is not found.
    :param kwargs: As :func:`send_file`.
    :raises NotFound: when there is no such file, or it must not be reached.
    """
    app = current_app._get_current_object()
    folder = os.path.join(app.root_path, os.fspath(directory))
    found = safe_join(folder, os.fspath(path))
    if found is None or not os.path.isfile(found):
        raise NotFound
    if app.compat_level is None and _leads_out(folder, found):
        raise NotFound
    return send_file(found, **kwargs)


def _leads_out(folder: str, found: str) -> bool:
    """Whether a link on the way to ``found`` leads out of the folder."""
    return not os.path.realpath(found).startswith(os.path.join(os.path.realpath(folder), ""))


def send_static_file(owner: Any, filename: str) -> Response:
    """A response with a file of ``owner``'s static folder; ``owner`` is an app or a blueprint.

    :raises RuntimeError: when it has no static folder.
    """
    if not owner.has_static_folder:
        raise RuntimeError("'static_folder' must be set to serve static_files.")
    return send_from_directory(
        cast(str, owner.static_folder), filename, max_age=owner.get_send_file_max_age(filename)
    )
