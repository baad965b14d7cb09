"""The extension object: :class:`SQLAlchemy`, with Flask-SQLAlchemy 3.1's interface.

    db = SQLAlchemy(app)

    class User(db.Model):
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]

    db.session.scalars(db.select(User))

Models, tables and sessions are shared by all applications that the object is registered with; engines
belong to one application each. How engines, sessions and models work is known to their own modules.
"""

from __future__ import annotations

import warnings
from collections.abc import Awaitable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Generic, cast, overload
from weakref import WeakKeyDictionary

import sqlalchemy as sa
import sqlalchemy.exc as sa_exc
import sqlalchemy.ext.asyncio as sa_async
import sqlalchemy.orm as sa_orm
from typing_extensions import TypeVar

from demijohn import Flask, current_app, has_app_context
from demijohn.ext.database import record_queries, track_modifications
from demijohn.ext.database.aio import AsyncEngines, AsyncSession, ScopedAsyncSession, close_where_made
from demijohn.ext.database.cli import add_models_to_shell
from demijohn.ext.database.engines import (
    apply_driver_defaults, make_engine, named_async_driver, prepare_sqlite,
)  # fmt: skip
from demijohn.ext.database.lifetime import AsyncMade, forget_connections_after_fork
from demijohn.ext.database.model import DECLARATIVE_BASES, _QueryProperty, declarative_model
from demijohn.ext.database.model import Model as BaseModel
from demijohn.ext.database.lookups import Lookups
from demijohn.ext.database.names import Names
from demijohn.ext.database.on_loop import tell_of_waiting
from demijohn.ext.database.operation import attend
from demijohn.ext.database.query import Query as BaseQuery
from demijohn.ext.database.session import HELD, ContextRegistry, Session
from demijohn.ext.database.settings import engine_options as engine_options_of
from demijohn.ext.database.table import _Table, table_class
from demijohn.ext.database.transactions import Transaction
from demijohn.extend import current_application, later, nonblocking, unproxied

if TYPE_CHECKING:
    from demijohn.ext.database import one_transaction
else:
    one_transaction = later("demijohn.ext.database.one_transaction")  # only tests

M = TypeVar("M", default=BaseModel)
N = TypeVar("N")

_METADATA_IGNORED = (
    "The metadata passed to SQLAlchemy() is ignored, because the model class is a DeclarativeBase: set the"
    " attribute 'metadata' of that class instead."
)

#: A bind key, or several, or all of them.
BindKeys = str | None | list[str | None]


class SQLAlchemy(Names, Lookups, Generic[M]):
    """SQLAlchemy for an application: engines from its settings, a session for each context.

    All public names of ``sqlalchemy`` and ``sqlalchemy.orm`` are attributes as well.

    :param app: An application to register with now; else call :meth:`init_app`.
    :param metadata: The default metadata, such as one with a naming convention. A ``DeclarativeBase``
        carries its own instead.
    :param session_options: What sessions are made with; ``class_`` their class, ``scopefunc`` their scope.
    :param query_class: The class of ``Model.query``.
    :param model_class: What ``db.Model`` is made from: a subclass of :class:`.Model`, a declarative class,
        or a subclass of SQLAlchemy 2's ``DeclarativeBase``.
    :param engine_options: Options of every engine; settings win over them.
    :param add_models_to_shell: Whether ``demijohn shell`` knows ``db`` and the models.
    :param disable_autonaming: Leave ``__tablename__`` to the models.
    """

    #: The base class of models.
    Model: type[M]
    #: A table whose metadata is chosen by ``bind_key``.
    Table: type[_Table]
    #: Metadata by bind key; None is the default's.
    metadatas: dict[str | None, sa.MetaData]
    #: The session of the current context.
    session: sa_orm.scoped_session[Session]
    #: The async session of the current context, over the same models.
    async_session: ScopedAsyncSession

    @overload
    def __init__(
        self: SQLAlchemy[BaseModel], app: Flask | None = None, *, metadata: sa.MetaData | None = None,
        session_options: dict[str, Any] | None = None, query_class: type[BaseQuery[Any]] = BaseQuery,
        engine_options: dict[str, Any] | None = None, add_models_to_shell: bool = True,
        disable_autonaming: bool = False,
    ) -> None: ...  # fmt: skip

    @overload
    def __init__(
        self: SQLAlchemy[N], app: Flask | None = None, *, model_class: type[N],
        metadata: sa.MetaData | None = None, session_options: dict[str, Any] | None = None,
        query_class: type[BaseQuery[Any]] = BaseQuery, engine_options: dict[str, Any] | None = None,
        add_models_to_shell: bool = True, disable_autonaming: bool = False,
    ) -> None: ...  # fmt: skip

    def __init__(
        self, app: Flask | None = None, *, metadata: sa.MetaData | None = None,
        session_options: dict[str, Any] | None = None, query_class: type[BaseQuery[Any]] = BaseQuery,
        model_class: type[Any] = BaseModel, engine_options: dict[str, Any] | None = None,
        add_models_to_shell: bool = True, disable_autonaming: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        self.Query = query_class
        self._session_options = {} if session_options is None else session_options
        self.session = self._make_scoped_session(self._session_options)
        self.async_session = self._make_async_session()
        self.metadatas = {}
        if metadata is not None:
            if issubclass(model_class, DECLARATIVE_BASES):
                warnings.warn(_METADATA_IGNORED, DeprecationWarning, stacklevel=2)
            else:
                metadata.info["bind_key"] = None
                self.metadatas[None] = metadata
        self.Table = self._make_table_class()
        self.Model = self._make_declarative_base(model_class, disable_autonaming=disable_autonaming)
        self._engine_options = {} if engine_options is None else engine_options
        self._add_models_to_shell = add_models_to_shell
        self._app_engines: WeakKeyDictionary[Flask, dict[str | None, sa.Engine]] = WeakKeyDictionary()
        self._app_async_engines: WeakKeyDictionary[Flask, AsyncEngines] = WeakKeyDictionary()
        forget_connections_after_fork(self._app_engines)
        if app is not None:
            self.init_app(app)

    def __repr__(self) -> str:
        name = type(self).__name__
        if not has_app_context():
            return f"<{name}>"
        others = len(self.engines) - 1
        return f"<{name} {self.engine.url}{f' +{others}' if others else ''}>"

    # Registering with an application.

    def init_app(self, app: Flask) -> None:
        """Make the engines of an application from its settings, and drop its sessions with its contexts.

        Settings are read now; ones that are set later have no effect.

        :raises RuntimeError: when the application has a database object already, or no address is set.
        """
        app = unproxied(app)
        if "sqlalchemy" in app.extensions:
            raise RuntimeError(
                "A 'SQLAlchemy' instance has already been registered on this Flask app."
                " Import and use that instance instead."
            )
        options = engine_options_of(app, self._engine_options)
        app.extensions["sqlalchemy"] = self
        app.teardown_appcontext(self._teardown_session)
        attend(app, self)
        tell_of_waiting(app, self)
        if app.config["SQLALCHEMY_RELEASE_WHEN_IDLE"]:
            app.before_idle(self._release_sessions)
        if self._add_models_to_shell:
            app.shell_context_processor(add_models_to_shell)
        engines = self._app_engines.setdefault(app, {})
        for old in engines.values():
            old.dispose()
        engines.clear()
        drivers = {key: named_async_driver(own["url"]) for key, own in options.items()}
        for key, own in options.items():
            self._make_metadata(key)
            self._apply_driver_defaults(own, app)
            engines[key] = self._make_engine(key, own, app)
            self._watch_engine(engines[key], app)
        self._app_async_engines[app] = AsyncEngines(
            engines, options, drivers, AsyncMade(app, self._watch_engine)
        )
        if app.config.setdefault("SQLALCHEMY_TRACK_MODIFICATIONS", False):
            track_modifications._listen(self.session)

    def _apply_driver_defaults(self, options: dict[str, Any], app: Flask) -> None:
        apply_driver_defaults(options, app)

    def _make_engine(self, bind_key: str | None, options: dict[str, Any], app: Flask) -> sa.Engine:
        """Make the engine of a bind key."""
        return make_engine(options, sa.create_engine, sa.engine_from_config)

    def _watch_engine(self, engine: sa.Engine, app: Flask) -> None:
        """Listen to an engine, or to the sync face of an async one, as the settings say."""
        if not isinstance(engine, sa.Engine):
            return
        if engine.dialect.name == "sqlite":
            prepare_sqlite(engine, app.config["SQLALCHEMY_SQLITE_PRAGMAS"])
        record_queries.listen_as_set(engine, app.config)

    # Sessions.

    def _make_scoped_session(self, options: dict[str, Any]) -> sa_orm.scoped_session[Session]:
        """``db.session``: one session for each application context, unless ``scopefunc`` says otherwise."""
        options = dict(options)
        scope = options.pop("scopefunc", None)
        factory = self._make_session_factory(options)
        scoped = sa_orm.scoped_session(factory, scope)
        if scope is None:
            scoped.registry = cast(Any, ContextRegistry(factory))
        return scoped

    def _make_session_factory(self, options: dict[str, Any]) -> sa_orm.sessionmaker[Session]:
        options.setdefault("class_", Session)
        options.setdefault("query_cls", self.Query)
        return sa_orm.sessionmaker(db=self, **options)

    def _make_async_session(self) -> ScopedAsyncSession:
        """``db.async_session``, whose sync face is a session of the same class and options."""
        factory = self.session.session_factory
        options: dict[str, Any] = dict(getattr(factory, "kw", {}))
        # Not the factory's own default, which is to expire: async code cannot load by looking.
        options["expire_on_commit"] = self._session_options.get("expire_on_commit", False)
        options.pop("bind", None)
        sync_class: Any = getattr(factory, "class_", Session)
        return ScopedAsyncSession(
            sa_async.async_sessionmaker(class_=AsyncSession, sync_session_class=sync_class, **options)
        )

    @nonblocking
    def _teardown_session(self, exc: BaseException | None) -> Awaitable[None] | None:
        """Drop the current context's sessions; an awaitable when there is an async one."""
        registry: Any = self.session.registry
        if isinstance(registry, ContextRegistry):
            session = registry.pop()
            if session is not None:
                session.close()
        else:
            self.session.remove()
        async_session = self.async_session.sessions.pop()
        return None if async_session is None else close_where_made(async_session)

    @nonblocking
    def _release_sessions(self) -> Awaitable[Any] | None:
        """Give the connections of the current context back, as long as nothing would be lost."""
        registry: Any = self.session.registry
        if registry.has() and not registry().release():
            current_app.logger.warning(HELD)
        async_session = self.async_session.sessions.current()
        return None if async_session is None else self._release_async(async_session)

    async def _release_async(self, session: AsyncSession) -> None:
        if not await session.release():
            current_app.logger.warning(HELD)

    def transaction(self) -> Transaction[Session]:
        """A block that is committed at its end and taken back when an exception leaves it.

        ``with db.transaction() as session:`` or ``async with db.transaction() as session:``. A block
        inside another one is a savepoint.
        """
        return Transaction(self.session, self.async_session)

    @contextmanager
    def rolled_back(self) -> Iterator[None]:
        """A block, for tests, after which all is as before: whatever was committed in it, in any session and thread."""
        app = current_application()
        with (
            one_transaction.one_transaction(self.engines, app.config) as async_engines,
            self._app_async_engines[app].replaced_by(async_engines),
        ):
            try:
                yield
            finally:
                self._close_here()

    def _close_here(self) -> None:
        """Close the sessions of the current context, while both are on a connection that nothing is awaited for."""
        self.session.remove()
        async_session = self.async_session.sessions.pop()
        if async_session is not None:
            async_session.sync_session.close()

    # Metadata, tables and models.

    def _make_metadata(self, bind_key: str | None) -> sa.MetaData:
        """The metadata of a bind key, made when it is new, with the default's naming convention."""
        found = self.metadatas.get(bind_key)
        if found is None:
            naming = None if bind_key is None else self._make_metadata(None).naming_convention
            found = sa.MetaData(naming_convention=naming, info={"bind_key": bind_key})
            self.metadatas[bind_key] = found
        return found

    def _make_table_class(self) -> type[_Table]:
        """``db.Table``, which passes a metadata when it was called without one."""
        return table_class(self._make_metadata)

    def _make_declarative_base(self, model_class: type[Any], disable_autonaming: bool = False) -> Any:
        """``db.Model``, from what was passed as ``model_class``.

        :raises ValueError: for a class with two declarative bases.
        """
        model = declarative_model(self, model_class, named=not disable_autonaming)
        if None in self.metadatas:
            model.metadata = self.metadatas[None]
        else:
            self.metadatas[None] = model.metadata
            model.metadata.info["bind_key"] = None
        model.query_class = self.Query
        model.query = _QueryProperty()
        model.__fsa__ = self
        return model

    # Engines of the current application.

    @property
    def metadata(self) -> sa.MetaData:
        """The metadata of models and tables without a bind key."""
        return self.metadatas[None]

    @property
    def engines(self) -> Mapping[str | None, sa.Engine]:
        """The engines of the current application by bind key; None is the default.

        :raises RuntimeError: outside of an application context, or when the object was not registered.
        """
        found = self._app_engines.get(current_application())
        if found is None:
            raise RuntimeError(
                "The current Flask app is not registered with this 'SQLAlchemy' instance. Did you forget"
                " to call 'init_app', or did you create multiple 'SQLAlchemy' instances?"
            )
        return found

    @property
    def engine(self) -> sa.Engine:
        """The default engine of the current application."""
        return self.engines[None]

    @property
    def async_engines(self) -> Mapping[str | None, sa_async.AsyncEngine]:
        """The async engines of the current application and the running event loop, by bind key.

        :raises RuntimeError: outside of async code.
        """
        assert self.engines is not None  # raises when the object was not registered
        return self._app_async_engines[current_application()].here()

    @property
    def async_engine(self) -> sa_async.AsyncEngine:
        """The default async engine of the current application and the running event loop."""
        return self.async_engines[None]

    def _engines_on_loop(self) -> Mapping[str | None, sa.Engine]:
        """The sync faces of the async engines, for the sync face of an async session."""
        return self._app_async_engines[current_application()].faces_here()

    def dispose(self) -> Awaitable[None]:
        """Close the connections of the current application's engines, sync and async; later queries open new ones.

        For the end of a test or of a program, and before a process forks. One that is in use goes on until it
        is given back. A database in memory is gone.

        :return: Await it in async code, until when the running loop's connections may be open.
        """
        for engine in self.engines.values():
            engine.dispose()
        return self._app_async_engines[current_application()].dispose_everywhere()

    def get_engine(self, bind_key: str | None = None, **kwargs: Any) -> sa.Engine:
        """Deprecated: use :attr:`engine`, or :attr:`engines` with a key."""
        warnings.warn(
            "'get_engine' is deprecated. Use 'engine' or 'engines[key]' instead, in the 'env.py' of an"
            " older migration folder as well.",
            DeprecationWarning,
            stacklevel=2,
        )
        return self.engines[kwargs.pop("bind", bind_key)]

    def _call_for_binds(self, bind_key: BindKeys, op_name: str) -> None:
        """Call a method of the metadata of the bind keys, each with its engine."""
        keys: Iterable[str | None] = [bind_key] if bind_key is None or isinstance(bind_key, str) else bind_key
        for key in list(self.metadatas) if bind_key == "__all__" else keys:
            engine = self.engines.get(key)
            if engine is None:
                setting = "'SQLALCHEMY_DATABASE_URI' config is not set. " if key is None else ""
                raise sa_exc.UnboundExecutionError(
                    f"{setting}Bind key '{key}' is not in 'SQLALCHEMY_BINDS' config."
                )
            getattr(self.metadatas[key], op_name)(bind=engine)

    def create_all(self, bind_key: BindKeys = "__all__") -> None:
        """Create the tables that do not exist; existing ones are not changed (use migrations).

        :param bind_key: A bind key or a list of them. Default: all.
        """
        self._call_for_binds(bind_key, "create_all")

    def drop_all(self, bind_key: BindKeys = "__all__") -> None:
        """Drop the tables.

        :param bind_key: A bind key or a list of them. Default: all.
        """
        self._call_for_binds(bind_key, "drop_all")

    def reflect(self, bind_key: BindKeys = "__all__") -> None:
        """Load the definitions of tables from the database into :attr:`metadatas`.

        :param bind_key: A bind key or a list of them. Default: all.
        """
        self._call_for_binds(bind_key, "reflect")
