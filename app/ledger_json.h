/* app/ledger_json.h - one ledger entry as one line of JSON, for archives and for whoever reads them. docs/ledger.md describes the
 * line, docs/ledger/schema.json exactly. Complete: whoever folds all lines has what Redis has. */
#ifndef LIVESHELF_APP_LEDGER_JSON_H
#define LIVESHELF_APP_LEDGER_JSON_H

#include "base/bytes.h"
#include "core/broadcast/claims.h"

/* Appends the line and its newline; the same entry always gives the same bytes. */
void ledger_json_write(struct bytes *out, const struct shop_id *shop, const struct ledger_entry *entry);

#endif
