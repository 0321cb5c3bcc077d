# SPDX-License-Identifier: GPL-2.0
"""Boot a machine of the table under a watchdog, and keep its console."""

import os
import select
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from multiprocessing.pool import ThreadPool
from pathlib import Path

from common import ROOT, Failure
from machines import OUT, Machine

INIT_REACHED = "dma-bypass: init reached"
PANIC = "Kernel panic - not syncing"
MEMORY = 7 << 30   # what a machine takes at most, and QEMU
PANIC_GRACE = 2   # seconds for the rest of a panic's lines
TAIL = 20
DIE_WITH_US = ("setpriv", "--pdeathsig", "KILL")


@dataclass(frozen=True)
class Boot:
    machine: Machine
    suite: str
    log: Path
    text: str      # the console
    said: str      # by QEMU itself, on its standard error
    seconds: float
    problem: str   # empty when the machine reached init and powered off

    def tail(self):
        return (self.text.splitlines() + self.said.splitlines())[-TAIL:]


def prepare(machines):
    """Packages, source and kernels; a step that fails says itself what to do."""
    kernels = {machine.kernel.name: machine.kernel for machine in machines}
    archs = dict.fromkeys(kernel.arch.name for kernel in kernels.values())
    for step in (["deps", *archs], ["tree"], ["build", *kernels]):
        if subprocess.run([ROOT / "tools" / step[0], *step[1:]], check=False).returncode:
            raise Failure(f"tools/{step[0]} failed, so nothing was booted",
                          "Do what it says above, then run it again.")


def log_path(machine, suite):
    name = f"{machine.name}.{suite}" if suite else machine.name
    return OUT / "log" / f"{name}.log"


def timeout(machine):
    """Seconds until the machine is taken for hung."""
    scale = os.environ.get("BOOT_TIMEOUT_SCALE", "1")
    try:
        return machine.timeout * float(scale)
    except ValueError as err:
        raise Failure(f"BOOT_TIMEOUT_SCALE={scale} is not a number",
                      "Set it to 2 on a machine that is half as fast.") from err


def follow(console, log, deadline):
    """Copy the console to the log until it closes, panicked or is out of time."""
    text = bytearray()
    panicked = False
    while (left := deadline - time.monotonic()) > 0:
        if not select.select([console], [], [], left)[0]:
            break
        chunk = os.read(console.fileno(), 65536)
        if not chunk:
            return text, False
        log.write(chunk)
        log.flush()
        text += chunk
        if not panicked and PANIC.encode() in text[-len(chunk) - len(PANIC):]:
            panicked = True
            deadline = min(deadline, time.monotonic() + PANIC_GRACE)
    return text, not panicked


def kill(process):
    """End QEMU and whatever it started, if it still runs."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


def problem(text, hung, status, limit):
    """Why this boot failed, or nothing."""
    if PANIC in text:
        return "the kernel panicked"
    if hung:
        return (f"the guest hung: no end after {limit:.0f} s (twice as long with "
                "BOOT_TIMEOUT_SCALE=2)")
    if status:
        return f"QEMU failed with status {status}"
    if INIT_REACHED not in text:
        return "the guest ended before init"
    return ""


def boots(pairs):
    """Boot pairs of a machine and a suite, as many at a time as there are processors
    and memory for; yields what became of them, in their order.  Who ends before the
    last one has to exit: that ends the threads, and they their QEMUs."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    at_once = min(len(os.sched_getaffinity(0)), max(memory // MEMORY, 1))
    with ThreadPool(at_once) as pool:
        yield from pool.imap(lambda pair: boot(*pair), pairs)


def boot(machine, suite=None):
    """Run the machine to its end; never leaves a QEMU behind."""
    if not shutil.which(machine.kernel.arch.qemu):
        raise Failure(f"{machine.kernel.arch.qemu} is not installed",
                      f"Install it: tools/deps {machine.kernel.arch.name}")
    if not machine.kernel.image.exists() or not machine.kernel.initramfs.exists():
        raise Failure(f"kernel {machine.kernel.name} is not built",
                      f"Build it: tools/build {machine.kernel.name}")
    path = log_path(machine, suite)
    path.parent.mkdir(parents=True, exist_ok=True)
    errors = path.with_suffix(".qemu")   # apart: it must not split a line of the console
    limit = timeout(machine)
    begun = time.monotonic()
    with path.open("wb") as log, errors.open("wb") as said, \
         subprocess.Popen([*DIE_WITH_US, *machine.command(suite)],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said,
                          start_new_session=True) as process:
        try:
            console, hung = follow(process.stdout, log, begun + limit)
            if not hung and PANIC.encode() not in console:
                process.wait(timeout=max(begun + limit - time.monotonic(), 1))
        except subprocess.TimeoutExpired:
            hung = True
        finally:
            kill(process)
    text = console.decode(errors="replace").replace("\r", "")
    return Boot(machine, suite or "", path, text, errors.read_text(errors="replace"),
                time.monotonic() - begun,
                problem(text, hung, process.returncode, limit))
