# SPDX-License-Identifier: Apache-2.0
r"""Write the Unicode category table that the pre-tokenizers look up: unicode_tables.py OUTPUT.

The categories are those of Unicode 16.0, which the `tokenizers` package 0.23 uses in its patterns
(\p{L} and so on; found by asking it about every code point). Python's unicodedata is 14.0 in
Python 3.11 and 17.0 in 3.15, so the code points that changed between these are listed here, and
every Python from 3.11 to 3.15 writes the same bytes.
"""

import sys
import unicodedata
from pathlib import Path

# Where Unicode 14.0 or 17.0 differs from 16.0: what 16.0 says ("-" is unassigned there).
UNICODE_16 = {
    "-": """
        558 58b-58c 5c8-5c9 88f b53-b54 c5c cdc 1acf-1af0 208f 209d-209f 20c1-20c4 2b96
        2e60-2e63 a7ce-a7cf a7d2 a7d4 a7dd a7e2 a7f1 ab6c-ab6d fbc3-fbd2 fd90-fd91 fdc8-fdce
        107bb-107bf 10940-10959 10ec5-10ec7 10ec9-10eee 10ef0-10efb 11b0a 11b60-11b67
        11db0-11ddb 11de0-11de9 11df0-11df1 1246f 12475-1247f 12550-12686 16ea0-16eb8
        16ebb-16ed3 16ff2-16ff6 187f8-187ff 18cd6-18cda 18d09-18d20 18d80-18df2 18e00-19191
        191a0-191d2 1b123-1b128 1b168 1ccfa-1ccfc 1ceba-1ced0 1ced2-1ced4 1cedd-1cefd
        1d127-1d128 1d1eb-1d1ff 1d250-1d281 1d6a6 1db00-1db1c 1df1f-1df24 1df2b-1df81
        1df90-1df96 1dfcd-1dfff 1e6c0-1e6de 1e6e0-1e6f5 1e6fe-1e6ff 1f1ae 1f6d8-1f6d9
        1f777-1f77a 1f7da-1f7db 1f7f1-1f7ff 1f8d0-1f8d8 1fa54-1fa57 1fa8a-1fa8e 1fac8
        1facc-1facd 1fadd 1faea-1faeb 1faef 1faf9-1fafa 1fbfa 2b73a-2b73f 2b81e 2cea2-2cead
        323b0-33479 3d000-3fc3f
    """,
    "Lu": """
        1c89 a7cb-a7cc a7da a7dc 10d50-10d65
    """,
    "Ll": """
        295 1c8a a7cd a7db 10d70-10d85 1df25-1df2a
    """,
    "Lm": """
        10d4e 10d6f 16d40-16d42 16d6b-16d6c 1e030-1e06d 1e4eb
    """,
    "Lo": """
        105c0-105f3 10d4a-10d4d 10d4f 10ec2-10ec4 1123f-11240 11380-11389 1138b 1138e
        11390-113b5 113b7 113d1 113d3 11bc0-11be0 11f02 11f04-11f10 11f12-11f33 1342f
        13441-13446 13460-143fa 16100-1611d 16d43-16d6a 18cff 1b132 1b155 1e4d0-1e4ea
        1e5d0-1e5ed 1e5f0 2b739 2ebf0-2ee5d 31350-323af
    """,
    "M": """
        897 cf3 ece 10d69-10d6d 10efc-10eff 11241 113b8-113c0 113c2 113c5 113c7-113ca
        113cc-113d0 113d2 113e1-113e2 11f00-11f01 11f03 11f34-11f3a 11f3e-11f42 11f5a 13440
        13447-13455 1611e-1612f 1e08f 1e4ec-1e4ef 1e5ee-1e5ef
    """,
    "N": """
        10d40-10d49 116d0-116e3 11bf0-11bf9 11f50-11f59 16130-16139 16d70-16d79 1ccf0-1ccf9
        1d2c0-1d2d3 1e4f0-1e4f9 1e5f1-1e5fa
    """,
    "P": """
        1b4e-1b4f 1b7f 10d6e 113d4-113d5 113d7-113d8 11b00-11b09 11be1 11f43-11f4f
        16d6d-16d6f 1e5ff
    """,
    "S": """
        2427-2429 2ffc-2fff 31e4-31e5 31ef 10d8e-10d8f 1cc00-1ccef 1cd00-1ceb3 1f6dc
        1f774-1f776 1f77b-1f77f 1f7d9 1f8b2-1f8bb 1f8c0-1f8c1 1fa75-1fa77 1fa87-1fa89 1fa8f
        1faad-1faaf 1fabb-1fabf 1fac6 1face-1facf 1fada-1fadc 1fadf 1fae8-1fae9 1faf7-1faf8
        1fbcb-1fbef
    """,
}

# One class per name, in the order of enum unicode_category; 0 is everything else.
CLASSES = ("Lu", "Ll", "Lt", "Lm", "Lo", "M", "N", "P", "S", "Z")
END = 0x110000
INDEXED_BLOCKS = 512  # blocks of 256 code points that get an index entry: planes 0 and 1


def overrides() -> dict[int, str]:
    """Code point -> class name for every code point of UNICODE_16."""
    found = {}
    for name, text in UNICODE_16.items():
        for item in text.split():
            first, _, last = item.partition("-")
            for code in range(int(first, 16), int(last or first, 16) + 1):
                found[code] = name
    return found


def class_number(category: str) -> int:
    """The class of a general category: "Lu" is its own, "Nd" belongs to "N", "Cc" to none."""
    for name in (category, category[0]):
        if name in CLASSES:
            return CLASSES.index(name) + 1
    return 0


def ranges() -> list[tuple[int, int]]:
    """(first code point, class) of each run of equal classes, from 0 to the end."""
    changed = overrides()
    found: list[tuple[int, int]] = []
    for code in range(END):
        name = changed.get(code) or unicodedata.category(chr(code))
        number = class_number(name)
        if not found or found[-1][1] != number:
            found.append((code, number))
    return found


def rows(values: list[str]) -> str:
    """Numbers as lines of a C initialiser."""
    return "\n".join("    " + ", ".join(values[i : i + 8]) + "," for i in range(0, len(values), 8))


def render() -> str:
    """The text of the .inc file."""
    found = ranges()
    index, at = [], 0
    for block in range(INDEXED_BLOCKS):
        while at + 1 < len(found) and found[at + 1][0] <= block * 256:
            at += 1
        index.append(at)
    runs = rows([f"0x{first << 4 | number:06x}" for first, number in found])
    return (
        "// Written by unicode_tables.py: Unicode 16.0.\n"
        f"#define UNICODE_INDEXED_BLOCKS {INDEXED_BLOCKS}\n"
        "// First code point of a run << 4 | its class.\n"
        f"static const uint32_t unicode_runs[{len(found)}] = {{\n{runs}\n}};\n"
        "// The run that holds the first code point of each block of 256.\n"
        f"static const uint16_t unicode_index[{len(index)}] = {{\n"
        f"{rows([str(i) for i in index])}\n}};\n"
    )


def main(argv: list[str]) -> int:
    """Write the table to the path given."""
    if len(argv) != 2:
        print("usage: unicode_tables.py OUTPUT", file=sys.stderr)
        return 2
    output = Path(argv[1])
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(render(), encoding="ascii", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
