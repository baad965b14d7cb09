"""Fields for files, and what they may be held to, for files as small and as large as they come."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from io import BytesIO

import pytest
from werkzeug.datastructures import FileStorage, MultiDict
from wtforms.validators import Length

from demijohn.ext.forms import FileAllowed, FileField, FileRequired, FileSize, FlaskForm, MultipleFileField
from demijohn.ext.forms.file import file_allowed, file_required, file_size

SAME = {"Sec-Fetch-Site": "same-origin"}


def form_of(*validators, several=False):
    class Upload(FlaskForm):
        class Meta:
            csrf = False

        file = (MultipleFileField if several else FileField)(validators=list(validators))

    return Upload


def sent(*names, content=b"some bytes"):
    return MultiDict([("file", FileStorage(BytesIO(content), filename=name)) for name in names])


@pytest.fixture(autouse=True)
def context(site):
    with site.app.test_request_context():
        yield


def errors(form, data):
    made = form(data)
    made.validate()
    return list(made.file.errors)


@pytest.mark.parametrize("several", [False, True])
def test_a_file_may_be_required(several):
    form = form_of(FileRequired(), several=several)
    assert errors(form, sent("a.png")) == []
    assert errors(form, sent("")) == errors(form, MultiDict()) == ["This field is required."]
    assert errors(form, MultiDict({"file": "no file"})) == ["This field is required."]
    assert errors(form_of(FileRequired("A photo, please."), several=several), sent("")) == [
        "A photo, please."
    ]
    assert "required" in form().file()


@pytest.mark.parametrize("name", ["a.png", "a.b.PNG", ".png", "a.jpg"])
def test_a_name_with_an_allowed_extension_passes_in_any_case(name):
    assert errors(form_of(FileAllowed(["png", "JPG"])), sent(name)) == []


@pytest.mark.parametrize("name", ["a.php", "a.png.php", "png", "a.png ", "a.png\0.php"])
def test_any_other_is_refused(name):
    expected = ["File does not have an approved extension: png, JPG"]
    assert errors(form_of(FileAllowed(["png", "JPG"])), sent(name)) == expected
    assert errors(form_of(FileAllowed(["png", "JPG"]), several=True), sent("a.png", name)) == expected


def test_a_set_of_uploads_is_asked():
    class Uploads:
        def file_allowed(self, storage, name):
            return name.endswith("txt")

    assert errors(form_of(FileAllowed(Uploads())), sent("a.txt")) == []
    assert errors(form_of(FileAllowed(Uploads())), sent("a.png")) == [
        "File does not have an approved extension."
    ]


def test_what_was_not_sent_has_no_extension_and_no_size():
    assert errors(form_of(FileAllowed(["png"]), FileSize(1, 1)), sent("")) == []


@pytest.mark.parametrize(("size", "fits"), [(1, False), (2, True), (8, True), (9, False)])
@pytest.mark.parametrize("in_memory", [True, False])
def test_a_size_has_limits(size, fits, in_memory, tmp_path):
    (tmp_path / "file").write_bytes(b"x" * size)
    with (tmp_path / "file").open("rb") as opened:
        stream = BytesIO(b"x" * size) if in_memory else opened
        file = FileStorage(stream, filename="a")
        expected = [] if fits else ["File must be between 2 and 8 bytes."]
        assert errors(form_of(FileSize(8, 2)), MultiDict({"file": file})) == expected
        assert file.read() == b"x" * size


def test_what_cannot_be_measured_is_an_error_that_says_so():
    class Pipe:
        def seekable(self):
            return False

    with pytest.raises(TypeError, match="'a.png', a Pipe, is not seekable"):
        form_of(FileSize(8))(MultiDict({"file": FileStorage(Pipe(), filename="a.png")})).validate()


def test_200_mb_are_measured_without_being_read(tmp_path):
    path = tmp_path / "large"
    with path.open("wb") as large:
        large.truncate(200_000_000)
    with path.open("rb") as large:
        form = form_of(FileSize(100_000_000), FileSize(300_000_000))(
            MultiDict({"file": FileStorage(large, filename="a")})
        )
        tracemalloc.start()
        assert not form.validate()
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert large.tell() == 0
    assert most < 1_000_000
    assert form.file.errors == ["File must be between 0 and 100000000 bytes."]


def test_an_upload_that_was_put_on_disk_is_measured_without_being_read(every_site):
    """A file of 3 MB lies in a temporary file by then."""
    every_site.app.config["MAX_CONTENT_LENGTH"] = 10_000_000
    form = form_of(FileRequired(), FileSize(2_000_000))

    def upload():
        made = form()
        tracemalloc.start()
        valid = made.validate_on_submit()
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return [valid, most < 1_000_000, made.file.data.tell(), len(made.file.data.read())]

    every_site.route("/", upload)
    data = {"file": (BytesIO(b"x" * 3_000_000), "a.bin")}
    assert every_site.client().post("/", data=data).json == [False, True, 0, 3_000_000]


def test_there_may_be_a_number_of_files():
    form = form_of(Length(2, 3), several=True)
    assert errors(form, sent("a", "b")) == []
    assert len(errors(form, sent("a"))) == 1
    assert form(sent("")).file.data is None


def test_a_file_that_was_there_stays_when_none_was_sent():
    assert form_of()(sent(""), data={"file": "old.png"}).file.data == "old.png"
    assert form_of(several=True)(sent(""), data={"file": ["old.png"]}).file.data == ["old.png"]


def test_the_validators_have_the_names_of_functions_too():
    assert (file_required, file_allowed, file_size) == (FileRequired, FileAllowed, FileSize)


def test_importing_the_room_loads_neither_asyncio_nor_what_asks_services():
    code = (
        "import sys, demijohn.ext.forms; "
        "print([m for m in ('asyncio', 'urllib.request', 'demijohn.testing') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
