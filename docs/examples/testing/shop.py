from sqlalchemy.orm import Mapped, mapped_column

from demijohn import Flask, redirect, render_template, request, url_for
from demijohn.ext.database import SQLAlchemy
from demijohn.ext.tasks import Tasks, app_task

db = SQLAlchemy()


class Bottle(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


@app_task
def print_label(bottle_id: int) -> None:
    print(f"label of {db.session.get(Bottle, bottle_id).name}")


def create_app() -> Flask:
    app = Flask("shop")
    app.config.update(SQLALCHEMY_DATABASE_URI="sqlite://", SECRET_KEY="only for trying this out")
    db.init_app(app)
    Tasks(app)
    with app.app_context():
        db.create_all()

    @app.get("/")
    def shelf():
        return render_template("shelf.html", bottles=list(db.session.scalars(db.select(Bottle))))

    @app.post("/bottles")
    def add():
        bottle = Bottle(name=request.form["name"])
        db.session.add(bottle)
        db.session.commit()
        print_label.delay(bottle.id)
        return redirect(url_for("shelf"))

    @app.get("/count")
    async def count():
        return str(await db.async_session.scalar(db.select(db.func.count(Bottle.id))))

    @app.cli.command("tidy")
    def tidy():
        print(f"{db.session.query(Bottle).delete()} bottles were removed")
        db.session.commit()

    return app
