# SPDX-License-Identifier: GPL-2.0
"""The kernel's make, for a kernel of the table, on any tree and directory."""

import os

from common import Failure, run


def make(kernel, top, out, *goals, check=True):
    done = run(*kernel.make(top, out, f"-j{os.cpu_count()}", *goals),
               env=os.environ | {"LC_ALL": "C"}, check=False)
    if check and done.returncode:
        said = done.stderr.splitlines()
        first = next((number for number, line in enumerate(said)
                      if "error" in line.lower() or "***" in line), 0)
        raise Failure([f"make {' '.join(goals)} fails in {top}:",
                       *said[first:first + 20]], "Correct the error above.")
    return done


def configure(kernel, top, out):
    """allnoconfig and the kernel's fragments; what the tree does not know is left out."""
    out.mkdir(parents=True, exist_ok=True)
    fragment = out / "fragment.config"
    fragment.write_text(kernel.fragment())
    make(kernel, top, out, f"KCONFIG_ALLCONFIG={fragment}", "allnoconfig")
