"""The faults at full size, or for so many minutes: `python -m tests.faults --soak [--minutes N] [--measured FILE]`."""

import sys

from tests.faults.soak import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
