/* ws/wire/json_scan.h - looks at JSON text without building anything.
 *
 * The guard runs before the parser, which recurses and allocates: nothing nested deeper than allowed ever reaches it. */
#ifndef LIVESHELF_WS_WIRE_JSON_SCAN_H
#define LIVESHELF_WS_WIRE_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

/* Does no bracket outside of texts lie deeper than `depth_max`? Says nothing about whether it is JSON. */
bool json_is_shallow(const char *data, size_t len, unsigned depth_max);
/* The text of member `name` of the object `data`, which the parser has found to be valid JSON. False: there is none, or its
 * name is written with escapes. */
bool json_find_member(const char *data, size_t len, const char *name, const char **ret, size_t *ret_len);

#endif
