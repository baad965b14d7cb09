"""Which offered locale an Accept-Language or a code leads to."""

from __future__ import annotations

import pytest
from babel import Locale

from demijohn.ext.i18n.negotiation import Offered, parents, preferences, read


def offered(codes):
    return Offered([Locale.parse(code) for code in codes.split()], Locale.parse("en"))


@pytest.mark.parametrize(
    ("header", "codes", "expected"),
    [
        ("fr-FR,en;q=0.3", "en fr", "fr"),
        ("pt", "en pt_BR", "pt_BR"),
        ("pt-PT", "en pt_BR", "pt_BR"),
        ("zh-CN", "en zh_Hans", "zh_Hans"),
        ("zh-Hans-SG", "en zh_Hans", "zh_Hans"),
        ("zh-TW", "en zh_Hans", None),
        ("zh-TW", "en zh_Hans zh_Hant", "zh_Hant"),
        ("zh-HK", "en zh_Hant_TW", "zh_Hant_TW"),
        ("sr-Latn", "en sr_Cyrl sr_Latn", "sr_Latn"),
        ("de-AT", "en de_CH", "de_CH"),
        ("de-CH-1996", "en de_CH de", "de_CH"),
        ("en;q=0.3, es;q=0.9", "en es", "es"),
        ("en, es", "es en", "en"),
        ("es;q=0", "en es", None),
        ("*", "es en", "en"),
        ("ja, *;q=0.1", "es en", "en"),
        ("ja, xx, es;q=0.2", "en es", "es"),
        ("ES-mx", "en es", "es"),
        ("iw", "en he", "he"),
        ("fr-XX", "en fr_CA", "fr_CA"),
        ("es;q=2", "en es", None),
        ("es;q=0.5;x=1", "en es", None),
        ("", "en es", None),
        (";;;,,,q=1", "en es", None),
        ("es" + "," * 2000, "en es", None),
        ("e" * 10_000, "en es", None),
        ("../../x", "en es", None),
        ("es\0", "en es", None),
        ("x-klingon", "en es", None),
    ],
)
def test_an_accept_language_leads_to_what_it_prefers_of_what_is_offered(header, codes, expected):
    found = offered(codes).accepted(header)
    assert (found and str(found)) == expected


def test_ranges_that_are_wanted_alike_stay_in_their_order():
    assert preferences("bb;q=0.5, aa, dd;q=0.5, cc") == ["aa", "cc", "bb", "dd"]


@pytest.mark.parametrize("code", ["pt_BR", "pt-BR", "pt-br", "PT_br"])
def test_a_code_names_a_locale_however_it_is_written(code):
    assert str(offered("en pt_BR").named(code)) == "pt_BR"


@pytest.mark.parametrize("code", ["pt", "", "../../x", "pt_BR/..", "p" * 10_000, None, 7, "pt_BR\n"])
def test_a_code_that_is_not_offered_names_none(code):
    assert offered("en pt_BR").named(code) is None


@pytest.mark.parametrize(
    "code", ["../../x", "x" * 10_000, "", "..", "en/../..", "e\0n", "en@x", "_", "-", "zz_ZZ"]
)
def test_case_61_what_is_no_locale_is_read_as_none(code):
    assert read(code) is None


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("de_AT", ["de_AT", "de"]),
        ("es_MX", ["es_MX", "es_419", "es"]),
        ("zh_TW", ["zh_Hant_TW", "zh_TW", "zh_Hant"]),
        ("zh_CN", ["zh_Hans_CN", "zh_CN", "zh_Hans", "zh"]),
        ("pt_BR", ["pt_BR", "pt"]),
        ("fr", ["fr"]),
    ],
)
def test_texts_of_a_locale_are_looked_for_in_its_language_and_script(code, names):
    assert list(parents(Locale.parse(code))) == names
