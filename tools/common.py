# SPDX-License-Identifier: GPL-2.0
"""What the tools share: places, failures, commands, git, a lock."""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = Path(os.environ.get("ROOT") or HERE.parent).resolve()
BUILD = ROOT / "build"
TREE = BUILD / "linux"
OVERLAY = ROOT / "linux"
SERIES = ROOT / "series"
BYTES = "utf-8", "surrogateescape"   # of texts that may be anything

# Git without anybody's configuration, and commits that are the same everywhere.
GIT_ENV = {name: value for name, value in os.environ.items()
           if not name.startswith("GIT_")}
GIT_ENV |= {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C",
            "GIT_AUTHOR_NAME": "nobody", "GIT_AUTHOR_EMAIL": "nobody@localhost",
            "GIT_AUTHOR_DATE": "@1767225600 +0000",
            "GIT_COMMITTER_NAME": "nobody", "GIT_COMMITTER_EMAIL": "nobody@localhost",
            "GIT_COMMITTER_DATE": "@1767225600 +0000"}


class Failure(Exception):
    """What went wrong, line by line, and what to do next."""

    def __init__(self, errors, todo):
        super().__init__(todo)
        self.errors = [errors] if isinstance(errors, str) else list(errors)
        self.todo = todo


def read(path):
    return Path(path).read_bytes().decode(*BYTES)


def write(path, text):
    """Replace a file; a reader sees the old or the new contents, never a part."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(text.encode(*BYTES))
    part.replace(path)


def run(*command, cwd=None, env=None, stdin="", check=True):
    """Run a command; both output streams as text, and the status."""
    command = [str(word) for word in command]
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, check=False,
                          input=stdin.encode(*BYTES))
    done.stdout, done.stderr = done.stdout.decode(*BYTES), done.stderr.decode(*BYTES)
    if check and done.returncode:
        output = (done.stderr or done.stdout).strip().splitlines()[-15:]
        raise Failure([f"'{' '.join(command[:6])}' failed:", *output], "See the lines above.")
    return done


def git(repo, *args, env=None, stdin="", check=True):
    return run("git", "-c", "safe.directory=*", "-c", "core.quotePath=false",
               "-c", "gc.auto=0", "-C", repo, *args, env=GIT_ENV | (env or {}),
               stdin=stdin, check=check)


def git_line(repo, *args, **more):
    """The one line that git prints; "" if it fails."""
    done = git(repo, *args, check=False, **more)
    return done.stdout.strip() if done.returncode == 0 else ""


@contextlib.contextmanager
def lock():
    """One tool at a time changes build/."""
    BUILD.mkdir(parents=True, exist_ok=True)
    with open(BUILD / ".lock", "w", encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("waiting for another tool to finish with build/ ...", flush=True)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def main(function, usage):
    """Run one tool: errors first, what to do next as the last line."""
    if {"-h", "--help"} & set(sys.argv[1:]):
        print(usage.strip())
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    try:
        function(sys.argv[1:])
        return
    except Failure as failure:
        errors, todo = failure.errors, failure.todo
    except OSError as error:
        errors, todo = [str(error)], "Correct what the line above names, then run it again."
    except KeyboardInterrupt:
        errors, todo = ["interrupted"], "Run it again: it continues where it stopped."
    sys.stdout.flush()
    print(*(f"error: {error}" for error in errors), todo, sep="\n", file=sys.stderr)
    sys.exit(1)
