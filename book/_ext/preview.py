"""The command that serves the built book and renews it when a file is saved.

python -m binenc_book.preview
"""

import socket
import subprocess
import sys

from binenc_book.build import SITE
from replication.base import console

WATCHED = ("book", "binenc_core", "replication", "results", "_config.yml", "_toc.yml")
FIRST_PORT = 8000


def renew() -> None:
    """Make what has changed, in a process that reads the code anew; a failure is told and left."""
    subprocess.run([sys.executable, "-m", "binenc_book", "--changed"])


def free_port(first: int) -> int:
    """The first port from `first` on at which nothing listens on this machine."""
    for port in range(first, 2**16):
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)):
                return port
    raise OSError(f"no port from {first} on is free")


def main() -> None:
    """Serve the book of the current folder until Ctrl-C."""
    from livereload import Server  # a light installation does without

    console.prepare()
    renew()
    server = Server()
    for path in WATCHED:
        server.watch(path, renew)
    port = free_port(FIRST_PORT)
    print(
        f"book: http://127.0.0.1:{port}/ reloads when a file is saved; Ctrl-C ends it", flush=True
    )
    server.serve(port=port, host="127.0.0.1", root=SITE)


if __name__ == "__main__":
    main()
