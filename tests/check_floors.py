#!/usr/bin/env python3
"""Fails when an #include climbs: to a higher floor, against the folder arrows, or to a library hidden elsewhere.

    check_floors.py [project root]

cmake/Module.cmake refuses climbs between targets; but with one include path for all headers the compiler
would not notice a file that includes what its target does not use. This reads the files themselves."""
import pathlib
import re
import sys

FLOOR = {
    "base": 0,
    "core/broadcast": 1, "scripts/rules": 1, "inventory/rules": 1,
    "core/ports": 2, "ws/wire": 2, "scripts/load": 2, "logistics/rules": 2,
    "core/orchestrator": 3, "inventory/memory": 3, "logistics/board": 3, "logistics/hooks": 3,
    "ws/lws": 4, "inventory/redis": 4,
    "app": 5,
    "loadtest/stock": 6,
    "loadtest/estimates": 6,
    "loadtest": 5,
}
# A top-level folder sees itself and these.
SEES = {
    "base": set(),
    "scripts": {"base"},
    "core": {"scripts", "base"},
    "ws": {"core", "scripts", "base"},
    "inventory": {"core", "base"},
    "logistics": {"core", "base"},
    "app": {"ws", "inventory", "logistics", "core", "scripts", "base"},
    "loadtest": {"ws", "inventory", "logistics", "core", "base"},
}
# The load generator must not share the server's mistakes about sockets. loadtest/stock measures the node's own code.
LOADTEST_MAY = {"loadtest", "base", "ws/wire"}
# Headers of libraries, and the modules that may name them. loadtest is free in its choice of libraries.
LIBRARY = {
    "libwebsockets": {"ws/lws"},
    "liburing": {"ws/lws"},
    "hiredis": {"inventory/redis"},
    "jansson": {"ws/wire", "scripts/load", "app"},
    "uv.h": {"ws/lws", "inventory/redis", "app"},
    "uv/": {"ws/lws", "inventory/redis", "app"},
    "jwt.h": {"ws/lws", "app"},
    "openssl/": {"ws/lws", "app"},
    "ini.h": {"app"},
}
INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')


def module_of(path):
    return next((module for module in FLOOR if path.startswith(module + "/")), None)


def includes_of(file):
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        found = INCLUDE.match(line)
        if found:
            yield number, found[1], found[2]


def complaint(mine, quote, path):
    """What is wrong with module `mine` including `path`, or None."""
    theirs = module_of(path)
    if quote == '"' and theirs is None:
        return f'write project includes from the root: "{path}"'
    if theirs not in (None, mine):
        if mine == "loadtest" and theirs not in LOADTEST_MAY:
            return f"loadtest may use only base and ws/wire, not {path}"
        if FLOOR[theirs] >= FLOOR[mine]:
            return f"floor {FLOOR[mine]} includes {path} of floor {FLOOR[theirs]}"
        my_top, their_top = mine.split("/")[0], theirs.split("/")[0]
        if their_top != my_top and their_top not in SEES[my_top]:
            return f"{my_top} does not see {their_top}: {path}"
    for library, allowed in LIBRARY.items():
        if path.startswith(library) and mine not in allowed | {"loadtest", "loadtest/stock"}:
            return f"{path} is hidden from {mine}"
    return None


def complaints(root):
    files = sorted(file for top in SEES for file in (root / top).rglob("*.[ch]"))
    if not files:
        yield f"{root}: no C files here"
    for file in files:
        here = file.relative_to(root).as_posix()
        mine = module_of(here)
        if mine is None:
            yield f"{here}: lies in no known module"
            continue
        for number, quote, path in includes_of(file):
            wrong = complaint(mine, quote, path)
            if wrong:
                yield f"{here}:{number}: {wrong}"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent)
    found = list(complaints(root))
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
