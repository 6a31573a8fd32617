# SPDX-License-Identifier: Apache-2.0
"""The prompt of the text test, apart from the recipe so that no test needs torch to know it."""

# Chosen so that no tiny model answers with a control token early on, or by a hair.
TEXT = "x = y + z; über 12 Dateien"
TEXT_GREEDY = 32  # tokens
