"""Topic 27: the sample's page lists the rows of its model, through a server and through the printed names."""

from __future__ import annotations

from tests.seed.conftest import served
from tests.seed.project import COMMANDS, Project, marks, names
from tests.support.web import OverSocket

pytestmark = marks

FILL = """
from topic import User, app, db

with app.app_context():
    db.create_all()
    for name in "Ada", "Bob", "Cyd":
        db.session.add(User(username=name, email=f"{name}@example.com"))
    db.session.commit()
"""


@names
def test_users_are_listed(tmp_path, command):
    project = Project(tmp_path, "topic_27_sqlalchemy", command)
    project.run_file(FILL)
    with served(tmp_path, *COMMANDS[command], "--app", "topic", "run") as server:
        web = OverSocket(server)
        assert web.get("/users").text == "[<User 1>, <User 2>, <User 3>]"
        assert web.get("/found").json == {"names": ["Cyd", "Ada"], "count": 3}
