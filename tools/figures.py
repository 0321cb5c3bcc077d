# SPDX-License-Identifier: GPL-2.0
"""The benchmark's figures: rows of out/bench.csv, bounds and report."""

import csv
import io
from dataclasses import astuple, dataclass, fields
from fractions import Fraction

from common import Failure
from results import records


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

    @property
    def key(self):
        return (self.machine, self.mode, self.bytes, self.nents)


COLUMNS = [field.name for field in fields(Row)]


def parsed(words):
    """A Row of column names and texts; a missing or a garbled one is an error."""
    return Row(**{field.name: field.type(words[field.name]) for field in fields(Row)})


def rows_of(text, machine, prefix=""):
    """The rows on a console."""
    found = []
    for words in records(text, "bench"):
        try:
            found.append(parsed(words | {"machine": machine, "mode": prefix + words["mode"]}))
        except (KeyError, ValueError) as err:
            raise Failure(f"garbled figure ({err}): {words}",
                          "Run it again; if it stays, the benchmark prints wrong lines."
                          ) from err
    return found


def to_csv(rows):
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(astuple(row) for row in rows)
    return out.getvalue()


class Figures:
    """Rows by key; asking for one that was not measured is an error."""

    def __init__(self, rows):
        self.rows = {row.key: row for row in rows}
        if len(self.rows) != len(rows):
            raise Failure("a figure was measured twice",
                          "Name each mode of a machine once in its benchmark.")

    def row(self, machine, mode, size=4096, nents=1):
        key = (machine, mode, size, nents)
        if key not in self.rows:
            raise Failure(f"not measured: {' '.join(map(str, key))}",
                          "Run all machines: make bench")
        return self.rows[key]


def pick(figures, bound, side, column):
    """The count that one side of a bound names: a page, and the median of both operations,
    unless it names something else."""
    want = {"bytes": 4096, "nents": 1, "column": column} | bound[side]
    return getattr(figures.row(bound["machine"], want["mode"], want["bytes"], want["nents"]),
                   want["column"])


def compare(figures, bound, column):
    """Counts and limit of a bound as columns, and by how much it is missed."""
    of = pick(figures, bound, "of", column)
    over = pick(figures, bound, "over", column) if "over" in bound else ""
    if "ratio" in bound:
        limit, found = Fraction(bound["ratio"]), Fraction(of, over)
        columns = f"{float(found):.4f} | {float(limit):.4f}"
    elif "more" in bound:
        limit, found = bound["more"], of - over
        columns = f"{found:+d} | {limit:+d}"
    else:
        limit, found = bound["most"], of
        columns = f"{found} | {limit}"
    what = bound["what"] + (f", {column}" if "columns" in bound else "")
    return f"{what} | {of} | {over} | {columns}", found - limit


def rows_like(rows, bound, *keys):
    """The rows that agree with a bound: at least one."""
    found = [row for row in rows if all(row[key] == str(bound[key]) for key in keys)]
    if not found:
        raise Failure(f"nothing was counted like {bound}", "Run all machines: make bench")
    return found


def check_opening(bound, row):
    """What each GiB of a window takes, and its page tables in all."""
    gib = Fraction(int(row["bytes"]), 1 << 30)
    found = Fraction(int(row["open"])) / gib
    what = f"{float(gib):.4g} GiB in pages of {row['pgsize']}"
    yield (f"{what}: instructions for each GiB | {row['open']} | {float(gib):.4g} | "
           f"{float(found):.4g} | {bound['per_gib']}", found - bound["per_gib"])
    if "tables" in bound:
        yield (f"{what}: bytes of page tables | {row['tables']} | | {row['tables']} | "
               f"{bound['tables']}", int(row["tables"]) - bound["tables"])


def check_executed(bound, row):
    for name, most in bound["most"].items():
        yield (f"{row['mode']}: {name} | {row[name]} | | {row[name]} | {most}",
               int(row[name]) - most)


def check_clock(figures, row):
    """The clock counts what is executed, and at most what is around it."""
    clock = figures.row(row["machine"], row["mode"]).p50
    beside, around = clock - int(row["insns"]), int(row["around"])
    return (f"{row['mode']}: the clock against what is executed | {clock} | {row['insns']} | "
            f"{beside:+d} | {around:+d}", max(beside - around, -beside))


def check_all(figures, bounds, tables):
    """(machine, columns, by how much it is missed) of each bound."""
    for bound in bounds.get("bound", []):
        for column in bound.get("columns", ["p50"]):
            yield bound["machine"], *compare(figures, bound, column)
    for kind in ("window", "opening"):
        for bound in bounds.get(kind, []):
            for row in rows_like(tables[kind], bound, "machine", "pgsize",
                                 *(["bytes"] if "bytes" in bound else [])):
                for columns, over in check_opening(bound, row):
                    yield bound["machine"], f"{kind}: {columns}", over
    for bound in bounds.get("executed", []):
        for row in rows_like(tables["executed"], bound, "machine", "mode"):
            for columns, over in check_executed(bound, row):
                yield bound["machine"], columns, over
    for row in tables["executed"]:
        yield row["machine"], *check_clock(figures, row)


def report_bounds(figures, bounds, tables):
    """The table of bounds, and how many are missed."""
    lines = ["| machine | what | counted | against | is | at most | |",
             "|---|---|---|---|---|---|---|"]
    missed = 0
    for machine, columns, over in check_all(figures, bounds, tables):
        result = "pass" if over <= 0 else f"missed by {float(over):.4g}"
        lines.append(f"| {machine} | {columns} | {result} |")
        missed += over > 0
    return lines, missed


def report_table(rows):
    """Dictionaries as a table."""
    keys = list(dict.fromkeys(key for row in rows for key in row))
    return [f"| {' | '.join(keys)} |", "|---" * len(keys) + "|",
            *(f"| {' | '.join(row.get(key, '') for key in keys)} |" for row in rows)]


def human(size):
    return f"{size >> 20} MiB" if size >> 20 else f"{size >> 10} KiB"


def report_medians(figures):
    """A table for each machine: the modes, and what one map and one unmap take."""
    tables = {}
    for row in figures.rows.values():
        mode, _, variant = row.mode.partition("/")
        if row.bytes and variant in ("", "list"):
            column = f"list of {row.nents}" if variant else human(row.bytes)
            tables.setdefault(row.machine, {}).setdefault(mode, {})[column] = (
                f"{row.map} + {row.unmap}")
    for machine, modes in tables.items():
        yield from (f"### {machine}", "", *report_table(
            [{"mode": mode} | sizes for mode, sizes in modes.items()]), "")


REPORT = """# What mappings cost, in instructions

Counted under QEMU's `-icount`, where two boots count the same, on kernels configured as
distributions do; what two readings of the clock cost is subtracted.  Medians of 2,048
operations after 128.  What a hypervisor executes is not counted: on sun4v each of its calls
counts as six instructions.  Rows of `/calls` in the CSV file count hypervisor calls.

Not in these counts: waiting for invalidations, contention, misses in caches and the IOTLB.

{environment}

## Bounds

{bounds}

## Map + unmap

`base-` is the kernel without the feature; `denied` passes the attribute without a grant;
`open` passes no attribute while a window is open.

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
    lines, missed = report_bounds(figures, bounds, tables)
    parts = {"environment": [f"    {line}" for line in environment], "bounds": lines,
             "medians": report_medians(figures),
             **{name: report_table(rows) for name, rows in tables.items()}}
    return REPORT.format(**{name: "\n".join(part) for name, part in parts.items()}), missed
