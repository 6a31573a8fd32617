# SPDX-License-Identifier: Apache-2.0
"""Versions that decide the bytes of the product. Changed on an upgrade, and only then.

The hashes of the compiler's packages stand in requirements.lock, which pip enforces.
"""

ZIG = "0.17.1"
