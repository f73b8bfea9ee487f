#!/usr/bin/env python3
"""The test of the test: plants climbs in a temporary tree and sees check_floors.py refuse each of them."""
import pathlib
import sys
import tempfile

sys.dont_write_bytecode = True
import check_floors

# file, the one line in it, what the complaint must contain; None: allowed
CASES = [
    ("base/map.c", '#include "base/map.h"', None),
    ("base/map.c", '#include "core/broadcast/event.h"', "floor 0 includes"),
    ("core/broadcast/pin.c", '#include "scripts/rules/card.h"', "floor 1 includes"),
    ("core/broadcast/pin.c", '#include "core/orchestrator/orchestrator.h"', "floor 1 includes"),
    ("core/orchestrator/host.c", '#include "scripts/rules/runofshow.h"', None),
    ("core/orchestrator/host.c", '#include "inventory/rules/hold.h"', "core does not see inventory"),
    ("core/orchestrator/host.c", '#include "ws/wire/message.h"', "core does not see ws"),
    ("core/orchestrator/host.c", "#include <jansson.h>", "hidden from core/orchestrator"),
    ("core/ports/clock.h", "  #  include <uv.h>", "hidden from core/ports"),
    ("scripts/load/load.c", "#include <jansson.h>", None),
    ("scripts/load/load.c", '#include "core/broadcast/event.h"', "scripts does not see core"),
    ("ws/wire/command.c", '#include "scripts/rules/card.h"', None),
    ("ws/wire/command.c", "#include <libwebsockets.h>", "hidden from ws/wire"),
    ("ws/lws/hub.c", "#include <libwebsockets.h>", None),
    ("ws/lws/hub.c", "#include <liburing.h>", None),
    ("ws/lws/hub.c", '#include "inventory/memory/inventory_memory.h"', "ws does not see inventory"),
    ("ws/lws/hub.c", '#include "inventory/redis/link.h"', "floor 4 includes"),
    ("inventory/redis/link.c", "#include <hiredis/adapters/libuv.h>", None),
    ("inventory/redis/link.c", "#include <openssl/evp.h>", "hidden from inventory/redis"),
    ("inventory/memory/inventory_memory.c", '#include "core/ports/inventory.h"', None),
    ("inventory/memory/inventory_memory.c", '#include "logistics/rules/volume.h"', "inventory does not see logistics"),
    ("logistics/board/board.c", '#include "ws/wire/message.h"', "logistics does not see ws"),
    ("logistics/board/board.c", "#include <hiredis/hiredis.h>", "hidden from logistics/board"),
    ("app/main.c", '#include "inventory/redis/link.h"', None),
    ("app/config.c", "#include <ini.h>", None),
    ("app/main.c", "#include <hiredis/hiredis.h>", "hidden from app"),
    ("app/main.c", '#include "config.h"', "from the root"),
    ("app/main.c", '#include "../base/map.h"', "from the root"),
    ("loadtest/main.c", '#include "ws/wire/message.h"', None),
    ("loadtest/main.c", '#include "ws/lws/frame.h"', "loadtest may use only"),
    ("loadtest/main.c", '#include "core/broadcast/event.h"', "loadtest may use only"),
    ("core/session/session.c", "#include <stdio.h>", "lies in no known module"),
]


def complaints_about(path, line):
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / path
        file.parent.mkdir(parents=True)
        file.write_text("/* planted */\n" + line + "\n")
        return list(check_floors.complaints(pathlib.Path(folder)))


def main():
    failed = 0
    for path, line, expected in CASES:
        found = complaints_about(path, line)
        right = found == [] if expected is None else len(found) == 1 and expected in found[0]
        if not right:
            print(f"{path}: {line}\n  expected: {expected or 'no complaint'}\n  found: {found}")
            failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
