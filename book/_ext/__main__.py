import sys

from binenc_book.build import main

sys.exit(main())
