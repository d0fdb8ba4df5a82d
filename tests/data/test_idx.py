from __future__ import annotations

import gzip
import os
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray

from tenfold.data.idx import count_images, read_images, read_labels, read_pair
from tenfold.errors import DataError

Pictures = NDArray[np.uint8]
IdxWriter = Callable[[Path, Pictures], Path]

IMAGES = struct.pack(">4I", 0x803, 3, 8, 8) + bytes(range(192))
LABELS = struct.pack(">2I", 0x801, 5) + bytes([0, 1, 9, 3, 4])

same_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@same_folder
@given(
    st.integers(8, 64).flatmap(
        lambda side: npst.arrays(np.uint8, st.tuples(st.integers(1, 3), *[st.just(side)] * 2))
    ),
    st.booleans(),
)
def test_pictures_come_back_as_written(
    tmp_path: Path, write_idx: IdxWriter, images: Pictures, zipped: bool
) -> None:
    path = write_idx(tmp_path / ("images" + ".gz" * zipped), images)
    np.testing.assert_array_equal(read_images(path), images)
    assert count_images(path) == len(images)


@same_folder
@given(npst.arrays(np.uint8, st.integers(1, 50), elements=st.integers(0, 9)), st.booleans())
def test_labels_come_back_as_written(
    tmp_path: Path, write_idx: IdxWriter, labels: Pictures, zipped: bool
) -> None:
    path = write_idx(tmp_path / ("labels" + ".gz" * zipped), labels)
    np.testing.assert_array_equal(read_labels(path), labels)


def test_gzip_is_told_by_content_not_by_name(tmp_path: Path) -> None:
    (tmp_path / "plain.gz").write_bytes(LABELS)
    (tmp_path / "zipped").write_bytes(gzip.compress(LABELS))
    assert read_labels(tmp_path / "plain.gz").tolist() == [0, 1, 9, 3, 4]
    assert read_labels(tmp_path / "zipped").tolist() == [0, 1, 9, 3, 4]


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize(("content", "read"), [(IMAGES, read_images), (LABELS, read_labels)])
def test_every_truncation_is_refused_in_one_line(
    tmp_path: Path, content: bytes, read: Callable[[Path], Pictures], zipped: bool
) -> None:
    whole = gzip.compress(content) if zipped else content
    path = tmp_path / "cut"
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(DataError) as caught:
            read(path)
        message = str(caught.value)
        assert message.startswith(f"{path}: ")
        assert "\n" not in message


@pytest.mark.parametrize("length", [17, 100, len(IMAGES) - 1])
def test_a_truncated_file_is_told_with_its_bytes(tmp_path: Path, length: int) -> None:
    (tmp_path / "cut").write_bytes(IMAGES[:length])
    with pytest.raises(DataError, match=f"truncated: ends at byte {length}, .* announces 208"):
        read_images(tmp_path / "cut")


def test_bytes_after_the_end_are_refused(tmp_path: Path) -> None:
    (tmp_path / "long").write_bytes(IMAGES + b"x")
    with pytest.raises(DataError, match="goes on after byte 208"):
        read_images(tmp_path / "long")


def test_a_damaged_gzip_checksum_is_refused(tmp_path: Path) -> None:
    data = bytearray(gzip.compress(LABELS))
    data[-8] ^= 1
    (tmp_path / "crc.gz").write_bytes(data)
    with pytest.raises(DataError, match=r"crc\.gz: cannot be read \(CRC"):
        read_labels(tmp_path / "crc.gz")


def test_every_flipped_byte_of_a_gzip_is_refused_or_harmless(tmp_path: Path) -> None:
    whole = gzip.compress(LABELS)
    harmless = []
    for place in range(len(whole)):
        data = bytearray(whole)
        data[place] ^= 0xFF
        (tmp_path / "flip").write_bytes(data)
        try:
            labels = read_labels(tmp_path / "flip")
        except DataError as error:
            assert "\n" not in str(error)  # noqa: PT017 — both outcomes are right
        else:
            assert labels.tolist() == [0, 1, 9, 3, 4]
            harmless.append(place)
    assert harmless == list(range(4, 10))  # in gzip's header: the time stamp, flags, the system


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"\x89PNG\r\n\x1a\n", "begins with 0x89504e47"),
        (LABELS, r"begins with 0x00000801, not 0x00000803 \(it holds labels\)"),
        (struct.pack(">4I", 0x803, 0, 8, 8), "holds no pictures"),
        (struct.pack(">4I", 0x803, 1, 8, 9) + bytes(72), "a picture of 9×8; .*'tenfold read'"),
        (struct.pack(">4I", 0x803, 1, 7, 7) + bytes(49), "a picture of 7×7"),
        (struct.pack(">4I", 0x803, 1, 65, 65) + bytes(4225), "a picture of 65×65"),
        # A header that announces terabytes takes no memory for them.
        (struct.pack(">4I", 0x803, 2**32 - 1, 64, 64) + bytes(99), "truncated: ends at byte 115"),
    ],
)
def test_wrong_files_of_pictures_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "images").write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_images(tmp_path / "images")


def test_a_label_beyond_nine_is_told_with_its_byte(tmp_path: Path) -> None:
    (tmp_path / "labels").write_bytes(LABELS[:-2] + bytes([10, 4]))
    with pytest.raises(DataError, match="labels: byte 11: label 10 is not one of the digits 0–9"):
        read_labels(tmp_path / "labels")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="missing: no such file"):
        read_images(tmp_path / "missing")


def test_unequal_lengths_are_refused(tmp_path: Path) -> None:
    (tmp_path / "images").write_bytes(IMAGES)
    (tmp_path / "labels").write_bytes(LABELS)
    with pytest.raises(DataError, match="3 pictures, but 5 labels in labels"):
        read_pair(tmp_path / "images", tmp_path / "labels")


def test_a_small_file_that_unpacks_to_gigabytes_is_refused_by_its_header(tmp_path: Path) -> None:
    path = tmp_path / "bomb.gz"
    header = struct.pack(">4I", 0x803, 2_000_000, 28, 28)
    path.write_bytes(gzip.compress(header + bytes(10_000)))
    with pytest.raises(DataError, match=r"bomb\.gz: unpacked is 1\.6 GB; 1 GB is the most"):
        read_images(path)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="is a pipe, not a file"):
        read_images(tmp_path / "pipe")
