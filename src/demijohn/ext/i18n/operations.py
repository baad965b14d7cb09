"""What the commands do, by Babel: collect texts, begin and update catalogues, compile them, count.

Files are those that ``pybabel`` reads and writes, so either can be used. This module must not know requests.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import click
from babel import Locale, UnknownLocaleError
from babel.messages import Catalog, frontend
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po, write_po

from demijohn.ext.i18n.configuration import get_babel
from demijohn.ext.i18n.placeholders import misfit

__all__ = ["compile_all", "compile_catalogue", "extract", "init", "own_directories", "status", "update"]

#: What is read, where no mapping says so.
METHODS = [("**.py", "python"), ("**/templates/**", "jinja2")]
#: Also of templates: text is taken as it is looked up.
OPTIONS: dict[str, dict[str, Any]] = {"**/templates/**": {"encoding": "utf-8", "silent": "false"}}
#: The functions whose texts are taken.
KEYWORDS: dict[str, Any] = {
    **DEFAULT_KEYWORDS,
    "lazy_gettext": None,
    "_l": None,
    "lazy_ngettext": (1, 2),
    "lazy_pgettext": ((1, "c"), 2),
    "lazy_npgettext": ((1, "c"), 2, 3),
}
#: Folders that hold other people's code, or what was built.
_LEFT_OUT = frozenset({"node_modules", "build", "dist", "site-packages", "__pycache__"})


# Where things are.


def own_directories() -> list[str]:
    """The application's folders of catalogues, and those of its blueprints."""
    configuration = get_babel()
    folders = [*configuration.translation_directories, *configuration.blueprint_directories()]
    return [folder for folder in folders if "site-packages" not in Path(folder).parts]


def _first() -> tuple[Path, str]:
    """The folder and the domain that texts are collected for."""
    configuration = get_babel()
    return Path(configuration.translation_directories[0]), configuration.default_domain.split(";")[0]


def _shown(path: str | Path) -> str:
    """A path as it is shortest from here."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def catalogues(directories: Iterable[str]) -> Iterator[Path]:
    """The catalogues of folders that are not compiled, each ``<locale>/LC_MESSAGES/<domain>.po``."""
    for directory in dict.fromkeys(directories):
        yield from sorted(Path(directory).glob("*/LC_MESSAGES/*.po"))


def _read(path: Path) -> Catalog:
    """A catalogue.

    :raises click.ClickException: when it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return read_po(stream, locale=_locale_of(path), domain=path.stem, abort_invalid=True)
    except (PoFileError, UnicodeDecodeError, ValueError, UnknownLocaleError) as e:
        line = f":{e.lineno + 1}" if isinstance(e, PoFileError) else ""
        raise click.ClickException(f"{_shown(path)}{line}: it cannot be read: {e}") from None


def _locale_of(path: Path) -> str | None:
    return path.parent.parent.name if path.parent.name == "LC_MESSAGES" else None


def _write(path: Path, content: bytes) -> None:
    """Replace a file by a whole one: who reads it meanwhile has the old or the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _po(catalogue: Catalog, **options: Any) -> bytes:
    stream = BytesIO()
    write_po(stream, catalogue, **options)
    return stream.getvalue()


# Collecting.


def extract(mapping: str | None, keywords: Sequence[str]) -> None:
    """Collect the application's texts into the ``.pot`` file of its first folder."""
    app = get_babel().app
    folder, domain = _first()
    root = Path(app.root_path)
    found = _mapping(mapping, root)
    methods, options = (METHODS, OPTIONS) if found is None else _read_mapping(found)
    catalogue = Catalog(
        domain=domain, project=app.name, charset="utf-8", creation_date=datetime.now().astimezone()
    )
    words = KEYWORDS | dict.fromkeys(keywords)
    here = Path(os.path.relpath(root)) if root.is_relative_to(Path.cwd()) else root
    try:
        results = extract_from_dir(
            root, methods, options, keywords=words, comment_tags=("NOTE:", "TRANSLATORS:"),
            strip_comment_tags=True, directory_filter=_is_ours,
        )  # fmt: skip
        for file, line, text, comments, context in results:
            place = (here / file).as_posix()
            catalogue.add(text, None, [(place, line)], auto_comments=comments, context=context)
    except SyntaxError as e:
        raise click.ClickException(
            f"{e.filename or 'a file'}:{e.lineno}: it cannot be read: {e.msg}"
        ) from None
    target = folder / f"{domain}.pot"
    _write(target, _po(catalogue, sort_by_file=True, width=100))
    click.echo(f"{_shown(target)}: {len(catalogue)} texts")


def _is_ours(path: str | os.PathLike[str]) -> bool:
    folder = Path(path)
    return not (
        folder.name.startswith((".", "_")) or folder.name in _LEFT_OUT or (folder / "pyvenv.cfg").exists()
    )


def _mapping(given: str | None, root: Path) -> Path | None:
    """The file that says what is read how: the one that was named, or a ``babel.cfg`` here or at the application."""
    if given is not None:
        if not Path(given).is_file():
            raise click.ClickException(
                f"{given}: there is no such file; -F names what says what is read how."
            )
        return Path(given)
    return next((place for base in (Path.cwd(), root) if (place := base / "babel.cfg").is_file()), None)


def _read_mapping(path: Path) -> tuple[list[tuple[str, str]], dict[str, dict[str, Any]]]:
    with path.open(encoding="utf-8") as stream:
        read: Any = frontend.parse_mapping_cfg(stream)  # type: ignore[no-untyped-call]
    methods: list[tuple[str, str]] = read[0]
    return methods, read[1]


# Translating.


def _template() -> tuple[Path, Catalog]:
    folder, domain = _first()
    path = folder / f"{domain}.pot"
    if not path.is_file():
        raise click.ClickException(
            f"{_shown(path)}: no texts are collected. Run 'demijohn i18n extract' first."
        )
    return path, _read(path)


def init(locale: str) -> None:
    """Begin a catalogue.

    :raises click.ClickException: when there is one, or no such locale.
    """
    try:
        parsed = Locale.parse(locale.replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        raise click.ClickException(
            f"{locale[:40]!r} is no locale that Babel knows, such as es or pt_BR."
        ) from None
    template, catalogue = _template()
    name = locale.replace("-", "_")
    path = template.parent / name / "LC_MESSAGES" / f"{template.stem}.po"
    if path.exists():
        raise click.ClickException(
            f"{_shown(path)} exists. Run 'demijohn i18n update {name}' to bring it up to date."
        )
    catalogue.locale = parsed
    catalogue.revision_date = datetime.now().astimezone()
    catalogue.fuzzy = False
    _write(path, _po(catalogue, width=100))
    click.echo(f"{_shown(path)}: {len(catalogue)} texts to translate")


def update(locales: Sequence[str]) -> None:
    """Bring catalogues up to the texts that were collected."""
    template, texts = _template()
    wanted = {name.replace("-", "_") for name in locales}
    paths = [path for path in catalogues([str(template.parent)]) if path.stem == template.stem]
    if missing := wanted - {path.parent.parent.name for path in paths}:
        name = min(missing)
        raise click.ClickException(f"There is no catalogue of {name}. Run 'demijohn i18n init {name}'.")
    for path in paths:
        if not wanted or path.parent.parent.name in wanted:
            catalogue = _read(path)
            catalogue.update(texts)
            _write(path, _po(catalogue, width=100, ignore_obsolete=False, include_previous=True))
            click.echo(_line(path, catalogue))


# Compiling.


def compile_all(directories: Iterable[str], use_fuzzy: bool = False) -> int:
    """Compile the catalogues of folders.

    :returns: 1 when there is one that was not compiled, else 0.
    """
    failed = found = 0
    for path in catalogues(directories):
        found += 1
        wrong = compile_catalogue(path, use_fuzzy)
        for line in wrong:
            click.echo(line, err=True)
        failed += bool(wrong)
        if not wrong:
            click.echo(_shown(path.with_suffix(".mo")))
    if not found:
        click.echo("There is no catalogue. Run 'demijohn i18n init LOCALE'.", err=True)
    return 1 if failed else 0


def compile_catalogue(path: Path, use_fuzzy: bool = False) -> list[str]:
    """Compile a catalogue, unless something is wrong with it: then what, each with its place."""
    try:
        catalogue = _read(path)
    except click.ClickException as e:
        return [e.message]
    if catalogue.fuzzy and not use_fuzzy:
        return [
            f"{_shown(path)}:1: the whole catalogue is marked fuzzy, and would be left out: take the mark away"
        ]
    wrong = [
        f"{_shown(path)}:{message.lineno}: {reason}"
        for message in catalogue
        if message.id and (use_fuzzy or not message.fuzzy)
        for reason in _misfits(message)
    ]
    if not wrong:
        for message in catalogue:
            message.string = _completed(message.string)
        stream = BytesIO()
        write_mo(stream, catalogue, use_fuzzy=use_fuzzy)
        _write(path.with_suffix(".mo"), stream.getvalue())
    return wrong


def _completed(strings: Any) -> Any:
    """The plural forms of a translation, the last one in the place of those that are missing: Babel takes English."""
    if isinstance(strings, str) or not strings or not any(strings):
        return strings
    last = next(text for text in reversed(strings) if text)
    return tuple(text or last for text in strings)


def _misfits(message: Any) -> Iterator[str]:
    sources = [message.id] if isinstance(message.id, str) else list(message.id)
    strings = [message.string] if isinstance(message.string, str) else list(message.string or ())
    for text in strings:
        reason = misfit(sources, text) if text else None
        if reason is not None:
            yield f"the translation of {sources[0]!r:.80} does not fit: {reason}"


# Counting.


def status() -> bool:
    """Tell how much of each catalogue is translated; whether all of it is."""
    complete = True
    for path in catalogues(own_directories()):
        catalogue = _read(path)
        click.echo(_line(path, catalogue))
        counts = _counts(catalogue)
        complete = complete and counts[0] == counts[3]
    return complete


def _counts(catalogue: Catalog) -> tuple[int, int, int, int]:
    """How many texts are translated, fuzzy, missing, and there at all."""
    translated = fuzzy = missing = 0
    for message in catalogue:
        if not message.id:
            continue
        strings = [message.string] if isinstance(message.string, str) else list(message.string or ())
        if not strings or not all(strings):
            missing += 1
        elif message.fuzzy:
            fuzzy += 1
        else:
            translated += 1
    return translated, fuzzy, missing, translated + fuzzy + missing


def _line(path: Path, catalogue: Catalog) -> str:
    translated, fuzzy, missing, there = _counts(catalogue)
    name = path.parent.parent.name
    return f"{name} {path.stem} {translated}/{there} translated, {fuzzy} fuzzy, {missing} missing"
