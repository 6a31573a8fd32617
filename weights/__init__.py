# SPDX-License-Identifier: Apache-2.0
"""Model weights: convert Hugging Face directories to GGUF, and show what a GGUF holds."""
