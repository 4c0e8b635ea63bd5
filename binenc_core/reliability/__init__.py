"""Whether a network knows when it is wrong: scores, calibration, images of another dataset."""

COLUMNS: dict[str, str] = {}
ARRAYS: dict[str, str] = {}
