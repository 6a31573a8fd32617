# SPDX-License-Identifier: Apache-2.0
"""The demo model of packllama: its text, its training, its evaluation. See README.md."""
