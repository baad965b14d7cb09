"""``SIJAX_STATIC_PATH``: a folder of the application's own from which its pages load the script."""

from __future__ import annotations

from pathlib import Path

from demijohn.ext.ajax.responses import SijaxError

SCRIPT = Path(__file__).parent / "static" / "sijax.js"

#: Tells that a folder is Sijax's.
_MARK = "sijax_version"
#: What pages of Sijax load besides; all of it is in the one script.
_OTHERS = ("sijax_comet.js", "sijax_upload.js", "json2.js")


def fill_folder(folder: Path) -> None:
    """Put the script into a folder, under the names that Sijax's pages load.

    :raises SijaxError: for a folder that holds other files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    mark = folder / _MARK
    if not mark.exists() and any(folder.iterdir()):
        raise SijaxError(
            f"SIJAX_STATIC_PATH is {str(folder)!r}, which holds files that are not Sijax's: give it a folder of"
            " its own."
        )
    code = SCRIPT.read_bytes()
    if not (folder / "sijax.js").exists() or (folder / "sijax.js").read_bytes() != code:
        (folder / "sijax.js").write_bytes(code)
        for name in _OTHERS:
            (folder / name).write_bytes(b"/* It is in sijax.js. */\n")
        mark.write_text("demijohn\n")
