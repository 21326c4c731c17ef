"""Takes the place of `pycocotools.mask` in a running process, and gives it back."""

from __future__ import annotations

import importlib
import sys
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from types import ModuleType
from typing import Any

_ABSENT = object()
_before: list[tuple[dict[str, Any], str, Any]] = []  # what `install` replaced, in order


def module(name: str, attributes: dict[str, Any]) -> ModuleType:
    """A module of these attributes; a package where its name has no dot."""
    made = module_from_spec(ModuleSpec(name, None, is_package="." not in name))
    vars(made).update(attributes)
    return made


def install(modules: dict[str, ModuleType]) -> None:
    """Put modules in the place of those of pycocotools, which need not be installed.

    A module that is replaced may be in someone's hands already: its own attributes become the new one's.
    """
    package = _package()
    for name, ours in modules.items():
        theirs = sys.modules.get(f"pycocotools.{name}")
        if theirs is not None and theirs is not ours:
            for attribute in vars(theirs).keys() & vars(ours).keys():
                if not attribute.startswith("__"):
                    _put(vars(theirs), attribute, vars(ours)[attribute])
        _put(sys.modules, f"pycocotools.{name}", ours)
        _put(vars(package), name, ours)


def uninstall() -> None:
    """Undo every `install`."""
    while _before:
        namespace, name, value = _before.pop()
        if value is _ABSENT:
            namespace.pop(name, None)
        else:
            namespace[name] = value


def _package() -> ModuleType:
    """The package pycocotools, or an empty one in its place."""
    try:
        return importlib.import_module("pycocotools")
    except ImportError:
        _put(sys.modules, "pycocotools", module("pycocotools", {}))
        return sys.modules["pycocotools"]


def _put(namespace: dict[str, Any], name: str, value: Any) -> None:
    before = namespace.get(name, _ABSENT)
    if before is not value:
        _before.append((namespace, name, before))
        namespace[name] = value
