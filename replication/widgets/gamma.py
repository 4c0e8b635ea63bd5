"""γ as a reader turns it: a logarithmic slider of round values, and an exact entry beside it."""

import math

from ipywidgets import FloatText, Layout, SelectionSlider

STEPS = (1, 2, 3, 5)  # of each power of ten
ROUND = [0.0, *(float(f"{n}e{power}") for power in range(-2, 3) for n in STEPS), 1000.0]


class GammaEntry:
    """A slider and an entry that follow each other; the entry has the value.

    The slider has 0 and round values from 0.01 to 1000, a step of it about a factor of two. The
    entry takes any number, and the slider goes to the nearest of its own.
    """

    def __init__(self, value: float):
        self.slider = SelectionSlider(
            options=[(f"{gamma:g}", gamma) for gamma in ROUND],
            readout=False,
            description="γ",
            layout=Layout(width="300px"),
        )
        self.exact = FloatText(description="exact γ", layout=Layout(width="190px"))
        self._following = False
        self.slider.observe(self._slider_moved, "value")
        self.exact.observe(self._exact_entered, "value")
        self.exact.value = value

    @property
    def value(self) -> float:
        """γ as it was entered."""
        return self.exact.value

    def _slider_moved(self, change) -> None:
        if not self._following:  # else it has gone to the nearest value, which nobody entered
            self.exact.value = change.new

    def _exact_entered(self, change) -> None:
        self._following = True
        try:
            self.slider.value = nearest(change.new)
        finally:
            self._following = False


def nearest(gamma: float) -> float:
    """The slider's value with the smallest ratio to γ; 0 for what is smaller than half of 0.01."""
    if not gamma > ROUND[1] / 2:
        return 0.0
    return min(ROUND[1:], key=lambda value: abs(math.log(value) - math.log(gamma)))
