"""make simulate: `python -m tests.simulation --seeds 200 --from 1 --bug name`."""

import sys

from tests.simulation.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
