"""A request from its route to its end, in steps that any driver can run; ``pipeline`` is the hot path."""
