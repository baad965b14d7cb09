from demijohn import Blueprint, Flask, current_app

pages = Blueprint("pages", __name__)


@pages.get("/")
def index():
    return {"greeting": current_app.config["GREETING"]}


def create_app(settings=None):
    app = Flask(__name__)
    app.config.from_mapping(GREETING="Hello")  # 1. defaults
    app.config.from_prefixed_env("CELLAR")  # 2. the environment: CELLAR_GREETING=...
    app.config.from_mapping(settings or {})  # 3. what a test says
    app.register_blueprint(pages)
    return app


app = create_app()
