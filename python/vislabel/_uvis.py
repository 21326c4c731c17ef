"""UVIS's labels and filters of instances: scores, prompts, prototype memory. Public in `vislabel.select`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from vislabel import _arrays, _core
from vislabel._arrays import ArrayLike, Int64, as_array, indices, integer, like, number, table, vector
from vislabel._core import Error

#: UVIS's seven prompts of a class, in the order of its supplement; ``{}`` stands for the class's name.
PROMPT_TEMPLATES = (
    "a photo of {}",
    "a photo of {} doing",
    "a photo of {} moving",
    "a photo of {} with",
    "a photo of {} on",
    "a photo of {} in",
    "a photo of {} at",
)


class Prompts(NamedTuple):
    """The prompts of some classes, the first class's first."""

    texts: list[str]
    """[P]: to be embedded by the caller's text encoder."""
    classes: Int64
    """int64 [P]: the class of each prompt."""


@dataclass(frozen=True, eq=False)
class PromptMatch:
    """What `match_prompts` finds."""

    label: Any
    """int64 [N]: the class of each instance's prompt."""
    prompt: Any
    """int64 [N]: the index of the prompt."""
    similarity: Any
    """float64 [N]: the cosine of instance and prompt, in [-1, 1]."""


def score_filter(*scores: ArrayLike, threshold: float = 0.7) -> Any:
    """Keep the instances all of whose scores reach the threshold.

    Parameters
    ----------
    *scores : arrays [N]
        One per kind of score: the objectness of the mask, `PromptMatch.similarity`, ...
    threshold : float
        Also for a score equal to it an instance stays.

    Returns
    -------
    bool [N]
        Whether each instance stays: filters are combined by ``&``, and it indexes arrays, Masks and Tracks.

    Raises
    ------
    vislabel.Error
        NaN, different lengths, no scores.

    Notes
    -----
    Compared in double: the float32 nearest to 0.7 is less than 0.7.

    Source: UVIS, supplement A ("mask and CLIP score with a 0.7 threshold") and B1; that a score equal to the
    threshold suffices is ours.

    Examples
    --------
    >>> import vislabel as vl
    >>> objectness, similarity = [0.9, 0.7, 0.6], [0.8, 0.7, 0.9]
    >>> vl.select.score_filter(objectness, similarity).tolist()
    [True, True, False]
    """
    if not scores:
        raise Error("scores is empty, expected at least one array")
    first = vector(scores[0], "scores[0]", None, "instance")
    rows = [vector(x, f"scores[{i}]", len(first), "instance") for i, x in enumerate(scores)]
    return like(_core.score_filter(np.stack(rows), number(threshold, "threshold")), *scores)


def prompts(
    class_names: Iterable[str] | Mapping[int, str], *, templates: Iterable[str] = PROMPT_TEMPLATES
) -> Prompts:
    """The texts that stand for classes: every template with every class's name.

    Parameters
    ----------
    class_names : list of str, or dict of int to str
        The names of the classes 0, 1, 2, ...; or of the classes that the keys say.
    templates : list of str
        ``{}`` stands for the name.

    Returns
    -------
    Prompts
        ``texts`` [P] and ``classes`` int64 [P], class by class.

    Raises
    ------
    vislabel.Error
        A name that is no text or empty, a template without ``{}``, no templates.

    Notes
    -----
    Source: UVIS, supplement B2.

    Examples
    --------
    >>> import vislabel as vl
    >>> texts, classes = vl.select.prompts({4: "giant panda", 9: "dog"})
    >>> texts[:2], texts[7:9], classes.tolist()[5:9]
    (['a photo of giant panda', 'a photo of giant panda doing'],
     ['a photo of dog', 'a photo of dog doing'], [4, 4, 9, 9])
    """
    forms = _arrays.items(templates, "templates")
    for i, form in enumerate(forms):
        if not isinstance(form, str) or "{}" not in form:
            raise Error(f"templates[{i}] is {_arrays.shown(form)}, expected text with {{}} for the name")
    if not forms:
        raise Error("templates is empty, expected at least one template")
    if not isinstance(class_names, Mapping):
        class_names = dict(enumerate(_arrays.items(class_names, "class_names")))
    classes = [integer(key, "a key of class_names") for key in class_names]
    for key, name in class_names.items():
        if not isinstance(name, str) or not name.strip():
            raise Error(f"class_names[{_arrays.shown(key)}] is {_arrays.shown(name)}, expected a name")
    texts = [form.replace("{}", name) for name in class_names.values() for form in forms]
    return Prompts(texts, np.repeat(np.array(classes, np.int64), len(forms)))


def _features(x: ArrayLike, name: str, columns: int | None = None) -> npt.NDArray[Any]:
    """``x`` [N, D] as float32 or float64 in C order; an empty list is no features."""
    array = as_array(x, name)
    if array.shape == (0,) and columns is not None:
        array = np.zeros((0, columns))
    if array.ndim != 2:
        raise Error(f"{name} has shape {list(array.shape)}, expected [N, D]: a feature vector per row")
    return np.ascontiguousarray(array, None if array.dtype.kind == "f" else np.float64)


def match_prompts(features: ArrayLike, prompts: ArrayLike, classes: ArrayLike) -> PromptMatch:
    """Label each instance with the class of the prompt that it is most similar to.

    Parameters
    ----------
    features : array [N, D]
        The instances' image embeddings, float32 or float64, of any length.
    prompts : array [P, D]
        The prompts' text embeddings.
    classes : int array [P]
        The class of each prompt, as `vislabel.select.prompts` gives them.

    Raises
    ------
    vislabel.Error
        NaN, infinity, no prompts, shapes that do not fit.

    Notes
    -----
    The prompt of largest cosine of all prompts of all classes; ties: the first. Cosines are computed in
    double and brought into [-1, 1]. An instance of zeros has the similarity 0 to every prompt, so it gets the
    first one, and `score_filter` drops it. The same bits on every machine and number of threads.

    Source: UVIS, supplement B2.

    Examples
    --------
    >>> import vislabel as vl
    >>> embeddings = [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]
    >>> match = vl.select.match_prompts([[3.0, 4.0], [-2.0, 0.0]], embeddings, [7, 7, 5])
    >>> match.label.tolist(), match.prompt.tolist(), match.similarity.tolist()
    ([7, 5], [1, 2], [0.8, 1.0])
    """
    texts = table(prompts, "prompts")
    ids = indices(classes, "classes", len(texts))
    label, prompt, similarity = _core.match_prompts(
        _features(features, "features", texts.shape[1]), texts, ids
    )
    given = (features, prompts, classes)
    return PromptMatch(like(label, *given), like(prompt, *given), like(similarity, *given))


@dataclass(frozen=True, eq=False)
class PrototypeMemory:
    """UVIS's memory of what each class looks like: a few centroids per class.

    Made by `fit`, or of centroids that were made elsewhere, in any order.

    Parameters
    ----------
    centroids : array [K, D]
    classes : int array [K]
        The class of each centroid.

    Notes
    -----
    Source: UVIS, supplement A.

    Examples
    --------
    >>> import vislabel as vl
    >>> features, labels = [[1.0, 0.0], [2.0, 0.0], [0.0, 3.0], [4.0, 0.0], [0.0, 1.0]], [4, 4, 4, 4, 9]
    >>> memory = vl.select.PrototypeMemory.fit(features, labels, k=1)
    >>> memory.centroids.tolist(), memory.classes.tolist()
    ([[0.75, 0.25], [0.0, 1.0]], [4, 9])
    >>> memory.keep(features, labels).tolist()
    [True, True, False, True, True]
    """

    centroids: Any
    """float64 [K, D]: means of features of length 1; by `fit` class by class, ascending."""
    classes: Any
    """int64 [K]: the class of each centroid."""

    @classmethod
    def fit(
        cls, features: ArrayLike, labels: ArrayLike, *, k: int, seed: int = 0, max_iterations: int = 300
    ) -> PrototypeMemory:
        """Remember the instances: for every class, k-means of their features divided by their lengths.

        Parameters
        ----------
        features : array [N, D]
            Float32 or float64, of any length; computed in double.
        labels : int array [N]
            The class of each instance.
        k : int
            Centroids per class; the supplement names no number. A class has fewer where it has fewer
            different features.
        seed : int
            At least 0. Each class draws from its own `std::mt19937_64` with this seed, so that its centroids
            depend on its instances and their order alone, not on other classes.
        max_iterations : int
            How often the centroids move at most.

        Raises
        ------
        vislabel.Error
            k < 1, a negative seed or max_iterations, NaN, infinity, lengths that do not fit.

        Notes
        -----
        k-means++, then Lloyd's iterations for as long as the sum of squared distances falls. Ties: the first
        centroid. A centroid without instances moves to the instance that is farthest from its own. Features
        of zeros have no direction and are left out; a class of nothing else has one centroid of zeros. The
        same bits on every machine and number of threads.
        """
        start = integer(seed, "seed")
        if start < 0:
            raise Error(f"seed is {start}, expected an integer of at least 0")
        rows = _features(features, "features")
        ids = indices(labels, "labels", len(rows))
        most = integer(max_iterations, "max_iterations")
        centroids, classes = _core.fit_prototypes(rows, ids, integer(k, "k"), start, most)
        return cls(like(centroids, features, labels), like(classes, features, labels))

    def similarity(self, features: ArrayLike, labels: ArrayLike) -> Any:
        """How much each instance looks like its own class, float64 [N].

        The largest cosine of its features with a centroid of its class, in [-1, 1]; 0 for features of zeros.

        Parameters
        ----------
        features : array [N, D]
        labels : int array [N]

        Raises
        ------
        vislabel.Error
            A label that no centroid has, NaN, infinity, shapes that do not fit.
        """
        centroids = table(self.centroids, "centroids")
        classes = indices(self.classes, "classes", len(centroids))
        rows = _features(features, "features", centroids.shape[1])
        ids = indices(labels, "labels", len(rows))
        return like(_core.prototype_similarity(centroids, classes, rows, ids), features, labels)

    def keep(self, features: ArrayLike, labels: ArrayLike, *, threshold: float = 0.7) -> Any:
        """Which instances look like their class: bool [N], `similarity` >= threshold.

        Parameters
        ----------
        features : array [N, D]
        labels : int array [N]
        threshold : float

        Raises
        ------
        vislabel.Error
            Those of `similarity`; a threshold of NaN.
        """
        return score_filter(self.similarity(features, labels), threshold=threshold)


def prototype_filter(
    features: ArrayLike,
    labels: ArrayLike,
    *,
    k: int,
    threshold: float = 0.7,
    seed: int = 0,
    max_iterations: int = 300,
) -> Any:
    """Drop the instances that look like no prototype of their class, made of these same instances.

    Parameters
    ----------
    features : array [N, D]
    labels : int array [N]
    k, seed, max_iterations
        As for `PrototypeMemory.fit`.
    threshold : float
        An instance stays iff its largest cosine with a centroid of its class is at least this.

    Returns
    -------
    bool [N]
        Whether each instance stays.

    Raises
    ------
    vislabel.Error
        Those of `PrototypeMemory`.

    Notes
    -----
    Source: UVIS, supplement A.

    Examples
    --------
    >>> import vislabel as vl
    >>> features = [[1.0, 0.0], [1.0, 0.1], [1.0, -0.1], [-1.0, 0.2]]
    >>> vl.select.prototype_filter(features, [3, 3, 3, 3], k=1).tolist()
    [True, True, True, False]
    """
    memory = PrototypeMemory.fit(features, labels, k=k, seed=seed, max_iterations=max_iterations)
    return memory.keep(features, labels, threshold=threshold)
