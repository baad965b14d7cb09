"""Sphinx settings. The build runs with warnings as errors and needs no network."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "docs"))

project = "demijohn"
author = "demijohn contributors"
project_copyright = author
release = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
version = release

extensions = ["myst_parser", "sphinx_copybutton", "sphinx.ext.autodoc", "sphinx.ext.viewcode", "site_search"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["_build", "examples"]

# None of MyST's own markup: pages are read in the repository, too.
myst_enable_extensions = []
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True, "show-inheritance": True}

html_theme = "furo"
html_search_scorer = str(ROOT / "docs" / "search_scorer.js")
html_title = f"demijohn {release}"
html_theme_options = {"navigation_with_keys": True}
# Furo's "edit this page" and source links would need an address; there is none to promise.
html_copy_source = False
html_show_sourcelink = False

# Docstrings are written in reStructuredText's field lists; `any` would guess, so names stay plain code.
default_role = "code"
nitpicky = False

# What is copied of a console is what is typed there: lines behind a prompt, without it.
copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = True
