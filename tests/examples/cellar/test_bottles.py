"""What people do to the cellar through its forms: add, correct, open, put away, remove, build."""

from __future__ import annotations

import io
import re

import pytest

from .conftest import BOTTLE, JPEG, ON_BOTH, PNG, WEBP, errors_in


def added(visitor, **changes):
    """Add a bottle; returns its number."""
    answer = visitor.post("/bottles/new", {**BOTTLE, **changes})
    assert answer.status_code == 303, errors_in(answer.text)
    return int(answer.headers["Location"].rsplit("/", 1)[1])


def photo(content, name="label.png", kind="image/png"):
    return {"photo": (io.BytesIO(content), name, kind)}


@ON_BOTH
def test_a_bottle_that_is_added_is_there(cleo):
    number = added(cleo)
    page = cleo.get(f"/bottles/{number}").text
    assert "Haut Plateau is in the cellar." in page
    for words in ("Domaine Test", "Savagnin", "€31.50", "Found by accident."):
        assert words in page
    assert cleo.stock(number) == 2


def test_what_is_added_is_told_in_the_journal(cleo):
    added(cleo)
    page = cleo.get("/live/").text
    assert re.search(r"<strong>Cleo</strong> <span>added</span>\s*<a[^>]*>Haut Plateau 2019", page)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "", "is required"),
        ("name", "x" * 81, "longer than 80"),
        ("producer", "  ", "is required"),
        ("colour", "blue", "valid choice"),
        ("vintage", "MMXIX", "valid integer"),
        ("vintage", "1799", "between 1800"),
        ("vintage", "9" * 5000, "valid integer"),
        ("vintage", "2100", "not picked yet"),
        ("price", "a lot", "such as 24.50"),
        ("price", "-1", "between 0"),
        ("price", "NaN", "between 0"),
        ("price", "1.234", "two decimals"),
        ("drink_from", "2018", "before the vintage"),
        ("drink_until", "2020", "before 2024"),
        ("story", "x" * 2001, "longer than 2000"),
        ("rack", "99", "valid choice"),
        ("rack", "", "is required"),
        ("count", "0", "between 1"),
        ("count", "49", "between 1"),
        ("count", "1.5", "valid integer"),
    ],
)
def test_wrong_input_is_told_at_its_field_and_nothing_typed_is_lost(cleo, field, value, words):
    answer = cleo.post("/bottles/new", {**BOTTLE, field: value})
    assert answer.status_code == 422
    errors = errors_in(answer.text)
    assert list(errors) == [field]
    assert words in errors[field]
    assert answer.text.count("<li>") == 1
    for name in ("name", "producer", "region", "grapes", "price"):
        if name != field:
            assert re.search(f'name="{name}"[^>]* value="{BOTTLE[name]}"', answer.text), name
    if field != "story":
        assert "Found by accident.</textarea>" in answer.text


def test_every_wrong_field_is_told_at_once(cleo):
    answer = cleo.post("/bottles/new", {})
    required = {"name", "producer", "colour", "region", "country", "rack", "count"}
    assert set(errors_in(answer.text)) == required


def test_what_was_typed_is_shown_harmlessly(cleo):
    answer = cleo.post(
        "/bottles/new", {**BOTTLE, "name": '"><script>', "story": "</textarea><script>", "count": "0"}
    )
    assert "<script>" not in answer.text
    number = added(cleo, name='"><script>', story="</p><script>")
    for path in ("/", "/bottles/", f"/bottles/{number}", f"/bottles/{number}/edit", "/live/", "/racks/2"):
        assert "<script>" not in cleo.get(path).text


@ON_BOTH
def test_a_rack_takes_no_more_than_it_holds(cleo):
    before = cleo.get("/api/bottles").json["total"]
    answer = cleo.post("/bottles/new", {**BOTTLE, "count": "48"})
    assert "free place" in errors_in(answer.text)["rack"]
    assert cleo.get("/api/bottles").json["total"] == before


@ON_BOTH
def test_a_vintage_may_be_missing(cleo):
    number = added(cleo, vintage="", drink_from="", drink_until="", price="")
    assert "Haut Plateau NV" in cleo.get(f"/bottles/{number}").text


@ON_BOTH
def test_correcting_shows_what_is_there_and_keeps_what_is_typed(cleo):
    number = added(cleo)
    page = cleo.get(f"/bottles/{number}/edit").text
    assert re.search(r'name="price"[^>]* value="31\.50"', page)
    changed = {**BOTTLE, "name": "Bas Plateau", "price": "12"}
    assert cleo.post(f"/bottles/{number}/edit", changed).status_code == 303
    bottle = cleo.get(f"/api/bottles/{number}").json
    assert (bottle["name"], bottle["price"], bottle["stock"]) == ("Bas Plateau", 12, 2)


def test_a_wrong_correction_changes_nothing(cleo):
    number = added(cleo)
    before = cleo.get(f"/api/bottles/{number}").json
    assert cleo.post(f"/bottles/{number}/edit", {**BOTTLE, "name": ""}).status_code == 422
    assert cleo.get(f"/api/bottles/{number}").json == before


@ON_BOTH
def test_opening_takes_one_out_and_keeps_the_note(cleo):
    number = added(cleo)
    answer = cleo.post(f"/bottles/{number}/open", {"rating": "4", "note": "Walnut and sea air."})
    page = cleo.get(answer.headers["Location"]).text
    assert "Take the one from The arch" in page
    assert "Walnut and sea air." in page
    assert cleo.stock(number) == 1


def test_opening_without_a_word_is_fine(cleo):
    number = added(cleo)
    assert cleo.post(f"/bottles/{number}/open").status_code == 303
    assert "Nobody has written one yet" in cleo.get(f"/bottles/{number}").text


def test_a_note_without_a_rating_is_kept_in_the_form(cleo):
    number = added(cleo)
    answer = cleo.post(f"/bottles/{number}/open", {"note": "Walnut."})
    assert answer.status_code == 422
    assert "Walnut.</textarea>" in answer.text
    assert cleo.stock(number) == 2


@pytest.mark.parametrize("rating", ["0", "6", "-1", "five", "4.5"])
def test_a_rating_is_one_to_five_glasses(cleo, rating):
    assert cleo.post("/bottles/1/open", {"rating": rating}).status_code == 422


def test_the_last_bottle_can_be_opened_once(cleo):
    number = added(cleo, count="1")
    assert cleo.post(f"/bottles/{number}/open").status_code == 303
    answer = cleo.post(f"/bottles/{number}/open", {"rating": "3", "note": "Again?"})
    assert answer.status_code == 422
    assert "none left" in answer.text
    assert "Again?</textarea>" in answer.text


def test_putting_away_more(cleo):
    number = added(cleo)
    assert cleo.post(f"/bottles/{number}/shelve", {"rack": "3", "count": "3"}).status_code == 303
    assert cleo.stock(number) == 5
    page = cleo.get(f"/bottles/{number}").text
    assert "The arch</a>" in page
    assert "Under the stairs</a>" in page


@ON_BOTH
def test_removing_asks_first_and_leaves_the_journal(cleo):
    number = added(cleo)
    assert cleo.get(f"/bottles/{number}/remove").status_code == 200
    assert cleo.stock(number) == 2
    assert cleo.post(f"/bottles/{number}/remove").status_code == 303
    assert cleo.get(f"/bottles/{number}").status_code == 404
    assert "Haut Plateau 2019" in cleo.get("/live/").text


def test_building_a_rack(cleo):
    answer = cleo.post("/racks/new", {"name": "Attic", "shelves": "2", "places": "3"})
    assert cleo.get(answer.headers["Location"]).text.count('id="slot-') == 6


@ON_BOTH
@pytest.mark.parametrize(
    ("changes", "field"),
    [({"name": "north WALL"}, "name"), ({"shelves": "13"}, "shelves"), ({"places": "0"}, "places")],
)
def test_a_rack_needs_a_name_of_its_own_and_a_size_that_fits(cleo, changes, field):
    answer = cleo.post("/racks/new", {"name": "Attic", "shelves": "2", "places": "3", **changes})
    assert list(errors_in(answer.text)) == [field]


# Photos


@pytest.mark.parametrize(
    ("content", "ending", "media"),
    [(PNG, "png", "image/png"), (JPEG, "jpg", "image/jpeg"), (WEBP, "webp", "image/webp")],
    ids=["png", "jpeg", "webp"],
)
def test_a_photo_is_served_as_what_it_is_under_a_name_of_ours(cleo, content, ending, media):
    number = added(cleo, **photo(content, f"../../evil.{ending}", "text/html"))
    address = cleo.get(f"/api/bottles/{number}").json["photo"]
    assert re.fullmatch(rf"/bottles/photos/[0-9a-f]{{32}}\.{ending}", address)
    with cleo.get(address) as answer:
        assert answer.data == content
    assert answer.mimetype == media
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize(
    "content", [b"<html><script>", b"<svg xmlns='...'>", b"GIF89a" + b"\0" * 20, b"RIFF", b"\x89PNG"], ids=str
)
def test_case_60_what_only_says_it_is_a_picture_is_refused(cleo, folder, content):
    answer = cleo.post("/bottles/new", {**BOTTLE, **photo(content)})
    assert answer.status_code == 422, (answer.status_code, answer.headers, answer.text)
    assert "not a PNG, JPEG or WebP" in errors_in(answer.text)["photo"]
    answer = cleo.post("/bottles/new", {**BOTTLE, **photo(PNG, "label.php")})
    assert "not a PNG, JPEG or WebP" in errors_in(answer.text)["photo"]
    assert not list(folder.glob("photos/*"))


def test_a_good_photo_survives_a_wrong_form(cleo):
    answer = cleo.post("/bottles/new", {**BOTTLE, "name": "", **photo(PNG)})
    kept = re.search(r'name="kept_photo" value="([^"]+)"', answer.text)[1]
    number = added(cleo, kept_photo=kept)
    assert cleo.get(f"/api/bottles/{number}").json["photo"].endswith(kept)


@pytest.mark.parametrize("name", ["../cellar.db", "../secret_key", "x.png", "0" * 32 + ".png", "/etc/passwd"])
def test_a_kept_photo_that_never_was_is_ignored(cleo, name):
    number = added(cleo, kept_photo=name)
    assert cleo.get(f"/api/bottles/{number}").json["photo"] is None


@ON_BOTH
def test_another_bottles_photo_cannot_be_taken(cleo):
    first = added(cleo, **photo(PNG))
    name = cleo.get(f"/api/bottles/{first}").json["photo"].rsplit("/", 1)[1]
    second = added(cleo, kept_photo=name)
    assert cleo.get(f"/api/bottles/{second}").json["photo"] is None


def test_a_new_photo_replaces_the_old_file(cleo, folder):
    number = added(cleo, **photo(PNG))
    cleo.post(f"/bottles/{number}/edit", {**BOTTLE, **photo(JPEG, "label.jpg")})
    assert [file.suffix for file in folder.glob("photos/*")] == [".jpg"]


def test_correcting_without_a_photo_keeps_the_one_there_is(cleo):
    number = added(cleo, **photo(PNG))
    cleo.post(f"/bottles/{number}/edit", BOTTLE)
    assert cleo.get(f"/api/bottles/{number}").json["photo"]


def test_a_photo_can_be_dropped_and_goes_with_its_bottle(cleo, folder):
    number = added(cleo, **photo(PNG))
    cleo.post(f"/bottles/{number}/edit", {**BOTTLE, "drop_photo": "1"})
    assert not list(folder.glob("photos/*"))
    cleo.post(f"/bottles/{added(cleo, **photo(PNG))}/remove")
    assert not list(folder.glob("photos/*"))


def test_a_photo_that_is_too_big_is_a_413_that_names_the_limit(cleo):
    body = (
        b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a.png"\r\n\r\n'
        + PNG
        + b"\0" * 4_000_000
    )
    answer = cleo.client.post("/bottles/new", data=body, content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 413
    assert "4 MB" in answer.text


@pytest.mark.parametrize("name", ["..%2fcellar.db", "%2e%2e/secret_key", "x.png", "0" * 32 + ".png"])
def test_case_57_nothing_but_photos_is_served_from_the_photo_folder(cleo, name):
    assert cleo.get(f"/bottles/photos/{name}").status_code == 404
