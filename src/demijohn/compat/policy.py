"""The policy of Flask: every difference that :class:`~demijohn.policy.Policy` names, the other way round."""

from __future__ import annotations

from demijohn.policy import Policy

__all__ = ["FLASK"]

FLASK = Policy(**dict.fromkeys(Policy.__slots__, False))
