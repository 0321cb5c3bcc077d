# SPDX-License-Identifier: GPL-2.0
"""The QEMU of a machine: the installed one, or, where that is older than the machine's row
asks for, Debian's newer one, unpacked below build/ and not installed."""

import functools
import shutil

import debian
from common import BUILD, Failure, run
from debian import number


@functools.cache
def installed(name):
    return number(run(name, "--version").stdout) if shutil.which(name) else ()


def fetch(wanted):
    """The directory with an unpacked QEMU that is new enough."""
    for top in sorted(BUILD.glob("qemu-*")):
        if number(top.name) >= number(wanted.version):
            return top
    release = debian.release()
    suites = wanted.suites.get(release, [])
    if suites:
        debian.update(suites)
    version = (suites and debian.offered(suites, wanted.package) or [""])[0]
    if number(version) < number(wanted.version):
        raise Failure(f"[emulator.{wanted.name}]: QEMU {wanted.version} is needed, and the suites "
                      f"for the release {release} offer {version or 'none'}",
                      f"Install QEMU {wanted.version} or later, then run it again.")
    top = BUILD / f"qemu-{version.split(':')[-1]}"
    debian.unpack_with_dependencies(suites, wanted.package, top)
    return top


def command(machine):
    """The beginning of the command line that runs a machine: an unpacked QEMU has its own
    firmware, modules and libraries."""
    name, wanted = machine.kernel.arch.qemu, machine.emulator
    if not wanted or installed(name) >= number(wanted.version):
        return [name]
    top = fetch(wanted)
    (libraries,) = top.glob("usr/lib/*-linux-gnu")
    firmware = [top / place for place in ("usr/share/qemu", "usr/share/seabios",
                                          "usr/lib/ipxe/qemu")]
    return ["env", f"LD_LIBRARY_PATH={libraries}", f"QEMU_MODULE_DIR={libraries / 'qemu'}",
            str(top / "usr/bin" / name),
            *(word for path in firmware if path.is_dir() for word in ("-L", str(path)))]
