"""Generates the type stub of the extension module and compares it with the one in the package.

`python cmake/check_stub.py --write` brings it up to date.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

STUB = Path(__file__).parent.parent / "python" / "vislabel" / "_core.pyi"


def generated() -> str:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pybind11_stubgen", "vislabel._core", "-o", folder]
        subprocess.run(command, check=True, capture_output=True)
        file = Path(folder) / "vislabel" / "_core.pyi"
        subprocess.run(["ruff", "format", "-q", "--line-length", "110", str(file)], check=True)
        return file.read_text()


def main() -> int:
    new = generated()
    if "--write" in sys.argv:
        STUB.write_text(new)
    elif STUB.read_text() != new:
        print(
            "python/vislabel/_core.pyi is not what the module says: python cmake/check_stub.py --write",
            file=sys.stderr,
        )
        return 1
    return 0


sys.exit(main())
