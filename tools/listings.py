"""Put the files of examples into the pages that show them, or say which page has another text than its file.

A page is read where it lies as well, in the repository or the source distribution, so that the code stands in it:

    <!-- listing: examples/quickstart/hello.py -->
    (a fenced block: the file)

The comment names a file, seen from the page, and perhaps lines of it: `examples/health/shop.py 3-`. What is
between it and the end of the block belongs to this tool; where no block follows yet, it makes one.

    python tools/listings.py            says which pages differ
    python tools/listings.py --write    writes the files into the pages
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LISTING = re.compile(
    r"^<!-- listing: (?P<file>\S+)(?: (?P<first>\d+)-(?P<last>\d*))? -->\n"
    r"(?P<block>```\S*\n.*?^```\n)?",
    re.MULTILINE | re.DOTALL,
)
LANGUAGES = {
    ".conf": "nginx",
    ".css": "css",
    ".html": "html+jinja",
    ".js": "javascript",
    ".py": "python",
    ".service": "ini",
    ".socket": "ini",
    ".toml": "toml",
    ".yaml": "yaml",
}


def pages() -> list[Path]:
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def listed(page: Path) -> list[Path]:
    """The files that a page shows."""
    return [(page.parent / found["file"]).resolve() for found in LISTING.finditer(page.read_text())]


def block_text(listing: str) -> str:
    """What a listing shows, without its comment and its fence."""
    return listing.split("\n", 2)[2].rpartition("```\n")[0]


def without_listings(text: str) -> str:
    """The text of a page, without the blocks that are files."""
    return LISTING.sub("", text)


def filled(page: Path) -> str:
    """The text of a page with its files as they are now."""

    def fill(found: re.Match[str]) -> str:
        file = page.parent / found["file"]
        lines = file.read_text().splitlines(keepends=True)
        if found["first"]:
            lines = lines[int(found["first"]) - 1 : int(found["last"] or len(lines))]
        language = LANGUAGES.get(file.suffix, "text")
        comment = found[0].partition("\n")[0]
        return f"{comment}\n```{language}\n{''.join(lines).strip()}\n```\n"

    return LISTING.sub(fill, page.read_text())


def main(arguments: list[str]) -> int:
    different = [page for page in pages() if page.read_text() != filled(page)]
    for page in different:
        if "--write" in arguments:
            page.write_text(filled(page))
        print(page.relative_to(ROOT))
    return 1 if different and "--write" not in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
