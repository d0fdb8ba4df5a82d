from __future__ import annotations

import cv2
import numpy as np
import pytest

from tenfold.errors import DataError, FaultError, UsageError, faults_of


def test_whatever_goes_wrong_becomes_one_line_that_names_the_picture() -> None:
    with pytest.raises(FaultError) as caught, faults_of("a.png"):
        np.zeros(3)[7]
    assert str(caught.value).startswith(
        "a.png: could not be read because of a fault in tenfold (IndexError: index 7 is out"
    )
    assert str(caught.value).endswith("Please report it with the picture.")
    assert caught.value.name == "a.png"
    assert isinstance(caught.value.__cause__, IndexError)
    with pytest.raises(FaultError) as caught, faults_of("a.png"):
        cv2.cvtColor(np.zeros((2, 2), np.uint8), cv2.COLOR_BGR2GRAY)
    assert "\n" not in str(caught.value)
    with pytest.raises(FaultError, match=r"in tenfold \(KeyError\)\. "), faults_of("a.png"):
        raise KeyError


def test_memory_and_disk_have_sentences_of_their_own() -> None:
    with pytest.raises(DataError, match=r"a\.png.*read for lack of memory"), faults_of("a.png"):
        raise MemoryError
    with pytest.raises(FaultError) as caught, faults_of("a.png", "drawn"):
        raise OSError(28, "No space left on device")
    assert "a.png: could not be drawn (No space left on device)." in str(caught.value)
    assert "fault" not in str(caught.value)


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), SystemExit(1), BrokenPipeError(), UsageError("what"),
              DataError("what")],
)  # fmt: skip
def test_what_is_no_fault_passes_as_it_is(error: BaseException) -> None:
    with pytest.raises(type(error)) as caught, faults_of("a.png"):
        raise error
    assert caught.value is error


def test_a_message_is_one_line_whatever_it_quotes() -> None:
    error = UsageError("\x1b[31m\n.png: is wrong")
    assert str(error) == r"\x1b[31m\n.png: is wrong"
    assert str(DataError(str(error))) == str(error)
