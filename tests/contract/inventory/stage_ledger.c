/* tests/contract/inventory/stage_ledger.c - what a ledger tells: as text, folded, and checked by Redis itself. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/contract/inventory/stage.h"

/* ---- as text ---- */

void stage_write_hold(struct bytes *out, const struct hold *h)
{
    bytes_format(out, "%s %s %s %lld %u%s %s %s [%s]", h->id.text, hold_state_name(h->state), h->viewer.text,
                 (long long)h->expires_at_ms, h->extends, h->offer ? " offer" : "", h->broadcast.text, h->currency,
                 h->order);
    for (size_t i = 0; i < h->lines_count; i++)
        bytes_format(out, " %s:%u:%lld:%u", h->lines[i].sku.text, h->lines[i].units, (long long)h->lines[i].unit_minor,
                     h->lines[i].price_version);
}

void stage_write_count(struct bytes *out, const struct stock_count *c)
{
    bytes_format(out, "%s %lld/%lld/%lld of %lld%s limit %u version %lld", c->sku.text, (long long)c->available,
                 (long long)c->held, (long long)c->sold, (long long)c->allocated, c->stopped ? " stopped" : "",
                 c->limit_per_viewer, (long long)c->version);
    if (c->recall != RECALL_NONE)
        bytes_format(out, " recalled %s", recall_mode_name(c->recall));
    if (c->buffer != 0)
        bytes_format(out, " buffer %lld", (long long)c->buffer);
}

static void write_movement(struct bytes *out, const struct movement *m)
{
    bytes_format(out, "  %s ", movement_kind_name(m->kind));
    switch (m->kind) {
    case MOVE_FROZEN:
    case MOVE_THAWED:
        bytes_format(out, "%s %lld", m->hold.broadcast.text, (long long)m->units);
        if (m->gone != 0)
            bytes_format(out, " since %lld", (long long)m->gone);
        break;
    case MOVE_SYNCED:
        bytes_format(out, "%s %lld gone %lld version %lld delay %lld", m->sku.text, (long long)m->units,
                     (long long)m->gone, (long long)m->version, (long long)m->delay_ms);
        break;
    case MOVE_RECALL:
        bytes_format(out, "%s %s", m->sku.text, recall_mode_name(m->recall));
        break;
    default:
        if (movement_is_of_hold(m->kind))
            stage_write_hold(out, &m->hold);
        else
            bytes_format(out, "%s %lld %s %s", m->sku.text, (long long)m->units, m->ref, m->hold.viewer.text);
    }
    bytes_text(out, "\n");
}

/* A checkpoint's order is not said, but that of each line: sorted by what a movement is of, places in line as they came. */
static int by_subject(const void *a, const void *b)
{
    const struct movement *x = *(const struct movement *const *)a, *y = *(const struct movement *const *)b;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    int order = x->kind == MOVE_WAITING ? strcmp(x->sku.text, y->sku.text) : strcmp(x->hold.id.text, y->hold.id.text);
    if (order == 0)
        order = strcmp(x->hold.broadcast.text, y->hold.broadcast.text);
    return order != 0 ? order : (x > y) - (x < y);
}

static int by_sku(const void *a, const void *b)
{
    const struct stock_count *x = *(const struct stock_count *const *)a, *y = *(const struct stock_count *const *)b;
    return strcmp(x->sku.text, y->sku.text);
}

static void write_entry(struct bytes *out, const struct ledger_entry *e)
{
    const struct movement **movements = calloc(e->movements_count + 1, sizeof(void *));
    const struct stock_count **counts = calloc(e->counts_count + 1, sizeof(void *));
    MUST(movements != NULL && counts != NULL);
    for (size_t i = 0; i < e->movements_count; i++)
        movements[i] = &e->movements[i];
    for (size_t i = 0; i < e->counts_count; i++)
        counts[i] = &e->counts[i];
    if (e->is_checkpoint) {
        qsort(movements, e->movements_count, sizeof(void *), by_subject);
        qsort(counts, e->counts_count, sizeof(void *), by_sku);
    }
    bytes_format(out, "at %lld%s\n", (long long)(e->ms - STAGE_START_MS), e->is_checkpoint ? " checkpoint" : "");
    for (size_t i = 0; i < e->movements_count; i++) {
        MUST(movements[i]->ms == e->ms);
        write_movement(out, movements[i]);
    }
    for (size_t i = 0; i < e->counts_count; i++) {
        MUST(counts[i]->available + counts[i]->held + counts[i]->sold == counts[i]->allocated);
        bytes_text(out, "  = ");
        stage_write_count(out, counts[i]);
        bytes_text(out, "\n");
    }
    free(movements);
    free(counts);
}

/* ---- reading ---- */

struct reading {
    struct ledger_follow follow;
    void (*entry)(void *ctx, const struct ledger_entry *e);
    void *ctx;
    bool caught_up;
};

static void read_entry(struct ledger_follow *follow, const struct ledger_entry *e)
{
    struct reading *reading = container_of(follow, struct reading, follow);
    reading->entry(reading->ctx, e);
}

static void read_to_end(struct ledger_follow *follow)
{
    container_of(follow, struct reading, follow)->caught_up = true;
}

static void read_all(struct stage *s, size_t node, const char *shop,
                     void (*entry)(void *ctx, const struct ledger_entry *e), void *ctx)
{
    struct reading reading = {.entry = entry, .ctx = ctx, .follow = {.entry = read_entry, .caught_up = read_to_end}};
    struct ledger *ledger = s->nodes[node].ledger;
    snprintf(reading.follow.shop.text, sizeof reading.follow.shop.text, "%s", shop);
    ledger->follow(ledger, &reading.follow);
    MUST(!reading.caught_up);
    stage_run(s, &reading.caught_up);
    ledger->unfollow(ledger, &reading.follow);
}

static void entry_as_text(void *ctx, const struct ledger_entry *e) { write_entry(ctx, e); }

void stage_ledger(struct stage *s, size_t node, const char *shop, struct bytes *out)
{
    read_all(s, node, shop, entry_as_text, out);
}

/* ---- folding ---- */

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

struct sorted_lines {
    char **lines;
    size_t count, capacity;
};

static struct bytes *line_new(struct bytes *line)
{
    *line = (struct bytes){0};
    return line;
}

static void line_add(struct sorted_lines *all, struct bytes *line)
{
    size_t len = 0;
    bytes_text(line, "\n");
    if (all->count == all->capacity) {
        all->capacity = all->capacity == 0 ? 64 : 2 * all->capacity;
        all->lines = realloc(all->lines, all->capacity * sizeof *all->lines);
        MUST(all->lines != NULL);
    }
    all->lines[all->count++] = bytes_take(line, &len);
}

static void lines_write(struct sorted_lines *all, struct bytes *out)
{
    if (all->count > 0)
        qsort(all->lines, all->count, sizeof *all->lines, by_text);
    for (size_t i = 0; i < all->count; i++) {
        bytes_text(out, all->lines[i]);
        free(all->lines[i]);
    }
    free(all->lines);
}

static void write_claims(struct bytes *out, const struct claims *c, bool open_only)
{
    struct sorted_lines all = {0};
    struct bytes line;
    const char *key = NULL;
    void *value = NULL;
    for (size_t at = 0; map_next(&c->holds, &at, &key, &value);) {
        const struct hold *h = claims_hold(c, key);
        if (open_only && h->state != HOLD_HELD)
            continue;
        bytes_text(line_new(&line), "hold ");
        stage_write_hold(&line, h);
        line_add(&all, &line);
    }
    for (size_t at = 0; map_next(&c->skus, &at, &key, &value);) {
        bytes_text(line_new(&line), "sku ");
        stage_write_count(&line, &claims_sku(c, key)->count);
        line_add(&all, &line);
    }
    for (size_t at = 0; map_next(&c->viewers, &at, &key, &value);) {
        struct sku_id skus[64];
        size_t count = claims_waits_of_viewer(c, key, skus, ARRAY_LEN(skus));
        for (size_t i = 0; i < count; i++) {
            bytes_format(line_new(&line), "line of %s: %s after %lld", skus[i].text, key,
                         (long long)claims_ahead(c, skus[i].text, key));
            line_add(&all, &line);
        }
    }
    for (size_t at = 0; map_next(&c->clocks, &at, &key, &value);) {
        struct claim_clock clock = claims_clock(c, key);
        bytes_format(line_new(&line), "clock of %s stood %lld since %lld", key, (long long)clock.stood_ms,
                     (long long)clock.frozen_since_ms);
        line_add(&all, &line);
    }
    lines_write(&all, out);
}

#define FOLDS_MAX 64
struct folding {
    struct claims from_start, from[FOLDS_MAX]; /* each began at a checkpoint */
    size_t count;
};

static void entry_fold(void *ctx, const struct ledger_entry *e)
{
    struct folding *f = ctx;
    MUST(claims_fold(&f->from_start, e) == RESULT_OK);
    if (e->is_checkpoint && f->count < FOLDS_MAX)
        claims_init(&f->from[f->count++]);
    for (size_t i = 0; i < f->count; i++)
        MUST(claims_fold(&f->from[i], e) == RESULT_OK);
}

static void must_agree(const struct claims *all, const struct claims *later)
{
    struct bytes a = {0}, b = {0};
    write_claims(&a, all, true);
    write_claims(&b, later, true);
    bool the_folds_agree = strcmp(a.data == NULL ? "" : a.data, b.data == NULL ? "" : b.data) == 0;
    if (!the_folds_agree)
        fprintf(stderr, "from the start:\n%s\nfrom a checkpoint:\n%s\n", a.data, b.data);
    MUST(the_folds_agree);
    bytes_finish(&a);
    bytes_finish(&b);
}

static void must_be_clean(const struct claims *c)
{
    if (c->differences > 0)
        fprintf(stderr, "%llu differences: %s\n", (unsigned long long)c->differences, c->difference);
    MUST(c->differences == 0);
}

void stage_fold(struct stage *s, const char *shop, struct bytes *out)
{
    struct folding *f = calloc(1, sizeof *f);
    MUST(f != NULL);
    claims_init(&f->from_start);
    read_all(s, 0, shop, entry_fold, f);
    must_be_clean(&f->from_start);
    for (size_t i = 0; i < f->count; i++) {
        must_be_clean(&f->from[i]);
        must_agree(&f->from_start, &f->from[i]);
        claims_finish(&f->from[i]);
    }
    if (out != NULL)
        write_claims(out, &f->from_start, false);
    claims_finish(&f->from_start);
    free(f);
}

/* ---- Redis: its own check ---- */

/* The library's own check: skus, holds, open holds, and a line per breach. */
static void library_check(struct stage *s, const char *shop)
{
    const char *text = redis_server_command(&s->server,
                                            "FCALL_RO ls_check 9 ls:{%s.0}:c ls:{%s.0}:h ls:{%s.0}:x ls:{%s.0}:l "
                                            "ls:{%s.0}:g ls:{%s.0}:w ls:{%s.0}:y ls:{%s.0}:r ls:{%s.0}:f",
                                            shop, shop, shop, shop, shop, shop, shop, shop, shop);
    size_t lines = 0;
    for (const char *at = text; *at != '\0'; at++)
        lines += *at == '\n';
    if (lines != 3)
        fprintf(stderr, "ls_check: %s", text);
    MUST(lines == 3);
}

void stage_audit(struct stage *s, const char *shop)
{
    library_check(s, shop);
    struct audit_result result;
    struct shop_id id = {0};
    const char *why = NULL;
    snprintf(id.text, sizeof id.text, "%s", shop);
    enum result ran = audit_run(s->server.url, &id, &result, &why);
    if (ran == RESULT_OK && result.differences_total > 0) {
        struct bytes text = {0};
        audit_write(&result, &text);
        fprintf(stderr, "%s", text.data);
    }
    if (ran != RESULT_OK)
        fprintf(stderr, "audit: %s\n", why);
    MUST(ran == RESULT_OK && result.differences_total == 0 && result.entries > 0 && result.skus_count > 0);
    audit_finish(&result);
}
