"""Topic 19, a to c: versions of an API side by side."""

from __future__ import annotations

import pytest

SAMPLE = "topic_19_versions"
VERSIONS = pytest.mark.parametrize("version", ["v1", "v2"])


@VERSIONS
def test_a_version_in_the_url_has_its_view(visit, version):
    assert visit.get(f"/api/{version}/users").json == ["by URL", version]


@VERSIONS
def test_a_version_in_the_accept_header_is_seen(visit, version):
    answer = visit.get("/users", [("Accept", f"application/json; version={version}")])
    assert answer.json == ["by header", version]


def test_a_version_that_is_not_there_is_refused(visit):
    assert visit.get("/users", [("Accept", "application/json; version=v9")]).status == 406


@VERSIONS
def test_a_version_has_a_blueprint_with_views_of_the_same_name(visit, version):
    assert visit.get(f"/{version}/users").json == ["by blueprint", version]
