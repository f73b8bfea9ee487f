"""docs/operations.md tells of every setting and every metric, and of none that does not exist.

    docs_test.py --write      brings its two tables up to date"""
import re
import sys
import unittest

from support import ROOT, Shop, main, run

PAGE = ROOT / "docs/operations.md"


def table_of_settings():
    done = run("config", "--markdown")
    assert done.returncode == 0, done.stderr
    return done.stdout


def table_of_metrics():
    """As one node tells it after a little of everything."""
    with Shop() as shop:
        shop.viewer().reserve("mug-red")
        text = shop.http("GET", "/metrics")[1]
    told = {}
    for line in text.splitlines():
        if found := re.match(r"# (HELP|TYPE) (\S+) (.*)", line):
            told.setdefault(found[2], {})[found[1]] = found[3]
    rows = [f"| `{name}` | {facts['TYPE']} | {facts['HELP']} |\n" for name, facts in told.items()]
    return "| metric | kind | what it says |\n|---|---|---|\n" + "".join(rows)


def between(text, name):
    return re.search(rf"(<!-- {name}: [^>]*-->\n)(.*?)(<!-- /{name} -->)", text, re.S)


class Docs(unittest.TestCase):
    def assert_current(self, name, table):
        stands = between(PAGE.read_text(encoding="utf-8"), name)[2]
        self.assertEqual(stands, table, f"out of date: tests/e2e/docs_test.py --write")

    def test_settings(self):
        self.assert_current("settings", table_of_settings())

    def test_metrics(self):
        self.assert_current("metrics", table_of_metrics())

    def test_config_help_names_every_setting(self):
        said = run("config", "--help").stdout
        for name in re.findall(r"^\| \w* \| `([\w-]+)`", table_of_settings(), re.M):
            self.assertRegex(said, rf"(?m)^  {name} ")

    def test_config_tells_origins(self):
        done = run("config", "--workers", "3", env={"LIVESHELF_DRAIN_MS": "1s"})
        self.assertRegex(done.stdout, r"(?m)^workers +=.*3.*# flag$")
        self.assertRegex(done.stdout, r"(?m)^drain-ms +=.*1000.*# variable$")
        self.assertRegex(done.stdout, r"(?m)^listen +=.*# default$")


def write():
    text = PAGE.read_text(encoding="utf-8")
    for name, table in (("settings", table_of_settings()), ("metrics", table_of_metrics())):
        found = between(text, name)
        text = text[:found.start(2)] + table + text[found.end(2):]
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        write()
    else:
        main()
