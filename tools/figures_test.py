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
        return (f"    # a: bench: mode={mode} bytes=4096 nents=1 map={count - 4} unmap=4 "
                f"p50={count} p999={count}\n")

    def evaluate(bypass, strict, opening=40, tables=4096, stores=0, insns=9):
        text = line("bypass", bypass) + line("strict", strict)
        windows = [{"machine": "m"} | row for row in records(
            f"# a: window: pgsize=1G bytes=1073741824 open={opening} close=9 tables={tables}",
            "window")]
        rows = figures.Figures(figures.rows_of(text, "m"))
        executed = [{"machine": "m", "mode": "bypass", "around": "2", "insns": str(insns),
                     "stores": str(stores)}]
        return figures.report_bounds(rows, bounds, {"window": windows, "opening": [],
                                                    "executed": executed})[1]

    sides = {"what": "x", "machine": "m", "of": {"mode": "bypass"},
             "over": {"mode": "strict"}}
    bounds = {"bound": [sides | {"ratio": "1/3"},
                        sides | {"more": -20},
                        {"what": "y", "machine": "m", "of": {"mode": "bypass"}, "most": 11}],
              "window": [{"machine": "m", "pgsize": "1G", "bytes": 1 << 30,
                          "per_gib": 40, "tables": 4096}],
              "executed": [{"machine": "m", "mode": "bypass", "most": {"stores": 0}}]}
    same(evaluate(10, 30), 0, "missed bounds")
    same(evaluate(11, 32), 1, "missed bounds: 11/32 is more than 1/3")
    same(evaluate(9, 28), 1, "missed bounds: 9 is more than 28 - 20")
    same(evaluate(12, 36, insns=10), 1, "missed bounds: 12 is more than 11")
    same(evaluate(10, 30, opening=41), 1, "missed bounds of the window")
    same(evaluate(10, 30, tables=8192), 1, "missed bounds of its page tables")
    same(evaluate(10, 30, stores=1), 1, "missed bounds of what is executed")
    same(evaluate(10, 30, insns=7), 1, "a clock that counts more than there was")
    same(evaluate(10, 30, insns=11), 1, "a clock that counts less than there was")
    bounds["bound"] = [sides | {"more": 0, "columns": ["map", "unmap"]}]
    same(evaluate(10, 10), 0, "missed bounds of columns")
    same(evaluate(10, 9), 1, "missed bounds of columns: map")
    bounds["bound"] = [sides | {"of": {"mode": "lazy"}, "ratio": "1"}]
    for wrong in (lambda: evaluate(10, 30),
                  lambda: figures.rows_of(line("x", 9).replace("p50=9", "p50=many"), "m")):
        try:
            wrong()
        except figures.Failure:
            continue
        raise AssertionError("a figure that is missing or garbled was taken")


def medians_are_reported(_toy):
    text = "".join(f"    # a: bench: mode={mode} bytes={size} nents={nents} map=7 unmap={nents} "
                   "p50=9 p999=9\n" for mode, size, nents in
                   (("lazy", 4096, 1), ("lazy/list", 65536, 16), ("lazy", 2097152, 1),
                    ("lazy/calls", 4096, 1), ("set_mask", 0, 0)))
    same(list(figures.report_medians(figures.Figures(figures.rows_of(text, "m")))),
         ["### m", "", "| mode | 4 KiB | list of 16 | 2 MiB |", "|---|---|---|---|",
          "| lazy | 7 + 1 | 7 + 16 | 7 + 1 |", ""], "medians")


TESTS = [instructions_are_classified, bounds_are_checked, medians_are_reported]
