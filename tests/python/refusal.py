"""How a refusal looks: one clear sentence, as `vislabel.Error`, which is a ValueError."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import vislabel as vl


@contextmanager
def refused(*parts: str) -> Iterator[None]:
    """The body must raise `vislabel.Error` with one sentence that holds all ``parts``."""
    with pytest.raises(vl.Error) as caught:
        yield
    assert isinstance(caught.value, ValueError)
    message = str(caught.value)
    for part in parts:
        assert part in message
    assert message
    assert message == message.strip()
    for sign_of_more in ("\n", ". ", "Invoked with"):
        assert sign_of_more not in message, f"not one sentence: {message}"
