# SPDX-License-Identifier: Apache-2.0
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))   # make_zip, zip_tools, recording

from zipalign.cli import main


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty current folder, with no settings from outside."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    return tmp_path


@pytest.fixture
def zipalign(folder, capsys):
    """Run the command in the current folder: zipalign(args...) -> (status, stdout, stderr)."""
    def run(*args):
        try:
            status = main([str(a) for a in args])
        except SystemExit as stop:
            status = stop.code
        out, err = capsys.readouterr()
        return status, out, err
    return run
