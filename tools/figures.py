# SPDX-License-Identifier: GPL-2.0
"""The benchmark's figures: rows of out/bench.csv, and what is made of them."""

import csv
import io
from dataclasses import astuple, dataclass, fields
from fractions import Fraction

from common import Failure
from results import told


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
    """The rows that a console tells of."""
    found = []
    for words in told(text, "bench"):
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


def from_csv(path):
    if not path.exists():
        raise Failure(f"no {path}", "Make it: make bench")
    with path.open(newline="") as file:
        reader = csv.DictReader(file)
        if reader.fieldnames != COLUMNS:
            raise Failure(f"{path}: its header is not {','.join(COLUMNS)}",
                          "Make it anew: make bench")
        return [parsed(words) for words in reader]


class Figures:
    """Rows by key; asking for one that was not measured is an error."""

    def __init__(self, rows):
        self.rows = {row.key: row for row in rows}
        if len(self.rows) != len(rows):
            raise Failure("a figure was measured twice",
                          "Name each mode of a machine once in its benchmark.")

    def require_same(self):
        """What a machine tells in one configuration it has to tell in all."""
        keys = {}
        for row in self.rows.values():
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


# What a bound compares, unless it says something else.
ORDINARY = {"op": "pair", "bytes": 4096, "nents": 1, "quantile": "p50"}


def pick(figures, bound, config, side):
    """The count that one side of a bound names."""
    want = ORDINARY | bound[side]
    row = figures.row(bound["machine"], config, want["mode"], want["op"],
                      want["bytes"], want["nents"])
    return getattr(row, want["quantile"])


def verdict(figures, bound, config):
    """What was counted beside what is allowed, and by how much it is above."""
    of = pick(figures, bound, config, "of")
    over = pick(figures, bound, config, "over") if "over" in bound else ""
    if "ratio" in bound:
        limit, found = Fraction(bound["ratio"][config]), Fraction(of, over)
        told = f"{float(found):.4f} | {float(limit):.4f}"
    elif "more" in bound:
        limit, found = bound["more"][config], of - over
        told = f"{found:+d} | {limit:+d}"
    else:
        limit, found = bound["most"][config], of
        told = f"{found} | {limit}"
    return (f"| {bound['machine']} | {bound['what']} | {config} | {of} | {over} | {told} ",
            found - limit)


def window_verdicts(figures, windows, bound):
    """A bound of windows, in each configuration."""
    found = [row for row in windows if
             all(row[key] == str(bound[key]) for key in ("machine", "pgsize", "bytes"))]
    missing = figures.configs(bound["machine"]) - {row["config"] for row in found}
    if missing:
        raise Failure(f"{', '.join(missing)}: no window was measured like {bound}",
                      "Run all machines: make bench")
    gib = bound["bytes"] >> 30
    for row in found:
        what = f"window of {gib} GiB in pages of {row['pgsize']}"
        for name, words, of, over in (
                ("tables", "bytes of page tables", int(row["tables"]), 1),
                ("per_gib", "instructions for each GiB", int(row["open"]), gib)):
            yield (f"| {bound['machine']} | {what}: {words} | {row['config']} | "
                   f"{of} | {over if over > 1 else ''} | {of / over:g} | {bound[name]} ",
                   Fraction(of, over) - bound[name])


def executed_verdicts(figures, executed, bound):
    """A bound of what a mode executes, in each configuration."""
    found = [row for row in executed
             if all(row[key] == bound[key] for key in ("machine", "mode"))]
    missing = figures.configs(bound["machine"]) - {row["config"] for row in found}
    if missing:
        raise Failure(f"{', '.join(missing)}: nothing was executed like {bound}",
                      "Run all machines: make bench")
    for row in found:
        for name in bound["none"]:
            yield (f"| {row['machine']} | {row['mode']}: {name} | {row['config']} | {row[name]} | "
                   f"{row['insns']} | {row[name]} | 0 ", int(row[name]))


def clock_verdicts(figures, executed):
    """The clock must have counted what was executed, and at most what is around it."""
    for row in executed:
        clock = figures.row(row["machine"], row["config"], row["mode"]).p50
        beside, around = clock - int(row["insns"]), int(row["around"])
        yield (f"| {row['machine']} | {row['mode']}: the clock against what is executed "
               f"| {row['config']} | {clock} | {row['insns']} | {beside:+d} | {around:+d} ",
               max(beside - around, -beside))


def report_bounds(figures, bounds, tables):
    """All lines, and how many of them tell of a bound that is missed by more than it is
    known to be."""
    verdicts = []
    for bound in bounds["bound"]:
        limits = bound.get("ratio") or bound.get("more") or bound["most"]
        known = bound.get("known", {})
        found = {config: verdict(figures, bound, config) for config in limits}
        if stale := [config for config in known
                     if config not in found or found[config][1] <= 0]:
            raise Failure(f"{bound['what']}: not missed: {', '.join(stale)}",
                          "Take what is known of it out of bench/bounds.toml.")
        verdicts += [(*line, known.get(config, 0)) for config, line in found.items()]
    others = [line for bound in bounds["window"]
              for line in window_verdicts(figures, tables["window"], bound)]
    others += [line for bound in bounds["executed"]
               for line in executed_verdicts(figures, tables["executed"], bound)]
    others += clock_verdicts(figures, tables["executed"])
    verdicts += [(*line, 0) for line in others]
    lines = ["| machine | what | configuration | counted | against | is | at most | |",
             "|---|---|---|---|---|---|---|---|"]
    lines += [f"{line}| " + ("pass |" if over <= 0 else f"missed by {float(over):.4g}"
                             + (", as is known |" if over <= known else " |"))
              for line, over, known in verdicts]
    return lines, sum(over > known for _, over, known in verdicts)


def report_table(rows):
    """Dictionaries as a table."""
    if not rows:
        return ["(none)"]
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
    """A line for each mode: what a map and an unmap take, by the number of processors
    that make them."""
    lines = {}
    for row in figures.rows.values():
        mode, _, variant = row.mode.partition("/")
        if (variant, row.op) == ("turns", "pair"):
            where = (row.machine, row.config, mode)
            lines.setdefault(where, dict(zip(("machine", "config", "mode"), where)))[
                str(row.cpus)] = f"{row.p50} ({row.p999})"
    return report_table(list(lines.values()))


def report_on(figures, bounds, tables, environment):
    """The report, and how many bounds are missed."""
    lines, missed = report_bounds(figures, bounds, tables)
    text = ["# What mappings cost, in instructions", "",
            "Counted under QEMU's `-icount`, where two boots count the same; what two readings",
            "of the clock cost is subtracted.  powernv does not run under `-icount`: there the",
            "processor stops after each instruction and counts.  Median of 2,048 operations",
            "after 128.  What a hypervisor or the firmware does is not counted, nor what the",
            "kernel does on powernv9 to call the latter.  Rows of `/calls` count hypervisor",
            "calls, rows of `/tces` written TCEs.", "",
            *(f"    {line}" for line in environment), "",
            "On sun4v a call of the hypervisor counts as six instructions, whatever it does.", "",
            "## Bounds", "", *lines, "",
            "## One map and one unmap", "", *report_medians(figures),
            "## Several processors", "",
            "One map and one unmap of 4 KiB, median and p99.9, on so many processors, one after",
            "the other: what each executes itself.  Waiting for each other is not in there; what",
            "it comes from is, under \"What is executed\": stores and atomic operations.", "",
            *report_turns(figures), "",
            "## Windows", "",
            "Instructions to map memory of that size in a window, and to unmap it, without what else",
            "opening and closing does; and bytes of page tables.", "",
            *report_table(tables["window"]), "",
            "All that dma_bypass_prepare() does, and what follows when a driver is unbound, with",
            "the memory of the machine; median of 9.", "",
            *report_table(tables["opening"]), "",
            "## What is executed", "",
            "One map and one unmap of 4 KiB, with the processor stopped after each instruction:",
            "those within the API and those of the benchmark around it, and of the former calls,",
            "stores that do not go by the stack pointer, and atomic operations, as the compiler",
            "made them.", "",
            *report_table(tables["executed"]), "",
            "By function; `tell_steps` is what is around.", "",
            *report_table(tables["functions"]), ""]
    return "\n".join(text), missed
