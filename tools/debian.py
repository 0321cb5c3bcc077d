# SPDX-License-Identifier: GPL-2.0
"""Packages of Debian's archive, by an apt state of its own below build/apt: the
machine's configuration is neither used nor changed, and nothing is installed."""

import functools
import platform
import re
import shutil
import tempfile
from pathlib import Path

from common import BUILD, ROOT, Failure, read, run, write

DOWNLOADS = BUILD / "dl"
BASE = ROOT / "base"


def number(text):
    """The version in a text, as a tuple."""
    match = re.search(r"(\d+(?:\.\d+)+)", text)
    return tuple(int(word) for word in match[1].split(".")) if match else ()


@functools.cache
def pin():
    """The fields of the file base."""
    found = dict(re.findall(r"^(\w+)=(.+?)\s*$", read(BASE), re.M))
    lacks = {"package", "version", "suites", "archive", "keyring"} - found.keys()
    if lacks or not re.fullmatch(r"linux-source-\d+\.\d+", found["package"]):
        raise Failure(f"{BASE}: lacks {' '.join(sorted(lacks)) or 'package=linux-source-X.Y'}",
                      "Restore it: git checkout base")
    return found


def state(suites, arch=""):
    """The directory of the apt state for some suites, with its sources list; if an architecture
    is named, it is for that, whatever this machine's is, and with nothing installed."""
    top = BUILD / "apt" / "-".join(filter(None, [*suites, arch]))
    for name in ("lists/partial", "cache/archives/partial"):
        (top / name).mkdir(parents=True, exist_ok=True)
    (top / "status").touch()
    write(top / "sources.list", "".join(
        f"deb [signed-by={pin()['keyring']}] {pin()['archive']} {suite} main\n"
        for suite in suites))
    return top


def apt(suites, *command, arch="", cwd=None):
    top = state(suites, arch)
    options = {"Dir::Etc::sourcelist": top / "sources.list", "Dir::Etc::sourceparts": "-",
               "Dir::Etc::preferences": "-", "Dir::Etc::preferencesparts": "-",
               "Dir::State": top, "Dir::State::lists": top / "lists",
               "Dir::State::status": top / "status" if arch else "/var/lib/dpkg/status",
               "Dir::Cache": top / "cache", "Debug::NoLocking": "1",
               "Acquire::Languages": "none", "Acquire::Retries": "1",
               "Acquire::http::Timeout": "20", "APT::Sandbox::User": "root"}
    options |= {"APT::Architecture": arch, "APT::Architectures": arch} if arch else {}
    words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    return run(command[0], *words, *command[1:], cwd=cwd, check=False)


def update(suites, arch=""):
    """Fetch the lists of the suites; an error is one of the archive or of the keyring."""
    keyring = pin()["keyring"]
    if not Path(keyring).is_file():
        raise Failure(f"{keyring}: no such file: nothing of the archive can be verified",
                      "Install it: apt-get install debian-archive-keyring")
    done = apt(suites, "apt-get", "-qq", "--error-on=any", "update", arch=arch)
    if not done.returncode:
        return
    errors = [line for line in done.stderr.splitlines() if line.startswith(("E:", "W:"))]
    if re.search(r"NO_PUBKEY|not signed|signature", done.stderr):
        raise Failure([f"{keyring}: does not know the key of {' or '.join(suites)}", *errors],
                      "Install a newer one: apt-get update && apt-get install "
                      "debian-archive-keyring")
    raise Failure([f"{pin()['archive']} ({BASE}): no package lists from there", *errors],
                  "See to the network, then run it again; or give a kernel tree that you "
                  "have: make tree KERNEL=DIR")


def offered(suites, package):
    """The versions of a package, the newest first."""
    found = apt(suites, "apt-cache", "madison", package).stdout
    return re.findall(r"^[^|]*\| *(\S+) *\|", found, re.M)


def deb(package, version):
    """Where a downloaded package is."""
    return DOWNLOADS / f"{package}_{version.replace(':', '%3a')}.deb"


def download(suites, package, version):
    """Fetch one version into build/dl."""
    DOWNLOADS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".part-", dir=DOWNLOADS) as part:
        print(f"downloading {package} {version} ...", flush=True)
        done = apt(suites, "apt-get", "-qq", "download", f"{package}={version}", cwd=part)
        files = list(Path(part).glob("*.deb"))
        if done.returncode or not files:
            raise Failure([f"{pin()['archive']} ({BASE}): {package} {version} does not "
                           "arrive", *done.stderr.splitlines()], "Run it again; if it stays, "
                          "give a kernel tree that you have: make tree KERNEL=DIR")
        files[0].replace(deb(package, version))


def later_sources(suites, package):
    """Names of source packages of later kernels, the latest first."""
    found = apt(suites, "apt-cache", "pkgnames", "linux-source-").stdout
    names = re.findall(r"^linux-source-\d+\.\d+$", found, re.M)
    return sorted((name for name in names if number(name) > number(package)),
                  key=number, reverse=True)


def kernel_source():
    """(package, version) of the base: the pinned one, else the newest of its package, else
    the newest of a later kernel.  Its file is in build/dl then."""
    package, version, suites = (pin()[key] for key in ("package", "version", "suites"))
    suites = suites.split()
    if deb(package, version).exists():
        return package, version
    update(suites)
    for name in [package, *later_sources(suites, package)]:
        if versions := offered(suites, name):
            best = version if version in versions else versions[0]
            if (name, best) != (package, version):
                print(f"{package} {version} is not offered any more: using {name} {best}",
                      flush=True)
            if not deb(name, best).exists():
                download(suites, name, best)
            return name, best
    raise Failure(f"{pin()['archive']} ({BASE}): {' and '.join(suites)} offer neither "
                  f"{package} nor a later one",
                  "Give a kernel tree that you have: make tree KERNEL=DIR")


def release():
    return platform.freedesktop_os_release().get("VERSION_CODENAME", "stable")


def unpack_with_dependencies(suites, package, target, arch=""):
    """Unpack a package, or several, and all that they need and this machine does not have or
    only has in an older version, as a directory; they are from the last suite.  It has nothing
    of an architecture that is named."""
    print(f"fetching {package} of {suites[-1]} into {target} ...", flush=True)
    archives = state(suites, arch) / "cache" / "archives"
    for old in archives.glob("*.deb"):
        old.unlink()
    done = apt(suites, "apt-get", "-qq", "--yes", "--no-install-recommends",
               "--download-only", "--target-release", suites[-1], "--reinstall", "install",
               *package.split(), arch=arch)
    debs = sorted(archives.glob("*.deb"))
    if done.returncode or not debs:
        raise Failure([f"{pin()['archive']} ({BASE}): {package} of {suites[-1]} does not "
                       "arrive", *done.stderr.splitlines()],
                      "See to the network, then run it again.")
    with tempfile.TemporaryDirectory(prefix=".part-", dir=BUILD) as part:
        for file in debs:
            run("dpkg", "-x", file, f"{part}/x")
            file.unlink()
        Path(part, "x").rename(target)


def check_room(need):
    free = shutil.disk_usage(BUILD).free >> 20
    if free < need:
        raise Failure(f"{BUILD}: {free} MiB free, {need} MiB needed",
                      "Make room on the disk, or set NEED_MIB= if you know better; then run "
                      "it again.")
