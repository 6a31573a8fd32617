# SPDX-License-Identifier: Apache-2.0
from ape.cli import main

raise SystemExit(main())
