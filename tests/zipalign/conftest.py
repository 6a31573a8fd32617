# SPDX-License-Identifier: Apache-2.0
import pytest

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
