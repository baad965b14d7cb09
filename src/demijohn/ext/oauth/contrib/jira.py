"""Signing in with Jira Data Center, by OAuth 1.0a with a private key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from demijohn.ext.oauth.consumer.oauth1 import OAuth1ConsumerBlueprint
from demijohn.ext.oauth.consumer.storage import BaseStorage
from demijohn.ext.oauth.making import session_of
from demijohn.ext.oauth.ports import SessionClass, Settings
from demijohn.ext.oauth.providers import PROVIDERS

__all__ = ["jira", "make_jira_blueprint"]


class JiraBlueprint(OAuth1ConsumerBlueprint):
    """A blueprint whose sessions say that they send JSON, which Jira wants to hear."""

    def _new_session(self) -> Any:
        session = super()._new_session()
        session.headers["Content-Type"] = "application/json"
        return session


def make_jira_blueprint(
    base_url: str,
    consumer_key: str | None = None,
    rsa_key: str | None = None,
    *,
    redirect_url: str | None = None,
    redirect_to: str | None = None,
    redirect_uri: str | None = None,
    login_url: str | None = None,
    authorized_url: str | None = None,
    session_class: SessionClass = None,
    storage: BaseStorage | Callable[[], BaseStorage] | None = None,
    rule_kwargs: Settings = None,
) -> OAuth1ConsumerBlueprint:
    """Make a blueprint that signs visitors in with a Jira of your own.

    What it needs is given here, or is in the settings ``JIRA_OAUTH_CONSUMER_KEY`` and ``JIRA_OAUTH_RSA_KEY``.

    :param base_url: Where the Jira is.
    :param rsa_key: The private key, as text, or the path of its file.
    """
    if rsa_key and "\n" not in rsa_key and Path(rsa_key).is_file():
        rsa_key = Path(rsa_key).read_text()
    row = PROVIDERS["jira"]
    made = JiraBlueprint(
        "jira", __name__, client_key=consumer_key, rsa_key=rsa_key, signature_method="RSA-SHA1", base_url=base_url,
        request_token_url=urljoin(base_url, "plugins/servlet/oauth/request-token"),
        access_token_url=urljoin(base_url, row.token_url), authorization_url=urljoin(base_url, row.authorization_url),
        redirect_url=redirect_url, redirect_to=redirect_to, redirect_uri=redirect_uri, login_url=login_url,
        authorized_url=authorized_url, session_class=session_class, storage=storage, rule_kwargs=rule_kwargs,
    )  # fmt: skip
    made.from_config |= {"client_key": "JIRA_OAUTH_CONSUMER_KEY", "rsa_key": "JIRA_OAUTH_RSA_KEY"}
    made.provider = "jira"
    return made


jira = session_of("jira")
