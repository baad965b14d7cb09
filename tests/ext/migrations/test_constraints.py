"""Constraints that come and go with a model's columns, up and down on every kind of database, unnamed in the models."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.ext.migrations.test_older import ENV

from demijohn.policy import Policy


def cellars(db):
    class Cellar(db.Model):
        id = db.Column(db.Integer, primary_key=True)


def plain(db):
    """A table without constraints."""
    cellars(db)

    class Bottle(db.Model):
        id = db.Column(db.Integer, primary_key=True)
        label = db.Column(db.String(50))
        cellar_id = db.Column(db.Integer)


def new_columns(db):
    """The same with two more columns."""
    cellars(db)

    class Bottle(db.Model):
        id = db.Column(db.Integer, primary_key=True)
        label = db.Column(db.String(50))
        cellar_id = db.Column(db.Integer)
        code = db.Column(db.String(5), unique=True)
        lent_by = db.Column(db.Integer, db.ForeignKey("cellar.id"))


def old_columns(db):
    """Constraints on the columns that were there."""
    cellars(db)

    class Bottle(db.Model):
        id = db.Column(db.Integer, primary_key=True)
        label = db.Column(db.String(50), unique=True)
        cellar_id = db.Column(db.Integer, db.ForeignKey("cellar.id"))


def long_names(db):
    """A constraint with more columns than a name can say."""
    cellars(db)
    names = [f"a_column_with_a_long_name_{number}" for number in range(4)]

    class Bottle(db.Model):
        __table_args__ = (db.UniqueConstraint(*names),)
        id = db.Column(db.Integer, primary_key=True)
        label = db.Column(db.String(50))
        cellar_id = db.Column(db.Integer)
        locals().update({name: db.Column(db.Integer) for name in names})


def own_names(db):
    """A constraint that the model names."""
    cellars(db)

    class Bottle(db.Model):
        __table_args__ = (db.UniqueConstraint("label", name="one_of_each"),)
        id = db.Column(db.Integer, primary_key=True)
        label = db.Column(db.String(50))
        cellar_id = db.Column(db.Integer)


def constraints(cellar):
    """The columns of the table's unique constraints and foreign keys."""
    with cellar.app.app_context():
        inspector = sa.inspect(cellar.db.engine)
        unique = [tuple(found["column_names"]) for found in inspector.get_unique_constraints("bottle")]
        keys = [tuple(found["constrained_columns"]) for found in inspector.get_foreign_keys("bottle")]
    return sorted(unique), sorted(keys)


def released(cellar, *releases):
    """Each set of models in turn, migrated to."""
    cellar.with_models(releases[0]).run("init")
    for models in releases:
        cellar.with_models(models)
        cellar.run("migrate")
        cellar.run("upgrade")
    return cellar


WAYS = {
    "new columns": (new_columns, ([("code",)], [("lent_by",)])),
    "old columns": (old_columns, ([("label",)], [("cellar_id",)])),
    "long names": (long_names, ([tuple(f"a_column_with_a_long_name_{n}" for n in range(4))], [])),
    "own names": (own_names, ([("label",)], [])),
}


@pytest.mark.parametrize("name", WAYS)
def test_constraints_are_added_with_the_rows_kept_and_taken_back(cellar, name):
    models, expected = WAYS[name]
    released(cellar, plain)
    cellar.execute("INSERT INTO bottle (id, label) VALUES (1, 'Nectar')")
    cellar.with_models(models)
    cellar.run("migrate")
    for _ in range(2):
        cellar.run("upgrade")
        assert constraints(cellar) == expected
        assert "No new upgrade operations" in cellar.run("check")
        cellar.run("downgrade")
        assert constraints(cellar) == ([], [])
    with cellar.app.app_context():
        assert cellar.db.session.scalar(cellar.db.text("SELECT label FROM bottle")) == "Nectar"


@pytest.mark.parametrize("name", WAYS)
def test_what_a_migration_added_can_go_by_another(cellar, name):
    models, expected = WAYS[name]
    released(cellar, plain, models, plain)
    assert constraints(cellar) == ([], [])
    cellar.run("downgrade")
    assert constraints(cellar) == expected


def test_foreign_keys_that_came_with_their_table_can_go(cellar):
    """As in databases that exist: SQLite has them without names."""
    released(cellar, new_columns)
    cellar.execute("INSERT INTO cellar (id) VALUES (1)")
    cellar.execute("INSERT INTO bottle (id, label, lent_by) VALUES (1, 'Nectar', 1)")
    cellar.with_models(plain).run("migrate")
    for _ in range(2):
        cellar.run("upgrade")
        assert constraints(cellar)[1] == []
        assert "No new upgrade operations" in cellar.run("check")
        cellar.run("downgrade")
        assert constraints(cellar)[1] == [("lent_by",)]


def test_a_database_with_unnamed_constraints_is_left_as_it_is(small_cellar):
    released(small_cellar, old_columns)
    with small_cellar.app.app_context():
        before = sa.inspect(small_cellar.db.engine).get_unique_constraints("bottle")
        assert [found["name"] for found in before] == [None]
    assert "No changes in schema" in small_cellar.run("migrate")
    assert "No new upgrade operations" in small_cellar.run("check")


def test_a_function_of_ones_own_sees_the_names_and_may_change_them(small_cellar):
    released(small_cellar, plain)

    def rename(context, revision, directives):
        for changes in directives[0].upgrade_ops.ops[0].ops:
            changes.constraint_name = "of_the_house"

    small_cellar.options["process_revision_directives"] = rename
    small_cellar.with_models(old_columns).run("migrate")
    assert "'of_the_house'" in small_cellar.revisions()[-1]


@pytest.mark.filterwarnings("ignore:'get_engine' is deprecated")
def test_a_folder_whose_env_py_is_an_old_one_has_the_names_too(small_cellar):
    released(small_cellar, plain)
    Path("migrations/env.py").write_text(ENV)
    small_cellar.with_models(new_columns).run("migrate")
    small_cellar.run("upgrade")
    assert constraints(small_cellar) == WAYS["new columns"][1]


@pytest.mark.filterwarnings("ignore:Autogenerate rendered a drop_constraint")
def test_a_policy_leaves_the_names_to_alembic(small_cellar):
    released(small_cellar, plain)
    small_cellar.with_models(new_columns).app.policy = Policy(named_constraints=False)
    small_cellar.run("migrate")
    assert "create_unique_constraint(None, ['code'])" in small_cellar.revisions()[-1]


def kept(db):
    """A table that another refers to, whose rows go with it."""

    class Cellar(db.Model):
        id = db.Column(db.Integer, primary_key=True)

    class Bottle(db.Model):
        id = db.Column(db.Integer, primary_key=True)
        cellar_id = db.Column(db.Integer, db.ForeignKey("cellar.id", ondelete="CASCADE"))


def changed(db):
    """The same, and the table that is referred to has a constraint more."""

    class Cellar(db.Model):
        id = db.Column(db.Integer, primary_key=True)
        code = db.Column(db.String(5), unique=True)

    class Bottle(db.Model):
        id = db.Column(db.Integer, primary_key=True)
        cellar_id = db.Column(db.Integer, db.ForeignKey("cellar.id", ondelete="CASCADE"))


def bottles(cellar):
    with cellar.app.app_context():
        return cellar.db.session.scalar(cellar.db.text("SELECT count(*) FROM bottle"))


@pytest.mark.parametrize("template", ["flask", "aioflask"])
def test_what_refers_to_a_changed_table_is_kept(cellar, template):
    """SQLite copies the table and drops the first one, which must delete nothing elsewhere."""
    cellar.with_models(kept).run(f"init -t {template}")
    cellar.run("migrate")
    cellar.run("upgrade")
    cellar.execute("INSERT INTO cellar (id) VALUES (1)")
    cellar.execute("INSERT INTO bottle (id, cellar_id) VALUES (1, 1)")
    cellar.with_models(changed).run("migrate")
    for command in "upgrade", "downgrade":
        cellar.run(command)
        assert bottles(cellar) == 1


def test_foreign_keys_are_enforced_again_after_an_upgrade(small_cellar):
    released(small_cellar, kept, changed)
    with pytest.raises(sa.exc.IntegrityError):
        small_cellar.execute("INSERT INTO bottle (id, cellar_id) VALUES (1, 7)")


def test_rows_that_refer_to_nothing_after_an_upgrade_are_told_of(small_cellar):
    released(small_cellar, kept)
    small_cellar.run("revision -m Unchecked")
    (path,) = Path("migrations/versions").glob("*unchecked.py")
    text = path.read_text()
    path.write_text(text.replace("pass", "op.execute('INSERT INTO bottle (id, cellar_id) VALUES (1, 7)')", 1))
    assert "Rows of 'bottle' refer to rows that are not there." in small_cellar.run("upgrade")
