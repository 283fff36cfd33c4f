"""Run the command line as ``python -m skmia.cli``."""

import sys

from skmia.cli import main

sys.exit(main())
