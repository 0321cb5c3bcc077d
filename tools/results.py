# SPDX-License-Identifier: GPL-2.0
"""The results of a boot: those of KUnit, read by kunit.py, and alarms on its console."""

import json
import re
import sys
from dataclasses import dataclass, field

from common import TREE, Failure, run

# Lines in which the kernel reports a bug.
ALARM = re.compile(r"\bBUG(?::| at)|\bWARNING:|\bOops\b|UBSAN:|refcount_t:"
                   r"|\bINFO: (?:task|possible|trying|rcu)|possible recursive"
                   r"|general protection fault|[Uu]nable to handle kernel"
                   r"|printk messages dropped|, which is not mapped|demap of entry"
                   r"|cacheline tracking EEXIST")
# A test may expect one, "# expect-console: <regex>", or require a line of the kernel,
# "# require-console: <regex>".
EXPECT = re.compile(r"#\s+(?:\w+: )?(expect|require)-console: (.+?)\s*$")
# With the kernel's time in front, or without.
KTAP = re.compile(r"(?:\[ *\d+\.\d+\] )?(\s*(?:KTAP version 1$|1\.\.\d|(?:not )?ok \d|# ).*)")
# What KUnit says of a failure, with the values that follow.
FAILED_AT = re.compile(r"\w+: (?:EXPECTATION|ASSERTION) FAILED at .*(?:\n.*){0,3}")
TIME = re.compile(r"\[ *\d+\.\d+\]")
MOST = 5   # of the alarms, and of the failures' values, that are printed for one console


@dataclass
class Outcome:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failures: list = field(default_factory=list)

    def fail(self, line):
        self.failed += 1
        self.failures.append(line)

    def count(self, group, prefix=""):
        """Add the results of a group of kunit.py's."""
        for case in group["test_cases"]:
            if case["status"] == "PASS":
                self.passed += 1
            elif case["status"] == "SKIP":
                self.skipped += 1
                self.fail(f"skipped, and no test may be: {prefix}{case['name']}")
            else:
                self.fail(f"{case['status']} {prefix}{case['name'] or 'a test without end'}")
        for sub in group["sub_groups"]:
            self.count(sub, f"{prefix}{sub['name']}.")


def ktap_lines(boot):
    """The suite's KTAP; user space prints its own at the end.  Other lines of the kernel,
    which may come in between, make kunit.py nest suites: they are left out."""
    lines = [found[1] for found in map(KTAP.match, boot.text.splitlines()) if found]
    starts = [n for n, line in enumerate(lines) if line == "KTAP version 1"] or [len(lines)]
    return "".join(f"{line}\n" for line in
                   lines[starts[-1] if boot.suite in boot.machine.user else starts[0]:])


def count_tests(boot, outcome):
    """The results by kunit.py parse; it must not leave byte code in the kernel's tree."""
    report = boot.log.with_suffix(".json")
    report.unlink(missing_ok=True)
    parsed = run(sys.executable, "-B", TREE / "tools/testing/kunit/kunit.py", "parse",
                 "--summary", f"--json={report}", stdin=ktap_lines(boot), check=False)
    tests = json.loads(report.read_text()) if report.exists() else {"sub_groups": []}
    if boot.suite in [group["name"] for group in tests["sub_groups"]]:
        outcome.count(tests)
    else:
        outcome.fail(f"suite {boot.suite} did not run: {parsed.stdout[-200:]}")
    if not outcome.failed and (parsed.returncode or "errors: " in parsed.stdout):
        outcome.fail(f"kunit.py does not accept the results: {parsed.stdout[-200:]}")


def alarms(lines):
    """Alarms on the console that no test expects, and required lines that are not there."""
    expected = [match.groups() for match in map(EXPECT.search, lines) if match]
    kept = [line for line in lines if not EXPECT.search(line)]
    yield from (f"on the console: {line}" for line in kept if ALARM.search(line)
                and not any(re.search(regex, line) for _, regex in expected))
    yield from (f"nothing on the console matches {regex}" for kind, regex in expected
                if kind == "require" and not any(re.search(regex, line) for line in kept))


def evaluate(boot):
    """The outcome of one suite on one machine."""
    outcome = Outcome()
    count_tests(boot, outcome)
    outcome.failures += [" ".join(TIME.sub("", found).split())
                         for found in FAILED_AT.findall(boot.text)[:MOST]]
    if boot.problem:
        outcome.fail(f"{boot.problem}, after {boot.tail()[-1:]}")
    for line in list(alarms(boot.text.splitlines()))[:MOST]:
        outcome.fail(line)
    return outcome


def report(boot, outcome):
    """The lines to print: one, and the details of a failure."""
    lines = [f"{boot.machine.name} {boot.suite} {outcome.passed} passed {outcome.failed} failed "
             f"{outcome.skipped} skipped {boot.seconds:.1f} s"]
    if outcome.failed:
        lines += [f"  {line}" for line in outcome.failures]
        if boot.problem:
            lines += [f"  | {line}" for line in boot.tail()]
        lines.append(f"  the console is in {boot.log}")
    return "\n".join(lines)


def must_pass(boot):
    """Print what became of a boot; anything but a passed suite is an error."""
    outcome = evaluate(boot)
    print(report(boot, outcome), flush=True)
    if outcome.failed:
        raise Failure(f"{boot.suite} failed on {boot.machine.name}",
                      f"Read the console: {boot.log}")


def records(text, kind):
    """A console's lines "# KIND: key=value ...", as dictionaries."""
    found = re.findall(rf"#\s+(?:\w+: )?{kind}: (\w+=.+?)\s*$", text, re.M)
    try:
        return [dict(word.split("=", 1) for word in line.split()) for line in found]
    except ValueError as err:
        raise Failure(f"garbled among the lines '{kind}: ...'", "Run it again.") from err


def human(size):
    for unit, shift in (("GiB", 30), ("MiB", 20)):
        if size >> shift:
            return f"{size / (1 << shift):.4g} {unit}"
    return f"{size / 1024:.4g} KiB"
