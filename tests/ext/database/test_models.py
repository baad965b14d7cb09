"""Models: names of tables, bind keys, styles of declaring them."""

from __future__ import annotations

import importlib

import pytest
import sqlalchemy as sa
import sqlalchemy.orm as sa_orm
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column

from demijohn.ext.database import Query, SQLAlchemy, TypedModel
from demijohn.ext.database.model import camel_to_snake_case


class Typed(TypedModel, DeclarativeBase):
    """A base that an application could write; used by one test only."""


@pytest.mark.parametrize(
    ("name", "expected"),
    [("User", "user"), ("BlogPost", "blog_post"), ("HTTPRequest", "http_request"), ("Area51Map", "area51_map"),
     ("UserST4", "user_st4"), ("_Hidden", "hidden"), ("X", "x"), ("already_snake", "already_snake")],
)  # fmt: skip
def test_the_name_of_a_table_is_made_from_the_class(name, expected):
    assert camel_to_snake_case(name) == expected


def test_a_model_keeps_the_table_name_it_sets():
    db = SQLAlchemy()

    class User(db.Model):
        __tablename__ = "people"
        id = db.Column(db.Integer, primary_key=True)

    assert User.__table__.name == "people"


def test_a_child_without_a_key_shares_its_parents_table():
    db = SQLAlchemy()

    class Animal(db.Model):
        id = db.Column(db.Integer, primary_key=True)

    class Dog(Animal):
        pass

    class Cat(Animal):
        id = db.Column(db.ForeignKey(Animal.id), primary_key=True)

    assert (Dog.__table__, Cat.__tablename__) == (Animal.__table__, "cat")


def test_without_autonaming_a_model_has_to_name_its_table():
    db = SQLAlchemy(disable_autonaming=True)
    with pytest.raises(sa.exc.InvalidRequestError, match="tablename"):

        class User(db.Model):
            id = db.Column(db.Integer, primary_key=True)


def test_a_declarative_base_keeps_its_own_methods_and_super():
    class Base(DeclarativeBase):
        def __repr__(self):
            return "own"

        @classmethod
        def describe(cls):
            return f"a {cls.__name__}"

    db = SQLAlchemy(model_class=Base)

    class User(db.Model):
        id: Mapped[int] = mapped_column(primary_key=True)

        @classmethod
        def describe(cls):
            return super().describe() + "!"

    assert (repr(User()), User.describe(), issubclass(User, Base)) == ("own", "a User!", True)


def test_models_can_be_dataclasses():
    class Base(MappedAsDataclass, DeclarativeBase):
        pass

    db = SQLAlchemy(model_class=Base)

    class User(db.Model):
        id: Mapped[int] = mapped_column(primary_key=True, init=False)
        name: Mapped[str] = mapped_column(default="nobody")

    assert (User("Ada").name, User().name, User.__tablename__) == ("Ada", "nobody", "user")


def test_a_typed_base_is_used_as_it_is():
    db = SQLAlchemy(model_class=Typed)

    class User(Typed):
        id: Mapped[int] = mapped_column(primary_key=True)

    assert db.Model is Typed
    assert (User.__tablename__, User.__fsa__, User.metadata) == ("user", db, db.metadata)


def test_two_declarative_bases_are_refused():
    class Base(DeclarativeBase, sa_orm.DeclarativeBaseNoMeta):
        pass

    with pytest.raises(ValueError, match="Only one declarative base"):
        SQLAlchemy(model_class=Base)


def test_metadata_beside_a_declarative_base_is_said_to_be_ignored():
    class Base(DeclarativeBase):
        pass

    with pytest.warns(DeprecationWarning, match="ignored"):
        db = SQLAlchemy(model_class=Base, metadata=sa.MetaData())
    assert db.metadata is Base.metadata


def test_a_model_says_what_it_is(small_shop):
    User, db = small_shop.User, small_shop.db
    user = User(name="Dee")
    assert repr(user).startswith("<User (transient")
    with small_shop.app.app_context():
        db.session.add(user)
        assert repr(user).startswith("<User (pending")
        db.session.flush()
        assert repr(user) == "<User 4>"


def test_a_bind_key_chooses_metadata_and_engine(make_app):
    app = make_app(SQLALCHEMY_BINDS={"log": "sqlite://"})
    db = SQLAlchemy(app)

    class Line(db.Model):
        __bind_key__ = "log"
        id = db.Column(db.Integer, primary_key=True)

    table = db.Table("tag", db.Column("id", db.Integer), bind_key="log")
    with app.app_context():
        db.create_all()
        assert Line.metadata is table.metadata is db.metadatas["log"]
        assert set(sa.inspect(db.engines["log"]).get_table_names()) == {"line", "tag"}
        assert db.session.get_bind(Line) is db.engines["log"]
        assert sa.inspect(db.engine).get_table_names() == []


def test_other_metadata_takes_over_the_naming_convention():
    db = SQLAlchemy(metadata=sa.MetaData(naming_convention={"pk": "key_%(table_name)s"}))
    assert db._make_metadata("log").naming_convention["pk"] == "key_%(table_name)s"


def test_a_select_of_plain_tables_goes_to_their_bind(make_app):
    app = make_app(SQLALCHEMY_BINDS={"log": "sqlite://"})
    db = SQLAlchemy(app)
    table = db.Table("tag", db.Column("id", db.Integer, primary_key=True), bind_key="log")
    with app.app_context():
        db.create_all()
        db.session.execute(db.insert(table).values(id=7))
        assert db.session.scalars(db.select(table.c.id)).all() == [7]


def test_a_table_for_a_bind_key_that_is_not_configured_is_an_error_that_says_so(make_app):
    app = make_app(SQLALCHEMY_BINDS={"log": "sqlite://"})
    db = SQLAlchemy(app)
    table = db.Table("tag", db.Column("id", db.Integer, primary_key=True), bind_key="lost")
    with app.app_context(), pytest.raises(sa.exc.UnboundExecutionError, match="'lost'.*SQLALCHEMY_BINDS"):
        db.session.execute(db.select(table))


def test_create_all_for_a_missing_bind_names_the_setting(make_app):
    app = make_app()
    db = SQLAlchemy(app)
    with app.app_context(), pytest.raises(sa.exc.UnboundExecutionError, match="SQLALCHEMY_BINDS"):
        db.create_all("lost")


def test_reflection_brings_tables_that_models_then_use(make_app, sqlite):
    app = make_app(sqlite)
    db = SQLAlchemy(app)
    with app.app_context():
        with db.engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE jar (id INTEGER PRIMARY KEY, size INTEGER)")
        db.reflect()

        class Jar(db.Model):
            pass

        assert set(Jar.__table__.columns.keys()) == {"id", "size"}


def test_dynamic_relationships_use_the_query_class(make_app):
    class Own(Query):
        pass

    app = make_app()
    db = SQLAlchemy(app, query_class=Own)

    class Jar(db.Model):
        id = db.Column(db.Integer, primary_key=True)
        lids = db.relationship("Lid", lazy="dynamic", backref=db.backref("jar", lazy="joined"))

    class Lid(db.Model):
        id = db.Column(db.Integer, primary_key=True)
        jar_id = db.Column(db.ForeignKey(Jar.id))

    with app.app_context():
        db.create_all()
        db.session.add(Jar(lids=[Lid()]))
        db.session.commit()
        assert isinstance(Jar.query, Own)
        assert isinstance(Jar.query.first().lids, Own)


def test_every_name_of_sqlalchemy_is_an_attribute():
    db = SQLAlchemy()
    for module in (sa, sa_orm):
        for name in module.__all__ if hasattr(module, "__all__") else ():
            assert hasattr(db, name), name
    assert (db.Column, db.select, db.joinedload) == (sa.Column, sa.select, sa_orm.joinedload)
    with pytest.raises(AttributeError, match="nothing_like_this"):
        db.nothing_like_this  # noqa: B018


def test_the_shell_knows_the_models(small_shop):
    with small_shop.app.app_context():
        context = small_shop.app.make_shell_context()
    assert (context["db"], context["User"]) == (small_shop.db, small_shop.User)


def test_the_version_is_that_of_the_interface():
    with pytest.warns(DeprecationWarning, match="interface"):
        assert importlib.import_module("demijohn.ext.database").__version__ == "3.1.1"
