"""Sending files: ranges, conditional requests, and only from where they may come.

Werkzeug's ``send_file`` does the work; here the current application's settings go in, and paths
are checked by the rules of every platform. This module must not know about routing.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, BinaryIO, Protocol, cast

from werkzeug import utils
from werkzeug.exceptions import NotFound

from demijohn.config import Configured
from demijohn.contexts.ports import Application
from demijohn.contexts.proxies import current_app, request
from demijohn.http.filenames import content_disposition, download_basename, safe_join
from demijohn.wrappers.response import Response


def max_age_setting(app: Configured) -> int | None:
    """``SEND_FILE_MAX_AGE_DEFAULT`` of ``app`` in seconds; None asks the client to revalidate."""
    value: timedelta | int | None = app.config["SEND_FILE_MAX_AGE_DEFAULT"]
    return int(value.total_seconds()) if isinstance(value, timedelta) else value


def send_file(
    path_or_file: os.PathLike[Any] | str | BinaryIO,
    mimetype: str | None = None,
    as_attachment: bool = False,
    download_name: str | None = None,
    conditional: bool = True,
    etag: bool | str = True,
    last_modified: datetime | float | None = None,
    max_age: int | Callable[[str | None], int | None] | None = None,
) -> Response:
    """A response with the contents of a file.

    :param path_or_file: Path, relative to the application's ``root_path``, or an open binary file.
    :param mimetype: Media type; guessed from the name by default.
    :param as_attachment: Ask browsers to save rather than show it.
    :param download_name: The name browsers save it by; the file's own by default.
    :param conditional: Answer conditional requests and ranges (RFC 9110, sections 13 and 14).
    :param etag: False sends none, a text sends that one; by default it is made of the path, size and time.
    :param last_modified: When it was last changed, as a time or in seconds; the file's own time by default.
    :param max_age: How many seconds clients may keep it, or a function of the path that says so; the
        application's ``get_send_file_max_age`` by default.
    :raises ValueError: when no name is known to guess a media type from.
    """
    app: Application = current_app._get_current_object()
    cleaned = download_name
    if download_name is not None and app.policy.clean_download_names:
        cleaned = download_basename(download_name)
    response = utils.send_file(
        path_or_file,
        request.environ,
        mimetype,
        as_attachment,
        cleaned,
        conditional,
        etag,
        last_modified,
        app.get_send_file_max_age if max_age is None else max_age,
        use_x_sendfile=app.config["USE_X_SENDFILE"],
        response_class=app.response_class,
        _root_path=app.root_path,
    )
    if download_name is not None and app.policy.clean_download_names:
        # RFC 6266, by our own writer: Werkzeug's lets a name choose another folder or direction.
        kind = "attachment" if as_attachment else "inline"
        response.headers["Content-Disposition"] = content_disposition(kind, download_name)
    return cast(Response, response)


def send_from_directory(
    directory: os.PathLike[str] | str, path: os.PathLike[str] | str, **kwargs: Any
) -> Response:
    """A response with a file below ``directory``, for paths that come from a client.

    :param directory: Folder, relative to the application's ``root_path``.
    :param path: Path below it; one that would leave it, through a link too, is not found.
    :param kwargs: As :func:`send_file`.
    :raises NotFound: when there is no such file, or it must not be reached.
    """
    app: Application = current_app._get_current_object()
    folder = os.path.join(app.root_path, os.fspath(directory))
    found = safe_join(folder, os.fspath(path))
    if found is None or not os.path.isfile(found):
        raise NotFound
    if app.policy.links_stay_inside and leads_out(folder, found):
        raise NotFound
    return send_file(found, **kwargs)


def leads_out(folder: str, found: str) -> bool:
    """Whether a link on the way to ``found`` leads out of the folder."""
    return not os.path.realpath(found).startswith(os.path.join(os.path.realpath(folder), ""))


class StaticFiles(Protocol):
    """An application or a blueprint: what has a folder of static files."""

    @property
    def has_static_folder(self) -> bool:
        """Whether there is one."""
        ...

    @property
    def static_folder(self) -> str | None:
        """The folder's absolute path, or None for no folder."""
        ...

    def get_send_file_max_age(self, filename: str | None) -> int | None:
        """How many seconds clients may keep a file."""
        ...


def send_static_file(owner: StaticFiles, filename: str) -> Response:
    """A response with a file of ``owner``'s static folder.

    :raises RuntimeError: when it has no static folder.
    """
    folder = owner.static_folder
    if folder is None or not owner.has_static_folder:
        raise RuntimeError("'static_folder' must be set to serve static_files.")
    return send_from_directory(folder, filename, max_age=owner.get_send_file_max_age(filename))
