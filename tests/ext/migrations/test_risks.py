"""What is warned of: no models, and tables with rows that are dropped."""

from __future__ import annotations

import logging

from tests.ext.migrations.conftest import bottle, wide_bottle


def with_a_bottle(cellar):
    """A database at the head, with a row."""
    cellar.with_models(bottle).run("init")
    cellar.run("migrate")
    cellar.run("upgrade")
    cellar.execute("INSERT INTO bottle (id, label) VALUES (1, 'Nectar')")
    return cellar


def test_a_migration_without_any_model_is_warned_of(small_cellar):
    small_cellar.run("init")
    assert "No models are known" in small_cellar.run("migrate")
    assert "No models are known" not in small_cellar.with_models(bottle).run("migrate")


def test_a_revision_that_drops_a_table_with_rows_is_warned_of(cellar):
    with_a_bottle(cellar).with_models()
    assert "drops the table 'bottle', which has rows" in cellar.run("migrate")


def test_so_is_the_upgrade_that_does_so(cellar):
    with_a_bottle(cellar).with_models()
    cellar.run("migrate")
    assert "Dropping the table 'bottle', which has rows." in cellar.run("upgrade")
    assert cellar.tables() == set()


def test_a_table_without_rows_goes_quietly(cellar):
    with_a_bottle(cellar).execute("DELETE FROM bottle")
    cellar.with_models()
    assert "has rows" not in cellar.run("migrate") + cellar.run("upgrade")


def test_a_table_that_sqlite_copies_is_not_dropped(small_cellar):
    with_a_bottle(small_cellar).with_models(wide_bottle)
    assert "has rows" not in small_cellar.run("migrate") + small_cellar.run("upgrade")


def test_a_warning_is_seen_though_an_old_folder_switches_loggers_off(small_cellar):
    logging.getLogger("flask_migrate").disabled = True
    with_a_bottle(small_cellar).with_models()
    assert "which has rows" in small_cellar.run("migrate")
