"""Topic 15: an application with Flask-RESTful's interface."""

# --- the sample ---
from demijohn import Flask
from demijohn.ext.rest import Api, Resource

app = Flask(__name__)
api = Api(app)


class HelloWorld(Resource):
    def get(self):
        return {"hello": "world"}


api.add_resource(HelloWorld, "/")

if __name__ == "__main__":
    app.run()
