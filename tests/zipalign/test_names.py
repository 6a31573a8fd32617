# SPDX-License-Identifier: Apache-2.0
import pytest

from zipalign import Archive
from zipalign.errors import BadName, NameTwice
from zipalign.names import check_name, name_for

GOOD = ["a", ".args", "dir/file", "dir/", "größe", "模型.gguf", "a b", "a..b", "console",
        "com", "x" * 65535, "aux-data/nul2"]
BAD = ["", "/", "/etc/passwd", "..", "../a", "a/../b", "a//b", "./a", "a/.", "a\\b", "C:/a", "a:b",
       "a\nb", "a\0b", "a\x7f", "a\x85", "nul", "NUL.txt", "dir/con", "Com1", "lpt9.x/y", "a.",
       "a ", "a./b", "x" * 65536, "\udcff", "..."]


@pytest.mark.parametrize("name", GOOD, ids=lambda n: repr(n[:20]))
def test_good_names(name):
    check_name(name)


@pytest.mark.parametrize("name", BAD, ids=lambda n: repr(n[:20]))
def test_bad_names(name, folder):
    with pytest.raises(BadName):
        check_name(name)
    with Archive("o.zip") as out, pytest.raises(BadName):
        out.add_bytes(name, b"")


@pytest.mark.parametrize(("path", "junk", "name"), [
    ("a", False, "a"), ("./a", False, "a"), ("/x/y/a", False, "x/y/a"), ("/x/y/a", True, "a"),
    ("x//y/./a", False, "x/y/a"), ("../a", True, "a"),
])
def test_paths_become_names(path, junk, name):
    assert name_for(path, junk) == name


def test_parent_folders_are_refused_with_a_way_out(zipalign, folder):
    (folder / "f").write_bytes(b"f")
    path = f"../{folder.name}/f"
    status, _, err = zipalign("o.zip", path)
    assert status == 1
    assert err.startswith(f"zipalign: error: {path}: ")
    assert "it has a component '..'; use -j" in err
    assert zipalign("-j", "o.zip", path)[0] == 0
    assert zipalign("o.zip", f"g={path}")[0] == 0


def test_name_twice_touches_nothing(zipalign, folder):
    (folder / "f").write_bytes(b"f")
    (folder / "g").write_bytes(b"g")
    status, _, err = zipalign("o.zip", "f", "f=g")
    assert (status, err) == (1, "zipalign: error: g: its entry name 'f' is already taken by f; "
                                "use NAME=PATH\n")
    assert not (folder / "o.zip").exists()
    with Archive("o.zip") as out:
        out.add("f")
        with pytest.raises(NameTwice):
            out.add("g", "f")
