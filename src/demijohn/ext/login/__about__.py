"""What Flask-Login's module of this name says: the release whose interface this room has."""

from __future__ import annotations

__title__ = "demijohn.ext.login"
__description__ = "Who is logged in: Flask-Login's interface"
__url__ = "https://flask-login.readthedocs.io/"
__version_info__ = ("0", "6", "3")
__version__ = "0.6.3"
__author__ = __maintainer__ = "demijohn contributors"
__author_email__ = ""
__license__ = "MIT"
__copyright__ = "demijohn contributors"
