import pytest
from guestbook import create_app


@pytest.fixture
def app(tmp_path):
    app = create_app({"TESTING": True, "SECRET_KEY": "test", "DATABASE": tmp_path / "book.sqlite"})
    app.test_cli_runner().invoke(args=["init-db"])
    return app


def test_an_entry_is_shown(app):
    client = app.test_client()
    page = client.post("/", data={"author": "Ada", "body": "A fine year."}, follow_redirects=True)
    assert "Thank you!" in page.text
    assert "<b>Ada</b>: A fine year." in page.text


def test_an_empty_entry_is_refused(app):
    page = app.test_client().post("/", data={"author": "Ada"}, follow_redirects=True)
    assert "Please give your name" in page.text


def test_markup_of_a_guest_is_shown_as_text(app):
    client = app.test_client()
    page = client.post("/", data={"author": "<script>", "body": "x"}, follow_redirects=True)
    assert "&lt;script&gt;" in page.text
