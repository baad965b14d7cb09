"""Style sheets and scripts with the addresses of the files that they name."""

from __future__ import annotations

import pytest

from demijohn.static.references import rewrite, with_digest

THERE = {"img/a.png", "fonts/f.woff2", "other.css", "deep/x.svg", "a b.png", "cellar.css.map", "app.js.map"}


def digest_of(name):
    return "0123456789ab" if name in THERE else None


def css(text, name="cellar.css", url_path="/static"):
    return rewrite(text, name, url_path, digest_of)


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("cellar.css", "cellar.3f.css"), ("a/b.tar.gz", "a/b.tar.3f.gz"), ("LICENSE", "LICENSE.3f"),
        ("a.b/LICENSE", "a.b/LICENSE.3f"), (".hidden", ".hidden.3f"),
    ],
)  # fmt: skip
def test_the_digest_stands_before_the_suffix(name, named):
    assert with_digest(name, "3f") == named


@pytest.mark.parametrize(
    ("written", "becomes"),
    [
        ("url(img/a.png)", "url(img/a.0123456789ab.png)"),
        ("url( 'img/a.png' )", "url( 'img/a.0123456789ab.png' )"),
        ('url("img/a.png?v=1#x")', 'url("img/a.0123456789ab.png?v=1#x")'),
        ("url(fonts/f.woff2?#iefix)", "url(fonts/f.0123456789ab.woff2?#iefix)"),
        ("url(./img/../img/a.png)", "url(./img/../img/a.0123456789ab.png)"),
        ("URL(img/a.png)", "URL(img/a.0123456789ab.png)"),
        ("url(/static/img/a.png)", "url(/static/img/a.0123456789ab.png)"),
        ('url("a%20b.png")', 'url("a%20b.0123456789ab.png")'),
        ("@import 'other.css' screen;", "@import 'other.0123456789ab.css' screen;"),
        ('@import url("other.css");', '@import url("other.0123456789ab.css");'),
        ("/*# sourceMappingURL=cellar.css.map */", "/*# sourceMappingURL=cellar.css.0123456789ab.map */"),
    ],
)
def test_what_names_a_file_of_the_folder_gets_its_digest(written, becomes):
    assert css(f"a {{ b: {written} }}") == f"a {{ b: {becomes} }}"


@pytest.mark.parametrize(
    "written",
    [
        "url(missing.png)", "url(data:image/png;base64,AAAA)", "url(//cdn.example/img/a.png)",
        "url(https://cdn.example/img/a.png)", "url(/img/a.png)", "url(#clip)", "url(../img/a.png)", "url()",
        "/* url(img/a.png) */", '"url(img/a.png)"', "content: 'img/a.png'", r"url(img\/a.png)", "blurl(img/a.png)",
    ],
)  # fmt: skip
def test_all_else_stays_as_written(written):
    assert css(written) == written


def test_addresses_start_from_the_sheet_that_they_are_in():
    assert css("url(x.svg) url(../img/a.png)", "deep/sheet.css") == (
        "url(x.0123456789ab.svg) url(../img/a.0123456789ab.png)"
    )


def test_addresses_from_the_root_are_left_where_the_path_may_vary():
    assert css("url(/static/img/a.png)", url_path=None) == "url(/static/img/a.png)"


def test_in_scripts_only_the_source_map_is_an_address():
    script = 'let a = "img/a.png";\n//# sourceMappingURL=app.js.map\n'
    assert rewrite(script, "app.js", "/static", digest_of) == (
        'let a = "img/a.png";\n//# sourceMappingURL=app.js.0123456789ab.map\n'
    )
