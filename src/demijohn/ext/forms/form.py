"""Forms that read the current request, are protected, and validate by functions of both kinds.

::

    class SignUp(FlaskForm):
        name = StringField("Name", [DataRequired()])

    if form.validate_on_submit(): ...                    # in def
    if await form.validate_on_submit_async(): ...        # in async def
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from markupsafe import Markup
from werkzeug.utils import cached_property
from wtforms import Form as PlainForm
from wtforms import ValidationError
from wtforms.csrf.core import CSRF
from wtforms.csrf.core import CSRFTokenField as PlainTokenField
from wtforms.fields import HiddenField
from wtforms.meta import DefaultMeta
from wtforms.widgets import HiddenInput

from demijohn import g, has_request_context, session
from demijohn.ext.forms.csrf import (
    DEFAULTS, generate_csrf, is_vouched_for, logger, prepare_csrf, validate_csrf,
)  # fmt: skip
from demijohn.ext.forms.formdata import submitted_data
from demijohn.ext.forms.i18n import is_translated, translations
from demijohn.ext.forms.waiting import (
    Extra, arm, async_validators, on_loop, wait, waiter, waits_or_blocks,
)  # fmt: skip
from demijohn.extend import call, current_application, current_request, is_awaitable, running_loop, translate

__all__ = ["FlaskForm", "Form", "SUBMIT_METHODS"]

#: The methods that submit a form.
SUBMIT_METHODS = {"POST", "PUT", "PATCH", "DELETE"}

#: Stands for the data of the current request.
_Auto: Any = object()


class Form(PlainForm):
    """A form of WTForms whose validators may be async. It knows no request, and is not protected."""

    def validate(self, extra_validators: Extra = None) -> bool:
        """Whether every field is as its validators want it; ``errors`` says what is wrong.

        Async validators are waited for.

        :param extra_validators: More of them, a list by the name of a field.
        :raises RuntimeError: on an event loop, when there are async ones.
        """
        if running_loop() is not None:
            names = async_validators(self, extra_validators)
            if names:
                raise on_loop(self, names)
        arm(self, extra_validators)
        # A copy, since WTForms adds the form's own validators to the lists it is given.
        extra = {name: list(more) for name, more in (extra_validators or {}).items()}
        return super().validate(extra or None)

    async def validate_async(self, extra_validators: Extra = None) -> bool:
        """The same in async code. Nothing blocks the event loop: what may wait runs in a thread.

        Async validators run on the loop. Those that are not run in that thread, but for WTForms' own.
        """
        if not waits_or_blocks(self, extra_validators):
            return self.validate(extra_validators)
        # A form's own `async def validate` comes back here for what it extends.
        validate = partial(Form.validate, self) if self._begun else self.validate
        return bool(await call(partial(self._validate_for, running_loop(), validate), extra_validators))

    _begun = False

    def _validate_for(self, loop: Any, validate: Callable[[Extra], Any], extra_validators: Extra) -> bool:
        """Validate in a thread, while a loop is there to await on."""
        # Here because a loop runs, so that it is imported: sync applications never do (9 ms).
        from asyncio import run_coroutine_threadsafe

        def wait_there(awaitable: Awaitable[Any]) -> Any:
            return run_coroutine_threadsafe(_await(awaitable), loop).result()

        token = waiter.set(wait_there)
        begun, self._begun = self._begun, True
        try:
            return self._settled(validate(extra_validators))
        finally:
            self._begun = begun
            waiter.reset(token)

    def _settled(self, valid: Any) -> bool:
        """What :meth:`validate` returned, also where a form has made it async."""
        if not is_awaitable(valid):
            return bool(valid)
        if running_loop() is not None:
            valid.close()
            raise on_loop(self, ["validate"])
        return bool(wait(valid))


async def _await(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


class _TokenInput(HiddenInput):
    """WTForms' own, at a tenth of the cost of a field that may have any attributes (PERF: 50 us of 600 for a form)."""

    def __call__(self, field: Any, **kwargs: Any) -> Markup:
        if kwargs or field.flags.disabled:
            return super().__call__(field, **kwargs)
        return _TOKEN.format(field.id, field.name, field._value())


_TOKEN = Markup('<input id="{}" name="{}" type="hidden" value="{}">')


class CSRFTokenField(PlainTokenField):
    """The field of a token.

    PERF: the token is made when it is asked for: a form that is valid is not shown again (15 us).
    """

    widget = _TokenInput()
    csrf_impl: Any

    _token: str | None = None

    def process(self, *args: Any, **kwargs: Any) -> None:
        """Take what was sent, and have the session keep what the token is about."""
        HiddenField.process(self, *args, **kwargs)
        # PERF: no session is opened for what needs no token, unless the form is shown again (20 us).
        if not self.csrf_impl.needs_none:
            prepare_csrf(self.meta.csrf_secret, self.meta.csrf_field_name)

    def _make_token(self) -> Any:
        if self._token is None:
            self._token = self.csrf_impl.generate_csrf_token(self)
        return self._token

    def _set_token(self, token: str | None) -> None:
        self._token = token

    #: The token of this answer.
    current_token: Any = property(_make_token, _set_token)


class _FlaskFormCSRF(CSRF):
    """The token of a form."""

    field_class = CSRFTokenField
    #: The form's.
    meta: Any
    #: Whether a browser vouches for what it sends.
    needs_none: bool

    #: Whether the form was submitted, so that it is known whether a browser vouches for it.
    submitted: bool

    def setup_form(self, form: Any) -> Any:
        self.meta = form.meta
        self.submitted = _is_submitted()
        self.needs_none = self.submitted and is_vouched_for()
        return super().setup_form(form)

    def generate_csrf_token(self, csrf_token_field: Any) -> str:
        return generate_csrf(secret_key=self.meta.csrf_secret, token_key=self.meta.csrf_field_name)

    def validate_csrf_token(self, form: Any, field: Any) -> None:
        if self.needs_none or g.get("csrf_valid", False) or (not self.submitted and is_vouched_for()):
            return
        meta = self.meta
        try:
            validate_csrf(field.data, meta.csrf_secret, meta.csrf_time_limit, meta.csrf_field_name)
        except ValidationError as e:
            logger.info(str(e))
            raise ValidationError(translate(str(e))) from e


class FlaskForm(Form):
    """A form that takes what the current request has sent: fields, files, or JSON.

    :param formdata: Something else to take, or None for nothing.
    """

    class Meta(DefaultMeta):
        """What WTForms asks of a form; a form overrides it by a class of the same name."""

        csrf_class = _FlaskFormCSRF
        csrf_context = session

        @cached_property
        def _config(self) -> Any:
            return current_application().config

        @cached_property
        def csrf(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
            """Whether there is a token. A form within one that has it needs none of its own."""
            parent = self.__dict__.get("_parent_form")
            if parent is not None and parent.meta.csrf:
                return False
            return bool(self._config.get("WTF_CSRF_ENABLED", True))

        @cached_property
        def csrf_secret(self) -> Any:
            """What the token is signed with."""
            return self._config.get("WTF_CSRF_SECRET_KEY", self._config["SECRET_KEY"])

        @cached_property
        def csrf_field_name(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
            """The name of the token's field."""
            name: str = self._config.get("WTF_CSRF_FIELD_NAME", DEFAULTS["WTF_CSRF_FIELD_NAME"])
            return name

        @cached_property
        def csrf_time_limit(self) -> float | None:
            """For how many seconds a token is good."""
            limit: float | None = self._config.get("WTF_CSRF_TIME_LIMIT", DEFAULTS["WTF_CSRF_TIME_LIMIT"])
            return limit

        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """The data to take."""
            if formdata is _Auto:
                return submitted_data() if _is_submitted() else None
            return formdata

        def get_translations(self, form: Any) -> Any:
            """What translates messages."""
            if not self._config.get("WTF_I18N_ENABLED", True):
                return super().get_translations(form)
            return translations if is_translated() else None

    def __init__(self, formdata: Any = _Auto, **kwargs: Any) -> None:
        super().__init__(formdata=formdata, **kwargs)

    def is_submitted(self) -> bool:
        """Whether there is a request, and it submits something: POST, PUT, PATCH or DELETE."""
        return _is_submitted()

    def validate_on_submit(self, extra_validators: Extra = None) -> bool:
        """Whether the form was submitted, and is valid.

        :raises RuntimeError: on an event loop, when there are async validators.
        """
        return self.is_submitted() and self._settled(self.validate(extra_validators=extra_validators))

    async def validate_on_submit_async(self, extra_validators: Extra = None) -> bool:
        """The same in async code, see :meth:`validate_async`."""
        return self.is_submitted() and await self.validate_async(extra_validators)

    def hidden_tag(self, *fields: Any) -> Markup:
        """The hidden fields, the token's among them, as HTML.

        :param fields: Only these, fields or names; others than hidden ones, and names that there are not, are left
            out.
        """
        wanted = [getattr(self, field, None) if isinstance(field, str) else field for field in fields or self]
        hidden = [
            str(field) for field in wanted if field is not None and isinstance(field.widget, HiddenInput)
        ]
        return Markup("\n".join(hidden))  # noqa: S704 (of widgets, which escape)


def _is_submitted() -> bool:
    return has_request_context() and current_request().method in SUBMIT_METHODS
