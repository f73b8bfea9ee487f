/* ws/wire/feed_values.h - how product feeds write prices, weights and lengths. For the files of this module alone.
 *
 * All take a whole cell, want a decimal point, and leave *ret alone when they return false. */
#ifndef LIVESHELF_WS_WIRE_FEED_VALUES_H
#define LIVESHELF_WS_WIRE_FEED_VALUES_H

#include "base/types.h"

/* "12.90 EUR": at most as many decimals as the currency has. */
bool feed_price(const char *text, struct money *ret);
/* "420 g", "0.42 kg", "1 lb", "3 oz" to grams; rounded, but never to 0. */
bool feed_weight(const char *text, uint32_t *ret);
/* "110 mm", "11 cm", "4 in" to millimetres; the same. */
bool feed_length(const char *text, uint32_t *ret);
bool feed_count(const char *text, uint32_t max, uint32_t *ret); /* "2" */

#endif
