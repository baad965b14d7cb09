"""Django without middleware, with its own mapper and persistent connections."""

from __future__ import annotations

import sys
from typing import Any

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import path

from bench.apps import SECRET, TEMPLATES, database


def make(address: str, protocol: str) -> Any:
    """The WSGI application."""
    settings.configure(
        SECRET_KEY=SECRET,
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF=sys.modules[__name__],
        DATABASES={"default": _database(address)},
        TEMPLATES=[{"BACKEND": "django.template.backends.jinja2.Jinja2", "DIRS": [TEMPLATES]}],
    )
    django.setup()
    urlpatterns[:] = _views()
    return get_wsgi_application()


urlpatterns: list[Any] = []


def _database(address: str) -> dict[str, Any]:
    if address.startswith("sqlite"):
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": address.partition(":///")[2],
            "CONN_MAX_AGE": None,
        }
    user, _, rest = address.partition("://")[2].partition("@")
    name, _, password = user.partition(":")
    host, _, base = rest.partition("/")
    return {
        "ENGINE": "django.db.backends.postgresql", "USER": name, "PASSWORD": password, "NAME": base,
        "HOST": host.partition(":")[0], "PORT": host.partition(":")[2], "CONN_MAX_AGE": None,
    }  # fmt: skip


def _views() -> list[Any]:
    from django.db import models  # a model needs settings, so it cannot be imported earlier

    class World(models.Model):
        number = models.IntegerField()

        class Meta:
            app_label, db_table = "bench", "world"

    class Fortune(models.Model):
        message = models.CharField(max_length=200)

        class Meta:
            app_label, db_table = "bench", "fortune"

    def world(request: HttpRequest) -> HttpResponse:
        row = World.objects.get(pk=database.random_id())
        return JsonResponse({"id": row.pk, "number": row.number})

    def fortunes(request: HttpRequest) -> HttpResponse:
        rows = [(row.pk, row.message) for row in Fortune.objects.all()]
        return render(request, "fortunes.html", {"rows": database.completed(rows)})

    return [path("world", world), path("fortunes", fortunes)]
