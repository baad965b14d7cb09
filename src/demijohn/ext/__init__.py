"""Integrations, one room each, written with nothing but the public face of :mod:`demijohn`.

A room is imported only by an application that uses it, and rooms do not know each other (migrations,
which stands on database, is the one exception).
"""
