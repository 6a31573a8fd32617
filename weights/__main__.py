# SPDX-License-Identifier: Apache-2.0
import sys

from weights.cli import main

sys.exit(main())
