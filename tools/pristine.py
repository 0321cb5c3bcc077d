# SPDX-License-Identifier: GPL-2.0
"""The base as it is, with one test built into it: what the series is compared with."""

import re
import shutil
from pathlib import Path

import source
from common import BASE, BUILD, OVERLAY, TREE, Failure, read, run, write

INCLUDE = re.compile(r'^#include "([^"]+)"$', re.M)
ATTRIBUTE = re.compile(r"^#define (DMA_ATTR_IOMMU_BYPASS)\s+(.+)$", re.M)


def needed(path):
    """A file of the overlay, and all that it includes from there."""
    found = {path}
    for name in INCLUDE.findall(read(OVERLAY / path)):
        included = (OVERLAY / path.parent / name).resolve()
        if included.is_file():
            found |= needed(included.relative_to(OVERLAY))
        elif not (BASE / path.parent / name).is_file():
            raise Failure(f"{path} includes {name}, which is nowhere", "Correct it.")
    return found


def makefile(test):
    """That of the test's directory, with the test, which has an attribute to pass."""
    name, value = ATTRIBUTE.search(read(TREE / "include/linux/dma-mapping.h")).groups()
    return (f"{read(BASE / test.parent / 'Makefile')}obj-y += {test.stem}.o\n"
            f"CFLAGS_{test.stem}.o += -D{name}='{value}'\n")


def assemble(kernel):
    """The tree of a kernel that is the base but for a test."""
    tree = BUILD / f"{kernel.name}.tree"
    record = tree / ".base"
    if not record.exists() or read(record) != source.recorded():
        for old in (tree, kernel.out):   # objects are newer than an older base
            if old.exists():
                shutil.rmtree(old)
        run("cp", "--archive", "--link", BASE, tree)
        write(record, source.recorded())
    test = Path(kernel.base_with)
    files = {path: read(OVERLAY / path) for path in needed(test)}
    files[test.parent / "Makefile"] = makefile(test)
    for path, text in files.items():   # write() leaves the base's file alone
        if not (tree / path).exists() or read(tree / path) != text:
            write(tree / path, text)
    return tree
