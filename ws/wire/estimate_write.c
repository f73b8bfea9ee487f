/* ws/wire/estimate_write.c - an estimate to its document, in one pass.
 *
 *   estimate_write
 *     write_head, write_total, write_loads, ...   always whole: some hundred lines at most
 *     write_skus, write_cells                     in what room is left: when they are too many, those with the fewest units
 *                                                 are left out, and the document says how many
 *
 * The sums are made by the estimator and stand whatever is left out. */
#include "ws/wire/estimate_document.h"

#include "ws/wire/decimal.h"
#include "ws/wire/message_parts.h"

#define CELLS_ROOM_MIN (16u << 10)
#define END_ROOM 64u /* what stands behind the cells */
#define RANKS 64
#define WHOLE_MOST 1e12 /* more is told as this */
#define SKU_LEN 450     /* of a row without names and most numbers, with all flags, and parts of eight digits */
#define CELL_LEN 50

struct document {
    struct json_out json;
    size_t start; /* of the document in the buffer */
    const struct estimate *e;
    const struct estimate_names *names;
};

/* ---- which rows fit ---- */

struct cut {
    size_t bytes[RANKS]; /* of the rows, by how many units they have */
    size_t least, room;  /* rows of a higher rank are taken; those of this one while there is room */
    size_t left_out;
};

/* Twice the units, one more: rows are told apart by their size, not one by one. */
static unsigned rank_of(double units)
{
    unsigned rank = 0;
    for (uint64_t tenths = units > 0 ? (uint64_t)((units > WHOLE_MOST ? WHOLE_MOST : units) * 10) : 0; tenths > 0;
         tenths >>= 1)
        rank++;
    return rank;
}

static void cut_decide(struct cut *cut, size_t room)
{
    cut->least = RANKS - 1;
    cut->room = room;
    while (cut->least > 0 && cut->bytes[cut->least] <= cut->room)
        cut->room -= cut->bytes[cut->least--];
}

static bool cut_takes(struct cut *cut, unsigned rank, size_t bytes)
{
    if (rank > cut->least)
        return true;
    bool fits = rank == cut->least && bytes <= cut->room;
    cut->room -= fits ? bytes : 0;
    cut->left_out += !fits;
    return fits;
}

static size_t room_left(const struct document *d)
{
    size_t used = d->json.to->len + d->json.len - d->start;
    return used + END_ROOM < ESTIMATE_DOCUMENT_MAX ? ESTIMATE_DOCUMENT_MAX - used - END_ROOM : 0;
}

/* Digits of the whole part, and a sign. */
static size_t whole_len(double number)
{
    double size = number < 0 ? -number : number;
    uint64_t whole = size < WHOLE_MOST ? (uint64_t)size : (uint64_t)WHOLE_MOST;
    size_t len = number < 0 ? 2 : 1;
    for (uint64_t next = 10; next <= whole; next *= 10)
        len++;
    return len;
}

/* Of mean and quantiles, with one decimal and what parts them: at most. */
static size_t numbers_len(const struct spread *s)
{
    size_t len = whole_len(s->mean + 1) + 3;
    for (size_t i = 0; i < ESTIMATE_QUANTILES; i++)
        len += whole_len(s->q[i] + 1) + 3; /* 9.96 is told as 10 */
    return len;
}

static size_t text_len(const char *text)
{
    size_t len = 0;
    for (; *text != '\0'; text++)
        len += (unsigned char)*text < ' ' ? 6 : *text == '"' || *text == '\\' ? 2 : 1;
    return len;
}

/* ---- what has a name ---- */

static const char *site_name(const struct document *d, uint16_t site)
{
    return d->names->plan == NULL ? "*" : logistics_site_name(d->names->plan, site);
}

static const char *wave_name(const struct document *d, uint16_t wave)
{
    return d->names->plan == NULL ? "*" : logistics_wave_name(d->names->plan, wave);
}

static const struct product *product_of(const struct document *d, const char *sku)
{
    return d->names->catalogue == NULL ? NULL : catalogue_find(d->names->catalogue, sku);
}

static const char *title_of(const struct product *product) { return product == NULL ? "" : product->title; }

/* ---- parts ---- */

static void put_numbers(struct json_out *out, const struct spread *s, bool named)
{
    static const char *const names[ESTIMATE_QUANTILES] = {"q05", "q25", "q50", "q75", "q95"};
    json_put_decimal(out, named ? "mean" : NULL, s->mean, 1);
    for (size_t i = 0; i < ESTIMATE_QUANTILES; i++)
        json_put_decimal(out, named ? names[i] : NULL, s->q[i], 1);
}

void part_spread(struct json_out *out, const char *key, const struct spread *s)
{
    if (s->mean != s->mean) {
        json_put_null(out, key);
        return;
    }
    json_put_object(out, key);
    put_numbers(out, s, true);
    json_end_object(out);
}

static void put_flags(struct json_out *out, unsigned flags)
{
    json_put_array(out, "flags");
    for (unsigned i = 0; i < ESTIMATE_FLAGS; i++)
        if ((flags & BIT(i)) != 0)
            json_put_text(out, NULL, estimate_flag_name((enum estimate_flag)BIT(i)));
    json_end_array(out);
}

static void write_head(struct document *d)
{
    struct json_out *out = &d->json;
    const struct estimate_names *n = d->names;
    json_put_text(out, "broadcast", n->broadcast.text);
    json_put_text(out, "title", n->title == NULL ? "" : n->title);
    json_put_uint(out, "seq", n->seq);
    json_put_int(out, "as_of_ms", n->as_of_ms);
    json_put_text(out, "ledger", n->ledger_id == NULL ? "" : n->ledger_id);
    json_put_text(out, "phase", estimate_phase_name(d->e->phase));
    json_put_text(out, "state", broadcast_state_name(n->state));
    json_put_text(out, "kind", "estimate");
}

static void write_wave(struct document *d, const struct logistics_wave *wave)
{
    struct json_out *out = &d->json;
    json_put_object(out, NULL);
    json_put_text(out, "id", wave->id.text);
    if (wave->after_end && d->names->end_ms == 0)
        json_put_null(out, "cut_off_ms");
    else
        json_put_int(out, "cut_off_ms", wave->cut_off_ms + (wave->after_end ? d->names->end_ms : 0));
    json_end_object(out);
}

static void write_plan(struct document *d)
{
    struct json_out *out = &d->json;
    const struct logistics_plan *plan = d->names->plan;
    size_t sites = plan == NULL ? 0 : plan->sites_count, waves = plan == NULL ? 0 : plan->waves_count;
    json_put_array(out, "sites");
    for (size_t i = 0; i < sites; i++)
        json_put_text(out, NULL, plan->sites[i].id.text);
    if (sites == 0)
        json_put_text(out, NULL, "*");
    json_end_array(out);
    json_put_array(out, "waves");
    for (size_t i = 0; i < waves; i++)
        write_wave(d, &plan->waves[i]);
    json_end_array(out);
}

static void write_load(struct json_out *out, const struct estimate_load *load)
{
    json_put_int(out, "firm", load->firm);
    part_spread(out, "units", &load->units);
    part_spread(out, "parcels", &load->parcels);
    part_spread(out, "grams", &load->grams);
    part_spread(out, "cm3", &load->cm3);
}

static void write_total(struct document *d)
{
    struct json_out *out = &d->json;
    static const struct estimate_load none;
    int64_t held = 0;
    for (size_t i = 0; i < d->e->skus_count; i++)
        held += d->e->skus[i].held;
    json_put_object(out, "total");
    write_load(out, d->e->loads_count == 0 ? &none : &d->e->loads[0]);
    json_put_int(out, "held", held);
    json_end_object(out);
}

static void write_loads(struct document *d)
{
    struct json_out *out = &d->json;
    json_put_array(out, "loads");
    for (size_t i = 0; i < d->e->loads_count; i++) {
        json_put_object(out, NULL);
        json_put_text(out, "site", site_name(d, d->e->loads[i].site));
        json_put_text(out, "wave", wave_name(d, d->e->loads[i].wave));
        write_load(out, &d->e->loads[i]);
        json_end_object(out);
    }
    json_end_array(out);
}

static void write_cartons(struct document *d)
{
    struct json_out *out = &d->json;
    const struct logistics_plan *plan = d->names->plan;
    json_put_array(out, "cartons");
    for (size_t i = 0; plan != NULL && i < d->e->cartons_count; i++) {
        json_put_object(out, NULL);
        MUST(d->e->cartons[i].carton < plan->cartons_count);
        json_put_text(out, "carton", plan->cartons[d->e->cartons[i].carton].id.text);
        part_spread(out, "count", &d->e->cartons[i].count);
        json_end_object(out);
    }
    json_end_array(out);
}

static void write_doubts(struct document *d)
{
    struct json_out *out = &d->json;
    const struct estimate_accuracy *a = &d->e->accuracy;
    json_put_object(out, "because"); /* what is firm is nobody's doubt */
    for (enum estimate_part part = PART_HOLDS; part < ESTIMATE_PARTS; part++)
        json_put_decimal(out, estimate_part_name(part), d->e->because[part], 3);
    json_end_object(out);
    part_spread(out, "returns", &d->e->returns);
    put_flags(out, d->e->flags);
    json_put_uint(out, "suspect_holds", d->e->suspect_holds);
    json_put_object(out, "accuracy");
    json_put_uint(out, "shows", a->shows);
    json_put_decimal(out, "off", a->shows == 0 ? 0 : a->off, 3);
    json_put_decimal(out, "covered", a->shows == 0 ? 0 : a->covered, 3);
    json_end_object(out);
}

/* ---- rows that may be too many ---- */

static size_t sku_len(const struct estimate_sku *s, const struct product *product)
{
    return SKU_LEN + strlen(s->sku.text) + text_len(title_of(product)) + numbers_len(&s->units) +
           whole_len((double)s->firm) + whole_len((double)s->held) + whole_len((double)s->waitlist) +
           whole_len((double)s->stock);
}

static void write_sku(struct document *d, const struct estimate_sku *s, const struct product *product)
{
    struct json_out *out = &d->json;
    json_put_object(out, NULL);
    json_put_text(out, "sku", s->sku.text);
    json_put_text(out, "title", title_of(product));
    json_put_text(out, "gtin", product == NULL ? "" : product->gtin);
    json_put_int(out, "firm", s->firm);
    json_put_int(out, "held", s->held);
    json_put_int(out, "waitlist", s->waitlist);
    if (s->stock < 0)
        json_put_null(out, "stock");
    else
        json_put_int(out, "stock", s->stock);
    part_spread(out, "units", &s->units);
    json_put_decimal(out, "lost", s->lost, 1);
    json_put_decimal(out, "short_by", s->short_by, 1);
    json_put_object(out, "parts");
    for (enum estimate_part part = PART_FIRM; part < ESTIMATE_PARTS; part++)
        json_put_decimal(out, estimate_part_name(part), s->parts[part], 1);
    json_end_object(out);
    put_flags(out, s->flags);
    json_end_object(out);
}

static unsigned sku_rank(const struct estimate_sku *s) { return rank_of((double)s->firm + s->units.mean); }

static void write_skus(struct document *d)
{
    struct cut cut = {0};
    for (size_t i = 0; i < d->e->skus_count; i++) {
        const struct estimate_sku *s = &d->e->skus[i];
        cut.bytes[sku_rank(s)] += sku_len(s, product_of(d, s->sku.text));
    }
    size_t room = room_left(d);
    cut_decide(&cut, room > CELLS_ROOM_MIN ? room - CELLS_ROOM_MIN : 0);
    json_put_array(&d->json, "skus");
    for (size_t i = 0; i < d->e->skus_count; i++) {
        const struct estimate_sku *s = &d->e->skus[i];
        const struct product *product = product_of(d, s->sku.text);
        if (cut_takes(&cut, sku_rank(s), sku_len(s, product)))
            write_sku(d, s, product);
    }
    json_end_array(&d->json);
    json_put_uint(&d->json, "skus_cut", cut.left_out);
}

static bool cell_is_nothing(const struct estimate_cell *c)
{
    return c->firm == 0 && !(c->units.mean >= 0.05) && !(c->units.q[ESTIMATE_QUANTILES - 1] >= 0.05);
}

static size_t cell_len(const struct document *d, const struct estimate_cell *c)
{
    return CELL_LEN + strlen(d->e->skus[c->sku].sku.text) + strlen(site_name(d, c->site)) +
           strlen(wave_name(d, c->wave)) + whole_len((double)c->firm) + numbers_len(&c->units);
}

static void write_cell(struct document *d, const struct estimate_cell *c)
{
    struct json_out *out = &d->json;
    json_put_object(out, NULL);
    json_put_text(out, "sku", d->e->skus[c->sku].sku.text);
    json_put_text(out, "site", site_name(d, c->site));
    json_put_text(out, "wave", wave_name(d, c->wave));
    json_put_int(out, "firm", c->firm);
    json_put_array(out, "units"); /* mean and quantiles, without their names: there may be thousands of these */
    put_numbers(out, &c->units, false);
    json_end_array(out);
    json_end_object(out);
}

static unsigned cell_rank(const struct estimate_cell *c) { return rank_of((double)c->firm + c->units.mean); }

static void write_cells(struct document *d)
{
    struct cut cut = {0};
    for (size_t i = 0; i < d->e->cells_count; i++) {
        MUST(d->e->cells[i].sku < d->e->skus_count);
        if (!cell_is_nothing(&d->e->cells[i]))
            cut.bytes[cell_rank(&d->e->cells[i])] += cell_len(d, &d->e->cells[i]);
    }
    cut_decide(&cut, room_left(d));
    json_put_array(&d->json, "cells");
    for (size_t i = 0; i < d->e->cells_count; i++) {
        const struct estimate_cell *c = &d->e->cells[i];
        if (!cell_is_nothing(c) && cut_takes(&cut, cell_rank(c), cell_len(d, c)))
            write_cell(d, c);
    }
    json_end_array(&d->json);
    json_put_uint(&d->json, "cells_cut", cut.left_out);
}

void estimate_write(struct bytes *out, const struct estimate *e, const struct estimate_names *names)
{
    struct document d = {.start = out->len, .e = e, .names = names};
    json_out_begin(&d.json, out);
    json_put_object(&d.json, NULL);
    write_head(&d);
    write_plan(&d);
    write_total(&d);
    write_loads(&d);
    write_cartons(&d);
    write_doubts(&d);
    write_skus(&d);
    write_cells(&d);
    json_end_object(&d.json);
    json_out_end(&d.json);
}
