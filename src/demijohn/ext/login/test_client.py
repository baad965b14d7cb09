"""A test client that is logged in from the start."""

from __future__ import annotations

from typing import Any

from demijohn.testing import FlaskClient


class FlaskLoginClient(FlaskClient):
    """``app.test_client_class = FlaskLoginClient``, then ``app.test_client(user=user)``.

    :param user: Who is logged in.
    :param fresh_login: Whether the login is fresh.
    """

    def __init__(self, *args: Any, user: Any = None, fresh_login: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if user:
            with self.session_transaction() as session:
                session.update(_user_id=user.get_id(), _fresh=fresh_login)
