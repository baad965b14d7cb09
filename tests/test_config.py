from __future__ import annotations

import errno
import json
import tomllib
from collections import OrderedDict
from datetime import timedelta
from types import MappingProxyType

import pytest

from demijohn.compat import app as compat_app
from demijohn.config import Config, ConfigAttribute


@pytest.fixture
def config(tmp_path):
    return Config(tmp_path, {"DEBUG": False})


def test_it_is_a_dictionary_with_the_defaults_given(config):
    config["DEBUG"] = True
    assert isinstance(config, dict)
    assert config == {"DEBUG": True}
    assert repr(config) == "<Config {'DEBUG': True}>"


def test_a_python_file_gives_its_upper_case_names(config, tmp_path):
    (tmp_path / "settings.cfg").write_text("import os\nlower = 1\nSECRET = 'x' * 2\nHERE = __file__")
    assert config.from_pyfile("settings.cfg") is True
    assert config == {"DEBUG": False, "SECRET": "xx", "HERE": str(tmp_path / "settings.cfg")}


def test_a_python_file_may_declare_its_encoding(config, tmp_path):
    (tmp_path / "latin.cfg").write_bytes("# -*- coding: latin-1 -*-\nNAME = 'Käse'".encode("latin-1"))
    config.from_pyfile("latin.cfg")
    assert config["NAME"] == "Käse"


def test_a_missing_file_says_that_it_is_the_configuration(config, tmp_path):
    with pytest.raises(OSError, match="Unable to load configuration file") as caught:
        config.from_pyfile("missing.cfg")
    assert caught.value.errno == errno.ENOENT
    assert caught.value.filename == str(tmp_path / "missing.cfg")


@pytest.mark.parametrize("name", ["missing.cfg", ".", "file/below"])
def test_a_file_that_is_not_there_may_be_silent(config, tmp_path, name):
    (tmp_path / "file").write_text("")
    assert config.from_pyfile(name, silent=True) is False


def test_an_error_in_the_file_is_never_silent(config, tmp_path):
    (tmp_path / "bad.cfg").write_text("A = ")
    with pytest.raises(SyntaxError):
        config.from_pyfile("bad.cfg", silent=True)


def test_an_environment_variable_names_the_file(config, tmp_path, monkeypatch):
    (tmp_path / "settings.cfg").write_text("A = 1")
    monkeypatch.setenv("APP_SETTINGS", "settings.cfg")
    assert config.from_envvar("APP_SETTINGS") is True
    assert config["A"] == 1


def test_an_unset_variable_is_named_in_the_error(config, monkeypatch):
    monkeypatch.delenv("APP_SETTINGS", raising=False)
    with pytest.raises(RuntimeError, match="The environment variable 'APP_SETTINGS' is not set"):
        config.from_envvar("APP_SETTINGS")
    assert config.from_envvar("APP_SETTINGS", silent=True) is False


def test_prefixed_variables_are_json_where_they_can_be(config, monkeypatch):
    for name, value in {"A": "1", "B": '["x"]', "C": "plain", "D": "true", "E": "1e400x"}.items():
        monkeypatch.setenv(f"CELLAR_{name}", value)
    monkeypatch.setenv("CELLARS_X", "1")
    assert config.from_prefixed_env("CELLAR") is True
    assert config == {"DEBUG": False, "A": 1, "B": ["x"], "C": "plain", "D": True, "E": "1e400x"}


def test_the_prefix_is_flasks_by_default(config, monkeypatch):
    monkeypatch.setenv("FLASK_BOTTLES", "12")
    config.from_prefixed_env()
    assert config["BOTTLES"] == 12


def test_two_underscores_lead_into_dictionaries(config, monkeypatch):
    config["DB"] = {"kept": 1}
    monkeypatch.setenv("CELLAR_DB__host", "db.example")
    monkeypatch.setenv("CELLAR_NEW__a__b", "2")
    config.from_prefixed_env("CELLAR")
    assert config["DB"] == {"kept": 1, "host": "db.example"}
    assert config["NEW"] == {"a": {"b": 2}}


@pytest.fixture
def secret(tmp_path, monkeypatch):
    path = tmp_path / "secret"
    path.write_text("0123\n")
    monkeypatch.setenv("CELLAR_KEY_FILE", str(path))
    return path


def test_a_variable_may_name_the_file_with_the_value(config, secret):
    config.from_prefixed_env("CELLAR", files=True)
    assert config["KEY"] == "0123"
    assert "KEY_FILE" not in config


def test_a_file_may_hold_a_part_of_a_dictionary(config, secret, monkeypatch):
    monkeypatch.setenv("CELLAR_DB__password_FILE", str(secret))
    config.from_prefixed_env("CELLAR", files=True)
    assert config["DB"] == {"password": "0123"}


def test_files_are_read_where_they_are_asked_for_only(config, secret):
    config.from_prefixed_env("CELLAR")
    assert config["KEY_FILE"] == str(secret)
    assert "KEY" not in config


def test_a_file_that_is_not_there_is_named_with_its_variable(config, secret):
    secret.unlink()
    with pytest.raises(ValueError, match=f"CELLAR_KEY_FILE names the file '{secret}', which cannot be read"):
        config.from_prefixed_env("CELLAR", files=True)


def test_a_setting_given_in_both_ways_is_refused(config, secret, monkeypatch):
    monkeypatch.setenv("CELLAR_KEY", "other")
    with pytest.raises(ValueError, match="Both CELLAR_KEY and CELLAR_KEY_FILE are set"):
        config.from_prefixed_env("CELLAR", files=True)


def test_prefixed_variables_are_read_by_the_function_given(config, monkeypatch):
    monkeypatch.setenv("CELLAR_A", "1")
    config.from_prefixed_env("CELLAR", loads=str)
    assert config["A"] == "1"


class Settings:
    SIZE = 75
    lower = 1

    @property
    def DOUBLE(self):
        return self.SIZE * 2


def test_an_object_gives_its_upper_case_attributes(config):
    config.from_object(Settings())
    assert config == {"DEBUG": False, "SIZE": 75, "DOUBLE": 150}


def test_an_object_may_be_given_by_its_import_name(config):
    config.from_object("errno")
    assert config["ENOENT"] == errno.ENOENT


def test_an_import_name_without_anything_behind_it_raises(config):
    with pytest.raises(ImportError):
        config.from_object("no_such_module_anywhere.Settings")


def test_a_data_file_is_read_by_the_function_given(config, tmp_path):
    (tmp_path / "a.toml").write_text("SIZE = 75\nlower = 1")
    (tmp_path / "b.json").write_text('{"OTHER": [1]}')
    assert config.from_file("a.toml", load=tomllib.load, text=False) is True
    assert config.from_file("b.json", load=json.load) is True
    assert config == {"DEBUG": False, "SIZE": 75, "OTHER": [1]}


def test_a_data_file_that_is_not_there_may_be_silent(config):
    assert config.from_file("missing.json", load=json.load, silent=True) is False
    with pytest.raises(OSError, match="Unable to load configuration file"):
        config.from_file("missing.json", load=json.load)


def test_a_mapping_and_keywords_give_their_upper_case_names(config):
    assert config.from_mapping({"A": 1, "b": 2}, C=3, d=4) is True
    assert config.from_mapping() is True
    assert config == {"DEBUG": False, "A": 1, "C": 3}


@pytest.mark.parametrize(
    ("lowercase", "trim", "names"),
    [
        (True, True, {"type", "path"}),
        (False, True, {"TYPE", "PATH"}),
        (True, False, {"image_type", "image_path"}),
        (False, False, {"IMAGE_TYPE", "IMAGE_PATH"}),
    ],
)
def test_a_namespace_is_what_begins_alike(config, lowercase, trim, names):
    config.update(IMAGE_TYPE="fs", IMAGE_PATH="/x", OTHER=1)
    chosen = config.get_namespace("IMAGE_", lowercase=lowercase, trim_namespace=trim)
    assert set(chosen) == names


class App:
    name = ConfigAttribute[str]("NAME")
    lifetime = ConfigAttribute("LIFETIME", get_converter=lambda days: timedelta(days=days))

    def __init__(self):
        self.config = Config("/", {"NAME": "cellar", "LIFETIME": 2})


def test_an_attribute_is_kept_in_the_config():
    app = App()
    app.name = "attic"
    assert app.config["NAME"] == app.name == "attic"


def test_an_attribute_is_converted_when_read():
    app = App()
    assert app.lifetime == timedelta(days=2)
    assert app.config["LIFETIME"] == 2


def test_the_class_has_the_attribute_itself():
    assert isinstance(App.name, ConfigAttribute)
    assert App.name.__name__ == "NAME"


@pytest.mark.parametrize("kind", [dict, OrderedDict, MappingProxyType], ids=lambda kind: kind.__name__)
def test_a_dictionary_is_no_object_to_load_from_and_the_message_names_the_method_that_is(config, kind):
    with pytest.raises(TypeError, match=r"from_mapping\(\)"):
        config.from_object(kind({"A": 1}))


def test_a_dictionary_with_attributes_is_an_object(config):
    class Settings(dict):
        A = 1

    config.from_object(Settings())
    assert config["A"] == 1


def test_compat_takes_nothing_from_a_dictionary_and_is_silent_as_flask():
    app = compat_app.Flask(__name__)
    app.config.from_object({"A": 1})
    assert "A" not in app.config
