"""reCAPTCHA, versions 2 and 3, with a service of our own that stands in for theirs."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest

from demijohn import render_template_string
from demijohn.ext.forms import FlaskForm, Recaptcha, RecaptchaField
from demijohn.extend import running_loop

SAME = {"Sec-Fetch-Site": "same-origin"}


class Service:
    """Says what `answers` has for a response, and keeps what it was asked."""

    def __init__(self):
        self.asked = []
        self.status = 200
        self.answers = {
            "person": {"success": True},
            "expired": {"success": False, "error-codes": ["timeout-or-duplicate"]},
            "garbled": {"success": False, "error-codes": ["invalid-input-response"]},
            "likely": {"success": True, "score": 0.9, "action": "join"},
            "doubtful": {"success": True, "score": 0.3, "action": "join"},
            "elsewhere": {"success": True, "score": 0.9, "action": "login"},
            "list": [1],
        }

    @contextmanager
    def serve(self):
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                asked = {name: values[0] for name, values in parse_qs(body).items()}
                service.asked.append(asked)
                answer = service.answers.get(asked.get("response"))
                self.send_response(service.status)
                self.end_headers()
                self.wfile.write(b"no JSON" if answer is None else json.dumps(answer).encode())

            def log_message(self, *arguments):
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.02,))
            thread.start()
            try:
                yield f"http://127.0.0.1:{server.server_address[1]}/siteverify"
            finally:
                server.shutdown()
                thread.join()


@pytest.fixture
def service(every_site):
    every_site.app.testing = False
    every_site.app.config.update(
        RECAPTCHA_PUBLIC_KEY="public", RECAPTCHA_PRIVATE_KEY="private", WTF_CSRF_ENABLED=False
    )
    service = Service()
    with service.serve() as address:
        every_site.app.config["RECAPTCHA_VERIFY_SERVER"] = address
        yield service


def client_for(site, **options):
    class Join(FlaskForm):
        captcha = RecaptchaField(**options)

    if site.async_views:

        async def join():
            form = Join()
            return {"valid": await form.validate_on_submit_async(), "errors": form.captcha.errors}
    else:

        def join():
            form = Join()
            return {"valid": form.validate_on_submit(), "errors": form.captcha.errors}

    site.app.add_url_rule("/", view_func=join, methods=["POST"])
    return site.client()


MISSING = ["The response parameter is missing."]


@pytest.mark.parametrize(
    ("response", "errors"),
    [
        ("person", []),
        ("expired", MISSING),
        ("garbled", ["The response parameter is invalid or malformed."]),
        ("unheard-of", MISSING),
        ("list", MISSING),
        ("", MISSING),
    ],
)
def test_version_2_passes_whom_the_service_passes(every_site, service, response, errors):
    client = client_for(every_site)
    expected = {"valid": not errors, "errors": errors}
    assert client.post("/", data={"g-recaptcha-response": response}).json == expected
    assert client.post("/", json={"g-recaptcha-response": response}).json == expected
    assert [asked["secret"] for asked in service.asked] == ["private"] * (2 if response else 0)


@pytest.mark.parametrize(
    ("response", "valid"), [("likely", True), ("doubtful", False), ("elsewhere", False), ("person", False)]
)
def test_version_3_passes_who_is_likely_a_person_and_does_what_the_form_is_for(
    every_site, service, response, valid
):
    client = client_for(every_site, version=3, action="join")
    assert client.post("/", data={"g-recaptcha-response": response}).json["valid"] is valid


def test_how_likely_is_said_by_the_field_or_a_setting(every_site, service):
    every_site.app.config.update(RECAPTCHA_VERSION=3, RECAPTCHA_MIN_SCORE=0.2)
    client = client_for(every_site, action="join")
    assert client.post("/", data={"g-recaptcha-response": "doubtful"}).json["valid"]
    every_site.app.config["RECAPTCHA_MIN_SCORE"] = 0.95
    assert not client.post("/", data={"g-recaptcha-response": "likely"}).json["valid"]


def test_a_service_that_fails_passes_nobody_and_is_logged(every_site, service, caplog):
    client = client_for(every_site, validators=[Recaptcha("Try again.")])
    expected = {"valid": False, "errors": ["Try again."]}
    service.status = 500
    assert client.post("/", data={"g-recaptcha-response": "person"}).json == expected
    every_site.app.config["RECAPTCHA_VERIFY_SERVER"] = "http://127.0.0.1:1/"
    assert client.post("/", data={"g-recaptcha-response": "person"}).json == expected
    assert "http://127.0.0.1:1/ could not be asked" in caplog.text


def test_the_service_is_not_waited_for_on_the_event_loop(site, monkeypatch):
    loops = []
    site.app.testing = False
    site.app.config.update(RECAPTCHA_PRIVATE_KEY="private", WTF_CSRF_ENABLED=False)
    validator = Recaptcha()
    validator._ask = lambda *arguments: loops.append(running_loop()) or {"success": True}

    class Join(FlaskForm):
        captcha = RecaptchaField(validators=[validator])

    async def join():
        return str(await Join().validate_on_submit_async() and asyncio.get_running_loop() is not None)

    site.app.add_url_rule("/", view_func=join, methods=["POST"])
    assert site.client().post("/", data={"g-recaptcha-response": "x"}).text == "True"
    assert loops == [None]


def test_tests_and_a_setting_do_without(every_site, service):
    client = client_for(every_site)
    every_site.app.testing = True
    assert client.post("/").json["valid"]
    every_site.app.testing, every_site.app.config["RECAPTCHA_ENABLED"] = False, False
    assert client.post("/").json["valid"]
    assert service.asked == []


def test_without_keys_it_is_said_which(site):
    site.app.testing = False
    with site.app.test_request_context(method="POST", data={"g-recaptcha-response": "x"}):
        form = type("Join", (FlaskForm,), {"captcha": RecaptchaField()})()
        with pytest.raises(RuntimeError, match="RECAPTCHA_PUBLIC_KEY"):
            form.captcha()
        with pytest.raises(RuntimeError, match="RECAPTCHA_PRIVATE_KEY"):
            form.validate()


def rendered(site, **options):
    site.app.config["RECAPTCHA_PUBLIC_KEY"] = 'pub"lic</script>'
    with site.app.test_request_context():
        form = type("Join", (FlaskForm,), {"captcha": RecaptchaField(**options)})()
        return render_template_string("{{ form.captcha(class_='box') }}", form=form)


def test_version_2_shows_a_box(site):
    page = rendered(site, nonce=lambda: "n<1")
    assert (
        '<script src="https://www.google.com/recaptcha/api.js" async defer nonce="n&lt;1"></script>' in page
    )
    assert 'class="box" data-sitekey="pub&#34;lic&lt;/script&gt;" id="captcha"' in page.replace(
        "&quot;", "&#34;"
    )


def test_version_3_shows_nothing_and_asks_when_the_form_is_sent(site):
    page = rendered(site, version=3, action="join", nonce="n1")
    assert '<input type="hidden" name="g-recaptcha-response" class="box" id="captcha">' in page
    assert page.count('nonce="n1"') == 2
    assert 'execute("pub\\"lic\\u003c/script>", {action: "join"})' in page
    assert page.count("</script>") == 2


def test_the_address_of_the_script_and_its_parameters_are_settings(site):
    site.app.config.update(
        RECAPTCHA_SCRIPT="https://captcha.example/api.js", RECAPTCHA_PARAMETERS={"hl": "de"}
    )
    assert '"https://captcha.example/api.js?hl=de"' in rendered(site)
    assert '"https://captcha.example/api.js?hl=de&amp;render=pub' in rendered(site, version=3)
    site.app.config["RECAPTCHA_HTML"] = "<b>own</b>"
    assert rendered(site) == "<b>own</b>"
    site.app.config["RECAPTCHA_ENABLED"] = False
    assert rendered(site) == "<!-- recaptcha disabled -->"


@pytest.mark.parametrize("policy", ["strict", {"script-src": ["'self'", "'nonce'"]}])
@pytest.mark.parametrize("version", [2, 3])
def test_its_scripts_have_the_nonce_of_the_policy(every_site, policy, version):
    site = every_site
    site.app.config.update(CSP=policy, RECAPTCHA_PUBLIC_KEY="public")

    @site.app.get("/captcha")
    def page():
        form = type("Join", (FlaskForm,), {"captcha": RecaptchaField(version=version)})()
        return render_template_string("{{ form.captcha() }}", form=form)

    answer = site.client().get("/captcha")
    nonces = set(re.findall('<script[^>]* nonce="([^"]+)"', answer.text))
    assert len(nonces) == 1
    assert f"'nonce-{nonces.pop()}'" in answer.headers["Content-Security-Policy"]


def test_without_a_nonce_in_the_policy_its_scripts_have_none(site):
    assert "nonce" not in rendered(site)
