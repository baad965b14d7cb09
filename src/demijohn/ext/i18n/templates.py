"""What templates have of it: ``_`` and its family, ``{% trans %}``, filters and globals.

Variables are escaped as everything in a template; texts are their authors', who may have put tags in. This module
must not know how the locale is found.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

from jinja2 import Environment, nodes, pass_context, pass_eval_context
from jinja2.ext import InternationalizationExtension
from jinja2.nodes import EvalContext
from jinja2.runtime import Context
from markupsafe import Markup

from demijohn.ext.i18n import current, formats
from demijohn.ext.i18n.catalogue import CONTEXT
from demijohn.ext.i18n.current import texts
from demijohn.ext.i18n.domain import filled, one_of

__all__ = ["Trans", "install"]


#: The filters, by their names.
FILTERS: dict[str, Callable[..., str]] = {
    "datetimeformat": formats.format_datetime,
    "dateformat": formats.format_date,
    "timeformat": formats.format_time,
    "timedeltaformat": formats.format_timedelta,
    "numberformat": formats.format_number,
    "decimalformat": formats.format_decimal,
    "currencyformat": formats.format_currency,
    "percentformat": formats.format_percent,
    "scientificformat": formats.format_scientific,
}


class Trans(InternationalizationExtension):
    """``{% trans %}``, whose text is not formatted where it has no variables: what is extracted is looked up."""

    def _make_node(
        self, singular: str, plural: str | None, context: str | None, variables: dict[str, nodes.Expr],
        plural_expr: nodes.Expr | None, vars_referenced: bool, num_called_num: bool,
    ) -> nodes.Output:  # fmt: skip
        if not vars_referenced:
            singular = singular.replace("%%", "%")
            plural = None if plural is None else plural.replace("%%", "%")
            if plural is None:
                variables = {}
        return super()._make_node(
            singular, plural, context, variables, plural_expr, vars_referenced, num_called_num
        )


def _marked(context: EvalContext, text: str) -> str:
    return Markup(text) if context.autoescape else text  # noqa: S704 - texts are the authors'


@pass_eval_context
def _gettext(context: EvalContext, string: str, /, **variables: Any) -> str:
    known = texts()
    if not context.autoescape:
        found: str = known.messages.get(string, string)
        return filled(found, string, variables, string, texts) if variables else found
    marked = known.markups.get(string) or known.markup(string)
    return filled(marked, Markup(string), variables, string, texts) if variables else marked  # noqa: S704


@pass_eval_context
def _ngettext(context: EvalContext, singular: str, plural: str, num: Any, /, **variables: Any) -> str:
    variables.setdefault("num", num)
    found = _marked(context, texts().plural_text(singular, plural, num))
    return filled(found, _marked(context, one_of(singular, plural, num)), variables, singular, texts)


@pass_eval_context
def _pgettext(context: EvalContext, meaning: str, string: str, /, **variables: Any) -> str:
    entry = meaning + CONTEXT + string
    found = _marked(context, texts().messages.get(entry, string))
    return filled(found, _marked(context, string), variables, entry, texts) if variables else found


@pass_eval_context
def _npgettext(
    context: EvalContext, meaning: str, singular: str, plural: str, num: Any, /, **variables: Any
) -> str:
    variables.setdefault("num", num)
    found = _marked(context, texts().plural_text(singular, plural, num, meaning))
    source = _marked(context, one_of(singular, plural, num))
    return filled(found, source, variables, meaning + CONTEXT + singular, texts)


def _filter(function: Callable[..., str]) -> Callable[..., str]:
    """A function as a filter of templates.

    It takes their context, so that Jinja does not put ``{{ 1234.5|decimalformat }}`` into the compiled template as the
    first visitor had it.
    """

    @pass_context
    def run(context: Context, value: Any, *args: Any, **options: Any) -> str:
        return function(value, *args, **options)

    return update_wrapper(run, function)


def install(environment: Environment) -> None:
    """Put it all into an environment of templates."""
    environment.add_extension(Trans)
    environment.newstyle_gettext = True  # type: ignore[attr-defined]
    names: dict[str, Any] = environment.globals
    names.update(_=_gettext, gettext=_gettext, ngettext=_ngettext, pgettext=_pgettext, npgettext=_npgettext)
    for function in (current.get_locale, current.set_locale, current.text_direction):
        names.setdefault(function.__name__, function)
    environment.filters.update({name: _filter(function) for name, function in FILTERS.items()})
