"""Where the frozen program starts."""

import multiprocessing
import sys

if __name__ == "__main__":
    multiprocessing.freeze_support()

    if sys.argv[1:2] == ["--check-package"]:
        import frozen_check

        sys.exit(frozen_check.main(sys.argv[2]))

    from lusviewer.__main__ import main

    sys.exit(main())
