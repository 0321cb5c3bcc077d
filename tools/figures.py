# SPDX-License-Identifier: GPL-2.0
"""The benchmark's figures: rows of out/bench.csv, bounds and report."""

import csv
import io
from dataclasses import astuple, dataclass, fields
from fractions import Fraction

from common import Failure
from results import human, records


@dataclass(frozen=True)
class Row:
    """Instructions: medians of map and of unmap; median and p99.9 of both together."""

    machine: str
    mode: str
    bytes: int
    nents: int
    map: int
    unmap: int
    p50: int
    p999: int


def rows_of(text, machine, prefix=""):
    """The rows on a console; a missing figure or a garbled one is an error."""
    try:
        found = [words | {"machine": machine, "mode": prefix + words["mode"]}
                 for words in records(text, "bench")]
        return [Row(**{field.name: field.type(words[field.name]) for field in fields(Row)})
                for words in found]
    except (KeyError, ValueError) as err:
        raise Failure(f"garbled figure ({err})", "Run it again; if it stays, the benchmark "
                      "prints wrong lines.") from err


def to_csv(rows):
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([Row.__match_args__, *map(astuple, rows)])
    return out.getvalue()


class Figures(dict):
    """Rows by machine, mode, bytes and entries."""

    def __init__(self, rows):
        super().__init__(((row.machine, row.mode, row.bytes, row.nents), row) for row in rows)
        if len(self) != len(rows):
            raise Failure("a figure was measured twice",
                          "Name each mode of a machine once in its benchmark.")

    def __missing__(self, key):
        raise Failure(f"not measured: {' '.join(map(str, key))}", "Run all machines: make bench")


def compare(figures, bound, column):
    """One line of the table of bounds: a page, and the median of both operations, unless the
    bound names something else."""
    def count(side):
        want = {"bytes": 4096, "nents": 1, "column": column} | bound[side]
        return getattr(figures[bound["machine"], want["mode"], want["bytes"], want["nents"]],
                       want["column"])
    of, over = count("of"), count("over") if "over" in bound else ""
    what = bound["what"] + (f", {column}" if "columns" in bound else "")
    if "ratio" in bound:
        less = count("less") if "less" in bound else 0
        return line(bound, what, of, over, Fraction(of - less, over - less),
                    Fraction(bound["ratio"]))
    if "more" in bound:
        return line(bound, what, of, over, of - over, bound["more"])
    return line(bound, what, of, over, of, bound["most"])


def line(place, what, of, over, found, most):
    """One line of the table of bounds."""
    def text(number):
        return f"{float(number):.4f}" if isinstance(number, Fraction) else str(number)
    result = "pass" if found <= most else f"missed by {float(found - most):.4g}"
    if most < found <= Fraction(place.get("instead", most)):
        result = f"not held, {place['instead']} instead: {place['why']}"
    return {"machine": place["machine"], "what": what, "counted": str(of), "against": str(over),
            "is": text(found), "at most": text(most), "": result}


def rows_like(rows, bound, *keys):
    """The rows that agree with a bound: at least one."""
    found = [row for row in rows if all(row[key] == str(bound[key]) for key in keys)]
    if not found:
        raise Failure(f"nothing was counted like {bound}", "Run all machines: make bench")
    return found


def check_all(figures, bounds, tables):
    """The lines of all bounds."""
    for bound in bounds.get("bound", []):
        for machine in bound.get("machines", [bound.get("machine")]):
            for column in bound.get("columns", ["p50"]):
                yield compare(figures, bound | {"machine": machine}, column)
    for kind in ("window", "opening"):   # what each GiB takes, and page tables in all
        for bound in bounds.get(kind, []):
            for row in rows_like(tables[kind], bound, "machine", "pgsize",
                                 *(["bytes"] if "bytes" in bound else [])):
                gib = Fraction(int(row["bytes"]), 1 << 30)
                what = f"{kind}: {float(gib):.4g} GiB in pages of {row['pgsize']}"
                yield line(bound, f"{what}: instructions for each GiB", row["open"],
                           f"{float(gib):.4g}", int(row["open"]) / gib, bound["per_gib"])
                if "tables" in bound:
                    yield line(bound, f"{what}: bytes of page tables", row["tables"], "",
                               int(row["tables"]), bound["tables"])
    for bound in bounds.get("executed", []):
        for row in rows_like(tables["executed"], bound, "machine", "mode"):
            for name, most in bound["most"].items():
                yield line(bound, f"{row['mode']}: {name}", row[name], "", int(row[name]), most)
    for row in tables["executed"]:   # the clock counts them, and at most what is around them
        clock = figures[row["machine"], row["mode"], 4096, 1].p50
        beside, around = clock - int(row["insns"]), int(row["around"])
        what = f"{row['mode']}: the clock against what is executed"
        yield line(row, what, clock, row["insns"], beside if beside >= 0 else around - beside,
                   around)


def report_table(rows):
    """Dictionaries as a table."""
    keys = list(dict.fromkeys(key for row in rows for key in row))
    return [f"| {' | '.join(keys)} |", "|---" * len(keys) + "|",
            *(f"| {' | '.join(row.get(key, '') for key in keys)} |" for row in rows)]


def report_medians(figures):
    """A table for each machine: the modes, and what one map and one unmap take."""
    tables = {}
    for row in figures.values():
        mode, _, variant = row.mode.partition("/")
        columns = {"": human(row.bytes), "list": f"list of {row.nents}",
                   "invalidations": "invalidations of 1,000"}
        if row.bytes and variant in columns:
            tables.setdefault(row.machine, {}).setdefault(mode, {})[columns[variant]] = (
                f"{row.map} + {row.unmap}" if variant != "invalidations" else str(row.p50))
    for machine, modes in tables.items():
        yield from (f"### {machine}", "", *report_table(
            [{"mode": mode} | sizes for mode, sizes in modes.items()]), "")


def ratios(figures, openings):
    """What a page takes to map and unmap, and opening a window, in bypasses."""
    for row in figures.values():
        modes = {other.mode: other.p50 for other in figures.values()
                 if (other.machine, other.bytes, other.nents) == (row.machine, 4096, 1)}
        if (row.mode, row.bytes, row.nents) == ("bypass", 4096, 1) and (
                modes.keys() & {"direct", "dvma"}):
            modes |= {"opening": int(one["open"]) for one in openings[::-1]
                      if one["machine"] == row.machine and one["pgsize"] == "1G"}
            yield {"machine": row.machine} | {
                mode: f"{modes[mode] / row.p50:.1f}" if mode in modes else ""
                for mode in ("strict", "lazy", "guarded", "dvma", "atu", "direct", "opening")}


REPORT = """<!-- SPDX-License-Identifier: GPL-2.0 -->
# What mappings cost, in instructions

Counted under QEMU's `-icount`, where two boots count the same, on kernels configured as
distributions do; what two readings of the clock cost is subtracted.  Medians of 2,048
operations after 128.  What a hypervisor executes is not counted: on sun4v each of its calls
counts as six instructions.  Rows of `/calls` in the CSV file count hypervisor calls.

Not in these counts: waiting for invalidations, contention, misses in caches and the IOTLB.

{environment}

## Bounds

{bounds}

## Ratios

A page of 4 KiB, map + unmap, and opening a window, each over a bypassed page on the same machine.
QEMU's AMD-Vi is invalidated on each map, too; what virtio-iommu's host executes is not counted.

{ratios}

## Map + unmap

`base-` is the kernel without the feature; `denied` passes the attribute without a grant;
`open` passes no attribute while a window is open.

`nvme` is a read of 4 KiB with O_DIRECT, by asynchronous I/O; `e1000e` is a packet of 1 KiB from
a card without translation to one in that mode.  Of one at a time, all that the kernel executes
until the send or the submission returns + from then on; the mapping is part of it.  Strict and
lazy pass the attribute without a grant.  A median does not have what few of them take, as when
lazy's queue is flushed; p99.9 has it.  Guarded buffers that share a page are invalidated once.
Not in these counts: sleeping and waking up, and what several at a time share.

{medians}
## Windows

Instructions to map memory of that size in a window, and to unmap it, without what else
opening and closing do.

{window}

All that dma_bypass_prepare() does, and what follows when a driver is unbound, with the memory
of the machine; median of 9.

{opening}

## What is executed

One map and one unmap of 4 KiB, with the processor stopped after each instruction: those
within the API and those of the benchmark around it, and of the former calls, stores that do
not use the stack pointer, and atomic operations, as the compiler made them.

{executed}
"""


def report_on(figures, bounds, tables, environment):
    """The report, and how many bounds are missed."""
    checked = list(check_all(figures, bounds, tables))
    parts = {"environment": [f"    {line}" for line in environment],
             "bounds": report_table(checked),
             "ratios": report_table(list(ratios(figures, tables["opening"]))),
             "medians": report_medians(figures),
             **{name: report_table(rows) for name, rows in tables.items()}}
    return (REPORT.format(**{name: "\n".join(part) for name, part in parts.items()}),
            sum(one[""].startswith("missed") for one in checked))
