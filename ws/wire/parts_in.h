/* ws/wire/parts_in.h - tables of what occurs in more than one document: money, prices, videos, products. */
#ifndef LIVESHELF_WS_WIRE_PARTS_IN_H
#define LIVESHELF_WS_WIRE_PARTS_IN_H

#include "ws/wire/json_in.h"

#define HOLD_MS_MIN INT64_C(10000)
#define HOLD_MS_MAX INT64_C(86400000)
#define HOLD_MS_DEFAULT INT64_C(300000)
#define PDT_OFFSET_MS_MAX INT64_C(86400000) /* either way */
#define OFFER_MS_MIN INT64_C(1000)
#define OFFER_MS_MAX INT64_C(86400000)
#define WEIGHT_G_MAX 100000000
#define SIZE_MM_MAX 1000000

extern const struct members money_members;   /* struct money */
extern const struct members price_members;   /* struct price */
extern const struct members video_members;   /* struct broadcast_details */
extern const struct members product_members; /* struct product */

/* Three lengths in mm, each `least`..SIZE_MM_MAX. */
MUST_USE enum result read_sides(struct json_in *in, const json_t *value, const struct place *at, int64_t least,
                                uint32_t sides[3]);

/* Each its own SKU. On RESULT_OK the caller frees *ret; an empty list yields NULL. */
MUST_USE enum result read_products(struct json_in *in, const json_t *value, const struct place *at, size_t max,
                                   struct product **ret, size_t *ret_count);

/* Index of the first product whose SKU stands before it already; `count`: all are unique. */
MUST_USE enum result products_find_repeated(const struct product *products, size_t count, size_t *ret_index);

/* 8, 12, 13 or 14 digits, the last of which is right for the others (GS1 general specifications, 7.9). */
bool gtin_is_valid(const char *text, size_t len);

bool floor_fits(const struct product *p); /* in the price's currency; true when there is no floor or no price */

const char *notice_level_name_of(unsigned number);
const char *extra_kind_name_of(unsigned number);

#endif
