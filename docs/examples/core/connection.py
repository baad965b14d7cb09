import sqlite3

from demijohn import Flask, g

app = Flask(__name__)
app.config["DATABASE"] = ":memory:"


def database():
    if "database" not in g:
        g.database = sqlite3.connect(app.config["DATABASE"], check_same_thread=False)
    return g.database


@app.teardown_appcontext
def close_database(error):
    connection = g.pop("database", None)
    if connection is not None:
        connection.close()


@app.get("/")
def index():
    return {"answer": database().execute("SELECT 6 * 7").fetchone()[0]}


@app.cli.command("answer")
def answer():
    print(database().execute("SELECT 6 * 7").fetchone()[0])


def from_a_script():
    with app.app_context():
        return database().execute("SELECT 6 * 7").fetchone()[0]
