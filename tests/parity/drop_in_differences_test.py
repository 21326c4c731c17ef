"""docs/pycocotools.md lists every difference to pycocotools; each row of its tables holds on both sides."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vislabel as vl
from pycocotools import mask as coco
from refusal import refused
from vislabel import mask

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "pycocotools.md").read_text()
GIVEN = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)[-1]
ROWS = [line[2:-2].split(" | ") for line in DOCUMENT.splitlines() if line.startswith("| `")]


def code(cell: str) -> str:
    """The Python at the beginning of a cell; it may hold a backtick inside quotes."""
    found = re.match(r'`((?:"[^"]*"|[^`"])*)`', cell)
    assert found, cell
    return found[1]


def call(cell: str, module: Any) -> Any:
    names: dict[str, Any] = {"mask": module}
    exec(GIVEN, names)
    return eval(code(cell), names)


def assert_equal(result: Any, expected: Any) -> None:
    assert type(result) is type(expected)
    if isinstance(expected, (np.ndarray, np.generic)):
        assert (result.dtype, result.shape) == (expected.dtype, expected.shape)
        np.testing.assert_array_equal(result, expected)
    else:
        assert result == expected


def test_the_document_has_its_rows() -> None:
    assert all(len(row) == 3 for row in ROWS)
    assert len(ROWS) > 50


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_vislabel_does_what_the_document_says(row: list[str]) -> None:
    if row[2].startswith("Error: "):
        with refused(row[2].removeprefix("Error: ")):
            call(row[0], mask)
    else:
        assert_equal(call(row[0], mask), call(row[2], mask))


@pytest.mark.parametrize(
    "row", [row for row in ROWS if not row[1].startswith("not run: ")], ids=lambda row: row[0]
)
def test_pycocotools_does_what_the_document_says(row: list[str]) -> None:
    if row[1].startswith("`"):
        assert_equal(call(row[0], coco), call(row[1], coco))
        return
    kind, message = row[1].split(": ", 1)
    with pytest.raises(Exception, match=re.escape(message)) as caught:
        call(row[0], coco)
    assert type(caught.value).__name__ == kind


def test_every_row_is_a_difference() -> None:
    for row in ROWS:
        assert row[1] != row[2]


def test_a_refusal_is_a_value_error() -> None:
    assert issubclass(vl.Error, ValueError)
