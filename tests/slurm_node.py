"""A SLURM cluster of one node on this machine, to try the cluster executor for real.

    python tests/slurm_node.py start    # says how to point sbatch and squeue at it
    python tests/slurm_node.py stop

Needs root and Debian's packages slurmctld, slurmd, slurm-client and munge. What it writes (the
configuration, a munge key of its own, spool, logs, process ids) is in one temporary folder, so it
leaves a SLURM that is installed on the machine alone. There is no accounting: sacct fails.
"""

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun")
DAEMONS = ("munged", "slurmctld", "slurmd")  # in the order of their start
START_SECONDS = 60
STOP_SECONDS = 20

# Two jobs side by side whatever the machine has. Killing and requeueing wait as little as SLURM
# allows, 1 and 5 seconds instead of 30 and 120. No job is requeued that did not ask for it.
CONF = """
ClusterName=binenc
SlurmUser=root
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=0,bf_interval=1
SlurmdParameters=config_overrides
ReturnToService=2
JobRequeue=0
KillWait=1
NodeName=node NodeHostname={host} NodeAddr=127.0.0.1 CPUs=2
PartitionName=main Nodes=node Default=YES MaxTime=INFINITE
"""


def why_not() -> str | None:
    """Why the cluster cannot be started here, in one line, or None."""
    absent = [name for name in PROGRAMS if _program(name) is None]
    if absent:
        return (
            f"no SLURM here ({', '.join(absent)} missing): "
            "apt-get install slurmctld slurmd slurm-client munge"
        )
    return None if os.geteuid() == 0 else "the SLURM daemons need root"


@contextmanager
def one_node() -> Iterator[Path]:
    """A cluster for the length of the block; gives the path that SLURM_CONF has to have."""
    # Sockets lie in it, whose paths have to be short: pytest's own folders are too deep.
    with tempfile.TemporaryDirectory(prefix="slurm-") as name:
        folder = Path(name)
        try:
            yield start(folder)
        finally:
            stop(folder)


def start(folder: Path) -> Path:
    """Start the cluster whose files are in `folder`, unless it runs; gives its slurm.conf.

    Returns once `srun hostname` answers. Raises RuntimeError, which quotes the logs' last lines,
    where it does not.
    """
    conf = folder / "slurm.conf"
    if all(_process(folder, name) for name in DAEMONS):
        return conf
    stop(folder)
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    shutil.rmtree(folder / "state", ignore_errors=True)
    for name in ("state", "spool"):
        (folder / name).mkdir(exist_ok=True)
    conf.write_text(_conf(folder))
    key = folder / "munge.key"
    key.touch(mode=0o600)
    key.write_bytes(os.urandom(128))
    try:
        _start_daemons(folder, conf, key)
    except (OSError, subprocess.SubprocessError) as error:
        lines = _last_lines(folder)  # before the end of the daemons adds its own
        stop(folder)
        raise RuntimeError(f"SLURM does not start: {error}\n{lines}") from None
    return conf


def _conf(folder: Path) -> str:
    with socket.socket() as first, socket.socket() as second:
        ports = []
        for one in (first, second):
            one.bind(("127.0.0.1", 0))
            ports.append(one.getsockname()[1])
    host = socket.gethostname().partition(".")[0]
    return CONF.format(host=host, controller_port=ports[0], node_port=ports[1], folder=folder)


def _start_daemons(folder: Path, conf: Path, key: Path) -> None:
    munge_socket = folder / "munge.socket"
    options = {
        # Forced: munged dislikes folders in which others may write, as that of temporary files is.
        "munged": [
            "--foreground",
            "--force",
            f"--key-file={key}",
            f"--socket={munge_socket}",
            f"--pid-file={folder / 'munged.pid'}",
            f"--seed-file={folder / 'munged.seed'}",
        ],
        "slurmctld": ["-D", "-f", str(conf)],
        "slurmd": ["-D", "-f", str(conf)],
    }
    for name in DAEMONS:
        with (folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                [_program(name), *options[name]],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        start = _state_and_start(process.pid)[1]
        (folder / f"{name}.process").write_text(f"{process.pid} {start}\n")
        if name == "munged" and not _comes_true(munge_socket.exists, START_SECONDS):
            raise TimeoutError("munged opens no socket")
    if not _comes_true(lambda: _is_idle(folder, conf), START_SECONDS):
        raise TimeoutError(f"the node is not idle after {START_SECONDS} s")
    if not _ask(conf, "srun", "hostname"):
        raise TimeoutError("srun hostname gives no answer")


def _is_idle(folder: Path, conf: Path) -> bool:
    for name in DAEMONS:
        if not _process(folder, name):
            raise ChildProcessError(f"{name} has ended")
    return _ask(conf, "sinfo", "--noheader", "--format=%T") == "idle"


def stop(folder: Path) -> None:
    """End the jobs and the daemons of the cluster in `folder`, those that there are."""
    conf = folder / "slurm.conf"
    if all(_process(folder, name) for name in DAEMONS):
        with suppress(subprocess.TimeoutExpired):
            _ask(conf, "scancel", "--user=root")
            _comes_true(lambda: not _ask(conf, "squeue", "--noheader"), STOP_SECONDS)
    for name in reversed(DAEMONS):
        for number in (signal.SIGTERM, signal.SIGKILL):
            if process := _process(folder, name):
                os.kill(process, number)
                _comes_true(lambda name=name: not _process(folder, name), STOP_SECONDS)


def _process(folder: Path, name: str) -> int | None:
    """The process id of a daemon, or None where it does not run."""
    try:
        number, start = map(int, (folder / f"{name}.process").read_text().split())
        state, begun = _state_and_start(number)
    except (OSError, ValueError):
        return None
    if state == "Z":  # ended; what started it has to ask for it, if that is this process
        with suppress(ChildProcessError):
            os.waitpid(number, os.WNOHANG)
        return None
    return number if begun == start else None  # or the number is another program's by now


def _state_and_start(process: int) -> tuple[str, int]:
    """Linux's letter for what a process does, and when it began, clock ticks since boot."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return fields[0], int(fields[19])


def _comes_true(condition: Callable[[], object], seconds: float) -> bool:
    """Wait until the condition holds, so long at most; whether it does."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def _ask(conf: Path, *command: str) -> str:
    """What a SLURM command answers; nothing if it fails."""
    done = subprocess.run(
        command,
        env={**os.environ, "SLURM_CONF": str(conf)},
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
    )
    return done.stdout.strip()


def _last_lines(folder: Path) -> str:
    logs = [log for name in DAEMONS if (log := folder / f"{name}.log").exists()]
    return "\n".join(line for log in logs for line in log.read_text().splitlines()[-5:])


def _program(name: str) -> str | None:
    # Daemons are in sbin, which not everybody's PATH has.
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def main() -> int:
    parser = argparse.ArgumentParser(description="A SLURM cluster of one node, on this machine.")
    parser.add_argument("command", choices=("start", "stop"))
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path(tempfile.gettempdir()) / "binenc-slurm",
        help="where its files are (default: %(default)s)",
    )
    arguments = parser.parse_args()
    if reason := why_not():
        parser.exit(1, f"error: {reason}\n")
    folder = arguments.folder.absolute()
    if arguments.command == "stop":
        stop(folder)
        shutil.rmtree(folder, ignore_errors=True)
        return 0
    try:
        conf = start(folder)
    except RuntimeError as error:
        parser.exit(1, f"error: {error}\n")
    print(f"export SLURM_CONF={conf}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
