# SPDX-License-Identifier: GPL-2.0
"""Programs of Debian for machines that run them: unpacked below build/, and packed behind the
kernel's initramfs with the libraries that they load."""

import os
import platform
import re
import tempfile
from pathlib import Path

import debian
import kbuild
from common import BUILD, Failure, run

PACKAGES = "fio e2fsprogs"
PROGRAMS = ("usr/bin/fio", "sbin/mke2fs", "sbin/e2fsck")
TOP = BUILD / "programs"


def unpack():
    """Unpack the packages, once."""
    if TOP.is_dir():
        return
    suites = [platform.freedesktop_os_release().get("VERSION_CODENAME", "stable")]
    print(f"fetching {PACKAGES} of {suites[0]} into {TOP} ...", flush=True)
    debian.update(suites)
    with tempfile.TemporaryDirectory(prefix=".programs-", dir=BUILD) as part:
        debian.unpack_with_dependencies(suites, PACKAGES, Path(part) / "x")
        (Path(part) / "x").rename(TOP)


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
    unpack()
    files = {f"/bin/{Path(name).name}": found(name) for name in PROGRAMS}
    for program in list(files.values()):
        for file in libraries(program):
            top = "/lib64" if "/ld-linux" in file else "/lib"
            files[f"{top}/{Path(file).name}"] = Path(file).resolve()
    own = kernel.programs.with_suffix(".own")
    kbuild.pack(kernel, ["dir /lib64 0755 0 0",
                         *(f"file {where} {file} 0755 0 0"
                           for where, file in sorted(files.items()))], own)
    part = kernel.programs.with_suffix(".part")   # a machine may be booting
    part.write_bytes(kernel.initramfs.read_bytes() + own.read_bytes())
    part.replace(kernel.programs)
