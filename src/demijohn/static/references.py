"""What style sheets and scripts refer to, and the same text with other addresses. Pure functions.

Standard: https://www.w3.org/TR/css-syntax-3/ for comments, strings, ``url()`` and ``@import``.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from urllib.parse import unquote

__all__ = ["rewrite", "with_digest"]

_string = r'"(?:[^"\\\n]|\\.)*"' + r"|'(?:[^'\\\n]|\\.)*'"

#: Comments and strings first, so that nothing is looked for inside of them.
_css = re.compile(
    rf"(?P<map>/\*[#@]\s*sourceMappingURL=(?P<mapped>[^\s*]+)\s*\*/)|/\*.*?\*/"
    rf"|(?P<import>@import\s+)(?P<imported>{_string})"
    rf"|\burl\(\s*(?P<target>{_string}|[^\s\"'()\\]+)\s*\)"
    rf"|{_string}",
    re.DOTALL | re.IGNORECASE,
)
#: A script says it on a line of its own (Source map, ECMA-426); the last one counts, and there is one.
_js = re.compile(r"^(?P<start>[ \t]*//[#@][ \t]*sourceMappingURL=)(?P<mapped>\S+)[ \t]*$", re.MULTILINE)

#: Gives the address to write for the name of a file of the folder; None leaves it as written.
Digest = Callable[[str], "str | None"]


def with_digest(name: str, digest: str) -> str:
    """A name with a digest in it: ``a/b.css`` and ``3f2a`` are ``a/b.3f2a.css``."""
    folder, slash, last = name.rpartition("/")
    stem, dot, suffix = last.rpartition(".")
    if not stem:
        return f"{name}.{digest}"
    return f"{folder}{slash}{stem}.{digest}{dot}{suffix}"


def rewrite(text: str, name: str, url_path: str | None, digest_of: Digest) -> str:
    """A style sheet or a script with the digests of the files that it names.

    :param text: What it says.
    :param name: Its own name in the folder, from which relative addresses start.
    :param url_path: The path that the folder is served below, for addresses from the root; None where that may vary.
    :param digest_of: Gives the digest of a name in the folder; None for one that is not there.
    """

    def address(written: str) -> str:
        plain, mark, rest = _split(written)
        found = _name_in_folder(plain, name, url_path)
        digest = None if found is None else digest_of(found)
        return written if digest is None else f"{with_digest(plain, digest)}{mark}{rest}"

    if name.lower().endswith(".css"):
        return _css.sub(lambda match: _css_part(match, address), text)
    return _js.sub(lambda match: f"{match['start']}{address(match['mapped'])}", text)


def _css_part(match: re.Match[str], address: Callable[[str], str]) -> str:
    whole = match[0]
    for group in ("mapped", "imported", "target"):
        written = match[group]
        if written is not None:
            start = match.start(group) - match.start()
            quote = written[0] if written[0] in "\"'" else ""
            inner = written[len(quote) : len(written) - len(quote)]
            if "\\" in inner:  # an escape, which the address would have to be written with
                return whole
            return f"{whole[:start]}{quote}{address(inner)}{quote}{whole[start + len(written) :]}"
    return whole


def _split(written: str) -> tuple[str, str, str]:
    """An address, and its query and fragment."""
    found = re.search(r"[?#]", written)
    if found is None:
        return written, "", ""
    return written[: found.start()], found[0], written[found.end() :]


def _name_in_folder(address: str, name: str, url_path: str | None) -> str | None:
    """The name of the file that an address means; None for one of elsewhere."""
    if not address or address.startswith("//") or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", address):
        return None
    if address.startswith("/"):
        if url_path is None or not address.startswith(f"{url_path}/"):
            return None
        found = address[len(url_path) + 1 :]
    else:
        found = posixpath.join(posixpath.dirname(name), address)
    found = posixpath.normpath(unquote(found))
    return None if found.startswith(("../", "/")) or found in (".", "..") else found
