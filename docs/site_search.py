"""The search of the site: a page counts by how much it is about the words, not by whether it has them.

Sphinx's index says only which pages have a word, so that a page of that name may come behind ten that mention it. Here
a name such as `test_client` is found by its parts too, and what each word weighs on each page (BM25, with titles,
headings and opening sentences counted more) goes into a file beside the index; search_scorer.js puts results in order
by it.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.search import languages
from sphinx.search.en import SearchEnglish

WEIGHTS = "search_weights.js"
#: How often a word counts by where it stands.
TITLE, HEADING, OPENING, NAME, TEXT, CODE = 20, 6, 4, 2, 1, 1
#: BM25's constants: how soon more of a word adds nothing, and how much a long page counts for its length.
SATURATION, LENGTH = 5, 0.3
PAGES_OF_A_WORD = 25
#: Pages that name everything once more, by difference or by design: they come behind the page about it.
BEHIND = {"compat", "design", "http", "policy", "request-path"}
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"`([^`\n]+)`")
WORD = re.compile(r"\w+")


class Search(SearchEnglish):
    """English, with the parts of names, and without the words that a question has."""

    stopwords = frozenset(SearchEnglish.stopwords) | {"can", "do", "how", "i", "my", "use", "using", "what"}

    def split(self, input: str) -> list[str]:
        words = super().split(input)
        return words + [part for word in words if "_" in word for part in word.split("_") if part]


def counted(page: Path, language: Search) -> Counter[str]:
    """How much of each word is on a page."""
    text = page.read_text()
    code = "\n".join(FENCE.findall(text))
    text = FENCE.sub("", text)
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    paragraphs = [part for part in re.split(r"\n{2,}", text) if not part.startswith(("#", "<!--"))]
    fields = [
        (TITLE, " ".join([*headings[:1], page.stem.replace("-", " ")])),
        (HEADING, " ".join(headings[1:])),
        (OPENING, paragraphs[0] if paragraphs else ""),
        (NAME, " ".join(NAMED.findall(text))),
        (TEXT, text),
        (CODE, code),
    ]
    found: Counter[str] = Counter()
    for weight, field in fields:
        for word in language.split(field):
            if (stem := language.stem(word)) and word.lower() not in language.stopwords:
                found[stem] += weight
    return found


def weights(pages: dict[str, Path]) -> dict[str, dict[str, float]]:
    """What each word weighs on each page, by page for each word."""
    language = Search({})
    counts = {name: counted(path, language) for name, path in pages.items()}
    length = {name: sum(count.values()) for name, count in counts.items()}
    average = sum(length.values()) / len(length)
    having = Counter(word for count in counts.values() for word in count)
    found: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for name, count in counts.items():
        norm = SATURATION * (1 - LENGTH + LENGTH * length[name] / average)
        for word, number in count.items():
            rarity = math.log(1 + (len(pages) - having[word] + 0.5) / (having[word] + 0.5))
            weight = rarity * number * (SATURATION + 1) / (number + norm)
            found[word][name] = round(weight * (0.6 if name in BEHIND else 1), 2)
    return {
        word: dict(sorted(by_page.items(), key=lambda item: -item[1])[:PAGES_OF_A_WORD])
        for word, by_page in found.items()
    }


def write(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app.builder.format == "html":
        pages = {name: Path(app.env.doc2path(name)) for name in app.env.found_docs}
        text = json.dumps(weights(pages), separators=(",", ":"), ensure_ascii=False)
        (Path(app.outdir) / "_static" / WEIGHTS).write_text(f"const SEARCH_WEIGHTS = {text};\n")


def on_the_page_of_results(app: Sphinx, pagename: str, *_: Any) -> None:
    if pagename == "search":
        app.add_js_file(WEIGHTS)


def setup(app: Sphinx) -> dict[str, bool]:
    languages["en"] = Search
    app.connect("build-finished", write)
    app.connect("html-page-context", on_the_page_of_results)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
