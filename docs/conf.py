"""Sphinx settings. The build runs with warnings as errors and needs no network."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

project = "demijohn"
author = "demijohn contributors"
project_copyright = author
release = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
version = release

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.viewcode"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["_build", "examples"]

myst_enable_extensions = ["colon_fence", "deflist", "fieldlist", "attrs_inline"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True, "show-inheritance": True}

html_theme = "furo"
html_title = f"demijohn {release}"
html_theme_options = {"navigation_with_keys": True}
# Furo's "edit this page" and source links would need an address; there is none to promise.
html_copy_source = False
html_show_sourcelink = False

# Docstrings are written in reStructuredText's field lists; `any` would guess, so names stay plain code.
default_role = "code"
nitpicky = False
