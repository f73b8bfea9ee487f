#!/usr/bin/env python3
"""Fails on what must not stand in the project's files: places of one machine, hosts of package registries,
trailing whitespace, tabs in C, bytes that are not UTF-8.

    check_text.py [project root]

web/package-lock.json is no exception: it is written with `npm install --omit-lockfile-registry-resolved`, so it
names no host and works with any registry."""
import pathlib
import re
import subprocess
import sys

# Written so that this file does not find itself.
HOSTS = [
    r"registry\.npm" r"js\.", r"registry\.yarn" r"pkg\.", r"npm\.pkg\.git" r"hub\.", r"npm" r"mirror\.com",
    r"(deb|security|ftp|snapshot|archive)\.deb" r"ian\.org", r"(archive|security)\.ubu" r"ntu\.com",
    r"py" r"pi\.org", r"python" r"hosted\.org", r"(static|index)\.cra" r"tes\.io", r"proxy\.gol" r"ang\.org",
]
# A path from the root of the file system, not the middle of a relative one or of an address.
PLACES = r"(?<![\w.~*-])/(work|root|home)/"
RULES = [
    (re.compile("|".join(HOSTS)), "names a package registry's host"),
    (re.compile(PLACES), "names a place of one machine"),
    (re.compile(r"[ \t\r]+$"), "trailing whitespace"),
]
TAB = re.compile("\t")
BINARY = {".png", ".jpg", ".jpeg", ".gif", ".ico", ".webp", ".avif", ".woff2", ".mp4", ".m4s", ".m2ts", ".gz", ".br"}
# Left alone when there is no git to ask.
NOT_OURS = {".git", "build", "node_modules", "data"}


def is_corpus(path):
    """Fuzz inputs are bytes on purpose."""
    return path.startswith("tests/fuzz/corpus/")


def listed_by_git(root):
    """The tracked files and those about to be; None without git or outside a repository."""
    try:
        run = subprocess.run(["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                             capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return sorted(name for name in run.stdout.decode().split("\0") if name)


def listed_by_walking(root):
    files = (file.relative_to(root) for file in root.rglob("*") if file.is_file())
    return sorted(file.as_posix() for file in files if not NOT_OURS.intersection(file.parts))


def complaints_about(name, data):
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        yield f"{name}: not UTF-8 at byte {error.start}"
        return
    rules = RULES + ([(TAB, "tab")] if name.endswith((".c", ".h")) else [])
    for number, line in enumerate(text.split("\n"), 1):
        for pattern, wrong in rules:
            if pattern.search(line):
                yield f"{name}:{number}: {wrong}"


def complaints(root):
    names = listed_by_git(root)
    for name in listed_by_walking(root) if names is None else names:
        file = root / name
        if file.is_file() and not file.is_symlink() and file.suffix not in BINARY and not is_corpus(name):
            yield from complaints_about(name, file.read_bytes())


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent)
    found = list(complaints(root))
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
