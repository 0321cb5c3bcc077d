# SPDX-License-Identifier: GPL-2.0
"""The kernel's make and merge_config.sh, for a kernel of the table, on any source tree."""

import os
import re
import subprocess
import time
from pathlib import Path

from common import BUILD, Failure, read

EVERY = 30   # seconds between two lines of progress
ERROR = re.compile(r"\berror:|\bundefined reference\b|^make.*\*\*\*|No rule to make")
# Fixed, so that the same source gives the same kernel, and ccache knows it.
FIXED = {"KBUILD_BUILD_TIMESTAMP": "2026-01-01", "KBUILD_BUILD_USER": "dma-bypass",
         "KBUILD_BUILD_HOST": "dma-bypass", "KBUILD_BUILD_VERSION": "1",
         "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C",
         # ccache, where Debian has it, sees names from the build directory on, so that what
         # one clone compiled serves another; it does not run the preprocessor beside the
         # compiler, which takes a fifth of the time where nothing is cached.
         "PATH": f"/usr/lib/ccache:{os.environ['PATH']}",
         "CCACHE_BASEDIR": str(BUILD), "CCACHE_NOHASHDIR": "1", "CCACHE_DEPEND": "1"}
# What a make above this one would pass down to the kernel's.
STRAY = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES")


def run(kernel, command, log, top=None, check=True):
    """Run a step with all output in the log, and return that; progress now and then."""
    log.parent.mkdir(parents=True, exist_ok=True)
    env = {name: value for name, value in os.environ.items() if name not in STRAY} | FIXED | {
        "ARCH": kernel.arch.ARCH, "CROSS_COMPILE": kernel.arch.CROSS_COMPILE}
    begun = time.monotonic()
    with log.open("wb") as output, \
         subprocess.Popen(list(map(str, command)), stdout=output, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL, cwd=top, env=env) as process:
        try:
            while process.returncode is None:
                try:
                    process.wait(timeout=EVERY)
                except subprocess.TimeoutExpired:
                    objects = log.read_text(errors="replace").count("\n  CC ")
                    print(f"  ... {kernel.name}: {objects} objects after "
                          f"{time.monotonic() - begun:.0f} s", flush=True)
        finally:
            process.terminate()
    text = log.read_text(errors="replace")
    if check and process.returncode:
        # From the first error on, else the end.
        lines = text.splitlines()
        first = next((i for i, line in enumerate(lines) if ERROR.search(line)), len(lines) - 28)
        raise Failure([f"kernel {kernel.name} does not build:",
                       *lines[max(first - 2, 0):first + 28]],
                      f"Correct the first error above; the log is {log}")
    return text


def make(kernel, top, out, *goals, check=True):
    """Run the kernel's make out of its tree; compilers leave its place out of messages."""
    return run(kernel, ["make", "-C", top, f"O={out}", f"-j{len(os.sched_getaffinity(0))}",
                        f"KCFLAGS=-fmacro-prefix-map={os.path.relpath(top, out)}/=",
                        *goals], out.with_suffix(".log"), check=check)


def configure(kernel, top, out, strict=True):
    """allnoconfig plus the fragments.  A value that an option does not get is an error,
    unless the source need not know all of them."""
    out.mkdir(parents=True, exist_ok=True)
    text = run(kernel, [top / "scripts/kconfig/merge_config.sh", "-n", "-Q", "-O", out,
                        *kernel.fragments], out.with_suffix(".log"), top)
    wrong = re.findall(r"^WARNING: .*\n.*\n.*", text, re.M)
    if strict and wrong:
        raise Failure([f"kernel {kernel.name}: options that do not get their value, as what "
                       "they depend on is off or they do not exist:", *wrong],
                      f"Correct {' or '.join(map(str, kernel.fragments))}")


def whole(kernel, top, out, goal, strict=True):
    """Configure a kernel, make a goal and all modules, and return these."""
    configure(kernel, top, out, strict)
    modular = "\nCONFIG_MODULES=y\n" in read(out / ".config")
    make(kernel, top, out, goal, *(["modules"] if modular else []))
    return [out / Path(name).with_suffix(".ko")
            for name in (read(out / "modules.order").split() if modular else [])]


def relevant(kernel, files):
    """{object: source file} of the files that a kernel of this architecture can have."""
    return {str(Path(file).with_suffix(".o")): file for file in sorted(files)
            if file.endswith((".c", ".S"))
            and (not file.startswith("arch/") or file.startswith(f"arch/{kernel.arch.ARCH}/"))}


def entries(files):
    """The entries of an initramfs for files by their paths in it."""
    return [f"file {path} {file} 0755 0 0" for path, file in sorted(files.items())]


def pack(kernel, entries, archive, before=None):
    """An initramfs of these entries, behind another one if that is given: the same bytes every
    time.  A machine may be booting."""
    contents, part = archive.with_suffix(".list"), archive.with_suffix(".part")
    contents.write_text("".join(f"{entry}\n" for entry in entries))
    packed = subprocess.run([kernel.out / "usr" / "gen_init_cpio", "-t", "0", contents],
                            stdout=subprocess.PIPE, check=True)
    part.write_bytes((before.read_bytes() if before else b"") + packed.stdout)
    part.replace(archive)
