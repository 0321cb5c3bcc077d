# SPDX-License-Identifier: GPL-2.0
"""Programs of Debian for machines that run them: unpacked below build/, for the machine's
architecture, and packed behind the kernel's initramfs with the libraries that they load."""

import re
from pathlib import Path

import debian
import kbuild
from common import BUILD, Failure, run

PACKAGES = "fio e2fsprogs"
PROGRAMS = ("usr/bin/fio", "sbin/mke2fs", "sbin/e2fsck")


def found(top, name):
    """A program: newer releases have all of them below usr."""
    return next(path for path in (top / name, top / "usr" / name) if path.exists())


def libraries(top, files):
    """What programs load, and what that loads, by name: the dynamic linker is part of it."""
    there = {file.name: file for file in top.rglob("*.so*")
             if file.resolve().is_relative_to(top.resolve())}
    loaded, more = {}, files
    while more:
        text = run("readelf", "-d", *more).stdout
        names = set(re.findall(r"\(NEEDED\).*\[(.+)\]", text)) - loaded.keys()
        if missing := names - there.keys():
            raise Failure(f"{top}: no {' '.join(sorted(missing))}",
                          f"Remove {top}, and run it again.")
        more = [there[name] for name in sorted(names)]
        loaded |= {name: there[name] for name in names}
    return loaded


def pack(kernel):
    """The kernel's initramfs with the programs; ld.so looks for libraries in /lib, too."""
    arch = kernel.arch.debian
    top = BUILD / f"programs-{arch}"
    if not top.is_dir():
        suites = [debian.release()]
        debian.update(suites, arch)
        debian.unpack_with_dependencies(suites, PACKAGES, top, arch)
    files = {f"/bin/{Path(name).name}": found(top, name) for name in PROGRAMS}
    files |= {f"/lib/{name}": file
              for name, file in libraries(top, list(files.values())).items()}
    kbuild.pack(kernel, ["slink /lib64 lib 0777 0 0", *kbuild.entries(files)],
                kernel.out / "programs.cpio", kernel.initramfs)
