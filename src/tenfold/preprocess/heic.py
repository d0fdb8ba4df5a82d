"""HEIC and HEIF, as telephones store photos; libheif decodes them, through pillow-heif."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from tenfold.errors import DataError, install

if TYPE_CHECKING:
    from pillow_heif import HeifFile

SUFFIXES = (".heic", ".heif", ".hif")
_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_ANY = {b"mif1", b"msf1"}  # brands of the container, which may hold other pictures as well


def is_heic(content: bytes) -> bool:
    r"""Whether bytes begin as a HEIC file does: a box ``ftyp`` with a brand of it (ISO 23008-12).

    Examples
    --------
    >>> is_heic(b"\0\0\0\x18ftypheic\0\0\0\0"), is_heic(b"\x89PNG")
    (True, False)
    """
    if content[4:8] != b"ftyp":
        return False
    size = min(int.from_bytes(content[:4]), 256)
    named = {content[at : at + 4] for at in range(16, size, 4)}
    main = content[8:12]
    return main in _BRANDS or (main in _ANY and bool(named & _BRANDS))


def open_heic(content: bytes, name: str) -> HeifFile:
    """Open a HEIC file; ``size`` is known before ``to_pillow()`` decodes its main picture, upright.

    Raises
    ------
    DataError
        If pillow-heif is not installed.
    """
    try:
        import pillow_heif
    except ModuleNotFoundError as error:
        raise DataError(
            f"{name}: HEIC needs the package pillow-heif, which is not installed. "
            + install("forms")
        ) from error
    return pillow_heif.open_heif(io.BytesIO(content))
