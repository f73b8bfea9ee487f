/* ws/wire/decimal.h - numbers with a few decimals as text, the same in every locale. For the files of this module alone. */
#ifndef LIVESHELF_WS_WIRE_DECIMAL_H
#define LIVESHELF_WS_WIRE_DECIMAL_H

#include "ws/wire/json_out.h"

#define DECIMAL_PLACES_MAX 3
#define DECIMAL_LEN_MAX 24 /* with a NUL */

/* Rounded half away from zero to `places`, without zeros at the end: "12.4", "8", "-0.5". What is beyond +-1e12 is told as that.
 * Returns its length; 0 and "" for what is no number. */
size_t decimal_text(double value, unsigned places, char ret[DECIMAL_LEN_MAX]);
void json_put_decimal(struct json_out *out, const char *key, double value, unsigned places); /* null: no number */

#endif
