from __future__ import annotations

import ntpath
import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug import security, utils
from werkzeug.http import parse_options_header

from demijohn.http.filenames import content_disposition, download_basename, safe_join, secure_filename

DEVICES = ["CON", "con", "PRN", "AUX", "NUL", "COM0", "COM1", "LPT9", "COM¹", "CONIN$", "conout$"]


@pytest.mark.parametrize(
    "part",
    [
        "..\\", "..\\x", "a\\..\\..\\x", "C:x", "C:\\x", "C:/x", "\\\\host\\share", "//host/share", "sub/NUL",
        "CON.txt ",
        "f::$DATA", "f.txt:stream", "sub/con/x", "nul.tar.gz", "aux ", "a.txt.", "a.txt ", "... ", "...", "x/.. /y",
        "..", "../x", "a/../../x", "/etc/passwd", "a\0.txt", "a\n", ".. ",
    ],
)  # fmt: skip
def test_case_56_tricks_of_every_platform_are_refused(part):
    assert safe_join("/base", part) is None
    assert safe_join("/base", "fine", part) is None


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("form", ["{}", "{}.txt", "{} .txt", "sub/{}", "{}/sub"])
def test_case_56_device_names_are_refused(device, form):
    assert safe_join("/base", form.format(device)) is None


@pytest.mark.parametrize(
    "parts",
    [
        ["a.txt"],
        ["a", "b/c.txt"],
        ["a/../b"],
        ["./a"],
        ["."],
        [""],
        ["a//b"],
        [],
        ["console.txt"],
        ["..a"],
        ["é ü"],
    ],
)
@pytest.mark.parametrize("directory", ["/base", "base", ""])
def test_ordinary_parts_are_joined_as_werkzeug_joins_them(directory, parts):
    assert safe_join(directory, *parts) == security.safe_join(directory, *parts)


@given(st.lists(st.text(alphabet="ab./\\: \0CON", max_size=8), max_size=3))
def test_case_56_what_is_joined_stays_below_on_every_platform(parts):
    joined = safe_join("/base", *parts)
    if joined is not None:
        for path in (posixpath, ntpath):
            below = path.normpath(joined).replace("\\", "/")
            assert below == "/base" or below.startswith("/base/")
        assert security.safe_join("/base", *parts) == joined


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("My cool movie.mov", "My_cool_movie.mov"),
        ("../../../etc/passwd", "etc_passwd"),
        ("i contain cool ümläuts.txt", "i_contain_cool_umlauts.txt"),
        ("..", ""),
        (".htaccess", "htaccess"),
        ("a.php\0.png", "a.php.png"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("C:\\x", "C_x"),
        ("CON.txt ", "_CON.txt"),
        ("nul", "_nul"),
        ("f::$DATA", "fDATA"),
        ("com¹.txt", "_com1.txt"),
    ],
)
def test_case_59_secure_filename(name, expected):
    assert secure_filename(name) == expected


@given(st.text(max_size=30))
def test_secure_filename_is_safe_and_stays_so(name):
    secured = secure_filename(name)
    assert secured == secure_filename(secured) or secured.startswith("_")
    assert not secured or safe_join("/base", secured) == f"/base/{secured}"


@given(st.text(alphabet="abc./ _-éÜ\0", max_size=20))
def test_secure_filename_is_werkzeugs_where_platforms_agree(name):
    assert secure_filename(name) == utils.secure_filename(name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a\r\nSet-Cookie: x.txt", "aSet-Cookie: x.txt"),
        ('a"b.txt', 'a"b.txt'),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("a\u202etxt.exe", "atxt.exe"),
        ("a\0.png", "a.png"),
        ("..", "download"),
        ("", "download"),
        ("dir/", "download"),
        ("\ud800", "download"),
    ],
)
def test_case_44_download_name_becomes_a_base_name(name, expected):
    assert download_basename(name) == expected
    value = content_disposition("attachment", name)
    assert value.isascii()
    assert value.isprintable()
    assert parse_options_header(value) == ("attachment", {"filename": expected})


@given(st.text(max_size=20))
def test_case_44_value_is_always_valid(name):
    value = content_disposition("inline", name)
    assert value.isascii()
    assert value.isprintable()
    kind, options = parse_options_header(value)
    assert kind == "inline"
    assert options["filename"] == download_basename(name)
    assert not set(options["filename"]) & set("/\\")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("index.html", "attachment; filename=index.html"),
        ("a b.html", 'attachment; filename="a b.html"'),
        ("Vögel.txt", "attachment; filename=Vogel.txt; filename*=UTF-8''V%C3%B6gel.txt"),
        ("тест.txt", "attachment; filename=download.txt; filename*=UTF-8''%D1%82%D0%B5%D1%81%D1%82.txt"),
    ],
)
def test_content_disposition_as_rfc_6266_has_it(name, expected):
    assert content_disposition("attachment", name) == expected


def test_content_disposition_without_a_name():
    assert content_disposition("inline") == "inline"


@pytest.mark.parametrize("disposition", ["", "a; b", "a\r\nb", "ä"])
def test_disposition_is_a_word(disposition):
    with pytest.raises(ValueError, match="must be a word"):
        content_disposition(disposition)
