# SPDX-License-Identifier: Apache-2.0
"""Truncation at every byte, extreme values everywhere, random damage: no crash, a message."""

import subprocess


def run(*command):
    out = subprocess.run(command, capture_output=True, text=True)
    assert out.returncode == 0, out.stdout + out.stderr
    return out.stdout.splitlines()


def test_every_prefix_is_refused_by_section(program, write_sample, tmp_path):
    sections = run(program("check_gguf"), "truncate", write_sample(tmp_path / "a.gguf"))
    assert [s.strip() for s in sections[:4]] == [
        "not a GGUF file",
        "truncated in the header at byte",
        "truncated in the metadata at byte",
        "truncated in the tensor directory at byte",
    ]
    assert {s[:33] for s in sections[4:]} == {"truncated in the data of tensor t"}


def test_extreme_values_everywhere(program, write_sample, tmp_path):
    run(program("check_gguf"), "edges", write_sample(tmp_path / "a.gguf"))


def test_random_damage(program, write_sample, tmp_path):
    seeds = [write_sample(tmp_path / f"{v}.gguf", v) for v in (2, 3)]
    run(program("fuzz_gguf"), "20000", *seeds)
