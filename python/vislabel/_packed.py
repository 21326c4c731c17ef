"""What `Masks` and `Tracks` share: packed pixels that never change, indexed along their first axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vislabel._arrays import positions
from vislabel._core import Error
from vislabel._device import on_device

if TYPE_CHECKING:
    from typing_extensions import Self


class Packed:
    """A batch of N packed things of one size, held by the extension module or on a device."""

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

    @property
    def device(self) -> str:
        """Where the pixels are: "cpu" or, for example, "cuda:0"."""
        home = getattr(self._packed, "home", None)
        return "cpu" if home is None else str(home)

    def cpu(self) -> Self:
        """The same on the CPU, itself if it is there; waits for the device.

        What crosses are the places where colours change, not the pixels.
        """
        return self._wrap(self._packed.cpu()) if on_device(self) else self

    def cuda(self, device: Any = None) -> Self:
        """The same on a device, itself if it is there.

        Parameters
        ----------
        device : int, "cuda", "cuda:1" or torch.device, optional
            Default: the current one. Memory comes from torch where it is installed, else from CuPy.

        Raises
        ------
        vislabel.Error
            This build has no CUDA backend; neither torch nor CuPy is installed.
        """
        from vislabel.cuda import _homes

        home = _homes.home_named(device)
        if on_device(self):
            if device is None or self._packed.home.index == home.index:
                return self
            return self.cpu().cuda(device)
        return self._wrap(self._sent(home))

    def _place(self) -> tuple[str, str] | None:
        """The device and the framework that holds memory there; None: the CPU."""
        return (self.device, self._packed.home.framework) if on_device(self) else None

    def _returned(self, device: str, framework: str) -> Self:
        """The same where it was when it was pickled."""
        from vislabel.cuda import _homes

        return self._wrap(self._sent(_homes.home_named(device, framework)))

    def __copy__(self) -> Self:
        return self  # it never changes

    def __deepcopy__(self, memo: Any) -> Self:
        return self

    def _sent(self, home: Any) -> Any:
        raise NotImplementedError

    def _here(self, name: str = "self") -> Any:
        """What the extension module holds. Errors: they are on a device, where ``name`` is not computed."""
        if on_device(self):
            raise Error(f"{name} is on {self.device}, where this is not computed: use {name}.cpu()")
        return self._packed

    def __len__(self) -> int:
        return int(self._packed.count())

    def __getitem__(self, index: Any) -> Self:
        """Those at an int, a slice, an array of ints or an array of bool; always a batch."""
        if on_device(index) and on_device(self):
            return self._wrap(self._packed.select_there(index))
        return self._wrap(self._packed.select(positions(index, len(self))))

    def __eq__(self, other: object) -> bool:
        """Same size, same slots, same pixels; on a device, waits for it."""
        if not isinstance(other, type(self)):
            return False
        return bool(self._packed.equal(other._packed if on_device(self) else other._here("the other one")))

    __hash__ = None  # type: ignore[assignment]
