# SPDX-License-Identifier: GPL-2.0
"""The table of machines, qemu/machines.toml."""

import os
import shlex
import tomllib
from dataclasses import dataclass, field

from common import BUILD, ROOT, Failure

OUT = ROOT / "out"
CONFIGS = ROOT / "qemu" / "configs"
TABLE = ROOT / "qemu" / "machines.toml"


@dataclass(frozen=True)
class Arch:
    name: str
    packages: list
    ARCH: str
    CROSS_COMPILE: str
    image: str
    defconfig: str
    qemu: str
    args: str = ""
    append: str = ""


@dataclass(frozen=True)
class Kernel:
    name: str
    arch: Arch
    configs: list
    unchanged: bool | None = None
    base_with: str = ""

    @property
    def out(self):
        return BUILD / self.name

    @property
    def image(self):
        return self.out / self.arch.image

    @property
    def initramfs(self):
        return self.out / "initramfs.cpio"

    def fragment(self):
        """What to ask of allnoconfig: all fragments, in order."""
        return "".join((CONFIGS / f"{name}.config").read_text() for name in self.configs)

    def make(self, source, out, *args):
        """The command that runs the kernel's make, out of its tree.  ccache sees names
        from the build directory on, so that what one clone compiled serves another;
        the compiler is told to leave them out of messages, as it is of absolute ones."""
        prefix = os.path.relpath(source, out)
        return ["make", "-C", str(source), f"O={out}", f"ARCH={self.arch.ARCH}",
                f"CCACHE_BASEDIR={BUILD}", "CCACHE_NOHASHDIR=1",
                f"KCFLAGS=-fmacro-prefix-map={prefix}/=",
                f"CROSS_COMPILE={self.arch.CROSS_COMPILE}",
                f"CC=ccache {self.arch.CROSS_COMPILE}gcc", *args]


@dataclass(frozen=True)
class Machine:
    name: str
    kernel: Kernel
    memory: str
    smp: int
    timeout: int
    args: str = ""
    extra: str = ""
    devices: str = ""
    append: str = ""
    suites: list = field(default_factory=list)
    user: dict = field(default_factory=dict)
    check: bool = True
    cpus: str = ""
    bench: dict = field(default_factory=dict)

    def all_suites(self):
        return [*self.suites, *self.user]

    def tests(self, suite):
        """The kernel arguments for one suite; the last one is for init."""
        kunit = self.user.get(suite, suite)
        tests = f"kunit.filter_glob={kunit}" if kunit else "kunit.enable=0"
        return f"{tests} -- {suite}" if suite in self.user else tests

    @property
    def hardware(self):
        """What QEMU is to emulate."""
        return [*shlex.split(self.kernel.arch.args), "-m", self.memory,
                "-smp", str(self.smp), *shlex.split(self.args),
                *shlex.split(self.extra), *shlex.split(self.devices)]

    @property
    def cmdline(self):
        """What the kernel is told, whatever runs on it."""
        return " ".join(f"{self.kernel.arch.append} {self.append}".split())

    def command(self, suite, initramfs=None):
        """The QEMU command line that boots this machine with one suite, or none."""
        return [self.kernel.arch.qemu, *self.hardware,
                "-kernel", str(self.kernel.image),
                "-initrd", str(initramfs or self.kernel.initramfs),
                "-append", f"{self.cmdline} {self.tests(suite)}".strip()]


@dataclass(frozen=True)
class Table:
    archs: dict
    kernels: dict
    machines: dict

    def kernel(self, name):
        return lookup(self.kernels, name, "kernel")

    def machine(self, name):
        return lookup(self.machines, name, "machine")


def lookup(entries, name, what):
    if name not in entries:
        raise Failure(f"unknown {what}: {name}",
                      f"Name one of these: {' '.join(entries)}")
    return entries[name]


def inherited(machines, name, seen=()):
    """The fields of a machine, with those of the one that it is like."""
    fields = dict(lookup(machines, name, "machine"))
    like = fields.pop("like", None)
    if like is None:
        return fields
    if like in seen:
        raise KeyError(f"machines that are like each other: {name}, {like}")
    return inherited(machines, like, (*seen, name)) | fields


def entry(kind, name, make, fields):
    try:
        return make(name=name, **fields)
    except TypeError as err:
        raise KeyError(f"[{kind}.{name}]: {err}") from err


def parse(data):
    archs = {name: entry("arch", name, Arch, fields)
             for name, fields in data["arch"].items()}
    kernels = {}
    for name, fields in data["kernel"].items():
        fields["arch"] = lookup(archs, fields["arch"], "arch")
        for config in fields.get("configs", []):
            if not (CONFIGS / f"{config}.config").exists():
                raise KeyError(f"[kernel.{name}]: no configs/{config}.config")
        kernels[name] = entry("kernel", name, Kernel, fields)
    machines = {}
    for name in data["machine"]:
        fields = inherited(data["machine"], name)
        fields["kernel"] = lookup(kernels, fields["kernel"], "kernel")
        machines[name] = entry("machine", name, Machine, fields)
    return Table(archs, kernels, machines)


def load():
    """Read the table; an unknown or a missing field is an error."""
    try:
        return parse(tomllib.loads(TABLE.read_text()))
    except (tomllib.TOMLDecodeError, KeyError) as err:
        raise Failure(f"{TABLE}: {err}", "Correct the table of machines.") from err
