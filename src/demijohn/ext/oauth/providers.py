"""The providers whose addresses are known here, one row each. The addresses are of :data:`CHECKED`.

A row is data: where the provider is, what is asked for by default, which options its ``make_..._blueprint`` takes
besides, and how it says who somebody is. Braces in an address are filled in from the options of ``fields``. This
module must not know how anybody is signed in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["CHECKED", "PROVIDERS", "Provider", "Who"]

#: When the table was last gone through. What each row was held against is in its ``compared``.
CHECKED = "2026-12"


@dataclass(frozen=True)
class Who:
    """How a provider says who somebody is: a call, and where in its answer things are."""

    #: The address of the call; None where the token itself says it.
    url: str | None
    #: The path to the identifier that never changes, to the name, and to the address of electronic mail. Two paths to
    #: an identifier, with a slash between them, are one together.
    subject: str
    name: str = "name"
    email: str | None = None
    #: The path to whether that address is verified; True where the provider gives verified ones only.
    verified: str | bool = False
    method: str = "GET"
    #: A second call, which lists the addresses: each an object with ``email``, ``primary`` and ``verified``.
    emails: str | None = None


@dataclass(frozen=True)
class Provider:
    """A provider, as this package knows it."""

    title: str
    base_url: str
    authorization_url: str
    token_url: str
    #: What is asked for unless the application says otherwise.
    scope: Any = None
    #: Whether commas between scopes are taken for spaces.
    spaced: bool = False
    #: Whether several scopes have commas between them, against RFC 6749.
    commas: bool = False
    #: Added to the authorization address, always; by an option that is set; or with an option's own value.
    params: Mapping[str, str] = field(default_factory=dict)
    flags: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    #: What addresses are filled in with, and what it is by default.
    fields: Mapping[str, str] = field(default_factory=dict)
    #: Options with another default than nothing, or that something else is made of.
    options: Mapping[str, Any] = field(default_factory=dict)
    #: What an address is filled in with by an option that is set, and by one that is not.
    switches: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)
    #: Header fields of each call, filled in from the options.
    headers: Mapping[str, str] = field(default_factory=dict)
    #: The word before the token in the Authorization field, where it is not Bearer.
    token_word: str | None = None
    #: Whether a form that is sent holds the token as well.
    token_in_form: bool = False
    #: Passed to ``session.fetch_token``.
    token_params: Mapping[str, Any] = field(default_factory=dict)
    #: Whether tokens are renewed: always, with an option, or with a scope.
    refresh: bool | str = False
    revocation_url: str | None = None
    who: Who | None = None
    #: Scopes that the provider knows, where its documents list them all.
    scopes: str = ""
    #: The names of the first two arguments.
    arguments: tuple[str, str] = ("client_id", "client_secret")
    #: What became of a provider that cannot be used any more, as described.
    closed: str | None = None
    #: The page of its documents.
    documents: str = ""
    #: What the row was held against, and of when that is.
    compared: str = ""


PROVIDERS: dict[str, Provider] = {
    "atlassian": Provider(
        "Atlassian", "https://api.atlassian.com/", "https://auth.atlassian.com/authorize",
        "https://auth.atlassian.com/oauth/token", params={"audience": "api.atlassian.com"},
        flags={"reprompt_consent": ("prompt", "consent")}, token_params={"include_client_id": True},
        who=Who("/me", "account_id", email="email"),
        documents="https://developer.atlassian.com/cloud/confluence/oauth-2-3lo-apps/",
        compared="its page of 2025-01; social-core of 2026-08",
    ),
    "authentiq": Provider(
        "Authentiq", "https://{hostname}/", "https://{hostname}/authorize", "https://{hostname}/token",
        scope="openid profile", fields={"hostname": "connect.authentiq.io"}, closed="The service has ended.",
        compared="grant of 2025-02",
    ),
    "azure": Provider(
        "Microsoft Entra ID", "https://graph.microsoft.com",
        "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize",
        "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token",
        scope=["openid", "email", "profile", "User.Read"], fields={"tenant": "common"},
        values={"prompt": "prompt", "domain_hint": "domain_hint", "login_hint": "login_hint"},
        refresh="offline_access", who=Who("/v1.0/me", "id", "displayName", "mail"),
        documents="https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow",
        compared="its page of 2024-04; django-allauth of 2026-04",
    ),
    "dexcom": Provider(
        "Dexcom", "{base_url}", "https://api.dexcom.com/v2/oauth2/login", "https://api.dexcom.com/v2/oauth2/token",
        scope="offline_access", fields={"base_url": "https://api.dexcom.com/"}, refresh=True,
        token_params={"include_client_id": True}, documents="https://developer.dexcom.com/docs/dexcom/authentication/",
        compared="its page, 2026-12",
    ),
    "digitalocean": Provider(
        "DigitalOcean", "https://api.digitalocean.com/v2/", "https://cloud.digitalocean.com/v1/oauth/authorize",
        "https://cloud.digitalocean.com/v1/oauth/token", spaced=True, token_params={"include_client_id": True},
        revocation_url="https://cloud.digitalocean.com/v1/oauth/revoke",
        who=Who("account", "account.uuid", "account.name", "account.email", "account.email_verified"),
        documents="https://docs.digitalocean.com/reference/api/oauth/",
        compared="its page, 2026-12; django-allauth of 2026-04",
    ),
    "discord": Provider(
        "Discord", "https://discord.com/", "https://discord.com/oauth2/authorize",
        "https://discord.com/api/oauth2/token", scope=["identify"], values={"prompt": "prompt"},
        options={"prompt": "consent"}, revocation_url="https://discord.com/api/oauth2/token/revoke",
        who=Who("/api/users/@me", "id", "username", "email", "verified"),
        documents="https://docs.discord.com/developers/topics/oauth2",
        compared="its page of 2026-08; golang/oauth2 of 2026-01",
    ),
    "dropbox": Provider(
        "Dropbox", "https://api.dropboxapi.com/2/", "https://www.dropbox.com/oauth2/authorize",
        "https://api.dropboxapi.com/oauth2/token", arguments=("app_key", "app_secret"),
        flags={
            "offline": ("token_access_type", "offline"), "force_reapprove": ("force_reapprove", "true"),
            "disable_signup": ("disable_signup", "true"),
        },
        values={"require_role": "require_role"},
        who=Who("users/get_current_account", "account_id", "name.display_name", "email", "email_verified", "POST"),
        documents="https://www.dropbox.com/developers/documentation/http/documentation",
        compared="its guide of 2022-10; golang/oauth2 of 2026-01",
    ),
    "facebook": Provider(
        "Facebook", "https://graph.facebook.com/", "https://www.facebook.com/dialog/oauth",
        "https://graph.facebook.com/oauth/access_token",
        flags={"rerequest_declined_permissions": ("auth_type", "rerequest")}, token_params={"include_client_id": True},
        who=Who("/me?fields=id,name,email", "id", email="email"),
        documents="https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow/",
        compared="its page for v21.0, of which this is the address without a version; golang/oauth2 of 2026-01",
    ),
    "fitbit": Provider(
        "Fitbit", "https://api.fitbit.com/", "https://www.fitbit.com/oauth2/authorize",
        "https://api.fitbit.com/oauth2/token", refresh=True,
        closed="Its Web API ends in 2026: users sign in with Google, for the Google Health API.",
        revocation_url="https://api.fitbit.com/oauth2/revoke",
        who=Who("/1/user/-/profile.json", "user.encodedId", "user.displayName"),
        documents="https://dev.fitbit.com/build/reference/web-api/authorization/",
        compared="Google's page about moving away from it, 2026; golang/oauth2 of 2026-01",
    ),
    "github": Provider(
        "GitHub", "https://api.github.com/", "https://github.com/login/oauth/authorize",
        "https://github.com/login/oauth/access_token",
        who=Who("/user", "id", "name", "email", emails="/user/emails"),
        scopes=(
            "repo repo:status repo_deployment public_repo repo:invite security_events admin:repo_hook "
            "write:repo_hook read:repo_hook admin:org write:org read:org admin:public_key "
            "write:public_key read:public_key admin:org_hook gist notifications user read:user "
            "user:email user:follow project read:project delete_repo write:packages read:packages "
            "delete:packages admin:gpg_key write:gpg_key read:gpg_key codespace workflow "
            "read:audit_log site_admin admin:enterprise manage_runners:enterprise "
            "manage_billing:enterprise read:enterprise"
        ),
        documents="https://docs.github.com/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps",
        compared="its page of scopes, 2026; social-core of 2026-08",
    ),
    "gitlab": Provider(
        "GitLab", "https://{hostname}/api/v4/", "https://{hostname}/oauth/authorize", "https://{hostname}/oauth/token",
        fields={"hostname": "gitlab.com"}, options={"verify_tls_certificates": True},
        revocation_url="https://{hostname}/oauth/revoke",
        who=Who("user", "id", "name", "email", "confirmed_at"),
        documents="https://docs.gitlab.com/api/oauth2/",
        compared="its page for 18.5; django-allauth of 2026-04",
    ),
    "google": Provider(
        "Google", "https://www.googleapis.com/", "https://accounts.google.com/o/oauth2/v2/auth",
        "https://oauth2.googleapis.com/token", scope=["https://www.googleapis.com/auth/userinfo.profile"],
        flags={
            "offline": ("access_type", "offline"), "reprompt_consent": ("prompt", "consent"),
            "reprompt_select_account": ("prompt", "select_account"),
        },
        values={"hosted_domain": "hd"}, refresh="offline", revocation_url="https://oauth2.googleapis.com/revoke",
        who=Who("/oauth2/v3/userinfo", "sub", email="email", verified="email_verified"),
        documents="https://developers.google.com/identity/protocols/oauth2/web-server",
        compared="a copy of its discovery document; django-allauth of 2026-04; golang/oauth2 of 2026-01",
    ),
    "heroku": Provider(
        "Heroku", "https://api.heroku.com/", "https://id.heroku.com/oauth/authorize",
        "https://id.heroku.com/oauth/token", options={"api_version": "3"},
        headers={"Accept": "application/vnd.heroku+json; version={api_version}"},
        who=Who("/account", "id", "name", "email", "verified"),
        scopes="global identity read write read-protected write-protected",
        documents="https://devcenter.heroku.com/articles/oauth",
        compared="its page of 2024-07; golang/oauth2 of 2026-01",
    ),
    "linkedin": Provider(
        "LinkedIn", "https://api.linkedin.com/v2/", "https://www.linkedin.com/oauth/v2/authorization",
        "https://www.linkedin.com/oauth/v2/accessToken", token_params={"include_client_id": True},
        who=Who("userinfo", "sub", email="email", verified="email_verified"),
        documents="https://learn.microsoft.com/linkedin/shared/authentication/authorization-code-flow",
        compared="its page, 2026-12; golang/oauth2 of 2026-01",
    ),
    "meetup": Provider(
        "Meetup", "https://api.meetup.com/", "https://secure.meetup.com/oauth2/authorize",
        "https://secure.meetup.com/oauth2/access", scope=["basic"], arguments=("key", "secret"),
        token_params={"include_client_id": True}, documents="https://www.meetup.com/graphql/authentication/",
        compared="its page, 2026-12; django-allauth of 2026-04",
    ),
    "nylas": Provider(
        "Nylas", "https://api.us.nylas.com/", "https://api.us.nylas.com/v3/connect/auth",
        "https://api.us.nylas.com/v3/connect/token", scope="email", token_params={"include_client_id": True},
        who=Who(None, "grant_id", "email", "email"),
        documents="https://developer.nylas.com/docs/v3/auth/hosted-oauth-accesstoken/",
        compared="its page, 2026-12",
    ),
    "orcid": Provider(
        "ORCID", "https://api.{site}orcid.org", "https://{site}orcid.org/oauth/authorize",
        "https://{site}orcid.org/oauth/token", options={"sandbox": False}, token_params={"include_client_id": True},
        switches={"sandbox": ("site", "sandbox.", "")},
        revocation_url="https://{site}orcid.org/oauth/revoke", who=Who(None, "orcid"),
        scopes="openid /authenticate /read-limited /activities/update /person/update /read-public",
        documents="https://info.orcid.org/documentation/api-tutorials/api-tutorial-get-and-authenticated-orcid-id/",
        compared="its tutorial for the sandbox; social-core of 2026-08",
    ),
    "osm": Provider(
        "OpenStreetMap", "https://www.openstreetmap.org/api/0.6/", "https://www.openstreetmap.org/oauth2/authorize",
        "https://www.openstreetmap.org/oauth2/token", revocation_url="https://www.openstreetmap.org/oauth2/revoke",
        who=Who("user/details.json", "user.id", "user.display_name"),
        scopes=(
            "openid read_prefs write_prefs write_diary write_api read_gpx write_gpx write_notes write_redactions"
            " consume_messages send_messages"
        ),
        documents="https://wiki.openstreetmap.org/wiki/OAuth",
        compared="its page, 2026-12; golang/oauth2 of 2026-01",
    ),
    "reddit": Provider(
        "Reddit", "https://oauth.reddit.com/", "https://www.reddit.com/api/v1/authorize",
        "https://www.reddit.com/api/v1/access_token", scope="identity", flags={"permanent": ("duration", "permanent")},
        options={"user_agent": "demijohn"}, headers={"User-Agent": "{user_agent}"}, refresh=True,
        revocation_url="https://www.reddit.com/api/v1/revoke_token",
        who=Who("/api/v1/me", "id"), documents="https://github.com/reddit-archive/reddit/wiki/OAuth2",
        compared="its page of 2016-01, the last; django-allauth of 2026-04",
    ),
    "salesforce": Provider(
        "Salesforce", "https://{hostname}/", "https://{hostname}/services/oauth2/authorize",
        "https://{hostname}/services/oauth2/token", flags={"reprompt_consent": ("prompt", "consent")},
        fields={"hostname": ""}, options={"is_sandbox": False},
        switches={"is_sandbox": ("hostname", "test.salesforce.com", "login.salesforce.com")},
        token_params={"include_client_id": True},
        revocation_url="https://{hostname}/services/oauth2/revoke",
        who=Who("/services/oauth2/userinfo", "sub", email="email", verified="email_verified"),
        documents="https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_web_server_flow.htm",
        compared="its page of endpoints and its discovery document, 2026-12; django-allauth of 2026-04",
    ),
    "slack": Provider(
        "Slack", "https://slack.com/api/", "https://{team}slack.com/oauth/v2/authorize",
        "https://slack.com/api/oauth.v2.access", scope=["users:read"], options={"subdomain": None},
        switches={"subdomain": ("team", "{}.", "")}, token_in_form=True,
        token_params={"include_client_id": True},
        # With these scopes only the token's own answer says who it was; ids of people are those of a workspace.
        who=Who(None, "team.id/authed_user.id"),
        documents="https://docs.slack.dev/authentication/installing-with-oauth",
        compared="its page, 2026-12; its own client, slack-bolt 1.24; django-allauth of 2026-04",
    ),
    "spotify": Provider(
        "Spotify", "https://api.spotify.com", "https://accounts.spotify.com/authorize",
        "https://accounts.spotify.com/api/token", who=Who("/v1/me", "id", "display_name", "email"),
        documents="https://developer.spotify.com/documentation/web-api/tutorials/code-flow",
        compared="its pages, 2026-12; golang/oauth2 of 2026-01; django-allauth of 2026-04",
    ),
    "strava": Provider(
        "Strava", "https://www.strava.com/api/v3", "https://www.strava.com/oauth/authorize",
        "https://www.strava.com/oauth/token", scope="read", commas=True, options={"user_agent": None},
        headers={"User-Agent": "{user_agent}"}, refresh=True,
        token_params={"include_client_id": True},
        who=Who("/api/v3/athlete", "id", "firstname"),
        scopes=(
            "read read_all profile:read_all profile:write activity:read activity:read_all "
            "activity:write"
        ),
        documents="https://developers.strava.com/docs/authentication/",
        compared="its page, 2026-12; golang/oauth2 of 2026-01",
    ),
    "twitch": Provider(
        "Twitch", "https://api.twitch.tv/helix/", "https://id.twitch.tv/oauth2/authorize",
        "https://id.twitch.tv/oauth2/token", token_params={"include_client_id": True}, refresh=True,
        headers={"client-id": "{client_id}"}, revocation_url="https://id.twitch.tv/oauth2/revoke",
        who=Who("users", "data.0.id", "data.0.display_name", "data.0.email", True),
        documents="https://dev.twitch.tv/docs/authentication/getting-tokens-oauth/",
        compared="its page, 2026-12; django-allauth of 2026-04",
    ),
    "x": Provider(
        "X", "https://api.x.com/2/", "https://x.com/i/oauth2/authorize", "https://api.x.com/2/oauth2/token",
        scope=["tweet.read", "users.read"], revocation_url="https://api.x.com/2/oauth2/revoke",
        who=Who("users/me", "data.id", "data.name"),
        scopes=(
            "tweet.read tweet.write tweet.moderate.write users.email users.read follows.read "
            "follows.write offline.access space.read mute.read mute.write like.read like.write "
            "list.read list.write block.read block.write bookmark.read bookmark.write dm.read "
            "dm.write media.write"
        ),
        documents="https://docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code",
        compared="its page, 2026-12; django-allauth of 2026-04",
    ),
    "zoho": Provider(
        "Zoho", "https://www.zohoapis.com/", "https://accounts.zoho.com/oauth/v2/auth",
        "https://accounts.zoho.com/oauth/v2/token", scope=["ZohoCRM.users.all"], commas=True,
        params={"access_type": "online"},
        flags={"offline": ("access_type", "offline"), "reprompt_consent": ("prompt", "consent")},
        token_params={"include_client_id": True}, token_word="Zoho-oauthtoken",
        revocation_url="https://accounts.zoho.com/oauth/v2/token/revoke",
        who=Who("https://accounts.zoho.com/oauth/user/info", "ZUID", "Display_Name", "Email"),
        documents="https://www.zoho.com/accounts/protocol/oauth/web-apps.html",
        compared="its pages, 2026-12; django-allauth of 2026-04",
    ),
    # By OAuth 1.0a: their modules in `contrib` say the rest.
    "jira": Provider(
        "Jira Data Center", "{base_url}", "plugins/servlet/oauth/authorize", "plugins/servlet/oauth/access-token",
        who=Who("/rest/api/2/myself", "key", "displayName", "emailAddress"),
        documents="https://developer.atlassian.com/server/jira/platform/oauth/",
        compared="Mattermost's plugin for Jira; Adobe's manual, 2026-12. Jira in the cloud has given OAuth 1.0a up",
    ),
    "twitter": Provider(
        "X, by OAuth 1.0a", "https://api.x.com/1.1/", "https://api.x.com/oauth/authenticate",
        "https://api.x.com/oauth/access_token", arguments=("api_key", "api_secret"),
        who=Who("account/verify_credentials.json", "id_str"),
        documents="https://docs.x.com/fundamentals/authentication/oauth-1-0a/obtaining-user-access-tokens",
        compared="its page, 2026-12",
    ),
}  # fmt: skip
#: The same provider by its newer name, with settings of that name.
PROVIDERS["entra"] = PROVIDERS["azure"]
