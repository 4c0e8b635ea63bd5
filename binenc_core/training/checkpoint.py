"""A training after some of its epochs: all that it takes to go on, to the bit."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from binenc_core.metrics.names import LATEST


class Checkpoint(NamedTuple):
    """A training after `epochs` epochs.

    `state`: weights, optimizer and random states by name, as `TrainingState.tensors` gives them;
    the learning rate and γ follow from the epoch. `records`, `arrays`: of the logged epochs until
    then, as in `loop.Outcome`. `seconds`: wall time until then. `origin`: where it was trained, as
    whoever keeps it has noted.
    """

    epochs: int
    state: dict[str, Tensor]
    records: list[dict[str, Any]]
    arrays: dict[str, NDArray]
    seconds: float
    origin: dict[str, Any]

    def keep_only(self, epochs: Sequence[int]) -> "Checkpoint":
        """This checkpoint without the records and arrays of other epochs than these."""
        chosen = np.isin(self.arrays["epochs"], epochs)
        return self._replace(
            records=[record for record in self.records if record["epoch"] in epochs],
            arrays={
                name: values if name in LATEST else values[chosen]
                for name, values in self.arrays.items()
            },
        )
