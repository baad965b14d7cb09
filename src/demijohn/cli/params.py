"""Option types of ``demijohn run``: a certificate, a list of paths."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click
from werkzeug.utils import import_string

from demijohn.devserver.tls import is_ssl_context

if TYPE_CHECKING:
    from ssl import SSLContext


# Click's base class takes types as arguments since 8.4, and older releases do without.
class CertParamType(click.ParamType):  # type: ignore[type-arg]  # pyright: ignore[reportMissingTypeArgument]
    """``--cert``: an existing file, the word ``adhoc``, or the import name of an ``SSLContext``."""

    name = "path"

    def __init__(self) -> None:
        self.path_type = click.Path(exists=True, dir_okay=False, resolve_path=True)

    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> str | bytes | os.PathLike[str] | SSLContext:  # fmt: skip
        """The absolute path, ``"adhoc"`` or the context object."""
        if not _can_import("ssl"):
            message = 'Using "--cert" requires Python to be compiled with SSL support.'
            raise click.BadParameter(message, ctx, param)
        try:
            return self.path_type(value, param, ctx)
        except click.BadParameter:
            text = click.STRING(value, param, ctx).lower()
            if text == "adhoc":
                if not _can_import("cryptography"):
                    message = "Using ad-hoc certificates requires the cryptography library: pip install cryptography."
                    raise click.BadParameter(message, ctx, param) from None
                return text
            found = import_string(text, silent=True)
            if is_ssl_context(found):
                return found
            raise


def _can_import(name: str) -> bool:
    """Whether a module is there that may be missing: a Python can be built without ``ssl``."""
    try:
        import_module(name)
    except ImportError:
        return False
    return True


def validate_key(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """``--key`` goes with a ``--cert`` that is a file, and only with that.

    Puts the pair ``(cert, key)`` in the place of ``cert``.
    """
    cert = ctx.params.get("cert")
    in_one = "adhoc" if cert == "adhoc" else "an SSLContext object" if is_ssl_context(cert) else None
    if value is None:
        if cert and in_one is None:
            raise click.BadParameter('Required when using "--cert".', ctx, param)
        return None
    if in_one is not None:
        shown = '"adhoc"' if in_one == "adhoc" else in_one
        raise click.BadParameter(f'When "--cert" is {shown}, "--key" is not used.', ctx, param)
    if not cert:
        raise click.BadParameter('"--cert" must also be specified.', ctx, param)
    ctx.params["cert"] = (cert, value)
    return value


class SeparatedPathType(click.Path):
    """Several paths in one value, separated as the platform separates ``PATH``."""

    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:  # fmt: skip
        """A list, each item converted as :class:`click.Path` converts it."""
        one = super().convert
        return [one(item, param, ctx) for item in self.split_envvar_value(os.fspath(value))]
