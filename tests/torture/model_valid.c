/* What is well formed: names, sums and times. Everything else is refused as bad, and changes nothing. */
#include <string.h>

#include "inventory/rules/hold.h"
#include "tests/torture/model.h"

static bool id_fits(const char *id) { return id_is_valid(id, strlen(id)); }
static bool money_fits(int64_t minor) { return minor >= 0 && minor <= MONEY_MINOR_MAX; }
static bool units_fit(int64_t units, int64_t least) { return units >= least && units <= STOCK_UNITS_MAX; }
static bool ttl_fits(int64_t ms) { return ms >= 1 && ms <= HOLD_TTL_MS_MAX; }

bool model_ref_is_valid(const char *ref)
{
    size_t len = strlen(ref);
    for (size_t i = 0; i < len; i++)
        if (ref[i] <= ' ' || ref[i] > '~' || ref[i] == '|' || ref[i] == ',')
            return false;
    return len >= 1 && len <= REF_LEN_MAX;
}

static bool lines_fit(const struct hold *h, size_t most)
{
    if (h->lines_count < 1 || h->lines_count > most)
        return false;
    int64_t total = 0;
    for (size_t i = 0; i < h->lines_count; i++) {
        const struct line *line = &h->lines[i];
        if (!id_fits(line->sku.text) || line->units < 1 || line->units > HOLD_UNITS_MAX ||
            !money_fits(line->unit_minor))
            return false;
        for (size_t before = 0; before < i; before++)
            if (ID_EQUAL(h->lines[before].sku, line->sku))
                return false;
        if (line->unit_minor > (MONEY_MINOR_MAX - total) / line->units)
            return false;
        total += line->unit_minor * line->units;
    }
    return true;
}

static bool claim_fits(const struct inventory_request *r, size_t lines_most)
{
    const struct hold *h = &r->hold;
    return id_fits(h->viewer.text) && (ID_IS_NONE(h->broadcast) || id_fits(h->broadcast.text)) &&
           currency_is_valid(h->currency, strlen(h->currency)) && ttl_fits(r->ttl_ms) && lines_fit(h, lines_most);
}

bool model_valid(const struct inventory_request *r)
{
    switch (r->op) {
    case INVENTORY_RESERVE:
        return id_fits(r->hold.id.text) && claim_fits(r, CART_LINES_MAX);
    case INVENTORY_WAITLIST_JOIN:
        return claim_fits(r, 1);
    case INVENTORY_EXTEND:
        return ttl_fits(r->ttl_ms);
    case INVENTORY_CONFIRM:
        return r->ref[0] == '\0' ||
               model_ref_is_valid(r->ref); /* a sum or a currency that cannot be is another than the hold's */
    case INVENTORY_ALLOCATE:
    case INVENTORY_WITHDRAW:
        return id_fits(r->sku.text) && units_fit(r->units, 1) && model_ref_is_valid(r->ref);
    case INVENTORY_SYNC:
        return id_fits(r->sku.text) && units_fit(r->units, 0) && units_fit(r->gone, 0) && r->version >= 1 &&
               r->counted_ms >= 0 && r->units + r->gone <= STOCK_UNITS_MAX;
    case INVENTORY_LIMIT:
    case INVENTORY_BUFFER:
        return id_fits(r->sku.text) && units_fit(r->units, 0);
    case INVENTORY_STOP:
    case INVENTORY_OPEN:
        return id_fits(r->sku.text);
    case INVENTORY_RECALL:
        return id_fits(r->sku.text) && (unsigned)r->recall < RECALL_MODES;
    case INVENTORY_FREEZE:
        return id_fits(r->hold.broadcast.text) && id_fits(r->epoch.text) && r->version >= 1;
    default: /* a name that cannot be is unknown, or nobody in line, and nothing worse */
        break;
    }
    return true;
}
