"""A build hook of Hatch: a wheel has the catalogues compiled.

In the project's ``pyproject.toml``:

    [build-system]
    requires = ["hatchling", "demijohn[i18n]"]
    build-backend = "hatchling.build"

    [tool.hatch.build.targets.wheel.hooks.demijohn-i18n]
    directories = ["src/cellar/translations"]       # by default, every one that there is

A catalogue that cannot be compiled stops the build, as it does ``demijohn i18n compile``. This module must not know
applications: none is there to be built with.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.plugin import hookimpl

from demijohn.ext.i18n.operations import catalogues, compile_catalogue

__all__ = ["CatalogueHook", "hatch_register_build_hook"]


class CatalogueHook(BuildHookInterface[Any]):
    """Compiles catalogues into what is built."""

    PLUGIN_NAME = "demijohn-i18n"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and have the compiled files taken along though version control ignores them.

        :raises SystemExit: when a catalogue cannot be compiled.
        """
        root = Path(self.root)
        given = self.config.get("directories")
        folders = [root / folder for folder in given] if given else sorted(_all(root))
        wrong: list[str] = []
        for path in catalogues(map(str, folders)):
            wrong += compile_catalogue(path)
            compiled = path.with_suffix(".mo").relative_to(root).as_posix()
            build_data["artifacts"].append(f"/{compiled}")
        if wrong:
            raise SystemExit("\n".join([*wrong, "The catalogues above cannot be compiled."]))


def _all(root: Path) -> set[Path]:
    """The folders of catalogues below a project, but for those of environments and of what was built."""
    return {
        path.parent.parent.parent
        for path in root.glob("**/LC_MESSAGES/*.po")
        if not any(part.startswith(".") or part in {"build", "dist", "site-packages", "node_modules"}
                   for part in path.relative_to(root).parts)
    }  # fmt: skip


@hookimpl
def hatch_register_build_hook() -> type[CatalogueHook]:
    """What Hatch asks the entry point for."""
    return CatalogueHook
