"""Views as classes: :class:`View`, and :class:`MethodView` with one method per HTTP method.

    class Counter(MethodView):
        init_every_request = False

        def get(self):
            return str(session.get("counter", 0))

        async def post(self):
            session["counter"] = session.get("counter", 0) + 1
            return redirect(url_for("counter"))

    app.add_url_rule("/counter", view_func=Counter.as_view("counter"))

A view function made of a class is a coroutine function where the class can only be awaited, so
that it is called where async views are; where some methods are async and some are not, what a call
returns decides. This module must not know how views are dispatched.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from inspect import iscoroutinefunction
from typing import Any, ClassVar

from demijohn.contexts.proxies import request
from demijohn.typing import ResponseReturnValue, RouteCallable
from demijohn.waiting.steps import is_awaitable

__all__ = ["MethodView", "View", "http_method_funcs"]

#: The names of methods that handle the HTTP method of the same name in a :class:`MethodView`.
http_method_funcs = frozenset({"delete", "get", "head", "options", "patch", "post", "put", "trace"})


class View:
    """A view as a class: subclass it, implement :meth:`dispatch_request`, register :meth:`as_view`."""

    #: The HTTP methods of the route; None for the route's own default.
    methods: ClassVar[Collection[str] | None] = None

    #: Whether OPTIONS is answered automatically; None for the application's default.
    provide_automatic_options: ClassVar[bool | None] = None

    #: Decorators for the view function, the innermost first. (A decorator on the class itself
    #: would decorate the class.)
    decorators: ClassVar[list[Callable[..., Any]]] = []

    #: Whether each request gets an instance of its own. With False one instance serves all, which
    #: is cheaper; then keep what belongs to a request in ``g`` rather than on ``self``.
    init_every_request: ClassVar[bool] = True

    def dispatch_request(self) -> Any:
        """Handle the request: the view itself, with the URL's variables as keyword arguments."""
        raise NotImplementedError

    @classmethod
    def _is_async(cls) -> bool:
        """Whether every request ends in an awaitable."""
        return iscoroutinefunction(cls.dispatch_request)

    @classmethod
    def as_view(cls, name: str, *class_args: Any, **class_kwargs: Any) -> RouteCallable:
        """A view function that dispatches to this class.

        :param name: The name of the function, and so of the endpoint.
        :param class_args: For the constructor of the class.
        :param class_kwargs: For the constructor of the class.
        """
        if cls.init_every_request:

            def dispatch(**kwargs: Any) -> Any:
                # Looked up on the function, so that a test can put another class there.
                return view.view_class(*class_args, **class_kwargs).dispatch_request(**kwargs)
        else:
            only: Any = cls(*class_args, **class_kwargs)

            def dispatch(**kwargs: Any) -> Any:
                return only.dispatch_request(**kwargs)

        view: Any = _awaiting(dispatch) if cls._is_async() else dispatch
        view.__name__, view.__module__ = name, cls.__module__
        for decorator in cls.decorators:
            view = decorator(view)
        view.view_class = cls
        view.__name__, view.__module__, view.__doc__ = name, cls.__module__, cls.__doc__
        view.methods = cls.methods
        view.provide_automatic_options = cls.provide_automatic_options
        made: RouteCallable = view
        return made


def _awaiting(dispatch: Callable[..., Any]) -> Callable[..., Any]:
    async def view(**kwargs: Any) -> Any:
        result = dispatch(**kwargs)
        return await result if is_awaitable(result) else result

    return view


class MethodView(View):
    """A view with a method for each HTTP method: ``get`` handles GET, ``post`` POST, and so on.

    :attr:`methods` follows from the methods defined. HEAD falls back to ``get``.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "methods" in vars(cls):
            return
        methods = {name.upper() for name in http_method_funcs if hasattr(cls, name)}
        for base in cls.__bases__:
            methods.update(getattr(base, "methods", None) or ())
        if methods:
            cls.methods = methods

    @classmethod
    def _is_async(cls) -> bool:
        handlers = [getattr(cls, name) for name in http_method_funcs if hasattr(cls, name)]
        return super()._is_async() or (bool(handlers) and all(map(iscoroutinefunction, handlers)))

    def dispatch_request(self, **kwargs: Any) -> ResponseReturnValue | Any:
        """Call the method for the request's HTTP method.

        :raises AssertionError: when the route takes an HTTP method the class does not have.
        """
        method: str = request.method
        handler = getattr(self, method.lower(), None)
        if handler is None and method == "HEAD":
            handler = getattr(self, "get", None)
        if handler is None:
            raise AssertionError(
                f"Unimplemented method {method!r}: {type(self).__name__} was registered for it but has no"
                f" {method.lower()}(). Define it, or leave it out of the route's methods."
            )
        return handler(**kwargs)
