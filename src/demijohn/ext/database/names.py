"""SQLAlchemy's names on the extension object: ``db.Column``, ``db.select``, ``db.selectinload`` ...

All public names of ``sqlalchemy`` and ``sqlalchemy.orm`` are there. Those written out here are the ones that
applications use most: type checkers see through them, so that ``db.select(User)`` is a select of ``User``.
This module must not know the extension.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
import sqlalchemy.event as sa_event
import sqlalchemy.orm as sa_orm
from sqlalchemy.orm.relationships import _RelationshipDeclared

from demijohn.ext.database.query import Query as BaseQuery


class Names:
    """SQLAlchemy's names as attributes."""

    #: The class of ``Model.query`` and dynamic relationships.
    Query: type[BaseQuery[Any]]

    event = sa_event
    func = sa.func

    # Types of columns.
    ARRAY, JSON, UUID = sa.ARRAY, sa.JSON, sa.UUID
    BigInteger, Integer, SmallInteger = sa.BigInteger, sa.Integer, sa.SmallInteger
    Boolean, Enum, LargeBinary, PickleType, Uuid = sa.Boolean, sa.Enum, sa.LargeBinary, sa.PickleType, sa.Uuid
    Date, DateTime, Interval, Time = sa.Date, sa.DateTime, sa.Interval, sa.Time
    Double, Float, Numeric = sa.Double, sa.Float, sa.Numeric
    String, Text, Unicode, UnicodeText = sa.String, sa.Text, sa.Unicode, sa.UnicodeText
    TypeDecorator = sa.TypeDecorator

    # Parts of tables.
    CheckConstraint, ForeignKeyConstraint = sa.CheckConstraint, sa.ForeignKeyConstraint
    PrimaryKeyConstraint, UniqueConstraint = sa.PrimaryKeyConstraint, sa.UniqueConstraint
    Column, Computed, ForeignKey, Identity = sa.Column, sa.Computed, sa.ForeignKey, sa.Identity
    Index, MetaData, Sequence = sa.Index, sa.MetaData, sa.Sequence

    # Parts of models.
    DeclarativeBase, DeclarativeBaseNoMeta = sa_orm.DeclarativeBase, sa_orm.DeclarativeBaseNoMeta
    Mapped, MappedAsDataclass = sa_orm.Mapped, sa_orm.MappedAsDataclass
    declared_attr = sa_orm.declared_attr

    def __init__(self) -> None:
        # Functions stand on the instance: on the class they would be taken for methods.
        # Statements.
        self.select, self.insert, self.update, self.delete = sa.select, sa.insert, sa.update, sa.delete
        self.text, self.table, self.column, self.values = sa.text, sa.table, sa.column, sa.values
        self.union, self.union_all, self.except_ = sa.union, sa.union_all, sa.except_
        self.intersect, self.exists, self.lateral = sa.intersect, sa.exists, sa.lateral
        # Expressions.
        self.and_, self.or_, self.not_, self.between = sa.and_, sa.or_, sa.not_, sa.between
        self.asc, self.desc, self.nulls_first, self.nulls_last = (
            sa.asc,
            sa.desc,
            sa.nulls_first,
            sa.nulls_last,
        )
        self.case, self.cast, self.type_coerce, self.collate = sa.case, sa.cast, sa.type_coerce, sa.collate
        self.distinct, self.extract, self.label, self.over = sa.distinct, sa.extract, sa.label, sa.over
        self.literal, self.literal_column, self.bindparam = sa.literal, sa.literal_column, sa.bindparam
        self.null, self.true, self.false, self.tuple_ = sa.null, sa.true, sa.false, sa.tuple_
        self.any_, self.all_, self.inspect = sa.any_, sa.all_, sa.inspect
        # Models.
        self.mapped_column, self.column_property = sa_orm.mapped_column, sa_orm.column_property
        self.aliased, self.backref, self.composite = sa_orm.aliased, sa_orm.backref, sa_orm.composite
        self.deferred, self.synonym, self.validates = sa_orm.deferred, sa_orm.synonym, sa_orm.validates
        self.with_polymorphic, self.with_parent = sa_orm.with_polymorphic, sa_orm.with_parent
        # How much to load.
        self.joinedload, self.selectinload = sa_orm.joinedload, sa_orm.selectinload
        self.lazyload, self.immediateload = sa_orm.lazyload, sa_orm.immediateload
        self.subqueryload, self.contains_eager = sa_orm.subqueryload, sa_orm.contains_eager
        self.raiseload, self.noload = sa_orm.raiseload, sa_orm.noload
        self.load_only, self.defer, self.undefer = sa_orm.load_only, sa_orm.defer, sa_orm.undefer

    def __getattr__(self, name: str) -> Any:
        # Only reached for what is not written out.
        if not name.startswith("_"):
            for module in (sa, sa_orm):
                if hasattr(module, name):
                    return getattr(module, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}, nor has SQLAlchemy")

    # Those that use the extension's query class.

    def relationship(self, *args: Any, **kwargs: Any) -> _RelationshipDeclared[Any]:
        """:func:`sqlalchemy.orm.relationship`, whose dynamic form uses :attr:`Query`."""
        return sa_orm.relationship(*args, **self._with_query_class(kwargs))

    _relation = relationship

    @property
    def relation(self) -> Any:
        """SQLAlchemy's old name of :meth:`relationship`."""
        return self._relation

    def dynamic_loader(self, argument: Any, **kwargs: Any) -> sa_orm.RelationshipProperty[Any]:
        """:func:`sqlalchemy.orm.dynamic_loader` that uses :attr:`Query`."""
        return sa_orm.dynamic_loader(argument, **self._with_query_class(kwargs))

    def _with_query_class(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        kwargs.setdefault("query_class", self.Query)
        backref = kwargs.get("backref")
        if backref is not None:
            name, options = (backref, {}) if isinstance(backref, str) else backref
            kwargs["backref"] = name, {"query_class": self.Query, **options}
        return kwargs
