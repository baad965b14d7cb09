"""The benchmark's own virtual environment: made when missing, filled from requirements.txt.

A requirement that cannot be installed is left out and named; the frameworks that need it then report
themselves as missing.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / "build" / "bench"
REQUIREMENTS = ROOT / "bench" / "requirements.txt"
_STAMP = HOME / "bench.json"


def python() -> str:
    """The environment's interpreter."""
    return str(HOME / ("Scripts" if os.name == "nt" else "bin") / "python")


def program(name: str) -> str:
    """A console program installed in the environment."""
    return str(Path(python()).parent / name)


def child_environ() -> dict[str, str]:
    """The variables a measured process gets: a fixed hash seed, our packages on the path, and nothing
    that would change how Python runs."""
    kept = {
        key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "FLASK", "QUART"))
    }
    kept["PYTHONPATH"] = os.pathsep.join((str(ROOT / "src"), str(ROOT)))
    kept["PYTHONHASHSEED"] = "0"
    kept["PATH"] = os.pathsep.join((str(Path(python()).parent), kept.get("PATH", "")))
    return kept


def _wanted() -> list[str]:
    lines = (line.strip() for line in REQUIREMENTS.read_text().splitlines())
    wanted = [line for line in lines if line and not line.startswith("#")]
    if (ROOT / "pyproject.toml").exists():
        wanted.append(f"-e {ROOT}")
    return wanted


def _install(*arguments: str) -> bool:
    command = [python(), "-m", "pip", "install", "-q", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, check=False).returncode == 0


def ensure() -> list[str]:
    """Make the environment if it is missing or its requirements changed; return what was left out."""
    wanted = _wanted()
    digest = hashlib.sha256("\n".join(wanted).encode()).hexdigest()
    if _STAMP.exists():
        stamp = json.loads(_STAMP.read_text())
        if stamp["digest"] == digest:
            return list(stamp["left_out"])
    print("making build/bench (once; a few minutes)", file=sys.stderr)
    if not Path(python()).exists():
        venv.create(HOME, with_pip=True)
    left_out = []
    if not _install(*(part for line in wanted for part in line.split())):
        left_out = [line for line in wanted if not _install(*line.split())]
    _STAMP.write_text(json.dumps({"digest": digest, "left_out": left_out}))
    return left_out


def versions(distributions: set[str]) -> dict[str, str]:
    """The installed version of each distribution; one that is missing has none."""
    script = (
        "import sys, json, importlib.metadata as m\n"
        "def v(n):\n"
        "    try: return m.version(n)\n"
        "    except m.PackageNotFoundError: return ''\n"
        "print(json.dumps({n: v(n) for n in sys.argv[1:]}))"
    )
    done = subprocess.run(
        [python(), "-c", script, *sorted(distributions)], capture_output=True, text=True, check=True
    )
    return {name: version for name, version in json.loads(done.stdout).items() if version}


def machine() -> dict[str, str]:
    """What the figures were measured on."""
    model = next(
        (line.partition(":")[2].strip() for line in _cpuinfo() if line.startswith("model name")),
        "unknown processor",
    )
    done = subprocess.run([python(), "-VV"], capture_output=True, text=True, check=True)
    return {
        "processor": model,
        "cores": str(os.cpu_count()),
        "python": done.stdout.strip(),
        "system": " ".join(os.uname()[::2][:2]) if hasattr(os, "uname") else sys.platform,
        "commit": _commit(),
    }


def _cpuinfo() -> list[str]:
    try:
        return Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return []


def _commit() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True
    )
    return done.stdout.strip()
