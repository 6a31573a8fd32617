# SPDX-License-Identifier: Apache-2.0
"""JSON files whose top is an object, with one-line errors that name the file."""

import json
from pathlib import Path

from weights.errors import ConvertError


def parse_json(data: bytes, path: Path) -> dict:
    """The object in `data`; `path` is what messages call it."""
    try:
        value = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ConvertError(f"{path}: not JSON: {error}") from None
    if not isinstance(value, dict):
        raise ConvertError(f"{path}: not a JSON object")
    return value


def load_json(path: Path) -> dict:
    """The object in the file."""
    return parse_json(path.read_bytes(), path)


def load_json_if(path: Path) -> dict:
    """The object in the file, or an empty one if there is no such file."""
    return load_json(path) if path.is_file() else {}
