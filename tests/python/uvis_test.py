"""UVIS's labels and filters: equal to the oracle, the paper's cases by hand, properties."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
import torch
import uvis_oracle as slow
import vislabel as vl
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

seeds = st.integers(0, 2**32 - 1)


def features_of(seed: int, count: int, columns: int) -> NDArray[np.float64]:
    """Around few directions, with copies, multiples and zeros."""
    rng = np.random.default_rng(seed)
    centers = rng.normal(size=(3, columns))
    out = centers[rng.integers(3, size=count)] + rng.normal(size=(count, columns)) * 0.3
    for n in range(1, count):
        if rng.random() < 0.15:
            out[n] = out[rng.integers(n)]
    out[rng.random(count) < 0.06] = 0
    out[rng.random(count) < 0.3] *= rng.choice([1e100, 1e-100, 3.0])
    return out


# --- scores -------------------------------------------------------------------------------------------------


def test_every_score_must_reach_the_threshold() -> None:
    objectness, similarity = [0.9, 0.7, np.nextafter(0.7, 0), 1.0], np.array([0.7, 0.9, 0.9, 0.1], np.float64)
    kept = vl.select.score_filter(objectness, similarity)
    assert (kept.dtype, kept.tolist()) == (np.bool_, [True, True, False, False])
    assert vl.select.score_filter(objectness).tolist() == [True, True, False, True]
    assert vl.select.score_filter(objectness, similarity, objectness, threshold=0.1).all()
    assert vl.select.score_filter([]).tolist() == []
    assert vl.select.score_filter([1, 0], [True, True]).tolist() == [True, False]
    assert vl.select.score_filter(np.array([0.7, 0.75], np.float32)).tolist() == [False, True]


def test_the_kept_index_masks_and_tensors_alike() -> None:
    masks = vl.Masks(np.ones((3, 4, 5), bool))
    kept = vl.select.score_filter([0.9, 0.2, 0.8])
    assert len(masks[kept]) == 2
    tensor = vl.select.score_filter(torch.tensor([0.9, 0.2, 0.8], requires_grad=True), [0.9, 0.9, 0.1])
    assert isinstance(tensor, torch.Tensor)
    assert (tensor.dtype, tensor.tolist()) == (torch.bool, [True, False, False])


# --- prompts ------------------------------------------------------------------------------------------------


def test_the_prompts_are_those_of_the_supplement() -> None:
    texts, classes = vl.select.prompts(["dog", "giant panda"])
    endings = ["", " doing", " moving", " with", " on", " in", " at"]
    names = ["dog", "giant panda"]
    assert texts == [f"a photo of {name}{ending}" for name in names for ending in endings]
    assert (classes.dtype, classes.tolist()) == (np.int64, [0] * 7 + [1] * 7)
    assert len(vl.select.PROMPT_TEMPLATES) == 7


def test_classes_may_have_ids_and_templates_of_their_own() -> None:
    made = vl.select.prompts({40: "tv {set}", -2: "cat"}, templates=["{}!", "{} {}"])
    assert made == vl.select.Prompts(["tv {set}!", "tv {set} tv {set}", "cat!", "cat cat"], made.classes)
    assert made.classes.tolist() == [40, 40, -2, -2]
    assert vl.select.prompts(iter(["a", "a"])).classes.tolist() == [0] * 7 + [1] * 7
    empty = vl.select.prompts([])
    assert (empty.texts, empty.classes.shape, empty.classes.dtype) == ([], (0,), np.int64)


def test_the_prompt_of_largest_cosine_gives_the_label() -> None:
    prompts = [[5, 0], [0, 1], [-1, 0], [0, 7]]
    match = vl.select.match_prompts([[3, 4], [-9, 0], [0, 0], [0, 1e300]], prompts, [7, 7, 3, 2])
    assert (match.prompt.tolist(), match.label.tolist()) == ([1, 2, 0, 1], [7, 3, 7, 7])
    assert match.similarity.tolist() == [0.8, 1.0, 0.0, 1.0]
    assert (match.prompt.dtype, match.label.dtype, match.similarity.dtype) == (np.int64, np.int64, np.float64)


@pytest.mark.parametrize(("count", "prompts", "columns"), [(0, 1, 3), (1, 1, 1), (37, 14, 20), (66, 35, 9)])
def test_matches_equal_the_oracle_to_the_last_bit(count: int, prompts: int, columns: int) -> None:
    for seed in range(3):
        features, texts = features_of(seed, count, columns), features_of(seed + 50, prompts, columns)
        classes = np.random.default_rng(seed).integers(-4, 4, prompts)
        match = vl.select.match_prompts(features, texts, classes)
        label, prompt, similarity = slow.match_prompts(features, texts, classes)
        assert (match.label.tolist(), match.prompt.tolist()) == (label, prompt)
        assert match.similarity.tolist() == similarity


def test_matches_agree_with_plain_numpy() -> None:
    rng = np.random.default_rng(3)
    features, texts = rng.normal(size=(400, 128)), rng.normal(size=(70, 128))
    match = vl.select.match_prompts(features.astype(np.float32), texts, np.arange(70) // 7)
    a, b = (
        x / np.linalg.norm(x, axis=1, keepdims=True)
        for x in (features.astype(np.float32).astype(float), texts)
    )
    table = a @ b.T
    np.testing.assert_array_equal(match.prompt, table.argmax(axis=1))
    np.testing.assert_array_equal(match.label, match.prompt // 7)
    np.testing.assert_allclose(match.similarity, table.max(axis=1), rtol=0, atol=1e-15)


# --- prototypes ---------------------------------------------------------------------------------------------


def test_the_outlier_of_a_class_is_dropped() -> None:
    features, labels = [[1, 0], [2, 0], [0, 3], [4, 0], [0, 1]], [4, 4, 4, 4, 9]
    memory = vl.select.PrototypeMemory.fit(features, labels, k=1)
    assert memory.centroids.tolist() == [[0.75, 0.25], [0.0, 1.0]]
    assert (memory.classes.tolist(), memory.classes.dtype) == ([4, 9], np.int64)
    expected = [3 / 10**0.5, 3 / 10**0.5, 1 / 10**0.5, 3 / 10**0.5, 1]
    np.testing.assert_allclose(memory.similarity(features, labels), expected, rtol=1e-15)
    kept = vl.select.prototype_filter(features, labels, k=1)
    assert (kept.dtype, kept.tolist()) == (np.bool_, [True, True, False, True, True])
    assert vl.select.prototype_filter(features, labels, k=1, threshold=0.3).all()
    assert vl.select.prototype_filter(features, labels, k=2).all()


@pytest.mark.parametrize(("count", "columns", "k"), [(1, 1, 1), (30, 5, 3), (60, 17, 2), (45, 8, 50)])
def test_memory_and_similarity_equal_the_oracle_to_the_last_bit(count: int, columns: int, k: int) -> None:
    for seed in range(3):
        features = features_of(seed, count, columns)
        labels = np.random.default_rng(seed).integers(0, 3, count) * 5 - 5
        memory = vl.select.PrototypeMemory.fit(features, labels, k=k, seed=seed * 2**40)
        centroids, classes = slow.prototypes(features, labels, k, seed * 2**40)
        np.testing.assert_array_equal(memory.centroids, centroids)
        assert memory.classes.tolist() == classes
        similarity = memory.similarity(features, labels)
        assert similarity.tolist() == slow.similarity(centroids, classes, features, labels)
        for threshold in (0.7, 0.95, similarity[0]):
            kept = vl.select.prototype_filter(features, labels, k=k, seed=seed * 2**40, threshold=threshold)
            assert kept.tolist() == (similarity >= threshold).tolist()
            assert memory.keep(features, labels, threshold=threshold).tolist() == kept.tolist()


@given(seeds, st.integers(1, 6))
def test_no_other_class_has_a_say(seed: int, k: int) -> None:
    features, rng = features_of(seed, 40, 4), np.random.default_rng(seed)
    labels = rng.integers(0, 3, 40)
    kept = vl.select.prototype_filter(features, labels, k=k)
    for label in range(3):
        own = labels == label
        alone = vl.select.prototype_filter(features[own], np.full(own.sum(), -1), k=k)
        assert alone.tolist() == kept[own].tolist()


@given(seeds)
def test_with_a_centroid_for_each_only_zeros_are_dropped(seed: int) -> None:
    features = features_of(seed, 30, 5)
    kept = vl.select.prototype_filter(features, np.zeros(30, int), k=30, threshold=0.999999)
    assert kept.tolist() == features.any(axis=1).tolist()


def test_zeros_are_like_nothing() -> None:
    memory = vl.select.PrototypeMemory.fit([[0, 0], [1, 0], [0, 0]], [1, 1, 2], k=3)
    assert (memory.centroids.tolist(), memory.classes.tolist()) == ([[1, 0], [0, 0]], [1, 2])
    assert memory.similarity([[0, 0], [-1, 0], [5, 5]], [1, 1, 2]).tolist() == [0, -1, 0]


def test_a_memory_may_come_from_elsewhere() -> None:
    memory = vl.select.PrototypeMemory([[1, 0], [0, 1], [0, -5]], [8, 2, 8])
    assert memory.similarity([[0, -1], [0, -1]], [8, 2]).tolist() == [1, -1]
    features, labels = features_of(5, 30, 6), np.arange(30) % 4
    fitted = vl.select.PrototypeMemory.fit(features, labels, k=3)
    again = vl.select.PrototypeMemory(np.asfortranarray(fitted.centroids), fitted.classes.astype(np.int32))
    for other in (again, copy.deepcopy(fitted), pickle.loads(pickle.dumps(fitted))):
        np.testing.assert_array_equal(other.similarity(features, labels), fitted.similarity(features, labels))


def test_without_instances_nothing_is_remembered_or_dropped() -> None:
    memory = vl.select.PrototypeMemory.fit(np.zeros((0, 6), np.float32), np.zeros(0, int), k=4)
    assert (memory.centroids.shape, memory.classes.shape) == ((0, 6), (0,))
    assert memory.similarity(np.zeros((0, 6)), []).tolist() == []
    assert memory.keep([], []).tolist() == []
    assert vl.select.prototype_filter(np.zeros((0, 6)), [], k=1).tolist() == []
    assert vl.select.match_prompts([], [[1.0, 2.0]], [3]).label.tolist() == []
    flat = vl.select.match_prompts(np.zeros((2, 0)), np.zeros((3, 0)), [4, 5, 6])
    assert (flat.label.tolist(), flat.similarity.tolist()) == ([4, 4], [0, 0])


# --- arrays and threads -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "longdouble", "int8", "uint64"])
def test_numbers_of_every_type_and_layout_are_computed_in_double(dtype: str) -> None:
    x = np.random.default_rng(8).integers(0, 9, (40, 12)).astype(dtype)
    labels = np.arange(40) % 3
    expected = vl.select.PrototypeMemory.fit(x.astype(np.float64), labels, k=4)
    prompts = vl.select.match_prompts(x.astype(np.float64), x[:9].astype(np.float64), labels[:9])
    wide = np.zeros((81, 25), dtype)
    wide[1::2, 1::2] = x
    for given_ in (
        x,
        np.asfortranarray(x),
        wide[1::2, 1::2],
        x[::-1].copy()[::-1],
        x.astype(x.dtype.newbyteorder()),
    ):
        memory = vl.select.PrototypeMemory.fit(given_, labels, k=4)
        np.testing.assert_array_equal(memory.centroids, expected.centroids)
        match = vl.select.match_prompts(given_, given_[:9], labels[:9].astype(np.uint8))
        np.testing.assert_array_equal(match.similarity, prompts.similarity)
    np.testing.assert_array_equal(
        vl.select.PrototypeMemory.fit(x.tolist(), labels, k=4).centroids, expected.centroids
    )


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_tensors_come_out_where_tensors_go_in(dtype: torch.dtype) -> None:
    x = torch.from_numpy(np.random.default_rng(9).normal(size=(40, 12))).to(dtype)
    labels, exact = torch.arange(40) % 3, x.double().numpy()
    memory = vl.select.PrototypeMemory.fit(x.requires_grad_(), labels, k=4)
    expected = vl.select.PrototypeMemory.fit(exact, labels.numpy(), k=4)
    assert isinstance(memory.centroids, torch.Tensor)
    assert isinstance(memory.classes, torch.Tensor)
    np.testing.assert_array_equal(memory.centroids, expected.centroids)
    for features in (x, x.T.contiguous().T, torch.stack([x, x], -1)[..., 0]):
        similarity, kept = memory.similarity(features, labels), memory.keep(features, labels)
        assert (similarity.dtype, kept.dtype) == (torch.float64, torch.bool)
        assert not similarity.requires_grad
        np.testing.assert_array_equal(similarity, expected.similarity(exact, labels.numpy()))
        match = vl.select.match_prompts(features, exact[:9], labels[:9])
        assert isinstance(match.label, torch.Tensor)
        np.testing.assert_array_equal(
            match.similarity, vl.select.match_prompts(exact, exact[:9], range(9)).similarity
        )
    assert isinstance(expected.similarity(x, labels), torch.Tensor)
    assert isinstance(vl.select.prototype_filter(exact, labels, k=4), torch.Tensor)


def test_the_inputs_are_left_as_they_are() -> None:
    x, labels = features_of(11, 30, 5), np.arange(30) % 2
    for array in (x, labels):
        array.flags.writeable = False
    before = x.copy()
    memory = vl.select.PrototypeMemory.fit(x, labels, k=2)
    memory.keep(x, labels)
    vl.select.match_prompts(x, x, labels)
    np.testing.assert_array_equal(x, before)


def test_the_same_bits_on_every_number_of_threads() -> None:
    rng = np.random.default_rng(12)
    x = rng.normal(size=(5000, 40)).astype(np.float32)
    labels = np.where(
        rng.random(5000) < 0.6, 7, rng.integers(0, 20, 5000)
    )  # one class that takes all threads
    results: list[Any] = []
    before = vl.get_num_threads()
    try:
        for threads in (1, 2, 3, 0):
            vl.set_num_threads(threads)
            memory = vl.select.PrototypeMemory.fit(x, labels, k=10, seed=4)
            match = vl.select.match_prompts(x, x[:90], labels[:90])
            similarity = memory.similarity(x, labels)
            results.append(
                [v.tobytes() for v in (memory.centroids, similarity, match.prompt, match.similarity)]
            )
    finally:
        vl.set_num_threads(before)
    assert all(result == results[0] for result in results)
