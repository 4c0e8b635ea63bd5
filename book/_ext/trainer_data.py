"""Writes the 8×8 digits as a script for the page that trains: python -m binenc_book.trainer_data.

The page is to work from a file, where a script can be loaded and data cannot.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SCRIPT = Path("book", "assets", "trainer", "digits-data.js")
LARGEST = 16
BASE_17 = "0123456789abcdefg"
HEADER = """\
/* Written by python -m binenc_book.trainer_data: the split of replication.data.load, in its order.
   A pixel is one digit to the base 17, an image 64 of them; a label is a digit.
   Optical recognition of handwritten digits (Alpaydin and Kaynak 1998), as in scikit-learn. */
"""


def pixels(images: NDArray) -> str:
    """Images (N, 1, 8, 8), float32 in [-1, 1], as one character a pixel, image after image."""
    levels = np.rint((images + 1) * (LARGEST / 2)).astype(int).ravel()
    return "".join(BASE_17[level] for level in levels)


def script(
    train_images: NDArray, train_labels: NDArray, test_images: NDArray, test_labels: NDArray
) -> str:
    """The text of the script that gives a dataset, as in `data.Dataset`, to the page's trainer."""
    splits = [("train", train_images, train_labels), ("test", test_images, test_labels)]
    entries = "".join(
        f'  {name}: {{\n    labels: "{"".join(map(str, labels.tolist()))}",\n'
        f'    pixels: "{pixels(images)}",\n  }},\n'
        for name, images, labels in splits
    )
    return (
        f"{HEADER}(window.bookTrainer = window.bookTrainer || {{}}).digitsData = {{\n{entries}}};\n"
    )


def main() -> None:
    """Renew the script in the current folder."""
    from replication.data.load import load  # loads PyTorch, which the book is built without

    draft = SCRIPT.with_suffix(".draft")
    draft.write_text(script(*(part.numpy() for part in load("digits"))), encoding="utf8")
    draft.replace(SCRIPT)
    print(f"{SCRIPT}: digits renewed")


if __name__ == "__main__":
    main()
