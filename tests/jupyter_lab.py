"""JupyterLab as a reader starts it, with nothing of the user's own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from campaign_commands import wait_until
from replication.base.provenance import ROOT

# No question, no look for updates, no list of extensions from the network.
SETTINGS = {"apputils-extension/notification": {"fetchNews": "false"}}
OPTIONS = [
    "--no-browser",
    "--allow-root",
    "--ServerApp.ip=127.0.0.1",
    "--ServerApp.port=0",  # the system chooses a free one
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
]


@contextmanager
def jupyter_lab(folder: Path) -> Iterator[str]:
    """A server that shows the notebooks of `folder`: the address of the first, with its token.

    Configuration, data and runs are in `folder`/home. When the block ends no process is left.
    """
    home = folder / "home"
    for name, setting in SETTINGS.items():
        path = home / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(setting), encoding="utf8")
    own = {
        "HOME": home,
        "JUPYTER_CONFIG_DIR": home / "config",
        "JUPYTER_DATA_DIR": home / "data",
        "JUPYTER_RUNTIME_DIR": home / "runtime",
        "JUPYTERLAB_SETTINGS_DIR": home / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": home / "workspaces",
        "IPYTHONDIR": home / "ipython",
        "BINENC_RUNS": home / "runs",
        "PYTHONPATH": ROOT,
        "OMP_NUM_THREADS": 1,
    }
    command = [sys.executable, "-m", "jupyterlab", *OPTIONS, f"--ServerApp.root_dir={folder}"]
    with (home / "log").open("w") as log:
        server = subprocess.Popen(
            command,
            env=os.environ | {name: str(value) for name, value in own.items()},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            yield _address(server, home, next(folder.glob("*.ipynb")).name)
        finally:
            server.terminate()  # which ends its kernels too
            server.wait(30)


def _address(server: subprocess.Popen, home: Path, notebook: str) -> str:
    """Where the server is, which it writes when it is ready."""
    path = home / "runtime" / f"jpserver-{server.pid}.json"

    def is_written() -> bool:  # the file is there, and empty, a moment before its content
        return path.exists() and path.read_text(encoding="utf8").endswith("}")

    wait_until(lambda: server.poll() is not None or is_written(), "JupyterLab")
    assert server.poll() is None, (home / "log").read_text(encoding="utf8")
    known = json.loads(path.read_text(encoding="utf8"))
    return f"{known['url']}lab/tree/{notebook}?token={known['token']}"
