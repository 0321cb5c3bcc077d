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
    machine: str
    config: str
    mode: str
    op: str
    bytes: int
    nents: int
    cpus: int
    n: int
    p50: int
    p99: int
    p999: int
    max: int

    @property
    def key(self):
        return (self.machine, self.config, self.mode, self.op, self.bytes, self.nents,
                self.cpus)


COLUMNS = [field.name for field in fields(Row)]


def parsed(words):
    """A Row of column names and texts; a missing or a garbled one is an error."""
    return Row(**{field.name: field.type(words[field.name]) for field in fields(Row)})


def rows_of(text, machine, config, prefix=""):
    """The rows on a console."""
    found = []
    for words in records(text, "bench"):
        try:
            found.append(parsed(words | {"machine": machine, "config": config,
                                         "mode": prefix + words["mode"]}))
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

    def require_same(self):
        """A machine has the same rows in all configurations."""
        keys = {}
        for row in self.rows.values():
            if row.mode.startswith("base-"):   # without the feature: in one of them
                continue
            keys.setdefault(row.machine, {}).setdefault(row.config, set()).add(
                (row.mode, row.op, row.bytes, row.nents, row.cpus))
        lost = [f"{machine} {config}: not measured: {' '.join(map(str, key))}"
                for machine, found in keys.items() for config, has in found.items()
                for key in sorted(set().union(*found.values()) - has)]
        if lost:
            raise Failure(lost[:9], "Read the consoles: lines were lost.")

    def configs(self, machine):
        """In which configurations a machine was measured."""
        return {row.config for row in self.rows.values() if row.machine == machine}

    def row(self, machine, config, mode, op="pair", size=4096, nents=1):
        key = (machine, config, mode, op, size, nents, 1)
        if key not in self.rows:
            raise Failure(f"not measured: {' '.join(map(str, key))}",
                          "Run all machines: make bench")
        return self.rows[key]


# What a bound compares, unless it names something else.
ORDINARY = {"op": "pair", "bytes": 4096, "nents": 1, "quantile": "p50"}


def pick(figures, bound, config, side):
    """The count that one side of a bound names."""
    want = ORDINARY | bound[side]
    row = figures.row(bound["machine"], config, want["mode"], want["op"],
                      want["bytes"], want["nents"])
    return getattr(row, want["quantile"])


def compare(figures, bound, config):
    """Counts and limit of a bound as columns, and by how much it is missed."""
    of = pick(figures, bound, config, "of")
    over = pick(figures, bound, config, "over") if "over" in bound else ""
    if "ratio" in bound:
        limit, found = Fraction(bound["ratio"][config]), Fraction(of, over)
        columns = f"{float(found):.4f} | {float(limit):.4f}"
    elif "more" in bound:
        limit, found = bound["more"][config], of - over
        columns = f"{found:+d} | {limit:+d}"
    else:
        limit, found = bound["most"][config], of
        columns = f"{found} | {limit}"
    return f"{bound['what']} | {config} | {of} | {over} | {columns}", found - limit


def rows_like(figures, rows, bound, *keys):
    """The rows that agree with a bound: at least one of each configuration."""
    found = [row for row in rows if all(row[key] == str(bound[key]) for key in keys)]
    missing = figures.configs(bound["machine"]) - {row["config"] for row in found}
    if missing:
        raise Failure(f"{', '.join(missing)}: nothing was counted like {bound}",
                      "Run all machines: make bench")
    return found


def check_all(figures, bounds, tables):
    """(machine, columns, by how much it is missed, by how much it is known to be) of each
    bound in each configuration."""
    for bound in bounds["bound"]:
        known = bound.get("known", {})
        for config in bound.get("ratio") or bound.get("more") or bound["most"]:
            columns, over = compare(figures, bound, config)
            if over <= 0 and config in known:
                raise Failure(f"{bound['what']}: not missed: {config}",
                              "Take what is known of it out of bench/bounds.toml.")
            yield bound["machine"], columns, over, known.get(config, 0)
    for bound in bounds["window"]:
        gib = bound["bytes"] >> 30
        for row in rows_like(figures, tables["window"], bound, "machine", "pgsize", "bytes"):
            found = Fraction(int(row["open"]), gib)
            yield (bound["machine"], f"window of {gib} GiB in pages of {row['pgsize']}: "
                   f"instructions for each GiB | {row['config']} | {row['open']} | {gib} | "
                   f"{float(found):g} | {bound['per_gib']}", found - bound["per_gib"], 0)
    for bound in bounds["executed"]:
        for row in rows_like(figures, tables["executed"], bound, "machine", "mode"):
            for name in bound["none"]:
                yield (bound["machine"], f"{row['mode']}: {name} | {row['config']} | "
                       f"{row[name]} | {row['insns']} | {row[name]} | 0", int(row[name]), 0)
    for row in tables["executed"]:   # the clock counts this, and at most what is around it
        clock = figures.row(row["machine"], row["config"], row["mode"]).p50
        beside, around = clock - int(row["insns"]), int(row["around"])
        yield (row["machine"], f"{row['mode']}: the clock against what is executed | "
               f"{row['config']} | {clock} | {row['insns']} | {beside:+d} | {around:+d}",
               max(beside - around, -beside), 0)


def report_bounds(figures, bounds, tables):
    """The table of bounds, and how many are missed by more than is known."""
    lines = ["| machine | what | configuration | counted | against | is | at most | |",
             "|---|---|---|---|---|---|---|---|"]
    missed = 0
    for machine, columns, over, known in check_all(figures, bounds, tables):
        result = "pass" if over <= 0 else f"missed by {float(over):.4g}" + (
            ", as is known" if over <= known else "")
        lines.append(f"| {machine} | {columns} | {result} |")
        missed += over > known
    return lines, missed


def report_table(rows):
    """Dictionaries as a table."""
    keys = list(dict.fromkeys(key for row in rows for key in row))
    return [f"| {' | '.join(keys)} |", "|---" * len(keys) + "|",
            *(f"| {' | '.join(row.get(key, '') for key in keys)} |" for row in rows)]


SIZES = {4096: "4 KiB", 65536: "64 KiB", 2097152: "2 MiB"}


def report_medians(figures):
    """A table for each machine: the modes, and what one map and one unmap take."""
    tables = {}
    for row in figures.rows.values():
        if (row.op, row.nents) == ("pair", 1) and row.bytes in SIZES:
            tables.setdefault(row.machine, {}).setdefault(
                (row.mode, row.config), {})[SIZES[row.bytes]] = str(row.p50)
    for machine, modes in tables.items():
        rows = [{"mode": mode, "configuration": config} | sizes
                for (mode, config), sizes in modes.items()
                if len(sizes) == len(SIZES) and not mode.endswith("/unaligned")]
        yield from (f"### {machine}", "", *report_table(rows), "")


def report_turns(figures):
    """A line for each mode: one map and one unmap by so many processors in turns."""
    lines = {}
    for row in figures.rows.values():
        mode, _, variant = row.mode.partition("/")
        if (variant, row.op) == ("turns", "pair"):
            where = (row.machine, row.config, mode)
            lines.setdefault(where, dict(zip(("machine", "config", "mode"), where)))[
                str(row.cpus)] = f"{row.p50} ({row.p999})"
    return report_table(list(lines.values()))


REPORT = """# What mappings cost, in instructions

Counted under QEMU's `-icount`, where two boots count the same; what two readings of the
clock cost is subtracted.  powernv does not run under `-icount`: there the processor stops
after each instruction and counts.  Median of 2,048 operations after 128.  What a hypervisor
or the firmware executes is not counted, nor what the kernel does on powernv9 to call the
latter.  Rows of `/calls` count hypervisor calls, rows of `/tces` written TCEs.

{environment}

On sun4v a call of the hypervisor counts as six instructions, whatever it does.

## Bounds

{bounds}

## One map and one unmap

{medians}
## Several processors

One map and one unmap of 4 KiB, median and p99.9, on so many processors, one after the other:
what each executes itself.  Waiting for each other is not included; it comes from the stores
and atomic operations under "What is executed".

{turns}

## Windows

Instructions to map memory of that size in a window, and to unmap it, without what else
opening and closing does.

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
             "medians": report_medians(figures), "turns": report_turns(figures),
             **{name: report_table(rows) for name, rows in tables.items()}}
    return REPORT.format(**{name: "\n".join(part) for name, part in parts.items()}), missed
