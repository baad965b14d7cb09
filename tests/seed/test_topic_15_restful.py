"""Topic 15: an application with resources."""

from __future__ import annotations

import pytest
from tests.seed.conftest import served
from tests.seed.project import COMMANDS, Project, names
from tests.support.web import OverSocket

SAMPLE = "topic_15_restful"


def test_a_resource_answers_with_data(visit):
    answer = visit.get("/")
    assert (answer.status, answer.json) == (200, {"hello": "world"})


def test_a_url_that_is_nowhere_is_not_found(visit):
    assert visit.get("/nowhere").status == 404


@pytest.mark.slow
@pytest.mark.servers
@pytest.mark.xdist_group("seed")
@names
def test_it_runs_by_the_names_that_are_printed(tmp_path, command):
    Project(tmp_path, SAMPLE, command)
    with served(tmp_path, *COMMANDS[command], "--app", "topic", "run") as server:
        assert OverSocket(server).get("/").json == {"hello": "world"}
