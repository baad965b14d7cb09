"""How far an upload is, shown in its page: a blueprint with a script, and the tag that loads it.

::

    app.register_blueprint(upload_progress)

    {{ upload_progress() }}
    <form method="post" enctype="multipart/form-data" data-upload>
      <input type="file" name="film"> <button>Send</button> <progress hidden></progress>
    </form>

The script comes from the application, so that a Content-Security-Policy of ``'self'`` lets it run.
"""

from __future__ import annotations

from markupsafe import Markup

from demijohn import Blueprint, url_for

__all__ = ["upload_progress"]

upload_progress = Blueprint(
    "_upload_progress", __name__, static_folder="static", static_url_path="/_uploads/static"
)


def script_tag() -> Markup:
    """The tag that loads the script."""
    address = url_for("_upload_progress.static", filename="progress.js")
    return Markup('<script src="{}" defer></script>').format(address)


upload_progress.add_app_template_global(script_tag, "upload_progress")
