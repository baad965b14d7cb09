import os

from demijohn import Flask

from . import book, store


def create_app(settings: dict | None = None) -> Flask:
    app = Flask(__name__, instance_relative_config=True)
    app.config.from_mapping(
        SECRET_KEY=os.environ.get("SECRET_KEY") or os.urandom(32),
        DATABASE=os.path.join(app.instance_path, "guestbook.sqlite"),
    )
    app.config.from_prefixed_env("GUESTBOOK")
    app.config.from_mapping(settings or {})

    store.init_app(app)
    app.register_blueprint(book.blueprint)
    return app
