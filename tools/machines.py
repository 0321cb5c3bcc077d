# SPDX-License-Identifier: GPL-2.0
"""The table of machines, qemu/machines.toml."""

import shlex
import tomllib
from dataclasses import dataclass, field

import emulator
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

    @property
    def out(self):
        return BUILD / self.name

    @property
    def image(self):
        return self.out / self.arch.image

    @property
    def initramfs(self):
        return self.out / "initramfs.cpio"

    @property
    def fragments(self):
        return [CONFIGS / f"{name}.config" for name in self.configs]


@dataclass(frozen=True)
class Emulator:
    """A QEMU that an installed one may be too old for: Debian's packages by release."""

    name: str
    version: str      # at least
    package: str
    suites: dict      # what a release of Debian gets it from, the newest suite last


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
    emulator: Emulator | None = None
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
        """The kernel's arguments, whatever runs on it."""
        return " ".join(f"{self.kernel.arch.append} {self.append}".split())

    def command(self, suite, initramfs=None):
        """The QEMU command line that boots this machine with one suite, or none."""
        return [*emulator.command(self), *self.hardware,
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

    def checked_kernels(self):
        """The kernels of the machines that belong to the check."""
        names = dict.fromkeys(machine.kernel.name for machine in self.machines.values()
                              if machine.check)
        return [self.kernels[name] for name in names]


def lookup(entries, name, what):
    if name not in entries:
        raise Failure(f"unknown {what}: {name}",
                      f"Name one of these: {' '.join(entries)}")
    return entries[name]


def inherited(machines, name, seen=()):
    """The fields of an entry, with those of the one that it is like."""
    fields = dict(lookup(machines, name, "machine"))
    like = fields.pop("like", None)
    if like is None:
        return fields
    if like in seen:
        raise KeyError(f"machines that are like each other: {name}, {like}")
    return inherited(machines, like, (*seen, name)) | fields


def entries(data, kind, make, **others):
    """The entries of one kind; a field that names an entry of another kind becomes that."""
    found = {}
    table_of_kind = data.get(kind, {})
    for name in table_of_kind:
        fields = inherited(table_of_kind, name)
        for field_name, table in others.items():
            if field_name in fields:
                fields[field_name] = lookup(table, fields[field_name], field_name)
        try:
            found[name] = make(name=name, **fields)
        except TypeError as err:
            raise KeyError(f"[{kind}.{name}]: {err}") from err
    return found


def parse(data):
    archs = entries(data, "arch", Arch)
    kernels = entries(data, "kernel", Kernel, arch=archs)
    emulators = entries(data, "emulator", Emulator)
    machines = entries(data, "machine", Machine, kernel=kernels, emulator=emulators)
    missing = [path for kernel in kernels.values() for path in kernel.fragments
               if not path.exists()]
    if missing:
        raise KeyError(f"no {missing[0]}")
    return Table(archs, kernels, machines)


def load():
    """Read the table; an unknown or a missing field is an error."""
    try:
        return parse(tomllib.loads(TABLE.read_text()))
    except (tomllib.TOMLDecodeError, KeyError) as err:
        raise Failure(f"{TABLE}: {err}", "Correct the table of machines.") from err
