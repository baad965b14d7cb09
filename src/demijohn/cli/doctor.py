"""``demijohn doctor``: whether what an application needs is there, new enough and reachable.

It looks at this installation, then at the application, if there is one: the extras of the parts that it uses, its
settings, and what it depends on elsewhere, by its own readiness checks. Extensions add what they know with
:func:`demijohn.extend.add_diagnosis`.
"""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import metadata
from importlib.util import find_spec
from typing import Any, NamedTuple

import click

from demijohn.cli.loading import NoAppException, ScriptInfo, pass_script_info
from demijohn.cli.parts import Part, numbers, parts
from demijohn.cli.ports import Application
from demijohn.later import DISTRIBUTIONS
from demijohn.setup.checks import Diagnosis, State

__all__ = ["doctor_command"]

_COLOURS = {"ok": "green", "missing": "yellow", "old": "red", "broken": "red"}

#: Names of modules where they are not those of their distributions.
_MODULES = {distribution: module for module, distribution in DISTRIBUTIONS.items()}


class _Seen(NamedTuple):
    """A diagnosis, and whether the application needs what it is about."""

    diagnosis: Diagnosis
    needed: bool


@click.command("doctor", short_help="Find what is missing, old or out of reach.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as a JSON object.")
@pass_script_info
def doctor_command(info: ScriptInfo, as_json: bool) -> None:
    """Look at the installation and at the application; exit with 1 when something it needs is not well."""
    app, trouble = _load(info)
    seen = [*_installation(app, trouble)]
    if trouble is not None:
        seen.append(_Seen(_of_trouble(info, trouble), True))
    if app is not None:
        with app.app_context():
            seen += _application(app)
    ok = not any(one.needed and one.diagnosis.state != "ok" for one in seen)
    if as_json:
        found = [one.diagnosis._asdict() for one in seen]
        click.echo(json.dumps({"ok": ok, "findings": found}, indent=2))
    else:
        _show(seen, ok)
    if not ok:
        raise SystemExit(1)


def _load(info: ScriptInfo) -> tuple[Application | None, Exception | None]:
    """The application, or why it cannot be loaded; neither where there is none."""
    try:
        app = info.load_app()
        app.settle()
        return app, None
    except NoAppException as e:
        named = info.app_import_path is not None or info.create_app is not None
        # Without a name, wsgi.py and app.py are looked for: one that is there and fails is a finding.
        return (
            None,
            e if named or e.__cause__ is not None or "Could not locate" not in e.format_message() else None,
        )
    except Exception as e:
        return None, e


def _of_trouble(info: ScriptInfo, trouble: Exception) -> Diagnosis:
    text = (
        trouble.format_message()
        if isinstance(trouble, click.ClickException)
        else f"{type(trouble).__name__}: {trouble}"
    )
    lacking = _lacking_part(trouble)
    fix = (
        lacking.install()
        if lacking is not None
        else "Mend what the error says; demijohn run shows where it is."
    )
    return Diagnosis("application", "broken", text.strip().splitlines()[-1], "an application that loads", fix)


def _lacking_part(error: BaseException | None) -> Part | None:
    """The part of an extra whose absence an error is about."""
    while error is not None:
        if isinstance(error, ModuleNotFoundError) and error.name:
            name = error.name.partition(".")[0]
            for part in parts():
                if part.extra is not None and _module_of(part) == name and part.state() == "missing":
                    return part
        error = error.__cause__ or error.__context__
    return None


def _module_of(part: Part) -> str:
    return _MODULES.get(part.name.lower(), part.name.lower().replace("-", "_"))


# The installation.


def _installation(app: Application | None, trouble: Exception | None) -> Iterator[_Seen]:
    need = metadata("demijohn")["Requires-Python"] or ""
    have = platform.python_version()
    old = numbers(have) < numbers(need.lstrip("><=~ "))
    yield _Seen(
        Diagnosis("python", "old" if old else "ok", have, need, "Install a newer Python." if old else ""),
        True,
    )
    lacking = _lacking_part(trouble)
    used = _used_extras(app)
    firsts: set[str | None] = set()
    for part in parts():
        # The first part of an extra is what it is about; the others serve one use of it.
        first = part.extra not in firsts
        firsts.add(part.extra)
        state: State = part.state()
        if state == "ok" and not _is_there(part):
            state = "broken"
        in_use = part.extra in used and (first or state != "missing")
        needed = part.extra is None or in_use or part == lacking
        name = part.name if part.extra is None else f"{part.extra}: {part.name}"
        fix = "" if state == "ok" else part.install()
        yield _Seen(Diagnosis(name, state, part.installed or "", part.bounds, fix), needed)


def _is_there(part: Part) -> bool:
    """Whether the module of an installed distribution can be found."""
    try:
        return find_spec(_module_of(part)) is not None
    except (ImportError, ValueError):
        return False


def _used_extras(app: Application | None) -> set[str]:
    """The extras of the parts of this package that an application has imported; they have the parts' names."""
    if app is None:
        return set()
    prefix = "demijohn.ext."
    return {name[len(prefix) :].partition(".")[0] for name in tuple(sys.modules) if name.startswith(prefix)}


# The application.


def _application(app: Application) -> Iterator[_Seen]:
    yield _Seen(Diagnosis("application", "ok", app.import_name, "an application that loads", ""), True)
    known = sorted(name for name in app.config if app.config[name] != app.default_config.get(name, app))
    own = [name for name in known if name not in {"DEBUG", "CSP"}]
    if own:
        yield _Seen(Diagnosis("settings", "ok", ", ".join(own), "", ""), False)
    if not app.config["SECRET_KEY"]:
        fix = "Set SECRET_KEY: python -c 'import secrets; print(secrets.token_hex())'"
        yield _Seen(
            Diagnosis("SECRET_KEY", "missing", "", "a key, for sessions and what else is signed", fix), False
        )
    if app.readiness_checks:
        yield from _readiness(app)
    for diagnose in app.diagnoses:
        yield from (_Seen(diagnosis, True) for diagnosis in _asked(diagnose, app))


def _readiness(app: Application) -> Iterator[_Seen]:
    """What the application depends on elsewhere, as ``/readyz`` asks it; here with the reason."""
    report = app.lifecycle.readiness.ask().result()
    for name, state in report.checks.items():
        error = report.errors.get(name, "")
        well = state == "ok"
        fix = (
            ""
            if well
            else f"See that it runs and that the settings name it; /readyz says no because of {name}."
        )
        yield _Seen(
            Diagnosis(name, "ok" if well else "broken", error if not well else "answers", "an answer", fix),
            True,
        )


def _asked(diagnose: Any, app: Application) -> Iterable[Diagnosis]:
    try:
        return list(diagnose(app))
    except Exception as e:
        name = getattr(diagnose, "__name__", "extension")
        return [Diagnosis(name, "broken", f"{type(e).__name__}: {e}", "", "Mend what the error says.")]


def _show(seen: list[_Seen], ok: bool) -> None:
    absent: list[str] = []
    for diagnosis, needed in seen:
        if diagnosis.state == "missing" and not needed and ": " in diagnosis.name:
            absent.append(diagnosis.name)  # a part of an extra
            continue
        click.secho(f"{diagnosis.state:<8}", fg=_COLOURS[diagnosis.state], nl=False)
        need = f" (needs {diagnosis.need})" if diagnosis.need and diagnosis.state != "ok" else ""
        click.echo(f"{diagnosis.name}  {diagnosis.have}{need}".rstrip())
        if diagnosis.fix:
            click.echo(f"        {diagnosis.fix}")
    if absent:
        click.echo(f"Not there, and not needed: {', '.join(sorted(absent))}")
    click.echo("All is well." if ok else "Something that is needed is not well.")
