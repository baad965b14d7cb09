"""Model classes: ``query``, a readable ``repr``, and a table name and metadata chosen for them.

There are two ways to declare models. The classes with *Meta* in their name serve the declarative style
that works through a metaclass (what ``db.Model`` is by default); the others are mixins for SQLAlchemy 2's
:class:`~sqlalchemy.orm.DeclarativeBase`. Both share the functions at the end. This module must not know
applications or engines: a model reaches its extension object as ``__fsa__``.
"""

from __future__ import annotations

import re
import types
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

import sqlalchemy as sa
import sqlalchemy.orm as sa_orm
from sqlalchemy.orm.decl_api import DeclarativeAttributeIntercept

from demijohn.ext.database.ports import Database
from demijohn.ext.database.query import Query

O = TypeVar("O")  # noqa: E741 (as in SQLAlchemy)

#: SQLAlchemy 2's two kinds of declarative base.
DECLARATIVE_BASES = (sa_orm.DeclarativeBase, sa_orm.DeclarativeBaseNoMeta)


class _QueryProperty:
    """``Model.query``: a query of the class it is read from, on the current session."""

    def __get__(self, obj: O | None, cls: type[O]) -> Query[O]:
        model = cast("type[Model]", cls)
        return cast("Query[O]", model.query_class(model, session=model.__fsa__.session()))


class Model:
    """What every model has; ``db.Model`` is a declarative class made from this one.

    To customise all models of an application, subclass this and pass it as ``model_class`` to
    :class:`.SQLAlchemy`.
    """

    #: The extension object.
    __fsa__: ClassVar[Any]
    #: The class of :attr:`query`; the extension's ``Query`` unless a model says otherwise.
    query_class: ClassVar[type[Query[Any]]] = Query
    #: ``db.session.query(ThisModel)``, SQLAlchemy's legacy interface. Prefer ``db.select``.
    query = _QueryProperty()

    if TYPE_CHECKING:
        metadata: ClassVar[sa.MetaData]
        registry: ClassVar[sa_orm.registry]
        __table__: ClassVar[sa.FromClause]
        __tablename__: Any
        __mapper_args__: Any
        __table_args__: Any

        def __init__(self, **kw: Any) -> None: ...

    def __repr__(self) -> str:
        state: Any = sa.inspect(self)
        if state.transient:
            key = f"(transient {id(self)})"
        elif state.pending:
            key = f"(pending {id(self)})"
        else:
            key = ", ".join(str(part) for part in state.identity)
        return f"<{type(self).__name__} {key}>"


class BindMixin:
    """For ``DeclarativeBase``: ``__bind_key__`` chooses the metadata, and with it the database.

    A model that sets ``metadata`` or ``__table__`` itself has chosen already.
    """

    __fsa__: ClassVar[Any]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        if hasattr(cls, "__bind_key__"):
            choose_metadata(cls)
        super().__init_subclass__(**kwargs)


class NameMixin:
    """For ``DeclarativeBase``: ``__tablename__`` is made from the name of the class.

    See :func:`should_set_tablename` for which classes get one.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        name_table(cls)
        super().__init_subclass__(**kwargs)
        forget_missing_table(cls)

    @classmethod
    def __table_cls__(cls, *args: Any, **kwargs: Any) -> sa.Table | None:
        return make_table(cls, args, kwargs)


class BindMetaMixin(type):
    """For metaclasses: as :class:`BindMixin`; without a ``__bind_key__`` it is the default metadata."""

    def __init__(cls, name: str, bases: tuple[type, ...], d: dict[str, Any], **kwargs: Any) -> None:
        choose_metadata(cls)
        super().__init__(name, bases, d, **kwargs)


class NameMetaMixin(type):
    """For metaclasses: as :class:`NameMixin`."""

    def __init__(cls, name: str, bases: tuple[type, ...], d: dict[str, Any], **kwargs: Any) -> None:
        name_table(cls)
        super().__init__(name, bases, d, **kwargs)
        forget_missing_table(cls)

    def __table_cls__(cls, *args: Any, **kwargs: Any) -> sa.Table | None:
        return make_table(cls, args, kwargs)


class DefaultMeta(BindMetaMixin, NameMetaMixin, sa_orm.DeclarativeMeta):
    """The metaclass of ``db.Model`` by default: names tables and knows ``__bind_key__``."""


class DefaultMetaNoName(BindMetaMixin, sa_orm.DeclarativeMeta):
    """The metaclass of ``db.Model`` under ``disable_autonaming``."""


def declarative_model(db: Database, model_class: type[Any], *, named: bool) -> Any:
    """``db.Model``, from what was passed as ``model_class``.

    A declarative class, or a ``DeclarativeBase`` that has :class:`Model` and :class:`BindMixin` among its
    bases, is used as it is; anything else is made one.

    :param db: The extension object.
    :param named: Whether tables get names.
    :raises ValueError: for a class with two declarative bases.
    """
    roots = [base for base in model_class.__bases__ if issubclass(base, DECLARATIVE_BASES)]
    if len(roots) > 1:
        raise ValueError(
            f"Only one declarative base can be passed to SQLAlchemy. Got: {model_class.__bases__}"
        )
    if isinstance(model_class, sa_orm.DeclarativeMeta) or (roots and issubclass(model_class, BindMixin)):
        return model_class
    if not roots:
        metaclass = DefaultMeta if named else DefaultMetaNoName
        return sa_orm.declarative_base(
            metadata=db._make_metadata(None), cls=model_class, name="Model", metaclass=metaclass
        )
    # Model comes after the base, so that what the base defines wins.
    bases = (BindMixin, *([NameMixin] if named else []), model_class)
    if not issubclass(model_class, Model):
        bases = (*bases, Model)
    body = {"__abstract__": True, "__fsa__": db, "__module__": model_class.__module__}
    return types.new_class("Model", bases, exec_body=lambda namespace: namespace.update(body))


# What the mixins and the metaclasses share.


def choose_metadata(cls: type[Any]) -> None:
    """Give a model the metadata of its ``__bind_key__``, unless it inherits that one anyway."""
    if "metadata" in vars(cls) or "__table__" in vars(cls):
        return
    chosen = cls.__fsa__._make_metadata(getattr(cls, "__bind_key__", None))
    if chosen is not getattr(cls, "metadata", None):
        cls.metadata = chosen


def name_table(cls: type[Any]) -> None:
    """Set ``__tablename__`` where one should be made."""
    if should_set_tablename(cls):
        cls.__tablename__ = camel_to_snake_case(cls.__name__)


def forget_missing_table(cls: type[Any]) -> None:
    """Let a model whose :func:`make_table` made none use its parent's table."""
    own = vars(cls)
    if "__tablename__" not in own and own.get("__table__", cls) is None:
        del cls.__table__


def make_table(cls: type[Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> sa.Table | None:
    """The table of a model that is being mapped, or None to use the parent's (single-table inheritance).

    SQLAlchemy calls this as ``__table_cls__`` with what it would call :class:`sqlalchemy.Table` with.
    """
    schema = kwargs.get("schema")
    key = args[0] if schema is None else f"{schema}.{args[0]}"
    inherits = any("__table__" in vars(base) for base in cls.__mro__[1:-1])
    # A table that is known by this name was reflected, or made with db.Table. One without a primary key
    # and without a parent is made all the same, so that SQLAlchemy says what is wrong with it.
    if key in cls.metadata.tables or not inherits or any(_is_primary_key(arg) for arg in args):
        return sa.Table(*args, **kwargs)
    if "__tablename__" in vars(cls):
        del cls.__tablename__
    return None


def _is_primary_key(item: object) -> bool:
    return isinstance(item, sa.PrimaryKeyConstraint) or (isinstance(item, sa.Column) and item.primary_key)


def should_set_tablename(cls: type) -> bool:
    """Whether a name should be made for the table of a class.

    Yes for a model none of whose parents has a name, and for one whose parent model has (it may be
    joined-table inheritance; :func:`make_table` takes the name back when it is not). No for abstract
    models, for mixins, for the declarative base, and where a mixin or ``declared_attr`` names tables.
    """
    own = vars(cls)
    if own.get("__abstract__", False) or not _is_model(cls):
        return False
    for base in cls.__mro__:
        name = vars(base).get("__tablename__")
        if name is None:
            continue
        if base is cls or isinstance(name, sa_orm.declared_attr) or vars(base).get("__abstract__", False):
            return False
        return (
            isinstance(base, (sa_orm.DeclarativeMeta, DeclarativeAttributeIntercept))
            or issubclass(base, sa_orm.DeclarativeBaseNoMeta)
        )  # fmt: skip
    return True


def _is_model(cls: type) -> bool:
    """Whether a class is below a declarative base, not one itself."""
    if issubclass(cls, DECLARATIVE_BASES):
        return not any(base in DECLARATIVE_BASES for base in cls.__bases__)
    return any(isinstance(base, sa_orm.DeclarativeMeta) for base in cls.__mro__[1:])


_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?!^)(?=[A-Z][a-z])")


def camel_to_snake_case(name: str) -> str:
    """``HTTP2Request`` as ``http2_request``."""
    return _WORD_START.sub("_", name).lower().lstrip("_")


class TypedModel(BindMixin, NameMixin, Model):
    """The mixins and :class:`Model`, for a base that every type checker understands.

    A class cannot be the attribute of an object for mypy, so it does not take ``db.Model`` for a base::

        class Base(TypedModel, DeclarativeBase): ...


        db = SQLAlchemy(model_class=Base)


        class User(Base): ...
    """
