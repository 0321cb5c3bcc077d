# SPDX-License-Identifier: GPL-2.0
"""The patches applied in order, as commits of a scratch repository.

The repository holds only the files that the patches touch.  It is what the
assembled tree, the refreshed hooks and the mailed series are all made from.
"""

import contextlib
import re
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import debian
import source
from common import BASE, BUILD, OVERLAY, Failure, git, read
from patchset import HUNK

NOBODY = {"GIT_AUTHOR_NAME": "nobody", "GIT_AUTHOR_EMAIL": "nobody",
          "GIT_COMMITTER_NAME": "nobody", "GIT_COMMITTER_EMAIL": "nobody"}


@dataclass
class Replay:
    """A scratch repository after all patches."""

    repo: Path
    env: dict
    signoff: bool
    commits: list = field(default_factory=list)    # (patch, commit before, after)
    left_out: list = field(default_factory=list)   # fixes, and why
    moved: list = field(default_factory=list)      # (patch, path, git's words)
    errors: list = field(default_factory=list)

    def head(self):
        return git(self.repo, "rev-parse", "HEAD").stdout.strip()

    def paths(self):
        """Every file that some patch touches or adds."""
        return sorted({path for patch, _, _ in self.commits
                       for path in [*patch.hooks, *patch.adds]})

    def content(self, commit, path):
        return git(self.repo, "show", f"{commit}:{path}").stdout

    def commit(self, message):
        signoff = ["--signoff"] if self.signoff else []
        git(self.repo, "add", "--all", "--force")
        git(self.repo, "commit", "--quiet", "--allow-empty", *signoff,
            "--cleanup=whitespace", "--file=-", env=self.env, stdin=message)


@contextlib.contextmanager
def scratch():
    """A directory beside the trees, gone afterwards."""
    BUILD.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".scratch-", dir=BUILD) as name:
        yield Path(name)


def copy(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    shutil.copymode(source, target)


def hunk_name(patch, path, number):
    lines = HUNK.findall(patch.hooks[path])
    return f"{patch.name}: {path}: hunk {number} ({lines[number - 1]})"


def read_verdict(replay, patch, said):
    """Turn what git says of each hunk into errors that name it."""
    path, known = None, len(replay.errors)
    for line in said.splitlines():
        if match := re.match(r"(?:Checking|Applying|Applied) patch (\S+?)(?:\.\.\.| )",
                             line):
            path = match[1]
        elif match := re.match(r"Rejected hunk #(\d+)", line):
            replay.errors.append(f"{hunk_name(patch, path, int(match[1]))} "
                                 "does not apply")
        elif match := re.match(r"Hunk #(\d+) succeeded at (\d+) \(offset", line):
            replay.moved.append((patch, path, f"applies only at line {match[2]}: "
                                 + hunk_name(patch, path, int(match[1]))))
        elif match := re.match(r"error: corrupt patch at line (\d+)", line):
            at = int(match[1]) + patch.head.count("\n") + 1
            replay.errors.append(f"{patch.name}: line {at}: corrupt diff")
    return len(replay.errors) > known


def apply(replay, patch):
    """Apply one patch's hooks: no fuzz, and every hunk that fails is named."""
    touched = [path for path in patch.hooks
               if not (replay.repo / path).is_file()]
    if touched:
        replay.errors += [f"{patch.name}: {path}: the base has no such file"
                          for path in touched]
        return
    if not patch.hooks:
        return
    done = git(replay.repo, "apply", "--reject", "--verbose",
               "--whitespace=nowarn", "-", stdin=patch.diff(), check=False)
    named = read_verdict(replay, patch, done.stderr)
    if done.returncode and not named:
        replay.errors.append(f"{patch.name}: {done.stderr.strip()}")
    for reject in replay.repo.rglob("*.rej"):
        reject.unlink()


def bring(replay, patch):
    """Add one patch's overlay files."""
    for path in patch.adds:
        if (BASE / path).exists():
            replay.errors.append(f"{patch.name}: Adds: {path}: the base "
                                 "already has it")
        else:
            copy(OVERLAY / path, replay.repo / path)


def not_needed(replay, fix):
    """Why a fix is left out of this base, or nothing."""
    if git(replay.repo, "apply", "--check", "--reverse", "-", stdin=fix.diff(),
           check=False).returncode == 0:
        return "the base has it already"
    if fix.needs and not any((BASE / path).is_file() and regex.search(read(BASE / path))
                             for path, regex in fix.needs):
        return "the base does not need it"
    return ""


def start(replay, patches):
    """The base's files, as the first commit."""
    git(replay.repo.parent, "init", "--quiet", "--template=",
        "--initial-branch=series", replay.repo)
    info = replay.repo / ".git" / "info"
    info.mkdir(exist_ok=True)
    (info / "attributes").write_text("*.c diff=cpp\n*.h diff=cpp\n")
    for path in sorted({path for patch in patches for path in patch.hooks}):
        if (BASE / path).is_file():
            copy(BASE / path, replay.repo / path)
    replay.commit("base")


def step(replay, patch):
    """One patch, one commit.  Files may have come with an earlier patch."""
    before = replay.head()
    for path in patch.hooks:
        if not (BASE / path).exists() and (replay.repo / path).exists():
            replay.errors.append(f"{patch.name}: {path}: a new file is added "
                                 "whole, by one patch: no hooks into it")
    apply(replay, patch)
    bring(replay, patch)
    replay.commit(patch.message())
    replay.commits.append((patch, before, replay.head()))


def replay_all(where, fixes, series, env=None, signoff=False):
    """Apply everything; look at .errors and .moved before using the rest."""
    replay = Replay(where, env or NOBODY, signoff)
    start(replay, fixes + series)
    for fix in fixes:
        if why := not_needed(replay, fix):
            replay.left_out.append((fix, why))
        else:
            step(replay, fix)
    for patch in series:
        step(replay, patch)
    return replay


def base_name():
    """What the series was applied to, beside what it is made for."""
    base = source.recorded().split("\t")[0]
    pin = " ".join(debian.pin())
    return base if base == pin else f"{base} (it is made for {pin})"


def require(replay, pinned):
    """Fail on a hunk that did not apply; on the pinned base, on one that moved."""
    if replay.errors:
        raise Failure(replay.errors, f"Put the series right for {base_name()}, "
                      "then run 'make tree' again.")
    if pinned and replay.moved:
        raise Failure([f"{words}" for _, _, words in replay.moved],
                      "Run 'make refresh' to give these hooks their new lines.")
