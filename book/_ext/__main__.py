import sys

from binenc_book.build import main
from replication.base import console

sys.exit(console.run(main))
