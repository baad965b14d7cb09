"""Where static files are served: the folder behind a rule, and the digest in the addresses that it builds.

This module must not know how files are answered.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from weakref import ref

from werkzeug.routing import PathConverter

from demijohn.later import later
from demijohn.policy import Policy
from demijohn.static.references import with_digest

if TYPE_CHECKING:
    from demijohn.static import folder, variants
else:
    folder = later("demijohn.static.folder")  # 3 %: hashlib; only where a static file is asked for
    variants = later("demijohn.static.variants")  # 2 %: with it

__all__ = ["Place", "serves_folder"]


F = TypeVar("F", bound=Callable[..., Any])


def serves_folder(method: F) -> F:
    """Mark the ``send_static_file`` of a class of ours: what overrides it serves files by its own ways."""
    marked: Any = method
    marked.serves_folder = True
    return method


class Application(Protocol):
    """An application, as far as its static files go."""

    config: Any
    policy: Policy
    view_functions: dict[str, Callable[..., Any]]
    #: What all its folders share: a :class:`~demijohn.static.variants.Memory`, once there is one.
    static_memory: Any
    #: Stands for all changes so far.
    _changes: object

    @property
    def debug(self) -> bool:
        """Whether debug mode is on."""
        ...

    @property
    def logger(self) -> Any:
        """Where it logs."""
        ...

    def own_setting(self, name: str) -> Any:
        """A setting that Flask does not have, or its default."""
        ...


class Place:
    """A rule for static files of an application.

    :param app: The application.
    :param owner: The application or the blueprint whose files they are.
    :param endpoint: The rule's endpoint.
    :param given: The view that it was registered with.
    :param path: The path that they are served below.
    """

    def __init__(
        self, app: Application, owner: Any, endpoint: str, given: Callable[..., Any], path: str
    ) -> None:  # fmt: skip
        self._app = ref(app)
        self._owner = ref(owner)
        self._endpoint = endpoint
        self._given = given
        #: The path that they are served below.
        self.path = path
        self._seen: object = None
        self._folder: folder.Folder | None = None

    def served(self) -> folder.Folder | None:
        """The folder, where its files are served by this package's ways; None where they are by Flask's."""
        app = self._app()
        if app is None:
            return None
        if self._seen is not app._changes:
            seen = app._changes
            self._folder = self._make(app)
            self._seen = seen
        return self._folder

    def _make(self, app: Application) -> folder.Folder | None:
        owner = self._owner()
        said = app.own_setting("STATIC_HASH")
        own_ways = app.policy.hashed_static or bool(said)
        if (
            not own_ways
            or owner is None
            or app.view_functions.get(self._endpoint) is not self._given
            or "send_static_file" in vars(owner)
            or getattr(type(owner).send_static_file, "serves_folder", False) is not True
            or app.config["USE_X_SENDFILE"]
        ):
            return None
        hashed = not app.debug if said is None else bool(said)
        limit = app.own_setting("STATIC_MEMORY")
        memory = app.static_memory
        if memory is None or memory.limit != limit:
            memory = app.static_memory = variants.Memory(limit)
        before = self._folder
        same = before is not None and (before.hashed, before.at_once) == (hashed, app.debug)
        if same and before is not None and before.memory is memory:
            return before  # what it knows is as good as ever
        return folder.Folder(
            owner, hashed=hashed, memory=memory, url_path=self._fixed_path,
            at_once=app.debug, links_stay_inside=app.policy.links_stay_inside, log=app.logger,
        )  # fmt: skip

    @property
    def _fixed_path(self) -> str | None:
        return None if "<" in self.path else self.path

    def for_build(self, memory: Any) -> folder.Folder | None:
        """The folder as it is written to another, with digests; None where its path is not one."""
        app, owner = self._app(), self._owner()
        if app is None or owner is None or self._fixed_path is None:
            return None
        return folder.Folder(
            owner, hashed=True, memory=memory, url_path=self.path, at_once=False,
            links_stay_inside=app.policy.links_stay_inside, log=app.logger,
        )  # fmt: skip

    def view(self, view: Callable[..., Any]) -> Callable[..., Any]:
        """The view to call: the folder's own, in place of the one that was registered."""
        found = self.served()
        return view if found is None or view is not self._given else found.view

    def converter(self, url_map: Any) -> Addressed:
        """What builds the last part of the rule's addresses."""
        return Addressed(url_map, self)


class Addressed(PathConverter):
    """The name of a static file in an address: with the digest of the file's content.

    :param place: Where it is served.
    """

    def __init__(self, url_map: Any, place: Place) -> None:
        super().__init__(url_map)
        self._place = place

    def to_url(self, value: Any) -> str:
        """The name as it stands in an address."""
        text = super().to_url(value)
        found = self._place.served()
        digest = None if found is None else found.digest(str(value))
        return text if digest is None else with_digest(text, digest)
