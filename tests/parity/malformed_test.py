"""Malformed input gets a clear error or the right answer; the document shows every case and pycocotools."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

if not sys.platform.startswith("linux"):
    pytest.skip("every case is a forked process with Linux's limits", allow_module_level=True)

from malformed import Outcome, outcomes, row, run_alone
from malformed_cases import CASES, Case

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "malformed-input.md"


@pytest.fixture(scope="module")
def ours() -> dict[str, Outcome]:
    return outcomes("vislabel")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_malformed_input_is_an_error_or_gets_the_right_answer(case: Case, ours: dict[str, Outcome]) -> None:
    outcome = ours[case.name]
    assert outcome.noise == ""
    if case.right:
        assert outcome.kind == "value", outcome.text
        assert outcome.right, f"{case.call} is {outcome.text}, expected {case.right}"
    else:
        assert outcome.kind == "refused", outcome.text
        assert case.refused in outcome.text
        for sign_of_more in ("\n", ". ", "Invoked with"):
            assert sign_of_more not in outcome.text, f"not one sentence: {outcome.text}"


def test_every_case_has_a_name_of_its_own_and_either_an_error_or_an_answer() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 60
    assert all(bool(case.refused) != bool(case.right) for case in CASES)


def test_the_document_shows_every_case_and_no_other() -> None:
    """What pycocotools does may differ with the machine, the end of a message with NumPy's version."""
    written = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("| ")]
    again = "write it again: python tests/parity/malformed.py --write docs/malformed-input.md"
    assert len(written) == len(CASES) + 1, again
    for case, line in zip(CASES, written[1:], strict=True):
        assert line.startswith(row(case.name, f"`{case.source}`")), again
        outcome = line[len(row(case.name, f"`{case.source}`")) :].lstrip()
        assert outcome.startswith("Error: ") == bool(case.refused), again
        assert row(case.refused)[2:-2] in outcome, again


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        ("__import__('os').kill(__import__('os').getpid(), 9)", "killed", "SIGKILL"),
        ("__import__('os')._exit(3)", "killed", "exit 3"),
        ("__import__('time').sleep(60)", "hangs", "hangs (0.2 s)"),
        ("bytearray(1 << 40)", "raised", "MemoryError: "),
        ("1 / 0", "raised", "ZeroDivisionError: division by zero"),
    ],
)
def test_a_crash_a_hang_and_a_leak_are_seen(call: str, kind: str, text: str) -> None:
    seconds = 0.2 if kind == "hangs" else 20
    outcome = run_alone(Case(call, call), {"vl": None}, seconds)
    assert (outcome.kind, outcome.text) == (kind, text)


@pytest.mark.parametrize(
    "call",
    ["__import__('warnings').warn('careful')", "print('careful')", "__import__('os').write(2, b'careful')"],
)
def test_a_warning_and_a_printed_line_are_noise(call: str) -> None:
    assert run_alone(Case(call, call), {"vl": None}, 20).noise in ("UserWarning", "careful")
