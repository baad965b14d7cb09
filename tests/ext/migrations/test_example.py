"""examples/migrations: its folder makes the database that its model needs."""

from __future__ import annotations

import runpy
from pathlib import Path

FILE = Path(__file__).parents[3] / "examples" / "migrations" / "app.py"


def test_the_folder_and_the_model_agree(address, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", address)
    module = runpy.run_path(str(FILE))
    runner = module["app"].test_cli_runner()
    assert runner.invoke(args=["db", "upgrade"]).exit_code == 0
    assert "No new upgrade operations" in runner.invoke(args=["db", "check"]).output
    db, Bottle = module["db"], module["Bottle"]
    with module["app"].app_context():
        db.session.add(Bottle(label="Nectar"))
        db.session.commit()
    assert module["app"].test_client().get("/").json == ["Nectar"]
    with module["app"].app_context():
        db.dispose()
