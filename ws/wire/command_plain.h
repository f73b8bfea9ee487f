/* ws/wire/command_plain.h - the two messages that every viewer sends, hello and clock, as clients write them: no escapes, visible
 * ASCII, small whole numbers, no lists. Read in one pass and without a tree, at a tenth of the price: thousands say hello at
 * once when a show begins, and again when a node was lost.
 *
 * What is taken equals what command_decode's tables make of the same bytes (tests/fuzz/command.c compares). Everything else,
 * every fault among it, is left to them: only they know what to say about it. */
#ifndef LIVESHELF_WS_WIRE_COMMAND_PLAIN_H
#define LIVESHELF_WS_WIRE_COMMAND_PLAIN_H

#include "core/broadcast/command.h"

/* False: not taken, *ret is as it was. */
bool command_plain(const char *data, size_t len, struct command *ret);

#endif
