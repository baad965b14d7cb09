"""Types for annotating views and hooks, under the names of ``flask.typing``.

Only names: the definitions stand in the lowest floor, where every module can use them.
"""

from __future__ import annotations

from demijohn._types import (
    AfterRequestCallable,
    AppOrBlueprintKey,
    BeforeFirstRequestCallable,
    BeforeRequestCallable,
    ErrorHandlerCallable,
    HeadersValue,
    HeaderValue,
    ResponseClass,
    ResponseReturnValue,
    ResponseValue,
    RouteCallable,
    ShellContextProcessorCallable,
    StatusCode,
    TeardownCallable,
    TemplateContextProcessorCallable,
    TemplateFilterCallable,
    TemplateGlobalCallable,
    TemplateTestCallable,
    URLDefaultCallable,
    URLValuePreprocessorCallable,
    WSGIApplication,
)

__all__ = [
    "AfterRequestCallable",
    "AppOrBlueprintKey",
    "BeforeFirstRequestCallable",
    "BeforeRequestCallable",
    "ErrorHandlerCallable",
    "HeaderValue",
    "HeadersValue",
    "ResponseClass",
    "ResponseReturnValue",
    "ResponseValue",
    "RouteCallable",
    "ShellContextProcessorCallable",
    "StatusCode",
    "TeardownCallable",
    "TemplateContextProcessorCallable",
    "TemplateFilterCallable",
    "TemplateGlobalCallable",
    "TemplateTestCallable",
    "URLDefaultCallable",
    "URLValuePreprocessorCallable",
    "WSGIApplication",
]
