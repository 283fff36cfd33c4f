"""Run the command line as ``python -m skmia.cli``."""

import sys

from skmia.cli import main

if __name__ == "__main__":
    sys.exit(main())
