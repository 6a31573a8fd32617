# SPDX-License-Identifier: Apache-2.0
"""zipalign: append aligned files to a ZIP archive that is valid at every instant."""
from .archive import Archive
from .errors import ZipAlignError

__all__ = ["Archive", "ZipAlignError"]
__version__ = "0.1.0"
