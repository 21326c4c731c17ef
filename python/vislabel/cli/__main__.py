"""`python -m vislabel.cli`, for where the script is not on the path."""

import sys

from vislabel.cli import main

sys.exit(main())
