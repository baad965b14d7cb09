"""Topic 16: what Flask-Sijax is. A button that calls a function of the server."""

from __future__ import annotations

import shutil

import pytest
from playwright.sync_api import sync_playwright
from tests.seed.conftest import served

SAMPLE = "topic_16_sijax"
CALL = b"sijax_rq=hello&sijax_args=%5B%5D"
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("path", ["/", "/strict"])
def test_the_function_answers_with_what_the_page_is_to_do(visit, path):
    answer = visit.request("POST", path, [("Content-Type", FORM)], CALL)
    assert (answer.status, answer.body) == (200, b'[{"alert":"Hello, world!","type":"alert"}]')


def test_a_function_that_is_not_registered_is_not_called(visit):
    answer = visit.request("POST", "/", [("Content-Type", FORM)], CALL.replace(b"hello", b"goodbye"))
    assert b"not available" in answer.body


@pytest.mark.browser
@pytest.mark.servers
@pytest.mark.slow
@pytest.mark.parametrize("path", ["/", "/strict"])
def test_say_hello_says_hello_under_a_content_security_policy_too(tmp_path, path):
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with (
        served(tmp_path, "-m", "demijohn", "--app", SAMPLE, "run") as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        page = browser.new_page()
        refused, said = [], []
        page.on("console", lambda message: refused.append(message.text))
        page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.accept()))
        page.goto(server.url + path)
        page.get_by_role("button").click()
        page.wait_for_timeout(100)
        for _ in range(100):
            if said:
                break
            page.wait_for_timeout(100)
        browser.close()
    assert said == ["Hello, world!"]
    assert [text for text in refused if "favicon" not in text and "404" not in text] == []
