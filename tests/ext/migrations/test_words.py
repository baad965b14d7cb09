"""What the commands say of themselves: what they did, and how models and database differ."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from tests.ext.migrations.conftest import bottle, wide_bottle

from demijohn.compat.policy import FLASK
from demijohn.ext.migrations.differences import in_words


def test_the_folder_is_made_and_nothing_has_to_be_edited(small_cellar):
    said = small_cellar.run("init")
    assert "Please edit" not in said
    assert f"Made the folder {Path('migrations').absolute()}." in said
    assert "flask_migrate" not in Path("migrations/alembic.ini").read_text()


def test_check_says_in_sentences_how_models_and_database_differ(cellar):
    cellar.with_models(bottle).run("init")
    cellar.run("migrate")
    cellar.run("upgrade")
    assert "No new upgrade operations detected" in cellar.run("check")
    said = cellar.with_models(wide_bottle).run("check", fails=True)
    assert "the table 'bottle' has no column 'year'" in said
    assert (
        "the column 'label' of the table 'bottle' is VARCHAR(50), and VARCHAR(80) in the model" in said
        or ("sqlite" in cellar.address and "VARCHAR" in said)
    )
    assert "demijohn db migrate" in said
    assert "[demijohn.ext.migrations]" in said
    assert "flask_migrate" not in said
    assert "add_column" not in said


def test_no_command_names_a_package_that_is_not_installed(small_cellar):
    said = small_cellar.with_models(bottle).run("init")
    said += small_cellar.run("migrate") + small_cellar.run("upgrade") + small_cellar.run("migrate")
    assert "INFO  [demijohn.ext.migrations] No changes in schema detected." in said
    assert "flask_migrate" not in said + small_cellar.run("upgrade nosuch", fails=True)


def test_an_application_of_flasks_is_told_in_the_words_and_by_the_logger_that_it_knows(small_cellar, caplog):
    for define in bottle, wide_bottle:
        small_cellar.with_models(define)
        small_cellar.app.policy = FLASK
        if define is bottle:
            assert "Please edit" in small_cellar.run("init")
            small_cellar.run("migrate")
            small_cellar.run("upgrade")
    said = small_cellar.run("check", fails=True)
    assert "ERROR [flask_migrate] Error: New upgrade operations detected: [('add_column'" in said


TABLES = {
    "nothing": "",
    "plain": "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, a INTEGER, b INTEGER NOT NULL)",
}


@pytest.mark.parametrize(
    ("before", "columns", "said"),
    [
        ("nothing", [], ["the database has no table 't'"]),
        (
            "plain",
            [sa.Column("a", sa.Integer, nullable=False), sa.Column("b", sa.Integer)],
            [
                "the column 'a' of the table 't' may be null, and may not be in the model",
                "the column 'b' of the table 't' may not be null, and may be in the model",
            ],
        ),
        ("plain", [sa.Column("a", sa.Integer)], ["the table 't' has a column 'b', which the model has not"]),
        (
            "plain",
            [
                sa.Column("a", sa.Integer),
                sa.Column("b", sa.Integer, nullable=False),
                sa.UniqueConstraint("a", "b"),
            ],
            ["the table 't' has no unique constraint over 'a', 'b'"],
        ),
        (
            "plain",
            [sa.Column("a", sa.Integer, index=True), sa.Column("b", sa.Integer, nullable=False)],
            ["the table 't' has no index over 'a'"],
        ),
        (
            "plain",
            [sa.Column("a", sa.ForeignKey("t.id")), sa.Column("b", sa.Integer, nullable=False)],
            ["the table 't' has no foreign key from 'a' to 't.id'"],
        ),
        (
            "plain",
            [sa.Column("a", sa.String(5)), sa.Column("b", sa.Integer, nullable=False)],
            ["the column 'a' of the table 't' is INTEGER, and VARCHAR(5) in the model"],
        ),
    ],
)
def test_every_kind_of_difference_is_a_sentence_both_ways(before, columns, said):
    metadata = sa.MetaData()
    sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), *columns)
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        if TABLES[before]:
            connection.exec_driver_sql(TABLES[before])
        assert in_words(compare_metadata(MigrationContext.configure(connection), metadata)) == said
        # And the other way round: the database has it all, and the models nothing.
        other = sa.MetaData()
        sa.Table("u", other, sa.Column("id", sa.Integer, primary_key=True))
        metadata.drop_all(connection)
        metadata.create_all(connection)
        back = in_words(compare_metadata(MigrationContext.configure(connection), other))
        assert "the database has a table 't', which no model has" in back
    engine.dispose()


def test_what_other_extensions_find_is_told_as_they_have_it():
    assert in_words([("add_view", "totals")]) == ["add view totals"]
