"""What is warned of: no models, and tables with rows that are dropped."""

from __future__ import annotations

import logging
from pathlib import Path

from tests.ext.migrations.conftest import bottle, wide_bottle


def with_a_bottle(cellar):
    """A database at the head, with a row."""
    cellar.with_models(bottle).run("init")
    cellar.run("migrate")
    cellar.run("upgrade")
    cellar.execute("INSERT INTO bottle (id, label) VALUES (1, 'Nectar')")
    return cellar


def test_a_migration_without_any_model_is_warned_of(small_cellar):
    small_cellar.run("init")
    assert "No models are known" in small_cellar.run("migrate")
    assert "No models are known" not in small_cellar.with_models(bottle).run("migrate")


def test_a_revision_that_drops_a_table_with_rows_is_warned_of(cellar):
    with_a_bottle(cellar).with_models()
    assert "drops the table 'bottle', which has rows" in cellar.run("migrate")


def test_so_is_the_upgrade_that_does_so(cellar):
    with_a_bottle(cellar).with_models()
    cellar.run("migrate")
    assert "Dropping the table 'bottle', which has rows." in cellar.run("upgrade")
    assert cellar.tables() == set()


def test_a_table_without_rows_goes_quietly(cellar):
    with_a_bottle(cellar).execute("DELETE FROM bottle")
    cellar.with_models()
    assert "has rows" not in cellar.run("migrate") + cellar.run("upgrade")


def test_a_table_that_sqlite_copies_is_not_dropped(small_cellar):
    with_a_bottle(small_cellar).with_models(wide_bottle)
    assert "has rows" not in small_cellar.run("migrate") + small_cellar.run("upgrade")


def test_a_warning_is_seen_though_an_old_folder_switches_loggers_off(small_cellar):
    logging.getLogger("demijohn.ext.migrations").disabled = True
    with_a_bottle(small_cellar).with_models()
    assert "which has rows" in small_cellar.run("migrate")


def required(name="year", **options):
    """A model with another column, which may not be null."""

    def define(db):
        class Bottle(db.Model):
            id = db.Column(db.Integer, primary_key=True)
            label = db.Column(db.String(50))
            locals()[name] = db.Column(name, db.Integer, nullable=False, **options)

    return define


def test_a_column_that_rows_have_no_value_for_is_warned_of_when_it_is_written(cellar, kind):
    said = with_a_bottle(cellar).with_models(required()).run("migrate")
    assert (
        "adds the column 'year' to the table 'bottle', which may not be null and has no server default"
        in said
    )
    assert "server_default=" in said
    assert "nullable=True" in said
    assert ("get 0 or an empty text" if kind == "mariadb" else "fails, because the table has rows") in said
    cellar.run("upgrade") if kind == "mariadb" else cellar.with_models(bottle)


def test_the_same_is_said_of_a_table_without_rows_here(small_cellar):
    with_a_bottle(small_cellar).execute("DELETE FROM bottle")
    said = small_cellar.with_models(required()).run("migrate")
    assert "the upgrade fails where the table has rows" in said


def test_a_column_with_a_server_default_is_added_quietly(small_cellar):
    with_a_bottle(small_cellar).with_models(required(server_default="1999"))
    assert "year" not in "".join(line for line in small_cellar.run("migrate").splitlines() if "WARN" in line)
    small_cellar.run("upgrade")


def test_a_new_table_may_have_what_it_likes(small_cellar):
    small_cellar.run("init")
    assert "WARN" not in small_cellar.with_models(required()).run("migrate")


def test_a_column_that_is_null_in_rows_and_may_not_be_any_more_is_warned_of(cellar):
    def strict(db):
        class Bottle(db.Model):
            id = db.Column(db.Integer, primary_key=True)
            label = db.Column(db.String(50), nullable=False)

    with_a_bottle(cellar).with_models(strict)
    assert "WARN" not in cellar.run("migrate")
    for written in Path("migrations/versions").glob("*.py"):
        if "nullable=False" in written.read_text() and "alter_column" in written.read_text():
            written.unlink()
    cellar.execute("INSERT INTO bottle (id, label) VALUES (2, NULL)")
    assert "has the column 'label' of the table 'bottle' not be null, which it is in rows" in cellar.run(
        "migrate"
    )


def test_values_that_are_alike_and_are_to_be_unique_are_warned_of(cellar):
    def unique(db):
        class Bottle(db.Model):
            id = db.Column(db.Integer, primary_key=True)
            label = db.Column(db.String(50), unique=True)

    with_a_bottle(cellar).execute("INSERT INTO bottle (id, label) VALUES (2, 'Nectar')")
    cellar.with_models(unique)
    assert "has 'label' be unique in the table 'bottle', where rows that are there are alike" in cellar.run(
        "migrate"
    )
