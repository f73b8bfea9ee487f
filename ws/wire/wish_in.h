/* ws/wire/wish_in.h - members that a command of the socket and a request have in common, and that are no plain value. Each is
 * given the struct command itself. */
#ifndef LIVESHELF_WS_WIRE_WISH_IN_H
#define LIVESHELF_WS_WIRE_WISH_IN_H

#include "ws/wire/json_in.h"

/* The lines of a cart, each with a SKU of its own: into command.wish. */
enum result read_lines(struct json_in *in, const json_t *value, const struct place *at, void *to);
/* Stands for the first line, unless that says its own; is read after the lines. */
enum result read_seen_price(struct json_in *in, const json_t *value, const struct place *at, void *to);
/* What becomes of open holds, by its name: into command.recall. */
enum result read_recall(struct json_in *in, const json_t *value, const struct place *at, void *to);

#endif
