"""The application a server is told to load: `bench.serve:app`, chosen by BENCH_APP and BENCH_KIND."""

from __future__ import annotations

import importlib
import os
from typing import Any

app: Any = importlib.import_module(os.environ["BENCH_APP"]).make(os.environ.get("BENCH_KIND", "main"))
