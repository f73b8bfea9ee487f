/* app/ledger_needed.h - which broadcast still needs old entries of its shop's ledger: estimates are folded from its start whenever a node
 * comes, until the broadcast is settled. */
#ifndef LIVESHELF_APP_LEDGER_NEEDED_H
#define LIVESHELF_APP_LEDGER_NEEDED_H

#include "base/result.h"
#include "base/types.h"
#include "inventory/redis/archive.h"

/* One of the shop of `archive` that is not settled and went live before `before_ms`; none when there is none. archive->ask.why tells
 * what went wrong. */
MUST_USE enum result ledger_needed(struct archive *archive, int64_t before_ms, struct broadcast_id *ret);

#endif
