# SPDX-License-Identifier: GPL-2.0
"""The base as it is, with one test built into it: what the series is compared with."""

import re
import shutil
from pathlib import Path

import source
from common import BASE, BUILD, OVERLAY, Failure, read, run, write

INCLUDE = re.compile(r'^#include "([^"]+)"$', re.M)


def needed(path):
    """A file of the overlay and all that it includes from there."""
    path = Path(path)
    if not (OVERLAY / path).is_file():
        raise Failure(f"no {path} in linux/", "Correct the table of machines.")
    found = {path}
    for name in INCLUDE.findall(read(OVERLAY / path)):
        found |= needed((OVERLAY / path.parent / name).resolve().relative_to(OVERLAY))
    return found


def assemble(kernel):
    """The tree of a kernel that is the base but for a test; write() unlinks."""
    tree = BUILD / f"{kernel.name}.tree"
    record = tree / ".base"
    if not record.exists() or read(record) != source.recorded():
        shutil.rmtree(tree, ignore_errors=True)
        run("cp", "--archive", "--link", BASE, tree)
        write(record, source.recorded())
    test = Path(kernel.base_with)
    for path in needed(test):
        if not (tree / path).exists() or read(tree / path) != read(OVERLAY / path):
            write(tree / path, read(OVERLAY / path))
    makefile = test.parent / "Makefile"
    built = f"{read(BASE / makefile)}obj-y += {test.stem}.o\n"
    if read(tree / makefile) != built:
        write(tree / makefile, built)
    return tree
