# SPDX-License-Identifier: GPL-2.0
"""What a mapping executes: the addresses at which the benchmark had the processor stop,
looked up in the kernel's own code."""

import re
from dataclasses import dataclass

from common import Failure, run
from results import records

FUNCTION = re.compile(r"^[0-9a-f]+ <([^>]+)>:$")
# Without the prefixes that change nothing here.
INSN = re.compile(r"^\s*([0-9a-f]+):\s+(?:(?:cs|ds|es|ss|data16|notrack|bnd)\s+)*"
                  r"(\S+)\s*([^#<]*)")
# What looks like a store, as it ends with an operand in memory, and is none.
READS = re.compile(r"(cmp|test|bt|mul|imul|div|idiv|nop)[bwlq]?$"
                   r"|(prefetch|clflush|invlpg|lidt|lgdt|verw|j|ret|ud2)")
MEMORY = re.compile(r"\)$|%[fg]s:[^,]*$|(^|,)0x[0-9a-f]+$")
STACK = re.compile(r"\(%rsp[^)]*\)$")


@dataclass(frozen=True)
class Insn:
    function: str
    name: str
    args: str

    @property
    def calls(self):
        return self.name.startswith("call")

    @property
    def atomic(self):
        return self.name == "lock" or (self.name.startswith("xchg")
                                       and bool(MEMORY.search(self.args)))

    @property
    def stores(self):
        """Whether it writes memory, but through the stack pointer."""
        if self.atomic or self.name.startswith("rep"):
            return True
        return (not self.calls and not self.name.startswith("push")
                and not READS.match(self.name) and bool(MEMORY.search(self.args))
                and not STACK.search(self.args))


def decode(listing):
    """Instructions by address, out of what objdump says."""
    function, found = "", {}
    for line in listing.splitlines():
        if match := FUNCTION.match(line):
            function = match[1]
        elif match := INSN.match(line):
            found[int(match[1], 16)] = Insn(function, match[2], match[3].strip())
    return found


def executed(text, vmlinux):
    """The instructions of each mode in a console, as the file has them: what the kernel
    replaced at boot counts as what it was, or, at a new address, as an instruction."""
    found = {}
    for words in records(text, "steps"):   # mode=... at=OFFSET,OFFSET,...,  from _text
        try:
            found.setdefault(words["mode"], []).extend(
                int(word, 16) for word in words["at"].split(",") if word)
        except (KeyError, ValueError) as err:
            raise Failure(f"garbled steps ({err}): {words}", "Run it again.") from err
    if not found:
        return {}
    code = decode(run("objdump", "-d", "--no-show-raw-insn", vmlinux).stdout)
    start = int(re.search(r"^(\w+) \w _text$", run("nm", vmlinux).stdout, re.M)[1], 16)
    return {mode: [code.get(start + offset, Insn("(patched at boot)", "", ""))
                   for offset in offsets] for mode, offsets in found.items()}


def table(text, machine, vmlinux):
    """Of each mode: the instructions that it executes, and what they are."""
    rows = []
    for mode, insns in executed(text, vmlinux).items():
        inside = [insn for insn in insns if not insn.function.startswith("step_")]
        counts = {"insns": len(inside), "around": len(insns) - len(inside),
                  "calls": sum(insn.calls for insn in inside),
                  "stores": sum(insn.stores for insn in inside),
                  "atomics": sum(insn.atomic for insn in inside)}
        rows.append(machine | {"mode": mode} | {name: str(count)
                                                for name, count in counts.items()})
    return rows
