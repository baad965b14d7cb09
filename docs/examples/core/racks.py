from demijohn import Blueprint, Flask, g, url_for

racks = Blueprint("racks", __name__, url_prefix="/racks")
bottles = Blueprint("bottles", __name__, url_prefix="/<int:rack>/bottles")


@racks.before_request
def note():
    g.trail = ["racks"]  # for the routes of racks and of what is nested in it


@bottles.before_request
async def note_too():
    g.trail.append("bottles")


@racks.get("/")
def index():
    return {"first": url_for(".bottles.listing", rack=1), "trail": g.trail}


@bottles.get("/")
def listing(rack):
    return {"rack": rack, "up": url_for("racks.index"), "trail": g.trail}


racks.register_blueprint(bottles)


def create_app():
    app = Flask(__name__)
    app.register_blueprint(racks)
    app.register_blueprint(racks, name="cellar", url_prefix="/cellar")
    return app


app = create_app()
