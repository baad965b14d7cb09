"""COMPAT: what Flask-Limiter does where a limit of ours is stricter, or says more.

Its errors of a storage go on to the application, an exemption of a blueprint stays with that blueprint, and a limiter
that was told of no application counts nothing.
"""

from __future__ import annotations

from demijohn.ext.ratelimit import Limiter

__all__ = ["Limiter"]

Limiter.unavailable = "raise"
Limiter.exempts_nested = False
Limiter.may_be_idle = True
