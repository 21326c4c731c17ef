"""Prints the requirements of one extra of pyproject.toml (or "build", its build system), one per line.

pip 23 can install an extra only together with the package; `./dev` wants the requirements before the build.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import tomllib


def requirements(extra: str) -> list[str]:
    config = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())
    if extra == "build":
        return [
            *config["build-system"]["requires"],
            "cmake>=3.25",
            "ninja",
            *config["project"]["dependencies"],
        ]
    found: list[str] = []
    for requirement in config["project"]["optional-dependencies"][extra]:
        own = re.fullmatch(r"vislabel\[(\w+)\]", requirement)
        found += requirements(own[1]) if own else [requirement]
    return found


print("\n".join(requirements(sys.argv[1])))
