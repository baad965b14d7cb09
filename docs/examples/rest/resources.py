from demijohn import Flask
from demijohn.ext.rest import Api, Resource, abort, fields, inputs, marshal_with, reqparse

app = Flask(__name__)
api = Api(app, prefix="/api")
cellar = {1: {"name": "Merlot", "vintage": {"year": 1998}, "rack": None}}

bottle = {
    "name": fields.String,
    "year": fields.Integer(attribute="vintage.year"),
    "rack": fields.Nested({"number": fields.Integer}, allow_null=True),
    "label": fields.FormattedString("{name} {vintage[year]}"),
}

parser = reqparse.RequestParser(bundle_errors=True)
parser.add_argument("name", required=True, trim=True)
parser.add_argument("year", type=inputs.int_range(1900, 2100), default=2024)


@api.resource("/bottles")
class Bottles(Resource):
    @marshal_with(bottle, envelope="bottles")
    def get(self):
        return list(cellar.values())

    @marshal_with(bottle)
    def post(self):
        sent = parser.parse_args()  # from JSON, a form or the query; or 400
        number = max(cellar, default=0) + 1
        cellar[number] = {"name": sent.name, "vintage": {"year": sent.year}, "rack": None}
        return cellar[number], 201, {"Location": api.url_for(Bottle, number=number)}


@api.resource("/bottles/<int:number>")
class Bottle(Resource):
    @marshal_with(bottle)
    async def get(self, number):  # methods may be def or async def
        if number not in cellar:
            abort(404, message=f"No bottle {number}.", known=sorted(cellar))
        return cellar[number]

    def delete(self, number):
        cellar.pop(number, None)
        return None, 204
