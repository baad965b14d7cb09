"""Where settings come from: the defaults here, then `CELLAR_*` in the environment, then the caller's."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from demijohn import Flask

DEFAULTS: dict[str, Any] = {
    "DATA_FOLDER": None,  # for the photos and SQLite's file; None is the instance folder
    "DATABASE_URL": None,  # postgresql://user:password@host/name; None is SQLite in the data folder
    "REDIS_URL": None,  # redis://host, where several processes serve it; what they share, they share through it
    "HOUSE_ISSUER": None,  # a provider of OpenID Connect to sign in with: https://id.example
    "HOUSE_NAME": "OpenID Connect",  # what it is called
    "SIGN_UP": True,  # let everybody who comes by make an account
    "MAX_CONTENT_LENGTH": 4_000_000,  # bytes; a label photo from a phone fits
    "REMEMBER_COOKIE_DURATION": timedelta(days=30),
    "REMEMBER_COOKIE_NAME": "cellar_remember",
    "SESSION_COOKIE_NAME": "cellar",
    "SESSION_COOKIE_HTTPONLY": True,
    "SESSION_COOKIE_SAMESITE": "Lax",
    "TOKEN_LIFETIME": 3600,  # seconds for which a token of the API is good
    "TRUSTED_HOSTS": None,  # the names it is reached by: CELLAR_TRUSTED_HOSTS=["cellar.example"]
    "TRUSTED_PROXIES": None,  # how many proxies stand in front of it
    # Everything comes from here, nothing is inline: a script smuggled into a page does not run.
    "CSP": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "blob:"],  # blob: a chosen photo is shown before it is sent
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    },
    "SECURITY_HEADERS": {
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    },
    "WTF_FORM_CLASSES": {"field": "field", "group": "field", "description": "hint", "errors": "wrong"},
    "HSTS": 31_536_000,  # seconds; sent over https only
}


def load(app: Flask, overrides: Mapping[str, Any]) -> None:
    """Settle the configuration of `app`; raises `RuntimeError` when there is no secret key."""
    app.config.from_mapping(DEFAULTS)
    app.config.from_prefixed_env("CELLAR")
    app.config.from_mapping(overrides)
    folder = Path(app.config["DATA_FOLDER"] or app.instance_path)
    folder.mkdir(parents=True, exist_ok=True)
    app.config.update(
        DATA_FOLDER=folder,
        SQLALCHEMY_DATABASE_URI=app.config["DATABASE_URL"] or f"sqlite:///{folder.absolute() / 'cellar.db'}",
        UPLOADED_PHOTOS_DEST=folder / "photos",
        ARCHIVE_FOLDER=folder / "archives",
        RATELIMIT_STORAGE_URI=app.config["REDIS_URL"] or "memory://",
        TASKS_BROKER=app.config["REDIS_URL"],
        SECRET_KEY=_secret_key(app, folder / "secret_key"),
    )


def _secret_key(app: Flask, file: Path) -> str:
    """The configured key, else the one in `file`, which only debugging and tests may make up."""
    # str(): from_prefixed_env reads values as JSON, so a key of digits only arrives as a number.
    if configured := str(app.config["SECRET_KEY"] or ""):
        return configured
    if file.is_file() and (kept := file.read_text("ascii").strip()):
        return kept
    if not (app.debug or app.testing):
        raise RuntimeError(
            "The cellar has no secret key. Set CELLAR_SECRET_KEY to at least 32 random characters, "
            f"or put them in {file}: python -c 'import secrets; print(secrets.token_hex(32))' makes some."
        )
    file.touch(mode=0o600)
    file.write_text(secrets.token_hex(32), "ascii")
    return file.read_text("ascii")
