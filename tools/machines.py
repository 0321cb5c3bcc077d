# SPDX-License-Identifier: GPL-2.0
"""The table of machines, qemu/machines.toml, which says what the fields mean."""

import shlex
import tomllib
from dataclasses import dataclass, field

import emulator
from common import BUILD, ROOT, Failure, run

OUT = ROOT / "out"
TABLE = ROOT / "qemu" / "machines.toml"


@dataclass(frozen=True)
class Arch:
    name: str
    ARCH: str
    CROSS_COMPILE: str
    image: str
    defconfig: str
    qemu: str
    debian: str = ""
    args: str = ""
    append: str = ""


@dataclass(frozen=True)
class Kernel:
    name: str
    arch: Arch
    configs: list
    unchanged: bool | None = None
    bisect: bool = False

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
        return [ROOT / "qemu" / "configs" / f"{name}.config" for name in self.configs]


@dataclass(frozen=True)
class Emulator:
    name: str
    version: str
    package: str
    suites: dict


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
    tree: str = ""
    append: str = ""
    suites: list = field(default_factory=list)
    user: dict = field(default_factory=dict)
    programs: bool = False
    panics: int = 0
    check: bool = True
    emulator: Emulator | None = None
    bench: dict = field(default_factory=dict)

    @property
    def all_suites(self):
        return [*self.suites, *self.user]

    def device_tree(self, command, suite):
        """Arguments for QEMU's own device tree with what this machine adds to it."""
        if not self.tree:
            return []
        dtc = self.kernel.out / "scripts/dtc/dtc"
        file = self.kernel.out / f"{self.name}.{suite}.dtb"
        run(*command, "-machine", f"dumpdtb={file}")
        source = run(dtc, "-q", "-O", "dts", file).stdout
        run(dtc, "-q", "-O", "dtb", "-o", file, stdin=source + self.tree)
        return ["-dtb", str(file)]

    def command(self, suite, initramfs=None):
        """The QEMU command line that boots this machine with one suite, or none."""
        own = self.kernel.out / ("programs.cpio" if self.programs else "initramfs.cpio")
        arch, kunit = self.kernel.arch, self.user.get(suite, suite)
        append = [arch.append, self.append,
                  f"kunit.filter_glob={kunit}" if kunit else "kunit.enable=0",
                  f"-- {suite}" if suite in self.user else ""]   # the last one is for init
        command = [*emulator.command(self), "-m", self.memory, "-smp", str(self.smp),
                   *shlex.split(f"{arch.args} {self.args} {self.extra} {self.devices}")]
        return [*command, *self.device_tree(command, suite), "-kernel", str(self.kernel.image),
                "-initrd", str(initramfs or own),
                "-append", " ".join(" ".join(append).split())]


@dataclass(frozen=True)
class Table:
    archs: dict
    kernels: dict
    machines: dict

    def kernel(self, name):
        return lookup(self.kernels, name, "kernel")

    def machine(self, name):
        return lookup(self.machines, name, "machine")

    def checked(self):
        """The machines that belong to the check, by kernel."""
        return [machine for kernel in self.kernels.values() for machine in
                self.machines.values() if machine.check and machine.kernel is kernel]


def lookup(entries, name, what):
    if name not in entries:
        raise Failure(f"unknown {what}: {name}", f"Name one of these: {' '.join(entries)}")
    return entries[name]


def inherited(entries, name):
    """The fields of an entry, with those of the one that it is like."""
    fields = dict(lookup(entries, name, "machine"))
    return (inherited(entries, fields.pop("like")) if "like" in fields else {}) | fields


def entries(data, kind, make, **others):
    """The entries of one kind; a field that names an entry of another kind becomes that."""
    found = {}
    for name in data.get(kind, {}):
        fields = inherited(data[kind], name)
        for key in others.keys() & fields.keys():
            fields[key] = lookup(others[key], fields[key], key)
        try:
            found[name] = make(name=name, **fields)
        except TypeError as err:   # a field is missing or unknown
            raise Failure(f"{TABLE}: [{kind}.{name}]: {err}", "Correct the table.") from err
    return found


def load():
    try:
        data = tomllib.loads(TABLE.read_text())
    except tomllib.TOMLDecodeError as err:
        raise Failure(f"{TABLE}: {err}", "Correct the table.") from err
    archs = entries(data, "arch", Arch)
    kernels = entries(data, "kernel", Kernel, arch=archs)
    emulators = entries(data, "emulator", Emulator)
    return Table(archs, kernels,
                 entries(data, "machine", Machine, kernel=kernels, emulator=emulators))
