"""COMPAT: what Flask-Limiter does where a limit of ours is stricter, or says more.

Its errors of a storage go on to the application, an exemption of a blueprint stays with that blueprint, and a limiter
that was told of no application counts nothing. Tests of applications read some of its members.
"""

from __future__ import annotations

from typing import Any

from demijohn.ext.ratelimit import Limiter

__all__ = ["MEMBERS", "adapt"]

#: What is read of a limiter besides what is public.
MEMBERS: dict[str, Any] = {
    "_key_func": property(lambda self: self.key_func),
    "_storage": property(lambda self: self.storage),
    "_limiter": property(lambda self: self.in_use.counts.strategy),
    "_in_memory_fallback": property(lambda self: self.in_use.fallback_limits),
    "_in_memory_fallback_enabled": property(lambda self: self.in_use.fallback is not None),
}


def adapt() -> None:
    """Make it so, for this process."""
    Limiter.unavailable = "raise"
    Limiter.exempts_nested = False
    Limiter.may_be_idle = True
    for name, member in MEMBERS.items():
        setattr(Limiter, name, member)
