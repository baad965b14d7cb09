"""Signing in with others: Flask-Dance's interface on Authlib, and OpenID Connect.

    from demijohn.ext.oauth import github, make_github_blueprint, sign_in

    blueprint = make_github_blueprint(scope="user:email", redirect_to="cellar")
    app.register_blueprint(blueprint, url_prefix="/login")     # /login/github, /login/github/authorized
    app.config["GITHUB_OAUTH_CLIENT_ID"] = ...                 # and GITHUB_OAUTH_CLIENT_SECRET

    sign_in(blueprint, find, login_user)                       # find(who) returns the user, or None for 403

    @app.get("/cellar")
    def cellar():
        if not github.authorized:
            return redirect(url_for("github.login", next="/cellar"))
        return "You are @{login} on GitHub".format(**github.get("/user").json())   # or github.get_async

``make_oidc_blueprint("house", issuer="https://id.example", ...)`` does it with any issuer of OpenID Connect. Each
sign-in is bound to the browser that began it, by state and PKCE. This room does not know users: what finds and logs
them in is handed to it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from demijohn.ext.oauth import inspection
from demijohn.ext.oauth.consumer import (
    OAuth1ConsumerBlueprint, OAuth2ConsumerBlueprint, oauth_authorized, oauth_before_login, oauth_error,
)  # fmt: skip
from demijohn.ext.oauth.consumer.base import attached
from demijohn.ext.oauth.consumer.oidc import OIDCBlueprint, make_oidc_blueprint
from demijohn.ext.oauth.consumer.storage import BaseStorage, MemoryStorage, NullStorage
from demijohn.ext.oauth.consumer.storage.session import SessionStorage
from demijohn.ext.oauth.contrib.atlassian import atlassian, make_atlassian_blueprint
from demijohn.ext.oauth.contrib.authentiq import authentiq, make_authentiq_blueprint
from demijohn.ext.oauth.contrib.azure import azure, make_azure_blueprint
from demijohn.ext.oauth.contrib.dexcom import dexcom, make_dexcom_blueprint
from demijohn.ext.oauth.contrib.digitalocean import digitalocean, make_digitalocean_blueprint
from demijohn.ext.oauth.contrib.discord import discord, make_discord_blueprint
from demijohn.ext.oauth.contrib.dropbox import dropbox, make_dropbox_blueprint
from demijohn.ext.oauth.contrib.entra import entra, make_entra_blueprint
from demijohn.ext.oauth.contrib.facebook import facebook, make_facebook_blueprint
from demijohn.ext.oauth.contrib.fitbit import fitbit, make_fitbit_blueprint
from demijohn.ext.oauth.contrib.github import github, make_github_blueprint
from demijohn.ext.oauth.contrib.gitlab import gitlab, make_gitlab_blueprint
from demijohn.ext.oauth.contrib.google import google, make_google_blueprint
from demijohn.ext.oauth.contrib.heroku import heroku, make_heroku_blueprint
from demijohn.ext.oauth.contrib.jira import jira, make_jira_blueprint
from demijohn.ext.oauth.contrib.linkedin import linkedin, make_linkedin_blueprint
from demijohn.ext.oauth.contrib.meetup import make_meetup_blueprint, meetup
from demijohn.ext.oauth.contrib.nylas import make_nylas_blueprint, nylas
from demijohn.ext.oauth.contrib.orcid import make_orcid_blueprint, orcid
from demijohn.ext.oauth.contrib.osm import make_osm_blueprint, osm
from demijohn.ext.oauth.contrib.reddit import make_reddit_blueprint, reddit
from demijohn.ext.oauth.contrib.salesforce import make_salesforce_blueprint, salesforce
from demijohn.ext.oauth.contrib.slack import make_slack_blueprint, slack
from demijohn.ext.oauth.contrib.spotify import make_spotify_blueprint, spotify
from demijohn.ext.oauth.contrib.strava import make_strava_blueprint, strava
from demijohn.ext.oauth.contrib.twitch import make_twitch_blueprint, twitch
from demijohn.ext.oauth.contrib.twitter import make_twitter_blueprint, twitter
from demijohn.ext.oauth.contrib.x import make_x_blueprint, x
from demijohn.ext.oauth.contrib.zoho import make_zoho_blueprint, zoho
from demijohn.ext.oauth.errors import (
    InvalidIDToken, NobodySignedIn, OAuthError, ProviderAway, TokenExpired, TokenTooLarge,
)  # fmt: skip
from demijohn.ext.oauth.identity import Identity, sign_in
from demijohn.extend import add_templates, later

if TYPE_CHECKING:
    from demijohn.ext.oauth.consumer import requests as sessions
    from demijohn.ext.oauth.consumer.storage import sqla
else:
    sessions = later("demijohn.ext.oauth.consumer.requests")  # 150 ms with Authlib and requests
    sqla = later("demijohn.ext.oauth.consumer.storage.sqla")  # SQLAlchemy, which not everybody has

__version__ = "7.1.0"

__all__ = [
    "BaseStorage", "Identity", "InvalidIDToken", "MemoryStorage", "NobodySignedIn", "NullStorage",
    "OAuth1ConsumerBlueprint", "OAuth1Session", "OAuth2ConsumerBlueprint", "OAuth2Session",
    "OAuthConsumerMixin", "OAuthError", "OIDCBlueprint", "ProviderAway", "SQLAlchemyStorage",
    "SessionStorage", "TokenExpired", "TokenTooLarge", "__version__", "atlassian", "authentiq", "azure",
    "dexcom", "digitalocean", "discord", "dropbox", "entra", "facebook", "fitbit", "github", "gitlab",
    "google", "heroku", "jira", "linkedin", "make_atlassian_blueprint", "make_authentiq_blueprint",
    "make_azure_blueprint", "make_dexcom_blueprint", "make_digitalocean_blueprint", "make_discord_blueprint",
    "make_dropbox_blueprint", "make_entra_blueprint", "make_facebook_blueprint", "make_fitbit_blueprint",
    "make_github_blueprint", "make_gitlab_blueprint", "make_google_blueprint", "make_heroku_blueprint",
    "make_jira_blueprint", "make_linkedin_blueprint", "make_meetup_blueprint", "make_nylas_blueprint",
    "make_oidc_blueprint", "make_orcid_blueprint", "make_osm_blueprint", "make_reddit_blueprint",
    "make_salesforce_blueprint", "make_slack_blueprint", "make_spotify_blueprint", "make_strava_blueprint",
    "make_twitch_blueprint", "make_twitter_blueprint", "make_x_blueprint", "make_zoho_blueprint", "meetup",
    "nylas", "oauth_authorized", "oauth_before_login", "oauth_error", "orcid", "osm", "reddit", "salesforce",
    "sign_in", "slack", "spotify", "strava", "twitch", "twitter", "x", "zoho",
]  # fmt: skip

OAuth1Session: type[sessions.OAuth1Session]
OAuth2Session: type[sessions.OAuth2Session]
OAuthConsumerMixin: type[sqla.OAuthConsumerMixin]
SQLAlchemyStorage: type[sqla.SQLAlchemyStorage]

#: What an application is given with its first blueprint: the command, the check, the page for tokens that are over.
attached.append(inspection.attach)
add_templates("demijohn.ext.oauth", Path(__file__).with_name("templates"))


def __getattr__(name: str) -> Any:
    if name in ("OAuth1Session", "OAuth2Session"):
        return getattr(sessions, name)
    if name in ("OAuthConsumerMixin", "SQLAlchemyStorage"):
        return getattr(sqla, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
