# SPDX-License-Identifier: GPL-2.0
"""The kernel source as Debian packages it."""

import functools
import os
import re
import shutil
import tempfile
from pathlib import Path
from shlex import quote

from common import BUILD, ROOT, Failure, read, run

DOWNLOADS = BUILD / "dl"
NO_SOURCE = "Give a kernel tree or git checkout: make tree KERNEL=DIR"


def pin():
    """The package and the version that the hooks were made against."""
    found = dict(re.findall(r"^(package|version)=(\S+)$", read(ROOT / "base"), re.M))
    if len(found) != 2:
        raise Failure("base: needs a line package=... and a line version=...",
                      "Put the file right, then run it again.")
    return found["package"], found["version"]


def try_run(*command, cwd=None):
    """A command's output, or "" where it is missing or fails."""
    if not shutil.which(command[0]):
        return ""
    done = run(*command, cwd=cwd, env=os.environ | {"LC_ALL": "C"}, check=False)
    return done.stdout if done.returncode == 0 else ""


def installed(package):
    """The installed version and its tarball."""
    version = try_run("dpkg-query", "-W", "-f", "${Version}", package)
    for line in try_run("dpkg-query", "-L", package).splitlines():
        if line.endswith(f"/{package}.tar.xz") and Path(line).is_file():
            return version, Path(line)
    return None, None


def deb_name(package, version):
    return DOWNLOADS / f"{package}_{version.replace(':', '%3a')}_all.deb"


def downloaded(package):
    return [file.name.split("_")[1].replace("%3a", ":")
            for file in DOWNLOADS.glob(f"{package}_*_all.deb")]


def offered(package):
    found = try_run("apt-cache", "madison", package)
    return [line.split("|")[1].strip() for line in found.splitlines()
            if line.count("|") >= 2]


def newest(versions):
    def compare(one, two):
        older = run("dpkg", "--compare-versions", one, "lt", two, check=False)
        return -1 if older.returncode == 0 else one != two
    return max(versions, key=functools.cmp_to_key(compare), default=None)


def update_lists():
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    print("updating the package lists ...", flush=True)
    if shutil.which((sudo or ["apt-get"])[0]):
        run(*sudo, "apt-get", "-qq", "update", check=False)


def download(package, version):
    """Fetch one version into build/dl; whether that worked."""
    DOWNLOADS.mkdir(parents=True, exist_ok=True)
    target = deb_name(package, version)
    with tempfile.TemporaryDirectory(prefix=".part-", dir=DOWNLOADS) as part:
        print(f"downloading {package} {version} ...", flush=True)
        try_run("apt-get", "-qq", "download", f"{package}={version}", cwd=part)
        for file in Path(part).glob("*.deb"):
            file.replace(target)
    return target.exists()


def local(package, version):
    """Whether a version can be had without the network."""
    return version == installed(package)[0] or deb_name(package, version).exists()


def choose(package, version):
    """The version to use: the pinned one if it can be had, else the newest."""
    if local(package, version):
        return version
    if version not in offered(package):
        update_lists()
    if version in offered(package) and download(package, version):
        return version
    best = newest({*offered(package), *downloaded(package),
                   *filter(None, [installed(package)[0]])})
    if best and (local(package, best) or download(package, best)):
        print(f"{package} {version} is no longer offered: using {best}",
              flush=True)
        return best
    raise Failure(f"no {package}: neither installed, nor downloaded, nor "
                  "offered by apt", NO_SOURCE)


def unpack(package, version, target):
    """Unpack a version that is here, without its outermost directory."""
    have, tarball = installed(package)
    into = f"tar -xJ --strip-components=1 -C {quote(str(target))}"
    if have == version:
        command = f"{into} -f {quote(str(tarball))}"
    else:
        deb = quote(str(deb_name(package, version)))
        command = (f"dpkg-deb --fsys-tarfile {deb} | "
                   f"tar -xO ./usr/src/{package}.tar.xz | {into}")
    run("bash", "-c", f"set -o pipefail; {command}")
