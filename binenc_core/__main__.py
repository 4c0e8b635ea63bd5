"""Tells where the command line is."""

import sys

sys.exit("binenc_core is the library; the command is python -m replication")
