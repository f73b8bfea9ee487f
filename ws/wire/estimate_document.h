/* ws/wire/estimate_document.h - an estimate as one JSON text, made once and then served as these very bytes everywhere:
 * socket, event stream, GET, Redis stream, webhook; and the table that is made from it. */
#ifndef LIVESHELF_WS_WIRE_ESTIMATE_DOCUMENT_H
#define LIVESHELF_WS_WIRE_ESTIMATE_DOCUMENT_H

#include "core/broadcast/estimate_names.h"

#define ESTIMATE_DOCUMENT_MAX                                                                                          \
    (960u                                                                                                              \
     << 10) /* bytes, so that it fits an envelope of 1 MiB: beyond it rows with the fewest units are left out, and counted */

/* One line, no line end, at most ESTIMATE_DOCUMENT_MAX bytes. Numbers have one decimal at most, shares three; what is not known
 * (NaN) is null. Cells in which nothing is firm and nothing rounds to more than zero are left out; so are, when the
 * document would be too long, the SKUs and then the cells with the fewest units ("skus_cut", "cells_cut": how many). Sums tell all
 * of them. Appends to `out`; what does not fit there it knows itself (bytes_result). */
void estimate_write(struct bytes *out, const struct estimate *e, const struct estimate_names *names);

/* The document as rows: per SKU, site and wave one that is `firm` (an order count) and one that is `planning` (what is expected
 * on top of it). RFC 4180. `len` 0: the header alone. RESULT_MALFORMED: not a document of ours; nothing was written. */
MUST_USE enum result estimate_csv(struct bytes *out, const char *document, size_t len);

#endif
