"""Topic 2: the import name is where templates and static files are found."""

from __future__ import annotations

import re

SAMPLE = "topic_02_name"


def test_templates_are_found_beside_the_module(visit):
    assert visit.get("/").text.strip() == f"This is {SAMPLE}."


def test_static_files_are_found_beside_the_module(visit):
    assert visit.get("/static/style.css").text == "body { margin: 0 }\n"


def test_the_root_and_static_folders_follow_from_the_name(visit):
    told = visit.get("/folders").json
    assert told["static"] == f"{told['root']}/static"
    assert told["root"].endswith("samples")
    # In an application of this package, the address holds twelve digits of the content's hash.
    assert re.fullmatch(r"/static/style(\.[0-9a-f]{12})?\.css", told["style"])
    assert visit.get(told["style"]).text == "body { margin: 0 }\n"
