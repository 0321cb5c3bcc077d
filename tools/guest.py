# SPDX-License-Identifier: GPL-2.0
"""Boot machines of the table under a watchdog, and keep their consoles."""

import os
import signal
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import emulator
import hung
from common import ROOT, Failure
from machines import OUT, Machine

INIT_REACHED = "dma-bypass: init reached"
PANIC = "Kernel panic - not syncing"
MEMORY = 2 << 30   # what a machine takes, and QEMU: they do not touch all that they have
PANIC_GRACE = 2    # seconds for the rest of a panic's lines
RUNNING = set()    # QEMUs
DIE_WITH_US = ("setpriv", "--pdeathsig", "KILL")


@dataclass(frozen=True)
class Boot:
    machine: Machine
    suite: str
    log: Path
    text: str      # the console
    errors: str    # QEMU's own
    seconds: float
    problem: str   # empty when the machine reached init and powered off

    def tail(self):
        return (self.text.splitlines() + self.errors.splitlines())[-20:]


def tool(name, *args, before=()):
    """Run another tool, which has to succeed."""
    if subprocess.run([*before, ROOT / "tools" / name, *args], check=False).returncode:
        raise Failure(f"tools/{name} failed", "Do what it names above, then run it again.")


def prepare(machines):
    """Packages, source and emulators."""
    tool("deps", *dict.fromkeys(machine.kernel.arch.name for machine in machines))
    tool("tree")
    for machine in machines:
        emulator.command(machine)


def wait(process, log, limit, panics, examine):
    """Wait for QEMU's end, for more panics than these in its log, or so many seconds; then,
    what `examine` finds of a guest that hung."""
    deadline, panicked, found = time.monotonic() + limit, False, ""
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
        if not panicked and log.read_bytes().count(PANIC.encode()) > panics:
            panicked, deadline = True, time.monotonic() + PANIC_GRACE
    if process.poll() is None:
        if not panicked:
            found = (f"the guest hung: no end after {limit:.0f} s (BOOT_TIMEOUT_SCALE=2 doubles "
                     f"it): {examine()}")
            time.sleep(PANIC_GRACE)
        os.killpg(process.pid, signal.SIGKILL)
    return found


def find_problem(text, status, panics):
    """Why a boot failed that did not hang, or nothing."""
    if (found := text.count(PANIC)) != panics:
        return f"the kernel panicked: {found} times, not {panics}"
    if status:
        return f"QEMU failed with status {status}"
    return "" if INIT_REACHED in text else "the guest ended before init"


def boot(machine, suite=""):
    """Run the machine to its end; never leaves a QEMU behind."""
    log = OUT / "log" / f"{machine.name}.{suite or 'boot'}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    errors = log.with_suffix(".qemu")   # apart: it must not split a line of the console
    begun = time.monotonic()
    limit = machine.timeout * float(os.environ.get("BOOT_TIMEOUT_SCALE") or 1)
    with log.open("wb") as console, errors.open("wb") as stderr, \
         tempfile.TemporaryDirectory() as place, \
         subprocess.Popen([*DIE_WITH_US, *machine.command(suite), *hung.monitor(place)],
                          stdout=console, stdin=subprocess.DEVNULL, stderr=stderr,
                          start_new_session=True) as process:
        RUNNING.add(process)
        problem = wait(process, log, limit, machine.panics,
                       lambda: hung.examine(place, machine.kernel.out))
        RUNNING.remove(process)
    text = log.read_text(errors="replace").replace("\r", "")
    return Boot(machine, suite, log, text, errors.read_text(errors="replace"),
                time.monotonic() - begun,
                problem or find_problem(text, process.returncode, machine.panics))


def boots(pairs, beside=()):
    """Boot pairs of a machine and a suite, as many at a time as there are processors and
    memory for; yields the Boots in their order.  A kernel is built while machines boot that
    have theirs; these come first, so that the processors do what would be waited for.  After
    the last kernel the functions `beside` are called."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    at_once = min(len(os.sched_getaffinity(0)), max(memory // MEMORY, 1))
    builder, booter = ThreadPoolExecutor(1), ThreadPoolExecutor(at_once)
    built = {name: builder.submit(tool, "build", name, before=["nice"])
             for name in dict.fromkeys(machine.kernel.name for machine, _ in pairs)}
    jobs = [builder.submit(function) for function in beside]

    def boot_when_built(pair):
        built[pair[0].kernel.name].result()
        return boot(*pair)

    try:
        yield from booter.map(boot_when_built, pairs)
        for job in jobs:
            job.result()
    finally:
        for executor in (builder, booter):
            executor.shutdown(wait=False, cancel_futures=True)
        for process in list(RUNNING):
            process.kill()
