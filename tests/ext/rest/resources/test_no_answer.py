"""A representation that makes no response, and data that cannot be written, are named."""

from __future__ import annotations

import pytest

from demijohn import Flask
from demijohn.ext.rest import Api, Resource


def make(returned, own=False):
    app = Flask("x")
    app.testing = True
    api = Api(app)

    def write(data, code, headers=None):
        return 5

    class Thing(Resource):
        representations = {"text/x-own": write} if own else None

        def get(self):
            return returned

    if not own:
        api.representation("text/x-own")(write)
    api.add_resource(Thing, "/")
    return app.test_client()


@pytest.mark.parametrize("own", [True, False])
def test_a_representation_that_makes_no_response_is_named(own):
    with pytest.raises(TypeError, match="write of 'text/x-own' returned a int"):
        make({}, own).get("/", headers={"Accept": "text/x-own"})


def test_data_that_cannot_be_written_name_the_resource():
    with pytest.raises(TypeError) as raised:
        make(object()).get("/", headers={"Accept": "application/json"})
    assert "The resource 'thing' returned" in "".join(raised.value.__notes__)
