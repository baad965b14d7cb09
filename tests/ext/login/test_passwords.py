"""Passwords. Cheap parameters, so that the tests are not slow; the times compared are of many hashes."""

from __future__ import annotations

import asyncio
import time
from statistics import median

import pytest
from werkzeug.security import generate_password_hash

from demijohn.ext.login import PasswordHasher

CHEAP = "scrypt:1024:8:1"


@pytest.fixture(params=[CHEAP, "pbkdf2:sha256:1000", "argon2"])
def passwords(request):
    if request.param == "argon2":
        import argon2

        return PasswordHasher(argon2=argon2.PasswordHasher(1, 1024, 1))
    return PasswordHasher(request.param)


def test_a_password_is_verified_by_its_hash(passwords):
    stored = passwords.hash("corréct horse")
    assert "horse" not in stored
    assert passwords.verify(stored, "corréct horse")
    assert not passwords.verify(stored, "correct horse")


def test_the_same_password_is_never_hashed_to_the_same(passwords):
    assert passwords.hash("x") != passwords.hash("x")


def test_a_hash_says_when_it_is_out_of_date(passwords):
    assert not passwords.needs_rehash(passwords.hash("x"))
    assert passwords.needs_rehash(generate_password_hash("x", "scrypt:2048:8:1"))
    assert passwords.needs_rehash(generate_password_hash("x", passwords.method, 4) if passwords.method != "argon2"
                                  else generate_password_hash("x", CHEAP))  # fmt: skip


def test_a_hash_made_another_way_still_verifies(passwords):
    for other in (PasswordHasher(CHEAP), PasswordHasher("pbkdf2:sha1:10"), PasswordHasher("argon2")):
        assert passwords.verify(other.hash("x"), "x")
        assert not passwords.verify(other.hash("x"), "y")


def test_argon2_hashes_are_out_of_date_where_another_method_is_set():
    assert PasswordHasher(CHEAP).needs_rehash(PasswordHasher("argon2").hash("x"))


@pytest.mark.parametrize(
    "stored", ["", "!", "x", "$argon2id$broken", "plain$salt$hash", "scrypt$x", "a$b$c$d"]
)
def test_what_is_no_hash_verifies_nothing(passwords, stored):
    assert not passwords.verify(stored, "x")
    assert not passwords.verify(stored, stored)


def test_half_a_character_is_a_wrong_password(passwords):
    """JSON can hold one half of a surrogate pair, which UTF-8 cannot say."""
    for stored in (passwords.hash("horse"), None):
        assert not passwords.verify(stored, "horse\ud800")


def test_case_36_a_pickle_in_the_place_of_a_hash_is_text(passwords):
    assert not passwords.verify("\x80\x04cos\nsystem\n(S'exit 1'\ntR.", "x")


@pytest.mark.serial
def test_case_37_an_unknown_user_takes_as_long_as_a_wrong_password():
    passwords = PasswordHasher("scrypt:16384:8:1")
    stored = passwords.hash("right")

    def seconds(of):
        # Of this thread's own work: what else the machine does is no part of the promise.
        start = time.thread_time()
        assert not passwords.verify(of, "wrong")
        return time.thread_time() - start

    pairs = [(seconds(stored), seconds(None), seconds("!")) for _ in range(9)]
    wrong, unknown, disabled = (median(times) for times in zip(*pairs, strict=True))
    assert 0.6 < unknown / wrong < 1.6
    assert 0.6 < disabled / wrong < 1.6


def test_a_password_of_megabytes_is_not_hashed(passwords):
    with pytest.raises(ValueError, match="5000 bytes; at most 4096"):
        passwords.hash("x" * 5000)
    assert not passwords.verify(passwords.hash("x"), "x" * 10_000_000)


def test_async_code_hashes_in_a_thread(passwords):
    async def main():
        stored = await passwords.ahash("x")
        return await passwords.averify(stored, "x"), await passwords.averify(None, "x")

    assert asyncio.run(main()) == (True, False)


def test_the_default_is_the_recommended_cost():
    assert PasswordHasher().hash("x").startswith("scrypt:32768:8:3$")
    assert PasswordHasher("scrypt").method == "scrypt:32768:8:1"
