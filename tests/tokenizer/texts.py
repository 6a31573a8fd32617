# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: RUF001 - look-alikes are the point
"""Texts that tokenizers stumble over: a fixed list, and random ones by seed."""

import random
import unicodedata

FIXED = (
    "",
    " ",
    "  ",
    "\n",
    "\r\n",
    "\t",
    " \n \n",
    "a",
    " a",
    "a ",
    "Hello, world!",
    "  two  spaces  ",
    "I'm we're you'll they'd IT'S CAN'T don'T 's 'S ' S ''s'ſ 'ſ x'ſ'LL'lL",
    "0 1 12 123 1234 12345 123456789 1,234,567.89 3.14e-10 0x1F ½ ² ٣٤ Ⅷ 一二三 १२३",
    "\tif (x) {\n\t\treturn y;\r\n\t}\n\n\n",
    "a\u00a0b\u2003c\u3000d\u1680e\u2028f\u0085g\u200bh",
    "日本語のテキスト、漢字とかな。",
    "한국어 텍스트입니다",
    "Привет, мир! ЁЖИК",
    "שלום עולם",
    "مرحبا بالعالم",
    "🙂🚀 👩‍💻👩‍👩‍👧‍👦 🇪🇺 ✅ ☎️ é e\u0301 n\u0303\u0303 \u0301\u0302",
    "ǅ ǈ ǋ ᾈ",
    "ʰ ʷ ˠ ᵃ ªº",
    "<|im_start|>user\nhi<|im_end|>",
    "</s><s><unk><0x41>",
    "▁▁ a▁b ▁",
    "Ġ Ċ Ģ ĠĠ",
    "....!!!???",
    "\x00\x01\x7f",
    "https://example.org/a_b?c=d&e=%20#f",
    "camelCaseXMLHttpRequest HTTPServer iOS",
    "///// // /\n/",
    "ﬁ ﬂ ﬆ ß ẞ İ ı K Å Ω",
    "\U0001d400\U0001d7d8\U00010400\U000e0001",
    "\ufeff\ufffd\uffff",
    "a" * 100,
    " " * 70 + "x",
    "\n" * 40,
    "<tool>call</tool>  <tool>",
    "x" + "\u0300" * 30,
    "中" * 60,
)

PIECES = (
    " ",
    "  ",
    "\n",
    "\r\n",
    "\t",
    "'",
    "'s",
    "'LL",
    "the",
    "Der",
    "is",
    "1",
    "234",
    "５",
    ".",
    "...",
    "!",
    "(",
    "_",
    "/",
    "-",
    "$",
    "+",
    "“",
    "é",
    "e\u0301",
    "\u0301",
    "ß",
    "ſ",
    "я",
    "Ж",
    "中",
    "文",
    "の",
    "カ",
    "한",
    "ع",
    "א",
    "🙂",
    "👩\u200d💻",
    "\u00a0",
    "\u3000",
    "\u200b",
    "²",
    "Ⅷ",
    "ǅ",
    "ʰ",
    "A",
    "z",
    "XY",
    "▁",
    "<0x0A>",
    "<tool>",
    "\x00",
    "\x85",
    "\u2028",
    "<|im_start|>",
    "<|",
    "</s>",
    "<s>",
    "\U0001d7d8",
)
# Blocks that random code points are drawn from: Latin, Greek to Arabic, Indic, punctuation and
# symbols, CJK, Hangul, presentation forms, historic scripts, mathematics, emoji, everything.
BLOCKS = (
    (0x20, 0x7F), (0, 0x250), (0x250, 0x700), (0x900, 0xE00), (0x2000, 0x2C00), (0x3000, 0xA000),
    (0xA000, 0xD800), (0xE000, 0x10000), (0x10000, 0x12000), (0x1D000, 0x1E000), (0x1F000, 0x20000),
    (0, 0x110000),
)  # fmt: skip


def assigned(code: int) -> bool:
    """Whether a code point had its category when the references' tables were made, and may stand
    in a text."""
    return unicodedata.category(chr(code)) not in ("Cs", "Cn")


def code_points(random_: random.Random, count: int) -> str:
    """Random characters of one block."""
    first, end = random_.choice(BLOCKS)
    codes = (random_.randrange(first, end) for _ in range(count))
    return "".join(chr(c) if assigned(c) else " " for c in codes)


def random_text(random_: random.Random) -> str:
    """A short text of pieces, characters, or both."""
    parts = []
    for _ in range(random_.randrange(1, 12)):
        if random_.random() < 0.7:
            parts.append(random_.choice(PIECES))
        else:
            parts.append(code_points(random_, random_.randrange(1, 8)))
    return "".join(parts)


def texts(seed: int, count: int) -> list[str]:
    """The fixed texts and `count` random ones."""
    random_ = random.Random(seed)
    return [*FIXED, *(random_text(random_) for _ in range(count))]


def broken(seed: int, count: int) -> list[bytes]:
    """Random bytes, and texts with bytes changed."""
    random_ = random.Random(seed)
    found = [
        b"\xff",
        b"\xc3",
        b"a\xe2\x82",
        b"\xed\xa0\x80",
        b"\xf0\x9f\x98",
        b"\xf4\x90\x80\x80",
        b"\xc0\x80",
    ]
    for _ in range(count):
        text = bytearray(random_text(random_).encode())
        for _ in range(random_.randrange(1, 4)):
            text.insert(random_.randrange(len(text) + 1), random_.randrange(0x80, 0x100))
        found.append(bytes(text))
    return found
