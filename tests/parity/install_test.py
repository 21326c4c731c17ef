"""`vislabel.mask.install_as_pycocotools`, each case in a Python of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

EVALUATION = Path(__file__).with_name("coco_evaluation.py")

WITHOUT_PYCOCOTOOLS = """
    import sys

    class Blocked:
        def find_spec(self, name, path=None, target=None):
            if name == "pycocotools":
                raise ModuleNotFoundError("No module named 'pycocotools'", name=name)

    sys.meta_path.insert(0, Blocked())
"""


def run(*parts: str) -> None:
    """Run the code in a new Python; what it asserts must hold."""
    code = "\n".join(textwrap.dedent(part) for part in parts)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


INSTALLED = """
    import numpy as np
    import vislabel
    from vislabel import mask as ours

    ours.install_as_pycocotools()
"""

EVERY_NAME_IS_OURS = """
    import pycocotools.mask as one
    import pycocotools._mask as two
    import pycocotools._mask
    from pycocotools import mask, _mask
    from pycocotools.mask import decode, encode

    assert one is mask is pycocotools.mask is ours
    assert two is _mask is pycocotools._mask is ours._mask
    assert decode is ours.decode and encode is ours.encode
    dense = np.asfortranarray(np.eye(5, dtype=np.uint8)[:, :, None])
    rles = _mask.encode(dense)
    assert rles == ours.encode(dense)
    assert (_mask.decode(rles) == dense).all() and _mask.decode(rles).shape == (5, 5, 1)
    assert _mask.area(rles).tolist() == [5] and _mask.toBbox(rles).tolist() == [[0, 0, 5, 5]]
    assert _mask.merge(rles, 1) == rles[0] and _mask.iou(rles, rles, [0]) == 1
    polygon, box, runs = [1, 1, 4, 1, 4, 4], np.array([[1, 1, 2, 2.0]]), {"size": [2, 2], "counts": [1, 3]}
    assert _mask.frPyObjects([polygon], 5, 5) == _mask.frPoly([polygon], 5, 5)
    assert _mask.frPyObjects(box, 5, 5) == _mask.frBbox(box, 5, 5)
    assert _mask.frPyObjects([runs], 2, 2) == _mask.frUncompressedRLE([runs], 2, 2)
"""


def test_every_way_to_import_it_gives_ours() -> None:
    run(INSTALLED, EVERY_NAME_IS_OURS)


def test_a_second_call_changes_nothing() -> None:
    run(INSTALLED, "ours.install_as_pycocotools()", EVERY_NAME_IS_OURS)


def test_pycocotools_need_not_be_installed() -> None:
    run(
        WITHOUT_PYCOCOTOOLS,
        INSTALLED,
        EVERY_NAME_IS_OURS,
        """
        import importlib.util

        assert importlib.util.find_spec("pycocotools") is not None
        try:
            import pycocotools.coco
        except ModuleNotFoundError as error:
            assert error.name == "pycocotools.coco"
        else:
            raise AssertionError

        ours.uninstall_as_pycocotools()
        assert not [name for name in sys.modules if name.startswith("pycocotools")]
        """,
    )


def test_modules_that_were_imported_before_use_ours_and_get_back_what_they_had() -> None:
    run(
        """
        import sys
        import pycocotools._mask as compiled, pycocotools.mask as theirs
        from pycocotools import coco, cocoeval
        from pycocotools.mask import area as kept

        before = {module: dict(vars(module)) for module in (compiled, theirs, sys.modules["pycocotools"])}
        """,
        INSTALLED,
        EVERY_NAME_IS_OURS,
        """
        for name in ("encode", "decode", "area", "toBbox", "iou", "merge", "frPyObjects"):
            assert getattr(theirs, name) is getattr(ours, name) is getattr(compiled, name)
            assert getattr(coco.maskUtils, name) is getattr(cocoeval.maskUtils, name) is getattr(ours, name)
        assert theirs._mask is ours._mask
        assert compiled.frPoly is ours.frPyObjects
        assert theirs.__name__ == "pycocotools.mask" and kept is not ours.area

        ours.install_as_pycocotools()
        ours.uninstall_as_pycocotools()
        ours.uninstall_as_pycocotools()
        for module, attributes in before.items():
            assert vars(module) == attributes
        from pycocotools import mask

        assert mask is theirs is sys.modules["pycocotools.mask"]
        assert sys.modules["pycocotools._mask"] is compiled
        """,
    )


def test_what_was_never_imported_is_importable_again() -> None:
    run(
        INSTALLED,
        """
        ours.uninstall_as_pycocotools()
        from pycocotools import mask

        assert mask is not ours and mask.area is not ours.area
        """,
    )


def test_coco_s_own_evaluation_gives_the_same_numbers_on_ours() -> None:
    found: dict[str, Any] = {}
    for how in ("plain", "before", "after"):
        done = subprocess.run([sys.executable, EVALUATION, how], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        found[how] = json.loads(done.stdout)
    assert found["plain"].pop("of") == ["pycocotools._mask"] * 2
    assert found["before"].pop("of") == found["after"].pop("of") == ["vislabel.mask"] * 2
    assert found["plain"] == found["before"] == found["after"]
    for kind in ("segm", "bbox"):
        assert 0 < found["plain"]["results"][kind]["stats"][0] < 1


@pytest.mark.parametrize("name", ["mask", "_mask"])
def test_every_function_has_the_parameters_of_pycocotools(name: str) -> None:
    run(
        f"""
        import inspect
        import pycocotools.{name} as theirs
        from vislabel import mask

        ours = mask if "{name}" == "mask" else mask._mask
        for function in ("decode", "area", "toBbox", "iou", "merge", "frPyObjects"):
            expected, given = (inspect.signature(getattr(module, function)) for module in (theirs, ours))
            assert list(given.parameters) == list(expected.parameters)
            for parameter in given.parameters.values():
                assert parameter.default == expected.parameters[parameter.name].default
        assert list(inspect.signature(mask.encode).parameters) == ["bimask"]
        """
    )
