# SPDX-License-Identifier: GPL-2.0
"""Programs of Debian for machines that run them: unpacked below build/, and packed behind the
kernel's initramfs with the libraries that they load."""

import os
import re
from pathlib import Path

import debian
import kbuild
from common import BUILD, Failure, run

PACKAGES = "fio e2fsprogs"
PROGRAMS = ("usr/bin/fio", "sbin/mke2fs", "sbin/e2fsck")
TOP = BUILD / "programs"


def found(name):
    """A program: newer releases have all of them below usr."""
    return next(path for path in (TOP / name, TOP / "usr" / name) if path.exists())


def libraries(program):
    """What a program loads, this machine's where nothing was unpacked."""
    path = ":".join(sorted({str(file.parent) for file in TOP.rglob("*.so.*")}))
    text = run("ldd", program, env=os.environ | {"LD_LIBRARY_PATH": path}).stdout
    if missing := re.findall(r"(\S+) => not found", text):
        raise Failure(f"{program}: no {' '.join(missing)}", f"Remove {TOP}, and run it again.")
    return re.findall(r"(/\S+) \(0x", text)


def pack(kernel):
    """The kernel's initramfs with the programs; ld.so looks for libraries in /lib, too."""
    if not TOP.is_dir():
        suites = [debian.release()]
        debian.update(suites)
        debian.unpack_with_dependencies(suites, PACKAGES, TOP)
    files = {f"/bin/{Path(name).name}": found(name) for name in PROGRAMS}
    for program in list(files.values()):
        for file in libraries(program):
            top = "/lib64" if "/ld-linux" in file else "/lib"
            files[f"{top}/{Path(file).name}"] = Path(file).resolve()
    kbuild.pack(kernel, ["dir /lib64 0755 0 0", *kbuild.entries(files)],
                kernel.out / "programs.cpio", kernel.initramfs)
