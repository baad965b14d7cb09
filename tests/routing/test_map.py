from __future__ import annotations

from werkzeug import routing as werkzeug_routing

from demijohn import routing
from demijohn.routing import Map, Rule


def test_rules_and_maps_are_werkzeugs():
    assert issubclass(Map, werkzeug_routing.Map)
    assert issubclass(Rule, werkzeug_routing.Rule)


def test_converters_are_werkzeugs_own():
    names = [name for name in routing.__all__ if name.endswith("Converter")]
    assert len(names) == 7
    assert all(getattr(routing, name) is getattr(werkzeug_routing, name) for name in names)


def test_a_websocket_rule_in_a_submount_stays_one():
    url_map = Map([werkzeug_routing.Submount("/api", [Rule("/live", endpoint="live", websocket=True)])])
    [rule] = url_map.iter_rules()
    assert (rule.rule, rule.websocket) == ("/api/live", True)


def test_automatic_options_are_off_until_the_application_says_so():
    assert Rule("/").provide_automatic_options is False
