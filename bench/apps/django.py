"""Django without middleware, the least it can be."""

from __future__ import annotations

import sys
from typing import Any

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.views.decorators.http import require_GET, require_POST

from bench.apps import SECRET, TEMPLATES
from bench.cases import DOCUMENT, ROUTED_RESOURCES, ROWS

ANSWERS = {
    "hello",
    "params",
    "json",
    "query",
    "form",
    "multipart",
    "abort",
    "unrouted",
    "method",
    "page",
    "stream",
}
urlpatterns: list[URLPattern] = []


@require_GET
def hello(request: HttpRequest) -> HttpResponse:
    return HttpResponse("Hello, World!")


@require_GET
def document(request: HttpRequest) -> JsonResponse:
    return JsonResponse(DOCUMENT)


@require_GET
def search(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"{request.GET['q']} {int(request.GET.get('page', 1))}")


@require_POST
def form(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"{request.POST['name']} {request.POST['quantity']}")


@require_POST
def upload(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"{request.POST['title']} {len(request.FILES['file'].read())}")


def missing(request: HttpRequest) -> HttpResponse:
    raise Http404


@require_GET
def rows(request: HttpRequest) -> HttpResponse:
    return render(request, "rows.html", {"title": "Bottles", "rows": ROWS})


@require_GET
def stream(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse((str(n) for n in range(10)), content_type="text/plain")


@require_GET
def values(request: HttpRequest, **parts: Any) -> HttpResponse:
    return HttpResponse(" ".join(str(value) for value in parts.values()))


def make(kind: str) -> Any:
    """The WSGI application."""
    settings.configure(
        SECRET_KEY=SECRET,
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        MIDDLEWARE=[],
        LOGGING_CONFIG=None,
        DEFAULT_CHARSET="utf-8",
        TEMPLATES=[{"BACKEND": "django.template.backends.jinja2.Jinja2", "DIRS": [TEMPLATES]}],
    )
    django.setup()
    if kind == "routes":
        tails = ("", "/<int:number>", "/<int:number>/items/<item>", "/<int:number>/items/<item>/<action>")
        for n in range(ROUTED_RESOURCES):
            urlpatterns.extend(path(f"api/v1/things{n}{tail}", values) for tail in tails)
    else:
        urlpatterns.extend(
            path(name, getattr(sys.modules[__name__], view))
            for name, view in (
                ("hello", "hello"),
                ("json", "document"),
                ("search", "search"),
                ("form", "form"),
                ("upload", "upload"),
                ("abort", "missing"),
                ("rows", "rows"),
                ("stream", "stream"),
            )
        )
    return get_wsgi_application()
