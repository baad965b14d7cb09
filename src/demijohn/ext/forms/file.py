"""Fields for uploaded files, and what they may be held to: Flask-WTF's.

This module must not know where files are kept, nor read them.
"""

from __future__ import annotations

from collections.abc import Iterable
from io import SEEK_END, BytesIO
from typing import Any

from werkzeug.datastructures import FileStorage
from wtforms import FileField as PlainFileField
from wtforms import MultipleFileField as PlainMultipleFileField
from wtforms.validators import DataRequired, StopValidation, ValidationError

__all__ = [
    "FileAllowed", "FileField", "FileRequired", "FileSize", "MultipleFileField", "file_allowed", "file_required",
    "file_size",
]  # fmt: skip


def _sent(values: Any) -> list[FileStorage]:
    """Those values of a field that are files: a browser sends one without a name where none was chosen."""
    return [value for value in values if isinstance(value, FileStorage) and value]


def _files(field: Any) -> list[FileStorage]:
    """The files of a field, none unless all that it has are files."""
    values = field.data if isinstance(field.data, list) else [field.data]
    files = _sent(values)
    return files if len(files) == len(values) else []


class FileField(PlainFileField):
    """One uploaded file: ``data`` is a :class:`~werkzeug.datastructures.FileStorage`, or None."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Take the file, or keep what there was."""
        files = _sent(valuelist)
        if files:
            self.data = files[0]
        else:
            self.raw_data = []


class MultipleFileField(PlainMultipleFileField):
    """Several uploaded files: ``data`` is a list of them, or None."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Take the files, or keep what there was."""
        files = _sent(valuelist)
        if files:
            self.data = files
        else:
            self.raw_data = []


class FileRequired(DataRequired):
    """That a file was uploaded.

    :param message: What to say otherwise.
    """

    def __call__(self, form: Any, field: Any) -> None:
        """Look at a field.

        :raises ValidationError: when it is not so.
        """
        if not _files(field):
            raise StopValidation(self.message or field.gettext("This field is required."))


class FileAllowed:
    """That the names of uploaded files have certain extensions. What is in a file is not looked at.

    :param upload_set: The extensions, or a set of uploads, which is asked.
    :param message: What to say otherwise.
    """

    def __init__(self, upload_set: Any, message: str | None = None) -> None:
        self.upload_set = upload_set
        self.message = message

    def __call__(self, form: Any, field: Any) -> None:
        """Look at a field.

        :raises ValidationError: when it is not so.
        """
        files = _files(field)
        for file in files:
            name = (file.filename or "").lower()
            if not isinstance(self.upload_set, Iterable):
                if not self.upload_set.file_allowed(files, name):
                    raise StopValidation(
                        self.message or field.gettext("File does not have an approved extension.")
                    )
            elif not name.endswith(tuple(f".{extension.lower()}" for extension in self.upload_set)):
                text = field.gettext("File does not have an approved extension: {extensions}")
                raise StopValidation(self.message or text.format(extensions=", ".join(self.upload_set)))


class FileSize:
    """That uploaded files are neither too large nor too small. They are not read, and left at their start.

    :param max_size: The most, in bytes.
    :param min_size: The least.
    :param message: What to say otherwise.
    """

    def __init__(self, max_size: int, min_size: int = 0, message: str | None = None) -> None:
        self.min_size = min_size
        self.max_size = max_size
        self.message = message

    def __call__(self, form: Any, field: Any) -> None:
        """Look at a field.

        :raises ValidationError: when it is not so.
        """
        for file in _files(field):
            if not self.min_size <= _size(file) <= self.max_size:
                text = field.gettext("File must be between {min_size} and {max_size} bytes.")
                raise ValidationError(
                    self.message or text.format(min_size=self.min_size, max_size=self.max_size)
                )


def _size(file: FileStorage) -> int:
    if isinstance(file.stream, BytesIO):
        return file.stream.getbuffer().nbytes
    if not file.seekable():
        raise TypeError(
            f"The stream of {file.filename!r}, a {type(file.stream).__name__}, is not seekable, so FileSize cannot"
            " tell its size."
        )
    size: int = file.seek(0, SEEK_END)
    file.seek(0)
    return size


#: The same validators under the names of functions.
file_required, file_allowed, file_size = FileRequired, FileAllowed, FileSize
