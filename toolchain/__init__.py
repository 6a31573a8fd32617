# SPDX-License-Identifier: Apache-2.0
"""How the runtime is built: targets, instruction sets, the compiler and the SCons glue."""
