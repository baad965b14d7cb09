"""Signing in to the cellar with a provider on loopback; and no such page where none is configured."""

from __future__ import annotations

import subprocess
import sys

import pytest
from tests.ext.oauth.conftest import Browser, provider  # noqa: F401 - a fixture

from .conftest import KEY, ROOT


@pytest.fixture
def with_house(make_app, provider):  # noqa: F811
    return make_app(
        HOUSE_ISSUER=provider.issuer,
        HOUSE_NAME="The house",
        HOUSE_OAUTH_CLIENT_ID="cellar",
        HOUSE_OAUTH_CLIENT_SECRET="cellar-secret",
    )


@pytest.mark.parametrize("protocol", ["wsgi", "asgi"])
def test_one_signs_in_with_the_provider_and_is_the_same_person_next_time(with_house, database, protocol):
    for _ in range(2):
        with with_house.test_client(protocol=protocol, lifespan=protocol == "asgi") as client:
            browser = Browser(client)
            assert "Sign in with The house" in client.get("/auth/sign-in?next=/bottles/").text
            back = browser.sign_in("/auth/house?next=/bottles/")
            assert (back.status_code, back.location) == (302, "/bottles/")
            page = client.get("/bottles/", headers={"Accept-Language": "de"}).text
            assert "Abmelden" in page
            assert "id-of-ada" in page
    rows = database.run("SELECT name, elsewhere FROM person WHERE elsewhere IS NOT NULL")
    assert [tuple(row) for row in rows] == [("id-of-ada", "house:id-of-ada")]


def test_a_name_that_somebody_has_gets_a_number(with_house, provider, database):  # noqa: F811
    browser = Browser(with_house.test_client())
    database.run("UPDATE person SET name = 'Id-Of-Ada', key = 'id-of-ada' WHERE id = 1")
    browser.sign_in("/auth/house")
    assert "id-of-ada 2" in browser.client.get("/").text


def test_a_closed_cellar_lets_nobody_new_in(with_house):
    with_house.config["SIGN_UP"] = False
    browser = Browser(with_house.test_client())
    answer = browser.sign_in("/auth/house")
    assert answer.status_code == 403
    assert "You have no account here." in answer.text


def test_who_denies_is_told_so_in_their_language(with_house):
    browser = Browser(with_house.test_client())
    address = browser.consent(browser.begin("/auth/house"), confirm="no")
    path = f"/{address.split('/', 3)[3]}"
    answer = browser.client.get(path, headers={"Accept-Language": "es"})
    assert answer.status_code == 403
    assert "Se denegó el acceso." in answer.text


def test_without_a_provider_there_is_no_page_and_nothing_is_imported(client, folder):
    assert client.get("/auth/house").status_code == 404
    assert "/auth/house" not in client.get("/auth/sign-in").text
    code = "import sys, cellar; cellar.create_app(); sys.exit('demijohn.ext.oauth' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={
            "PYTHONPATH": f"{ROOT / 'src'}:{ROOT / 'examples' / 'cellar'}",
            "CELLAR_SECRET_KEY": KEY,
            "CELLAR_DATA_FOLDER": str(folder),
        },
        check=False,
    )
    assert done.returncode == 0
