"""Catalogues that are missing, broken, half-written or do not fit: one warning, the source text, never an error."""

from __future__ import annotations

import logging
import os
import random
import struct
import threading

import pytest
from tests.ext.i18n.conftest import catalogue

from demijohn import render_template_string
from demijohn.ext.i18n import get_translations, gettext, ngettext


@pytest.fixture
def warned(caplog):
    caplog.set_level(logging.WARNING)

    def texts():
        return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]

    return texts


@pytest.fixture
def spanish(make, reach):
    """Three requests for Spanish, and what they were answered."""

    def asked(source, **values):
        app = make(DEBUG=False)
        app.add_url_rule("/", view_func=lambda: render_template_string(source, **values))
        client = reach(app)
        answers = [client.get("/", headers={"Accept-Language": "es"}) for _ in range(3)]
        assert {answer.status_code for answer in answers} == {200}
        (text,) = {answer.text for answer in answers}
        return text

    return asked


BROKEN = {
    "empty": b"",
    "no catalogue": b"hello, this is no catalogue at all",
    "only a head": struct.pack("<I", 0x950412DE),
    "an odd version": struct.pack("<IIIIIII", 0x950412DE, 9 << 16, 1, 28, 36, 0, 0),
    "beyond its end": struct.pack("<IIIIIII", 0x950412DE, 0, 1000, 28, 8028, 0, 0),
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_broken_catalogue_is_one_warning_that_names_it(spanish, translations, warned, content):
    path = translations / "es" / "LC_MESSAGES" / "messages.mo"
    path.write_bytes(content)
    assert spanish("{{ _('Cellar') }}") == "Cellar"
    (warning,) = warned()
    assert f"{path}, the catalogue is not used" in warning


def test_a_half_written_catalogue_never_fails_wherever_it_ends(make, translations):
    path = translations / "es" / "LC_MESSAGES" / "messages.mo"
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with make(BABEL_DEFAULT_LOCALE="es").test_request_context():
            assert gettext("Cellar") in {"Cellar", "Bodega"}
            ngettext("%(num)d bottle", "%(num)d bottles", 2)


def test_a_catalogue_with_random_bytes_in_it_never_fails(make, translations):
    path = translations / "es" / "LC_MESSAGES" / "messages.mo"
    whole = path.read_bytes()
    chance = random.Random(61)
    for _ in range(60):
        content = bytearray(whole)
        for _ in range(8):
            content[chance.randrange(len(content))] = chance.randrange(256)
        path.write_bytes(content)
        with make(BABEL_DEFAULT_LOCALE="es").test_request_context():
            assert isinstance(gettext("Cellar"), str)
            assert isinstance(ngettext("%(num)d bottle", "%(num)d bottles", 2), str)
            render_template_string(
                "{{ _('Hello %(name)s!', name='x') }}{{ ngettext('%(num)d bottle', 'b', 5) }}"
            )


def test_a_catalogue_that_is_not_compiled_is_a_warning_that_says_how(spanish, translations, warned):
    path = translations / "es" / "LC_MESSAGES" / "messages.po"
    path.with_suffix(".mo").rename(path)
    assert spanish("{{ _('Cellar') }}") == "Cellar"
    (warning,) = warned()
    assert f"{path}, the catalogue is not used: it is not compiled: run 'demijohn i18n compile'" in warning


def test_a_missing_folder_is_no_error(make):
    with make(BABEL_TRANSLATION_DIRECTORIES="nowhere", BABEL_DEFAULT_LOCALE="es").test_request_context():
        assert gettext("Cellar") == "Cellar"


@pytest.mark.parametrize(
    "translation",
    ["¡Hola %(nombre)s!", "¡Hola %(name)d!", "¡Hola %(name", "50% de %(name)s!", "%(name)s %(name)c"],
)
@pytest.mark.parametrize(
    "source",
    ["{{ _('Hello %(name)s!', name='Ada') }}", "{% trans name='Ada' %}Hello {{ name }}!{% endtrans %}"],
)
def test_placeholders_that_do_not_fit_are_one_warning_that_names_the_entry(
    spanish, translations, warned, translation, source
):
    path = catalogue(translations, "es", {"Hello %(name)s!": translation})
    assert spanish(source) == "Hello Ada!"
    (warning,) = warned()
    assert f"{path}, the entry 'Hello %(name)s!' is not used: its placeholders do not fit" in warning


def test_a_plural_form_that_cannot_be_computed_is_one_warning(make, translations, warned):
    path = translations / "es" / "LC_MESSAGES" / "messages.mo"
    path.write_bytes(path.read_bytes().replace(b"(n == 1 ?", b"(n %  0 ?"))
    with make(BABEL_DEFAULT_LOCALE="es").test_request_context():
        for _ in range(3):
            assert ngettext("%(num)d bottle", "%(num)d bottles", 5) == "5 bottles"
    (warning,) = warned()
    assert f"{path}, the entry '%(num)d bottle' is not used: its plural form cannot be computed" in warning


def test_a_plural_form_that_is_not_there_is_one_warning(make, translations, warned):
    path = translations / "es" / "LC_MESSAGES" / "messages.mo"
    path.write_bytes(path.read_bytes().replace(b"(n == 1 ? 0 :", b"(n == 1 ? 9 :"))
    with make(BABEL_DEFAULT_LOCALE="es").test_request_context():
        for _ in range(3):
            assert ngettext("%(num)d bottle", "%(num)d bottles", 1) == "1 bottle"
        assert ngettext("%(num)d bottle", "%(num)d bottles", 2) == "2 botellas"
    (warning,) = warned()
    assert f"{path}, the entry '%(num)d bottle' is not used: it has no plural form 9" in warning


def test_what_is_wrong_with_the_source_text_is_the_programs_error(make):
    with make().test_request_context(), pytest.raises(KeyError, match="name"):
        gettext("Hello %(name)s!", nobody="A")


def test_catalogues_are_read_once(make, translations):
    app = make(BABEL_DEFAULT_LOCALE="es")
    with app.test_request_context():
        first = get_translations()
    catalogue(translations, "es", {"Cellar": "Cava"})
    with app.test_request_context():
        assert get_translations() is first
        assert gettext("Cellar") == "Bodega"


def test_in_debug_mode_a_changed_catalogue_is_read_again(make, translations, warned):
    app = make(BABEL_DEFAULT_LOCALE="es", DEBUG=True)
    for number, expected in enumerate(("Bodega", "Cava", "Bodega")):
        if number:
            path = catalogue(translations, "es", {"Cellar": expected})
            os.utime(path, ns=(number, number))
        for _ in range(2):
            with app.test_request_context():
                assert gettext("Cellar") == expected
    path.write_bytes(b"half")
    with app.test_request_context():
        assert gettext("Cellar") == "Cellar"
    assert len(warned()) == 1


def test_threads_that_come_first_together_have_the_same_texts(make):
    app = make(BABEL_DEFAULT_LOCALE="es")
    found, together = [], threading.Barrier(8)

    def read():
        with app.test_request_context():
            together.wait()
            found.append(gettext("Cellar"))

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["Bodega"] * 8


def test_the_check_tells_of_a_catalogue_that_is_not_compiled(make, translations):
    app = make()

    def found():
        with app.app_context():
            return [
                finding
                for check in app.checks
                for finding in check(app)
                if finding.id == "uncompiled-catalogue"
            ]

    path = translations / "es" / "LC_MESSAGES" / "messages.po"
    assert found() == []
    path.with_suffix(".mo").rename(path)
    (finding,) = found()
    assert (finding.level, str(path) in finding.what) == ("warning", True)
