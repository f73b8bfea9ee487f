/* core/orchestrator/vouched_pack.c - one movement, packed: a tenth of what it takes unpacked, for there are many. */
#include <stdlib.h>
#include <string.h>

#include "core/orchestrator/journeys.h"

static uint64_t hash_text(uint64_t hash, const char *text)
{
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return (hash ^ 0xff) * UINT64_C(1099511628211);
}

bool movement_is_of_line(enum movement_kind kind) { return kind == MOVE_WAITING || kind == MOVE_LEFT; }

uint64_t vouched_key(const struct movement *m)
{
    uint64_t hash = (UINT64_C(14695981039346656037) ^ (uint64_t)m->kind) * UINT64_C(1099511628211);
    if (movement_is_of_hold(m->kind))
        return hash_text(hash, m->hold.id.text);
    hash = hash_text(hash, m->sku.text);
    return hash_text(hash, movement_is_of_line(m->kind) ? m->hold.viewer.text : m->ref);
}

struct packed_line {
    int64_t unit_minor;
    uint32_t units, price_version;
};

static size_t pack_text(char *to, size_t at, const char *text)
{
    size_t size = strlen(text) + 1;
    if (to != NULL)
        memcpy(to + at, text, size);
    return at + size;
}

/* Into `to`, or only counted when it is NULL. */
static size_t pack(char *to, const struct movement *m)
{
    const struct hold *h = &m->hold;
    const char *const texts[] = {h->id.text,  h->viewer.text, h->broadcast.text, h->currency, h->order,
                                 m->sku.text, m->ref};
    size_t at = 0;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        at = pack_text(to, at, texts[i]);
    for (uint8_t i = 0; i < h->lines_count; i++) {
        const struct line *line = &h->lines[i];
        struct packed_line packed = {line->unit_minor, line->units, line->price_version};
        at = pack_text(to, at, line->sku.text);
        if (to != NULL)
            memcpy(to + at, &packed, sizeof packed);
        at += sizeof packed;
    }
    return at;
}

const char *vouched_text(const struct vouched *record, unsigned number)
{
    const char *at = record->packed;
    while (number-- > 0)
        at += strlen(at) + 1;
    return at;
}

const char *vouched_sku(const struct vouched *record) { return vouched_text(record, 5); }
const char *vouched_ref(const struct vouched *record) { return vouched_text(record, 6); }

void vouched_hold(const struct vouched *record, struct hold *ret)
{
    *ret = (struct hold){.expires_at_ms = record->expires_ms, .offer = record->offer};
    ret->lines_count = record->lines_count;
    text_keep(ret->id.text, sizeof ret->id.text, vouched_text(record, 0));
    text_keep(ret->viewer.text, sizeof ret->viewer.text, vouched_text(record, 1));
    text_keep(ret->broadcast.text, sizeof ret->broadcast.text, vouched_text(record, 2));
    text_keep(ret->currency, sizeof ret->currency, vouched_text(record, 3));
    text_keep(ret->order, sizeof ret->order, vouched_text(record, 4));
    const char *at = vouched_text(record, 7);
    for (uint8_t i = 0; i < record->lines_count; i++) {
        struct packed_line packed;
        text_keep(ret->lines[i].sku.text, sizeof ret->lines[i].sku.text, at);
        at += strlen(at) + 1;
        memcpy(&packed, at, sizeof packed);
        at += sizeof packed;
        ret->lines[i].unit_minor = packed.unit_minor;
        ret->lines[i].units = packed.units;
        ret->lines[i].price_version = packed.price_version;
    }
}

void vouched_id_read(const char *ledger_id, uint64_t *ret_ms, uint64_t *ret_seq)
{
    char *end;
    *ret_ms = strtoull(ledger_id, &end, 10);
    *ret_seq = *end == '-' ? strtoull(end + 1, NULL, 10) : 0;
}

int vouched_compare(const struct vouched *record, uint64_t ms, uint64_t seq)
{
    if (record->ms != ms)
        return record->ms < ms ? -1 : 1;
    return (record->seq > seq) - (record->seq < seq);
}

struct vouched *vouched_make(const struct movement *m, uint64_t ms, uint64_t seq)
{
    struct vouched *record = calloc(1, sizeof *record + pack(NULL, m));
    if (record == NULL)
        return NULL;
    record->ms = ms;
    record->seq = seq;
    record->at_ms = m->ms;
    record->key = vouched_key(m);
    record->kind = m->kind;
    record->recall = m->recall;
    record->offer = m->hold.offer;
    record->units = m->units;
    record->gone = m->gone;
    record->version = m->version;
    record->expires_ms = m->hold.expires_at_ms;
    record->lines_count = m->hold.lines_count;
    pack(record->packed, m);
    return record;
}
