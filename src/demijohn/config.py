"""The settings of an application: a dictionary that can be filled from files and the environment.

This module must not know which settings exist; their defaults belong to the application.
"""

from __future__ import annotations

import errno
import json
import os
from collections import ChainMap, OrderedDict, defaultdict
from collections.abc import Callable, Mapping
from types import MappingProxyType, ModuleType
from typing import IO, Any, Generic, Protocol, Self, TypeVar, overload

from werkzeug.utils import import_string

__all__ = ["Config", "ConfigAttribute", "listed"]

T = TypeVar("T")

_NOT_THERE = frozenset({errno.ENOENT, errno.EISDIR})
_ABSENT: Any = object()
#: A subclass may have upper-case attributes as well.
_PLAIN_MAPPINGS = (dict, OrderedDict, defaultdict, ChainMap, MappingProxyType)


def listed(setting: Any) -> tuple[Any, ...]:
    """The elements of a setting that is a list: none for None, one for a text or bytes.

    Text can be walked as a list of its letters, which is never what was meant.
    """
    if not setting:
        return ()
    return (setting,) if isinstance(setting, (str, bytes, bytearray)) else tuple(setting)


class Configured(Protocol):
    """What has settings: an application."""

    config: Config


class ConfigAttribute(Generic[T]):
    """An attribute of the application that is kept in its ``config``.

    :param name: The setting it stands for.
    :param get_converter: Applied to the setting's value each time it is read.
    """

    def __init__(self, name: str, get_converter: Callable[[Any], T] | None = None) -> None:
        self.__name__ = name
        self.get_converter = get_converter

    @overload
    def __get__(self, obj: None, owner: type[Any] | None = None) -> Self: ...

    @overload
    def __get__(self, obj: Configured, owner: type[Any] | None = None) -> T: ...

    def __get__(self, obj: Configured | None, owner: type[Any] | None = None) -> T | Self:
        if obj is None:
            return self
        value: T = obj.config[self.__name__]
        convert = self.get_converter
        return value if convert is None else convert(value)

    def __set__(self, obj: Configured, value: Any) -> None:
        obj.config[self.__name__] = value


class Config(dict[str, Any]):
    """A dictionary of settings, which only takes upper-case names from files and objects::

        app.config.from_pyfile("settings.cfg")          # a Python file
        app.config.from_object("yourapp.defaults")      # a module or class, or its import name
        app.config.from_prefixed_env()                  # FLASK_...=...
        app.config.from_file("config.toml", load=tomllib.load, text=False)

    :param root_path: The folder that relative file names start from.
    :param defaults: The settings to begin with.
    """

    #: Called after each change, where an application has to know of it.
    changed: Callable[[], None] | None = None
    #: Whether a call that would take nothing is an error.
    strict = True
    #: What the variables that were taken last begin with, without the underscore.
    env_prefix: str | None = None

    def __init__(self, root_path: str | os.PathLike[str], defaults: dict[str, Any] | None = None) -> None:
        super().__init__(defaults or {})
        self.root_path = root_path

    def from_envvar(self, variable_name: str, silent: bool = False) -> bool:
        """Load the Python file that the environment variable ``variable_name`` points to.

        :param silent: Return False when the variable or its file is missing.
        :return: Whether a file was loaded.
        :raises RuntimeError: when the variable is not set.
        """
        filename = os.environ.get(variable_name)
        if filename:
            return self.from_pyfile(filename, silent=silent)
        if silent:
            return False
        raise RuntimeError(
            f"The environment variable {variable_name!r} is not set and as such configuration could not"
            " be loaded. Set this variable and make it point to a configuration file."
        )

    def from_prefixed_env(
        self, prefix: str = "FLASK", *, loads: Callable[[str], Any] = json.loads, files: bool = False
    ) -> bool:
        """Take the environment variables that begin with ``prefix`` and an underscore.

        The rest of the name is the setting; two underscores in it lead into nested dictionaries,
        which are made when missing. Variables are taken in sorted order.

        :param prefix: What the names begin with, without the underscore.
        :param loads: Turns the text into a value; when it raises, the value stays text.
        :param files: Whether a name that ends in ``_FILE`` holds the path of a file with the value, as secrets
            of containers do: ``SHOP_SECRET_KEY_FILE=/run/secrets/key``. Its text stays text, without the line
            break at its end.
        :return: True.
        :raises ValueError: when a file cannot be read, or a setting is given in both ways.
        """
        self.env_prefix = prefix
        start = prefix + "_"
        for variable in sorted(name for name in os.environ if name.startswith(start)):
            text = os.environ[variable]
            name = variable[len(start) :]
            if files and name.endswith("_FILE"):
                name = name.removesuffix("_FILE")
                value = _from_file(variable, start + name, text)
            else:
                try:
                    value = loads(text)
                except Exception:  # text that is not JSON is plain text
                    value = text
            *parents, name = name.split("__")
            into: dict[str, Any] = self
            for parent in parents:
                into = into.setdefault(parent, {})
            into[name] = value
        return True

    def from_pyfile(self, filename: str | os.PathLike[str], silent: bool = False) -> bool:
        """Run a Python file and take its upper-case names.

        :param filename: Absolute, or relative to ``root_path``.
        :param silent: Return False when there is no such file.
        :return: Whether the file was loaded.
        :raises OSError: when it cannot be read.
        """
        path = os.path.join(self.root_path, filename)
        # A file below something that is itself a file is as absent as any other.
        source = self._read(path, "rb", lambda file: file.read(), _NOT_THERE | {errno.ENOTDIR}, silent)
        if source is _ABSENT:
            return False
        module = ModuleType("config")
        module.__file__ = path
        exec(compile(source, path, "exec"), vars(module))  # noqa: S102 - it is the user's own file
        self.from_object(module)
        return True

    def from_object(self, obj: object | str) -> None:
        """Take the upper-case attributes of a module, class or instance.

        Properties of a class are only computed on an instance, so hand over an instance then. For
        a dictionary, see :meth:`from_mapping`.

        :param obj: The object, or its import name.
        :raises ImportError: when there is nothing under that import name.
        :raises TypeError: for a plain dictionary, whose entries are no attributes.
        """
        source = import_string(obj) if isinstance(obj, str) else obj
        if self.strict and type(source) in _PLAIN_MAPPINGS:
            raise TypeError(
                f"app.config.from_object() was given a {type(source).__name__}, of which it would take nothing:"
                " it reads attributes. Use app.config.from_mapping() for its entries."
            )
        self.update((name, getattr(source, name)) for name in dir(source) if name.isupper())

    def from_file(
        self,
        filename: str | os.PathLike[str],
        load: Callable[[IO[Any]], Mapping[str, Any]],
        silent: bool = False,
        text: bool = True,
    ) -> bool:
        """Take the upper-case names of a data file::

            app.config.from_file("config.toml", load=tomllib.load, text=False)

        :param filename: Absolute, or relative to ``root_path``.
        :param load: Takes the open file and returns a mapping.
        :param silent: Return False when there is no such file.
        :param text: Open the file as text rather than as bytes.
        :return: Whether the file was loaded.
        :raises OSError: when it cannot be read.
        """
        path = os.path.join(self.root_path, filename)
        loaded = self._read(path, "r" if text else "rb", load, _NOT_THERE, silent)
        return loaded is not _ABSENT and self.from_mapping(loaded)

    def from_mapping(self, mapping: Mapping[str, Any] | None = None, **kwargs: Any) -> bool:
        """Update from a mapping and keyword arguments, skipping names that are not upper-case.

        :return: True.
        """
        for name, value in dict(mapping or {}, **kwargs).items():
            if name.isupper():
                self[name] = value
        return True

    def get_namespace(
        self, namespace: str, lowercase: bool = True, trim_namespace: bool = True
    ) -> dict[str, Any]:
        """The settings whose names begin with ``namespace``, as a new dictionary.

        :param namespace: What the names begin with, for instance ``"IMAGE_STORE_"``.
        :param lowercase: Make the names of the result lower-case.
        :param trim_namespace: Leave ``namespace`` out of the names of the result.
        """
        skipped = len(namespace) if trim_namespace else 0
        chosen = {name[skipped:]: value for name, value in self.items() if name.startswith(namespace)}
        return {name.lower(): value for name, value in chosen.items()} if lowercase else chosen

    @staticmethod
    def _read(
        path: str, mode: str, load: Callable[[IO[Any]], Any], absent: frozenset[int], silent: bool
    ) -> Any:
        """What ``load`` makes of the file, or ``_ABSENT`` when it may be missing and is."""
        try:
            with open(path, mode) as file:
                return load(file)
        except OSError as error:
            if silent and error.errno in absent:
                return _ABSENT
            error.strerror = f"Unable to load configuration file ({error.strerror})"
            raise

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {super().__repr__()}>"

    def __getstate__(self) -> dict[str, Any]:
        # A copy belongs to nobody.
        return {name: value for name, value in self.__dict__.items() if name != "changed"}


def _from_file(variable: str, plain: str, path: str) -> str:
    """The text of the file that a variable names."""
    if plain in os.environ:
        raise ValueError(f"Both {plain} and {variable} are set; which counts? Unset one of them.")
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().removesuffix("\n")
    except (OSError, UnicodeDecodeError) as e:
        raise ValueError(f"{variable} names the file {path!r}, which cannot be read: {e}") from e


def _reporting(name: str) -> Any:
    original = getattr(dict, name)

    def method(self: Config, *args: Any, **kwargs: Any) -> Any:
        result = original(self, *args, **kwargs)
        if self.changed is not None:
            self.changed()
        return result

    method.__name__, method.__doc__ = name, original.__doc__
    return method


for _name in (
    "__delitem__", "__ior__", "__setitem__", "clear", "pop", "popitem", "setdefault", "update",
):  # fmt: skip
    setattr(Config, _name, _reporting(_name))
