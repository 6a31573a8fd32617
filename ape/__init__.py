# SPDX-License-Identifier: Apache-2.0
"""ape: one file out of native executables, which runs on all their systems (FORMAT.md)."""
