"""What UVIS's labels and filters refuse, each with one sentence that names the argument."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import vislabel as vl
from refusal import refused

nan, inf = float("nan"), float("inf")
score_filter, prompts, match = vl.select.score_filter, vl.select.prompts, vl.select.match_prompts
Memory, prototype_filter = vl.select.PrototypeMemory, vl.select.prototype_filter
X = np.ones((2, 3))
MEMORY = Memory(X, [3, 5])
K = {"k": 2}

CALLS: list[tuple[Any, tuple[Any, ...], dict[str, Any], str]] = [
    (score_filter, (), {}, "scores is empty, expected at least one array"),
    (score_filter, ([1, nan],), {}, "scores[0, 1] is NaN, expected a number"),
    (score_filter, ([1, 1], [nan, 1]), {}, "scores[1, 0] is NaN"),
    (score_filter, ([1, 1], [1]), {}, "scores[1] has shape [1], expected one per instance (2)"),
    (score_filter, (X,), {}, "scores[0] has shape [2, 3], expected one per instance"),
    (score_filter, (0.9,), {}, "scores[0] has shape [], expected one per instance"),
    (score_filter, (None,), {}, "scores[0] is None, expected an array"),
    (score_filter, (["high"],), {}, "scores[0] has dtype"),
    (score_filter, ([1],), {"threshold": nan}, "threshold is NaN"),
    (score_filter, ([1],), {"threshold": "high"}, "threshold is 'high', expected a number"),
    (score_filter, (torch.ones(2, device="meta"),), {}, "scores[0] is a tensor on meta"),
    (prompts, ("dog",), {}, "class_names is a str, expected a list"),
    (prompts, (None,), {}, "class_names is None, expected a list"),
    (prompts, (["dog", 3],), {}, "class_names[1] is 3, expected a name"),
    (prompts, (["dog", " "],), {}, "class_names[1] is ' ', expected a name"),
    (prompts, ({1: ""},), {}, "class_names[1] is '', expected a name"),
    (prompts, ({"dog": 1},), {}, "a key of class_names is 'dog', expected an integer"),
    (prompts, ({1.5: "dog"},), {}, "a key of class_names is 1.5, expected an integer"),
    (prompts, ({2**63: "dog"},), {}, "a key of class_names is 9223372036854775808"),
    (prompts, (["dog"],), {"templates": []}, "templates is empty, expected at least one template"),
    (prompts, (["dog"],), {"templates": ["{}", "a dog"]}, "templates[1] is 'a dog', expected text with {}"),
    (prompts, (["dog"],), {"templates": [1]}, "templates[0] is 1, expected text with {}"),
    (prompts, (["dog"],), {"templates": "{}"}, "templates is a str, expected a list"),
    (match, (X, X, [1]), {}, "classes has shape [1] and dtype int64, expected 2 integers"),
    (match, (X, X, [1.0, 2.0]), {}, "classes has shape [2] and dtype float64, expected 2 integers"),
    (match, (X, np.ones((0, 3)), []), {}, "prompts has no rows, expected at least one prompt"),
    (match, (np.ones((2, 4)), X, [1, 2]), {}, "features has 4 columns, expected as many as prompts (3)"),
    (match, (X[0], X, [1, 2]), {}, "features has shape [3], expected [N, D]"),
    (match, (X, X[0], [1, 2]), {}, "prompts has shape [3], expected [any, any]"),
    (match, (None, X, [1, 2]), {}, "features is None, expected an array"),
    (match, ([[1, 2, 3], [1, nan, 3]], X, [1, 2]), {}, "features[1, 1] is NaN, expected a number"),
    (match, ([[1, 2, -inf]], X, [1, 2]), {}, "features[0, 2] is -inf, expected a finite number"),
    (match, (X.astype(np.float32) * np.float32(nan), X, [1, 2]), {}, "features[0, 0] is NaN"),
    (match, (X, X * inf, [1, 2]), {}, "prompts[0, 0] is inf, expected a finite number"),
    (match, (X * 1j, X, [1, 2]), {}, "features has dtype complex128"),
    (match, (np.ma.masked_array(X, X > 0), X, [1, 2]), {}, "features has masked elements"),
    (match, (torch.ones(2, 3).to_sparse(), X, [1, 2]), {}, "features is a torch.sparse_coo tensor"),
    (Memory.fit, (X, [1]), K, "labels has shape [1] and dtype int64, expected 2 integers"),
    (Memory.fit, (X, [1.0, 1.0]), K, "labels has shape [2] and dtype float64, expected 2 integers"),
    (Memory.fit, (X, ["dog", "cat"]), K, "labels has dtype"),
    (Memory.fit, (X[0], [1]), K, "features has shape [3], expected [N, D]"),
    (Memory.fit, ([], []), K, "features has shape [0], expected [N, D]"),
    (Memory.fit, (X * nan, [1, 1]), K, "features[0, 0] is NaN"),
    (Memory.fit, ([[0.0, 1.0], [1.0, inf]], [1, 1]), K, "features[1, 1] is inf"),
    (Memory.fit, (X, [1, 1]), {"k": 0}, "k is 0, expected at least 1"),
    (Memory.fit, (X, [1, 1]), {"k": -1}, "k is -1, expected at least 1"),
    (Memory.fit, (X, [1, 1]), {"k": 2.0}, "k is 2.0, expected an integer"),
    (Memory.fit, (X, [1, 1]), {"k": True}, "k is True, expected an integer"),
    (Memory.fit, (X, [1, 1]), {"k": None}, "k is None, expected an integer"),
    (Memory.fit, (X, [1, 1]), {**K, "seed": -1}, "seed is -1, expected an integer of at least 0"),
    (Memory.fit, (X, [1, 1]), {**K, "seed": 2**63}, "seed is 9223372036854775808"),
    (Memory.fit, (X, [1, 1]), {**K, "seed": 0.5}, "seed is 0.5, expected an integer"),
    (Memory.fit, (X, [1, 1]), {**K, "max_iterations": -1}, "max_iterations is -1, expected at least 0"),
    (Memory.fit, (X, [1, 1]), {**K, "max_iterations": "many"}, "max_iterations is 'many'"),
    (MEMORY.similarity, (X, [3, 4]), {}, "labels[1] is 4, expected a class that has centroids (3, 5)"),
    (MEMORY.similarity, (X, [3]), {}, "labels has shape [1]"),
    (
        MEMORY.similarity,
        (np.ones((2, 4)), [3, 5]),
        {},
        "features has 4 columns, expected as many as centroids",
    ),
    (MEMORY.keep, (X * nan, [3, 5]), {}, "features[0, 0] is NaN"),
    (MEMORY.keep, (X, [3, 5]), {"threshold": nan}, "threshold is NaN"),
    (Memory(X, [3]).keep, (X, [3, 3]), {}, "classes has shape [1] and dtype int64, expected 2 integers"),
    (Memory(X * nan, [3, 5]).keep, (X, [3, 3]), {}, "centroids[0, 0] is NaN"),
    (Memory(None, [3, 5]).keep, (X, [3, 3]), {}, "centroids is None, expected an array"),
    (Memory(X[:0], []).keep, (X, [3, 3]), {}, "labels[0] is 3, expected none: there are no centroids"),
    (prototype_filter, (X, [1, 1]), {"k": 0}, "k is 0, expected at least 1"),
    (prototype_filter, (X, [1, 1]), {**K, "threshold": nan}, "threshold is NaN"),
    (prototype_filter, (X, [1]), K, "labels has shape [1]"),
]


@pytest.mark.parametrize(
    ("function", "arguments", "options", "message"), CALLS, ids=lambda v: v if isinstance(v, str) else ""
)
def test_uvis_refuses(
    function: Any, arguments: tuple[Any, ...], options: dict[str, Any], message: str
) -> None:
    with refused(message):
        function(*arguments, **options)
