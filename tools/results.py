# SPDX-License-Identifier: GPL-2.0
"""The results of a boot: those of KUnit, read by kunit.py, and alarms on its console."""

import json
import re
import subprocess
import sys
from dataclasses import dataclass, field

from common import TREE, Failure

# Lines in which the kernel reports a bug.
ALARM = re.compile(r"\bBUG(?::| at)|\bWARNING:|\bOops\b|UBSAN:|refcount_t:"
                   r"|\bINFO: (?:task|possible|trying|rcu)|possible recursive"
                   r"|general protection fault|[Uu]nable to handle kernel"
                   r"|printk messages dropped|, which is not mapped|demap of entry")
# A test may expect one, "# expect-console: <regex>", or require a line of the kernel,
# "# require-console: <regex>".
EXPECT = re.compile(r"#\s+(?:\w+: )?(expect|require)-console: (.+)$")
SUMMARY = re.compile(r"Testing complete\..*?errors: (\d+)")
# With the kernel's time in front, or without.
KTAP = re.compile(r"(?:\[ *\d+\.\d+\] )?(\s*(?:KTAP version 1$|1\.\.\d|(?:not )?ok \d|# ).*)")
MOST = 5   # alarms of one console that are printed


@dataclass
class Outcome:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    problems: list = field(default_factory=list)
    not_ok: list = field(default_factory=list)

    def add(self, status, name):
        if status == "PASS":
            self.passed += 1
        elif status == "SKIP":
            self.skipped += 1
        else:
            self.failed += 1
            self.not_ok.append(f"{status} {name}")

    def add_failure(self, problem):
        """A failure beside those of tests."""
        self.failed += 1
        self.problems.append(problem)

    def __str__(self):
        return f"{self.passed} passed {self.failed} failed {self.skipped} skipped"


def ktap_lines(boot):
    """The suite's KTAP; user space prints its own at the end.  Other lines of the kernel,
    which may come in between, make kunit.py nest suites: they are left out."""
    lines = [found[1] for found in map(KTAP.match, boot.text.splitlines()) if found]
    starts = [n for n, line in enumerate(lines) if line == "KTAP version 1"]
    if not starts:
        return ""
    return "".join(f"{line}\n" for line in
                   lines[starts[-1] if boot.suite in boot.machine.user else starts[0]:])


def count(group, outcome, prefix=""):
    for case in group["test_cases"]:
        outcome.add(case["status"], prefix + (case["name"] or "a test that did not end"))
    for sub in group["sub_groups"]:
        count(sub, outcome, f"{prefix}{sub['name']}.")


def count_tests(boot, outcome):
    """The results by kunit.py parse; it must not leave byte code in the kernel's tree."""
    report = boot.log.with_suffix(".json")
    report.unlink(missing_ok=True)
    parsed = subprocess.run([sys.executable, "-B", TREE / "tools/testing/kunit/kunit.py",
                             "parse", f"--json={report}"], text=True, input=ktap_lines(boot),
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if not report.exists():
        outcome.add_failure(f"kunit.py failed: {parsed.stdout.strip()[-200:]}")
        return
    tests = json.loads(report.read_text())
    count(tests, outcome)
    errors = SUMMARY.search(parsed.stdout)
    if boot.suite not in [group["name"] for group in tests["sub_groups"]]:
        outcome.add_failure(f"suite {boot.suite} did not run")
    elif not outcome.failed and (errors or parsed.returncode):
        outcome.add_failure("kunit.py does not accept the results: "
                            + (errors[0] if errors else f"status {parsed.returncode}"))
    if outcome.skipped:
        outcome.add_failure("a test was skipped, and none may be")


def expectations(lines):
    """What the tests expect: whether they require it, and its regex."""
    return [(match[1] == "require", match[2].strip())
            for line in lines if (match := EXPECT.search(line))]


def alarms(text):
    """Alarms on the console that no test expects, and required lines that are not there."""
    lines = text.splitlines()
    kept = [line for line in lines if not EXPECT.search(line)]
    expected = expectations(lines)
    yield from (line for line in kept if ALARM.search(line)
                and not any(re.search(regex, line) for _, regex in expected))
    yield from (f"nothing that matches {regex}" for required, regex in expected
                if required and not any(re.search(regex, line) for line in kept))


def evaluate(boot):
    """The outcome of one suite on one machine."""
    outcome = Outcome()
    count_tests(boot, outcome)
    if boot.problem:
        outcome.add_failure(boot.problem)
    try:
        for line in list(alarms(boot.text))[:MOST]:
            outcome.add_failure(f"on the console: {line}")
    except re.error as err:
        outcome.add_failure(f"an expect-console line is not a regular expression: {err}")
    return outcome


def report(boot, outcome):
    """The lines to print: one, and the details of a failure."""
    lines = [f"{boot.machine.name} {boot.suite} {outcome} {boot.seconds:.1f} s"]
    if outcome.failed:
        lines += [f"  {line}" for line in outcome.not_ok + outcome.problems]
        if boot.problem:
            lines += [f"  | {line}" for line in boot.tail()]
        lines.append(f"  the console is in {boot.log}")
    return "\n".join(lines)


def must_pass(boot):
    """Print what became of a boot; anything but a passed suite is an error."""
    outcome = evaluate(boot)
    print(report(boot, outcome), flush=True)
    if outcome.failed or not outcome.passed:
        raise Failure(f"{boot.machine.name}: {boot.suite} did not come to its end; "
                      "nothing was written", f"Read the console: {boot.log}")


def records(text, kind):
    """A console's lines "# KIND: key=value ...", as dictionaries."""
    line = re.compile(rf"#\s+(?:\w+: )?{kind}: (\w+=.+)$")
    found = [match[1].split() for match in filter(None, map(line.search,
                                                            text.splitlines()))]
    for words in found:
        if not all("=" in word for word in words):
            raise Failure(f"garbled line: {kind}: {' '.join(words)}", "Run it again.")
    return [dict(word.split("=", 1) for word in words) for words in found]
