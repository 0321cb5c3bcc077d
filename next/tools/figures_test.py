# SPDX-License-Identifier: GPL-2.0
"""Tests of what is made of the benchmark's figures: part of tools/selftest."""

import figures
import steps
from results import records


def same(one, two, what):
    assert one == two, f"{what}: {one!r} is not {two!r}"


def instructions_are_classified(_toy):
    listing = """
ffffffff81000000 <f>:
ffffffff81000000:\tpush   %rbx
ffffffff81000001:\tmov    %rax,0x8(%rsp)
ffffffff81000002:\tmov    0x8(%rdi),%rax
ffffffff81000003:\tcmpq   $0x0,0x8(%rdi)
ffffffff81000004:\tcs nopw 0x0(%rax,%rax,1)
ffffffff81000005:\tjmp    *0x8(%rax)
ffffffff81000006:\tmov    $0x10,%eax
ffffffff81000010:\tmov    %rax,0x8(%rdi)
ffffffff81000011:\tincl   %gs:0x7e3f(%rip)        # 12 <x>
ffffffff81000012:\tmov    %eax,0xffffffffff7fd310
ffffffff81000013:\trep stos %rax,%es:(%rdi)
ffffffff81000020:\tlock xadd %eax,(%rdi)
ffffffff81000021:\txchg   %rax,(%rdi)
ffffffff81000030:\tcs call ffffffff81000000 <f>
ffffffff81000031:\tcall   *0x8(%rax)
"""
    code = steps.decode(listing)
    for what, wanted in (("stores", [16, 17, 18, 19, 32, 33]), ("atomic", [32, 33]),
                         ("calls", [48, 49])):
        same([place & 0xff for place, insn in code.items() if getattr(insn, what)],
             wanted, what)
    same(len(code), 15, "instructions")


def bounds_are_checked(_toy):

    def line(mode, count):
        return (f"    # a: bench: mode={mode} op=pair bytes=4096 nents=1 cpus=1 n=9 "
                f"p50={count} p99={count} p999={count} max={count}\n")

    def evaluate(bypass, strict, opening=40, stores=0, insns=9):
        text = line("bypass", bypass) + line("strict", strict)
        windows = [{"machine": "m", "config": "kunit"} | row for row in records(
            f"# a: window: pgsize=1G bytes=1073741824 open={opening} close=9",
            "window")]
        rows = figures.Figures(figures.rows_of(text, "m", "kunit"))
        executed = [{"machine": "m", "config": "kunit", "mode": "bypass", "around": "2",
                     "insns": str(insns), "stores": str(stores)}]
        return figures.report_bounds(rows, bounds, {"window": windows,
                                                    "executed": executed})[1]

    sides = {"what": "x", "machine": "m", "of": {"mode": "bypass"},
             "over": {"mode": "strict"}}
    bounds = {"bound": [sides | {"ratio": {"kunit": "1/3"}},
                        sides | {"more": {"kunit": -20}},
                        {"what": "y", "machine": "m", "of": {"mode": "bypass"},
                         "most": {"kunit": 11}}],
              "window": [{"machine": "m", "pgsize": "1G", "bytes": 1 << 30,
                          "per_gib": 40}],
              "executed": [{"machine": "m", "mode": "bypass", "none": ["stores"]}]}
    same(evaluate(10, 30), 0, "missed bounds")
    same(evaluate(11, 32), 1, "missed bounds: 11/32 is more than 1/3")
    same(evaluate(9, 28), 1, "missed bounds: 9 is more than 28 - 20")
    same(evaluate(12, 36, insns=10), 1, "missed bounds: 12 is more than 11")
    same(evaluate(10, 30, opening=41), 1, "missed bounds of the window")
    same(evaluate(10, 30, stores=1), 1, "missed bounds of what is executed")
    same(evaluate(10, 30, insns=7), 1, "a clock that counts more than there was")
    same(evaluate(10, 30, insns=11), 1, "a clock that counts less than there was")
    bounds["bound"][2]["known"] = {"kunit": 1}
    same(evaluate(12, 36, insns=11), 0, "missed by more than is known")
    same(evaluate(13, 39, insns=12), 1, "missed by more than is known")
    bounds["bound"].append(sides | {"of": {"mode": "lazy"}, "ratio": {"kunit": "1"}})
    for wrong in (lambda: evaluate(10, 30),
                  lambda: figures.rows_of(line("x", "many"), "m", "kunit")):
        try:
            wrong()
        except figures.Failure:
            continue
        raise AssertionError("a figure that is missing or garbled was taken")


def turns_are_reported(_toy):
    text = "".join(f"    # a: bench: mode=lazy/turns op={op} bytes=4096 nents=1 cpus={cpus} n=9 "
                   f"p50={cpus + 7} p99=50 p999=60 max=70\n"
                   for cpus in (1, 2) for op in ("map", "pair"))
    same(figures.report_turns(figures.Figures(figures.rows_of(text, "m", "kunit"))),
         ["| machine | config | mode | 1 | 2 |", "|---|---|---|---|---|",
          "| m | kunit | lazy | 8 (60) | 9 (60) |"], "turns")


TESTS = [instructions_are_classified, bounds_are_checked, turns_are_reported]
