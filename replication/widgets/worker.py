"""The process beside a live kernel that trains for its panels."""

from binenc_core.config import RunConfig


class Worker:
    """One process that trains one run at a time and then waits for the next.

    It begins with the first training, ends with `stop` or with this process, and is deaf to the
    interrupts that stop a cell. It has one thread, as those of campaigns: so its runs are theirs to
    the bit, and the kernel keeps its own core. `config` is what it trains now.
    """

    def __init__(self):
        self.config: RunConfig | None = None
        self._executor = self._job = None

    def start(self, config: RunConfig, device: str) -> None:
        """Train a run from its last checkpoint on; nothing else may be in training."""
        from replication.campaigns.local import (
            LocalExecutor,  # which a panel of frozen runs does without
        )

        self._executor = self._executor or LocalExecutor(processes=1)
        self._executor.device = device
        self.config, self._job = config, self._executor.submit([config])[0]

    def ended(self) -> bool:
        """Whether the training has ended, whichever way."""
        return self._job.done()

    def collect(self) -> str | None:
        """Why the training that has ended failed, in one line; None if it did not."""
        job, self.config, self._job = self._job, None, None
        return job.failure()

    def stop(self) -> None:
        """End the process at once, and with it the training; its checkpoints stay."""
        self.config = self._job = None
        if self._executor:
            self._executor.stop()


# A panel that is made anew in the same kernel finds what its predecessor has begun.
WORKER = Worker()
