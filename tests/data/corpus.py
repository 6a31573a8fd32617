# SPDX-License-Identifier: Apache-2.0
"""A small multilingual text, generated from word lists with a fixed seed, to train tokenizers on.

It has what tokenizers stumble over: several scripts, numbers, contractions, code, runs of spaces
and line ends, emoji. Its meaning is of no importance.
"""

import random

SUBJECTS = "the cat|a packer|my sister|the old loader|every thread|your model|nobody|the archive"
VERBS = "reads|writes|maps|forgets|opens|doesn't find|can't split|tokenizes|remembers|signs"
OBJECTS = "the weights|a short file|seven pages|the shell|an aligned entry|its own tail|the answer"
PLACES = "in the morning|at run time|without copying|on a small machine|by the river|twice"
OTHER = (
    "der Packer öffnet die Datei und schließt sie wieder",
    "größere Gewichte brauchen mehr Speicher, natürlich",
    "le modèle répond à la question déjà posée",
    "l'archive s'ouvre même sans réseau, n'est-ce pas",
    "el archivo se abrió mañana por la mañana",
    "файл открывается без копирования весов",
    "каждый поток читает свою страницу",
    "模型在本地运行不需要网络",
    "文件可以在六个系统上运行",
    "モデルは一つのファイルで動きます",
    "파일 하나로 실행됩니다",
    "النموذج يعمل بدون شبكة",
    "το αρχείο ανοίγει αμέσως",
)
CODE = (
    "int main(void) {\n    return 0;\n}",
    "for (size_t i = 0; i < n; i++)\n\tsum += a[i] * b[i];",
    'def f(x):\n        return {"key": [x, None]}\n',
    "x = y  +   z;  // three    spaces",
    "https://example.org/a/b?c=d&e=%20",
)
EMOJI = "🙂|🚀|👩‍💻|🇪🇺|✅|…|“quoted”|—|½|x²|Å|é"


def lines(count: int = 700) -> list[str]:
    """The text; always the same for the same count."""
    rng = random.Random(20240229)
    out = []
    for i in range(count):
        parts = [rng.choice(x.split("|")) for x in (SUBJECTS, VERBS, OBJECTS, PLACES)]
        text = " ".join(parts)
        text = text[0].upper() + text[1:] if rng.random() < 0.6 else text
        extra = rng.random()
        if extra < 0.25:
            text += f", {rng.choice(OTHER)}"
        elif extra < 0.35:
            text += f" {rng.choice(EMOJI.split('|'))}"
        elif extra < 0.5:
            text += f": {rng.randrange(10 ** rng.randrange(1, 7))}.{rng.randrange(100)}"
        elif extra < 0.55:
            text += " I'll say they've gone; we're sure it's HIS, isn't it?"
        out.append(text + rng.choice((".", "!", "?", " ...", "\n", "\r\n\r\n", "")))
        if i % 25 == 0:
            out.append(rng.choice(CODE))
    return out


def text() -> str:
    """The lines as one string."""
    return "\n".join(lines())
