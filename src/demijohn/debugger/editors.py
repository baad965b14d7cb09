"""A link that opens a file at a line in the developer's editor.

``DEMIJOHN_EDITOR`` names it, or is such a link itself, with ``{path}`` and ``{line}``. ``DEMIJOHN_EDITOR_PATHS`` says
where the files of a container are on the developer's machine: ``/app=/srv/shop``, several with commas between
them. This module must not know what is shown.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from urllib.parse import quote

_EDITORS = {
    "vscode": "vscode://file{path}:{line}",
    "cursor": "cursor://file{path}:{line}",
    "zed": "zed://file{path}:{line}",
    "sublime": "subl://open?url=file://{path}&line={line}",
    "pycharm": "pycharm://open?file={path}&line={line}",
    "idea": "idea://open?file={path}&line={line}",
}


def editor_link(environ: Mapping[str, str] = os.environ) -> Callable[[str, int], str] | None:
    """What makes the link of a file and a line, or None without an editor.

    A file that is none, such as ``<string>``, has an empty link.
    """
    wanted = environ.get("DEMIJOHN_EDITOR", "").strip()
    template = _EDITORS.get(wanted.lower(), wanted)
    if "{path}" not in template or template.lower().startswith(("javascript:", "data:", "vbscript:")):
        return None
    pairs = [
        pair.partition("=") for pair in environ.get("DEMIJOHN_EDITOR_PATHS", "").split(",") if "=" in pair
    ]
    moved = sorted(
        ((there.strip(), here.strip()) for there, _, here in pairs), key=lambda pair: -len(pair[0])
    )

    def link(filename: str, line: int) -> str:
        path = filename if filename.startswith("<") else os.path.abspath(filename)
        for there, here in moved:
            folder = there.rstrip("/\\")
            if path == folder or path.startswith((f"{folder}/", f"{folder}\\")):
                path = here.rstrip("/\\") + path[len(folder) :]
                break
        else:
            if not os.path.isfile(path):
                return ""
        path = path.replace("\\", "/")
        path = path if path.startswith("/") else f"/{path}"
        return template.replace("{path}", quote(path, safe="/:")).replace("{line}", str(line))

    return link
