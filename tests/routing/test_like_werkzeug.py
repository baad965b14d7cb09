"""Whatever the map, path and values: where the router answers, its answer is Werkzeug's."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.routing.maps import METHODS, build_disagreement, maps, match_disagreement, paths, values_for

from demijohn.routing import Router

PATIENT = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@PATIENT
@given(st.data())
def test_matches_what_werkzeug_matches(data):
    url_map = data.draw(maps())
    router, adapter = Router(url_map), url_map.bind("localhost")
    for _ in range(8):
        path = data.draw(paths(url_map))
        method = data.draw(st.sampled_from([*METHODS, "HELPER", "get"]))
        websocket = data.draw(st.sampled_from([False, False, False, True]))
        assert match_disagreement(router, adapter, path, method, websocket) is None


@PATIENT
@given(st.data())
def test_builds_what_werkzeug_builds(data):
    url_map = data.draw(maps())
    router = Router(url_map)
    endpoints = [rule.endpoint for rule in url_map.iter_rules()]
    for _ in range(8):
        adapter = url_map.bind("localhost", default_method=data.draw(st.sampled_from(METHODS)))
        endpoint = data.draw(st.sampled_from([*endpoints, "nope"]))
        values = data.draw(values_for(url_map, endpoint))
        method = data.draw(st.sampled_from([None, None, None, *METHODS]))
        append = data.draw(st.sampled_from([True, True, False]))
        assert build_disagreement(router, adapter, endpoint, values, method, append) is None
