"""Trainings as the jobs of a SLURM cluster, submitted through submitit.

submitit pickles each job's callable and its result into a folder that all nodes see: these files
live as long as their job. Neither accounting nor a database of SLURM's is needed.
"""

import io
import shlex
import shutil
import subprocess
import time
from collections.abc import Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from binenc_core.config import RunConfig, read_whole
from replication.campaigns.workers import train_one
from replication.data import sources
from replication.runs import store

COMMANDS = ("sbatch", "srun", "squeue", "scancel", "scontrol")
# SLURM's default MaxArraySize is 1001.
LARGEST_ARRAY = 1000
# The warning before the time limit may come a minute early, and what a job has to do in its time
# is to reach its next checkpoint.
WARNING_SECONDS = 60
SHORTEST_MINUTES = 5
# What is asked for unless it is said otherwise.
MINUTES, WIDTH = 240, 16
# A job that reaches no checkpoint within its time limit would otherwise start again for ever.
MAX_TIMEOUTS = 100
# What squeue lists is asked this often for all jobs together, and a job without a result is given
# up when it was not listed so many times: a network file system may show the result a minute late.
POLL_SECONDS = 10.0
GRACE_POLLS = 6


@dataclass(frozen=True)
class Training:
    """One run as submitit pickles it, calls it in the job, and requeues it.

    `settings`: the fields of its RunConfig by name.
    """

    settings: dict[str, Any]
    device: str
    threads: int

    def __call__(self) -> None:
        """Train the run, or go on from its checkpoint; raises what the training raises."""
        train_one(RunConfig(**self.settings), self.device, self.threads)

    def checkpoint(self) -> Any:
        """What submitit submits when the job is pre-empted or at its time limit: this again.

        The training keeps its own checkpoints, so nothing has to be saved here.
        """
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)


class SlurmExecutor:
    """Runs trainings as job arrays of a SLURM cluster.

    `name`: the jobs' name. `folder`: where submitit's files and the logs go, seen by all nodes.
    `device`: that of the training, by name. `threads`: CPUs of each job. `partition`: SLURM's
    default if None. `gpus`: GPUs of each job. `minutes`: time limit, after which a job requeues
    and goes on from its checkpoint. `width`: how many jobs of an array run at once at most.

    Raises ValueError, in one line, where submitit or SLURM's commands are not installed and for a
    number out of range.
    """

    def __init__(
        self,
        name: str,
        folder: Path,
        device: str = "auto",
        threads: int = 1,
        partition: str | None = None,
        gpus: int = 0,
        minutes: int = MINUTES,
        width: int = WIDTH,
    ):
        read_whole("threads", threads)
        read_whole("gpus", gpus, least=0)
        read_whole("minutes", minutes, SHORTEST_MINUTES)
        read_whole("width", width)
        self._submitit = _submitit_executor(folder)
        self._submitit.update_parameters(
            job_name=name,
            partition=partition,
            time=minutes,
            cpus_per_task=threads,
            gpus_per_node=gpus or None,
            array_parallelism=width,
            signal_delay_s=WARNING_SECONDS,
            setup=_exports(threads),
            # Since SLURM 22.05 srun does not take the number of CPUs over from sbatch.
            srun_args=[f"--cpus-per-task={threads}"],
            # Where the cluster's default is not to requeue.
            additional_parameters={"requeue": True},
        )
        self._device, self._threads = device, threads
        self._queue = _Queue()
        self._jobs: list[SlurmJob] = []

    def room(self, running: int) -> int:
        """How many more runs may be submitted: SLURM limits the size of an array, nothing else."""
        return max(0, LARGEST_ARRAY - running)

    def submit(self, configs: Sequence[RunConfig]) -> list["SlurmJob"]:
        """Submit the runs as one array, and give their jobs in the same order.

        Raises RuntimeError with SLURM's own line where it refuses them.
        """
        if not configs:
            return []
        trainings = [Training(c.as_dict(), self._device, self._threads) for c in configs]
        try:
            with redirect_stderr(io.StringIO()):  # submitit prints what it also raises
                submitted = self._submitit.submit_array(trainings)
        except RuntimeError as error:
            raise RuntimeError(f"SLURM refused the jobs: {_last_line(str(error))}") from None
        jobs = [SlurmJob(job, self._queue) for job in submitted]
        self._jobs += jobs
        return jobs

    def stop(self) -> None:
        """Cancel the jobs that run or wait; SLURM kills a running one within its KillWait."""
        arrays = {job.id.partition("_")[0] for job in self._jobs if not job.done()}
        if arrays:
            _ask("scancel", "--quiet", *sorted(arrays))


class SlurmJob:
    """One run of an array."""

    def __init__(self, job: Any, queue: "_Queue"):
        self._job, self._queue = job, queue
        self._ended = False
        queue.add(self.id)

    @property
    def id(self) -> str:
        """SLURM's name of the job, such as "12_3", or "12" for the only run of a `submit`."""
        return self._job.job_id

    def done(self) -> bool:
        """Whether the job has ended, well or not; a requeued job has not."""
        if not self._ended:
            self._ended = self._has_result() or self._queue.lost(self.id)
        return self._ended

    def failure(self) -> str | None:
        """Why a job that is done has failed, in one line; None if it ended well."""
        return self._outcome

    @cached_property
    def _outcome(self) -> str | None:
        """Read once, because the pickles go with the reading; the logs of a failure stay."""
        paths = self._job.paths
        logs = [paths.stdout, paths.stderr]
        if self._has_result():
            error = self._job.exception()
            reason = None if error is None else _exception_line(str(error))
        elif any(log.exists() for log in logs):
            reason = f"ended without a result; see {paths.stderr}"
        else:
            reason = "left the queue before it started"
        for path in [paths.submitted_pickle, paths.result_pickle, *([] if reason else logs)]:
            path.unlink(missing_ok=True)
        return reason

    def _has_result(self) -> bool:
        return self._job.paths.result_pickle.exists()


class _Queue:
    """Which jobs squeue lists, asked for all of them together."""

    def __init__(self):
        self._asked = time.monotonic()
        self._answers = 0
        self._last_listed: dict[str, int] = {}  # by job: the number of the answer that had it

    def add(self, job: str) -> None:
        self._last_listed[job] = self._answers

    def lost(self, job: str) -> bool:
        """Whether a job has been missing from the last answers."""
        if time.monotonic() - self._asked >= POLL_SECONDS:
            self._refresh()
        return self._answers - self._last_listed[job] >= GRACE_POLLS

    def _refresh(self) -> None:
        self._asked = time.monotonic()
        try:
            listed = _ask("squeue", "--me", "--array", "--noheader", "--format=%i").split()
        except RuntimeError:  # a controller that restarts has lost no job
            return
        self._answers += 1
        for job in self._last_listed.keys() & set(listed):
            self._last_listed[job] = self._answers


def _submitit_executor(folder: Path) -> Any:
    try:
        import submitit
    except ImportError:
        raise ValueError(
            "the executor slurm needs submitit: pip install -r requirements-slurm.txt"
        ) from None
    absent = [name for name in COMMANDS if shutil.which(name) is None]
    if absent:
        raise ValueError(
            f"the executor slurm needs SLURM's commands, and there is no {', '.join(absent)} here: "
            "run it where jobs are submitted, with submitit installed by "
            "pip install -r requirements-slurm.txt"
        )
    return submitit.SlurmExecutor(folder, max_num_timeout=MAX_TIMEOUTS)


def _exports(threads: int) -> list[str]:
    """Lines of the job's script: submitit imports numpy before any code of this project runs."""
    variables = {
        "BINENC_RUNS": store.runs_folder().absolute(),
        "BINENC_DATA": sources.default_folder().absolute(),
        "TQDM_DISABLE": 1,
        "OMP_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
    }
    return [f"export {name}={shlex.quote(str(value))}" for name, value in variables.items()]


def _ask(*command: str) -> str:
    """What a SLURM command prints; raises RuntimeError with its last line where it fails."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {_last_line(done.stderr)}")
    return done.stdout


def _exception_line(text: str) -> str:
    """The first line of the last exception in a text that has its traceback."""
    after = text.rpartition("Traceback (most recent call last):\n")[2]
    return next(line for line in after.splitlines() if line and not line.startswith(" "))


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no reason given"])[-1]
