"""Topic 19, d: versions of an API by resources.

Where the sample has "# ...", something is returned.
"""

# --- what the sample takes as given ---
from demijohn import Flask
from demijohn.ext.rest import Resource

app = Flask(__name__)

# --- the sample ---
from demijohn.ext.rest import Api  # noqa: E402

api = Api(app)


class UsersV1(Resource):
    def get(self):
        return ["by resource", "v1"]


class UsersV2(Resource):
    def get(self):
        return ["by resource", "v2"]


api.add_resource(UsersV1, "/v1/users")
api.add_resource(UsersV2, "/v2/users")
