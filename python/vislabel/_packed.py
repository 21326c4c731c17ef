"""What `Masks` and `Tracks` share: packed pixels that never change, indexed along their first axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vislabel._arrays import positions

if TYPE_CHECKING:
    from typing_extensions import Self


class Packed:
    """A batch of N packed things of one size, held by the extension module."""

    __slots__ = ("_packed",)
    __array_ufunc__ = None  # `array | masks` is a TypeError, not an array of objects
    _packed: Any

    @classmethod
    def _wrap(cls, core: Any) -> Self:
        packed = cls.__new__(cls)
        packed._packed = core
        return packed

    @property
    def size(self) -> tuple[int, int]:
        """(H, W) in pixels."""
        height, width = self._packed.size()
        return height, width

    @property
    def nbytes(self) -> int:
        """Bytes of memory held by the packed masks."""
        return int(self._packed.memory())

    def __len__(self) -> int:
        return int(self._packed.count())

    def __getitem__(self, index: Any) -> Self:
        """Those at an int, a slice, an array of ints or an array of bool; always a batch."""
        return self._wrap(self._packed.select(positions(index, len(self))))

    def __eq__(self, other: object) -> bool:
        """Same size, same slots, same pixels."""
        return isinstance(other, type(self)) and bool(self._packed.equal(other._packed))

    __hash__ = None  # type: ignore[assignment]
