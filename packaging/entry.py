"""Where the frozen program starts."""

import multiprocessing
import sys

if __name__ == "__main__":
    multiprocessing.freeze_support()

    from lusviewer.__main__ import main

    sys.exit(main())
