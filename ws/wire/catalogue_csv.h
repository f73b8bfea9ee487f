/* ws/wire/catalogue_csv.h - a product feed (RFC 4180, comma or tab) to products. All or nothing: the first broken cell refuses
 * the file and is named by row (the header is row 1) and column. Fuzzed. */
#ifndef LIVESHELF_WS_WIRE_CATALOGUE_CSV_H
#define LIVESHELF_WS_WIRE_CATALOGUE_CSV_H

#include "ws/wire/command_decode.h"

MUST_USE enum result catalogue_csv_decode(const char *data, size_t len, struct product **ret_products, size_t *ret_count,
                                          struct decode_fault *ret_fault);

#endif
