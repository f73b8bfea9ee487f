#include <inttypes.h>

#include "inventory/redis/audit.h"

static void write_head(const struct audit_result *r, struct bytes *out)
{
    bytes_format(out, "shop %s: %" PRIu64 " ledger entries (%s .. %s), %" PRIu64 " movements, %" PRIu64 " holds\n",
                 r->shop.text, r->entries, r->first_id, r->last_id, r->movements, r->holds);
    if (r->begins_at_checkpoint)
        bytes_text(out, "begun at a checkpoint: what came before was cut\n");
    if (r->unchecked > 0)
        bytes_format(out, "%" PRIu64 " entries before the first checkpoint could not be checked\n", r->unchecked);
    if (r->checkpoints > r->begins_at_checkpoint)
        bytes_format(out, "%" PRIu64 " checkpoints compared\n", r->checkpoints - r->begins_at_checkpoint);
}

static void write_certificate(const struct audit_certificate *c, struct bytes *out)
{
    bytes_format(out,
                 "%-24s %10" PRId64 " %10" PRId64 " %10" PRId64 " %10" PRId64 " %8" PRId64 " | %" PRIu64 ", %" PRIu64
                 ", %" PRIu64 ", %" PRIu64 ", %" PRIu64,
                 c->count.sku.text, c->count.allocated, c->count.available, c->count.held, c->count.sold, c->waiting,
                 c->holds_held, c->holds_confirmed, c->holds_released, c->holds_expired, c->holds_void);
    if (c->count.recall != RECALL_NONE)
        bytes_format(out, "  recalled (%s)", recall_mode_name(c->count.recall));
    else if (c->count.stopped)
        bytes_text(out, "  stopped");
    if (c->count.buffer > 0)
        bytes_format(out, "  buffer %" PRId64, c->count.buffer);
    bytes_text(out, "\n");
}

static void write_list(struct bytes *out, const char *what, char (*texts)[AUDIT_TEXT_MAX], size_t count, uint64_t total)
{
    bytes_format(out, "\n%" PRIu64 " %s\n", total, what);
    for (size_t i = 0; i < count; i++)
        bytes_format(out, "  %s\n", texts[i]);
    if (total > count)
        bytes_format(out, "  ... and %" PRIu64 " more\n", total - count);
}

void audit_write(const struct audit_result *r, struct bytes *out)
{
    write_head(r, out);
    bytes_format(out, "\n%-24s %10s %10s %10s %10s %8s | holds: open, confirmed, released, expired, void\n", "sku",
                 "allocated", "available", "held", "sold", "waiting");
    for (size_t i = 0; i < r->skus_count; i++)
        write_certificate(&r->skus[i], out);
    if (r->remarks_total > 0)
        write_list(out, "remarks: right only where a fail-over lost it and it was put back", r->remarks,
                   r->remarks_count, r->remarks_total);
    write_list(out, "differences", r->differences, r->differences_count, r->differences_total);
}
