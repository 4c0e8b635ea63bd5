"""A SLURM cluster of one node on this machine, to try the cluster executor for real.

Needs root and Debian's packages slurmctld, slurmd, slurm-client and munge. What it writes (the
configuration, a munge key of its own, spool, logs, process ids) is in one temporary folder, so it
leaves a SLURM that is installed on the machine alone. There is no accounting: sacct fails.
"""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from campaign_commands import wait_until

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun")
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
    """A cluster for the length of the block; gives the path that SLURM_CONF has to have.

    `srun hostname` answers then. Fails with the logs' last lines where it does not start.
    """
    # Sockets lie in it, whose paths have to be short: pytest's own folders are too deep.
    with tempfile.TemporaryDirectory(prefix="slurm-") as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)
        conf = folder / "slurm.conf"
        conf.write_text(_conf(folder))
        for own in ("state", "spool"):
            (folder / own).mkdir()
        try:
            for daemon, options in _daemons(folder, conf).items():
                stack.enter_context(_running(folder, daemon, options))
                if daemon == "munged":
                    wait_until((folder / "munge.socket").exists, "munged's socket")
            idle = ("sinfo", "--noheader", "--format=%T")
            wait_until(lambda: _ask(conf, *idle) == "idle", "an idle node")
            assert _ask(conf, "srun", "hostname"), "srun hostname gives no answer"
        except AssertionError as error:
            raise RuntimeError(f"SLURM does not start: {error}\n{_last_lines(folder)}") from None
        yield conf
        _ask(conf, "scancel", "--user=root")
        wait_until(lambda: not _ask(conf, "squeue", "--noheader"), "the end of the jobs")


@contextmanager
def _running(folder: Path, daemon: str, options: list[str]) -> Iterator[None]:
    """A daemon, with its log in the folder, which is ended with the block."""
    with (folder / f"{daemon}.log").open("wb") as log:
        process = subprocess.Popen(
            [_program(daemon), *options],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _daemons(folder: Path, conf: Path) -> dict[str, list[str]]:
    """The options of the daemons, in the order of their start."""
    key = folder / "munge.key"
    key.touch(mode=0o600)
    key.write_bytes(os.urandom(128))
    return {
        # Forced: munged dislikes folders in which others may write, as that of temporary files is.
        "munged": [
            "--foreground",
            "--force",
            f"--key-file={key}",
            f"--socket={folder / 'munge.socket'}",
            f"--pid-file={folder / 'munged.pid'}",
            f"--seed-file={folder / 'munged.seed'}",
        ],
        "slurmctld": ["-D", "-f", str(conf)],
        "slurmd": ["-D", "-f", str(conf)],
    }


def _conf(folder: Path) -> str:
    with socket.socket() as first, socket.socket() as second:
        ports = []
        for one in (first, second):
            one.bind(("127.0.0.1", 0))
            ports.append(one.getsockname()[1])
    host = socket.gethostname().partition(".")[0]
    return CONF.format(host=host, controller_port=ports[0], node_port=ports[1], folder=folder)


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
    logs = sorted(folder.glob("*.log"))
    return "\n".join(line for log in logs for line in log.read_text().splitlines()[-5:])


def _program(name: str) -> str | None:
    # Daemons are in sbin, which not everybody's PATH has.
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
