import csv
import io

from demijohn import Flask, make_response
from demijohn.ext.rest import Api, Resource

app = Flask(__name__)


class Spilled(Exception):
    pass


api = Api(app, errors={"Spilled": {"message": "Nothing is left.", "status": 410}})


@api.representation("text/csv")
def as_csv(data, code, headers=None):
    lines = io.StringIO()
    csv.writer(lines).writerows(data.items())
    response = make_response(lines.getvalue(), code)
    response.headers.extend(headers or {})
    return response


@api.resource("/stock")
class Stock(Resource):
    def get(self):
        return {"red": 12, "white": 7}

    def delete(self):
        raise Spilled


@app.errorhandler(LookupError)
def not_there(error):  # the application's handlers answer for resources too
    return {"message": "The application says so."}, 404


@api.resource("/stock/<colour>")
class Colour(Resource):
    def get(self, colour):
        return {"red": 12, "white": 7}[colour]
