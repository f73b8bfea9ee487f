/* ws/wire/estimate_csv.c - the estimate document as a table whose rows may be summed.
 *
 *   estimate_csv
 *     skus_index         SKU -> its row in the document
 *     sku_rows           of one SKU, all its cells
 *       cells_read         what is expected in each on top of what is firm there
 *       waves_settle       orders that lie nowhere yet are expected in the cells of their wave: taken out there
 *       sku_settle         as are what cancellations take and what rounding left, so that the rows add up to the SKU
 *       cell_rows          firm: an order count; planning: what is on top of it
 *       rest_rows          cells too small or too many for the document */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

#include "base/map.h"
#include "ws/wire/decimal.h"
#include "ws/wire/estimate_document.h"
#include "ws/wire/message_parts.h"

#define NUMBERS (1 + ESTIMATE_QUANTILES) /* mean and quantiles */
#define WHOLE_MOST 9007199254740991.0
#define ROUNDING 0.05 /* of a number in the document; less is told as 0 */

struct sku_told {
    const json_t *sku;
    bool told;
};
struct place_row { /* a cell */
    const char *site, *wave;
    int64_t firm;
    double numbers[NUMBERS]; /* expected on top; not below 0 once settled */
    double owed;             /* firm units that are expected in other cells */
};
struct table {
    struct bytes *out;
    json_t *document;
    struct map at; /* SKU -> struct sku_told * */
    struct sku_told *skus;
    size_t skus_count;
    struct place_row *rows;           /* of the SKU at hand; room for all cells */
    char before[2 * ID_LEN_MAX + 48]; /* broadcast,seq,as_of_ms,phase, */
};

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text == NULL ? "" : text;
}

/* Exact up to WHOLE_MOST, which is said instead of more. */
static int64_t whole(double number)
{
    return (int64_t)(number > WHOLE_MOST ? WHOLE_MOST : number < -WHOLE_MOST ? -WHOLE_MOST : number);
}

static int64_t whole_of(const json_t *object, const char *name)
{
    return whole(json_number_value(json_object_get(object, name)));
}

static double mean_of(const json_t *sku)
{
    return json_number_value(json_object_get(json_object_get(sku, "units"), "mean"));
}

static enum result skus_index(struct table *t)
{
    const json_t *skus = json_object_get(t->document, "skus");
    t->skus_count = json_array_size(skus);
    t->skus = calloc(t->skus_count + 1, sizeof *t->skus);
    if (t->skus == NULL)
        return RESULT_NO_MEMORY;
    map_init(&t->at, t->skus_count + 1);
    enum result result = RESULT_OK;
    for (size_t i = 0; i < t->skus_count && result == RESULT_OK; i++) {
        t->skus[i].sku = json_array_get(skus, i);
        if (text_of(t->skus[i].sku, "sku")[0] == '\0')
            return RESULT_MALFORMED;
        result = map_set(&t->at, text_of(t->skus[i].sku, "sku"), &t->skus[i]);
    }
    return result;
}

static void row_begin(struct table *t, const json_t *sku, const char *sku_id, const char *site, const char *wave,
                      const char *status)
{
    bytes_text(t->out, t->before);
    csv_text(t->out, sku_id);
    bytes_text(t->out, ",");
    csv_text(t->out, text_of(sku, "gtin"));
    bytes_text(t->out, ",");
    csv_text(t->out, text_of(sku, "title"));
    bytes_text(t->out, ",");
    csv_text(t->out, site);
    bytes_text(t->out, ",");
    csv_text(t->out, wave);
    bytes_format(t->out, ",%s,", status);
}

static void firm_row(struct table *t, const json_t *sku, const char *sku_id, const char *site, const char *wave,
                     int64_t firm)
{
    row_begin(t, sku, sku_id, site, wave, "firm");
    bytes_format(t->out, "%" PRId64 ",,,,,,\r\n", firm);
}

/* `count` numbers, the mean first; the others stay empty. */
static void planning_row(struct table *t, const json_t *sku, const char *sku_id, const char *site, const char *wave,
                         const double *numbers, size_t count)
{
    row_begin(t, sku, sku_id, site, wave, "planning");
    for (size_t i = 0; i < NUMBERS; i++) {
        char text[DECIMAL_LEN_MAX] = "";
        if (i < count)
            (void)decimal_text(numbers[i], 1, text);
        bytes_text(t->out, ",");
        bytes_text(t->out, text);
    }
    bytes_text(t->out, "\r\n");
}

static enum result cells_read(struct table *t, const json_t *cells, size_t from, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const json_t *cell = json_array_get(cells, from + i), *units = json_object_get(cell, "units");
        struct place_row *row = &t->rows[i];
        if (json_array_size(units) != NUMBERS)
            return RESULT_MALFORMED;
        *row = (struct place_row){
            .site = text_of(cell, "site"), .wave = text_of(cell, "wave"), .firm = whole_of(cell, "firm")};
        for (size_t n = 0; n < NUMBERS; n++)
            row->numbers[n] = json_number_value(json_array_get(units, n)) - (double)row->firm;
        row->owed = row->numbers[0] < 0 ? -row->numbers[0] : 0;
        for (size_t n = 0; n < NUMBERS; n++)
            row->numbers[n] = row->numbers[n] > 0 ? row->numbers[n] : 0;
    }
    return RESULT_OK;
}

/* Takes `units` (less than 0: adds) from the cells of a wave (NULL: from all), from each by its share. */
static void units_take(struct table *t, size_t count, const char *wave, double units)
{
    double all = 0;
    for (size_t i = 0; i < count; i++)
        all += wave == NULL || strcmp(t->rows[i].wave, wave) == 0 ? t->rows[i].numbers[0] : 0;
    double part = all > 0 ? units / all : 0;
    for (size_t i = 0; i < count; i++) {
        struct place_row *row = &t->rows[i];
        double less = wave == NULL || strcmp(row->wave, wave) == 0 ? row->numbers[0] * part : 0;
        for (size_t n = 0; n < NUMBERS; n++)
            row->numbers[n] = row->numbers[n] > less ? row->numbers[n] - less : 0;
    }
}

static void waves_settle(struct table *t, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (t->rows[i].owed > 0)
            units_take(t, count, t->rows[i].wave, t->rows[i].owed);
}

/* Returns what no cell tells. */
static double sku_settle(struct table *t, size_t count, double wanted)
{
    double told = 0;
    for (size_t i = 0; i < count; i++)
        told += t->rows[i].numbers[0];
    double missing = wanted - told;
    if (missing > ROUNDING * (double)count)
        return missing;
    units_take(t, count, NULL, -missing);
    return 0;
}

static void cell_rows(struct table *t, const json_t *sku, const char *id, const struct place_row *row)
{
    if (row->firm > 0)
        firm_row(t, sku, id, row->site, row->wave, row->firm);
    if (row->numbers[0] >= ROUNDING || row->numbers[NUMBERS - 1] >= ROUNDING)
        planning_row(t, sku, id, row->site, row->wave, row->numbers, NUMBERS);
}

/* A sum has no quantiles of what is left of it. */
static void rest_rows(struct table *t, const json_t *sku, int64_t firm, double missing)
{
    const char *id = text_of(sku, "sku");
    if (firm > 0)
        firm_row(t, sku, id, "*", "*", firm);
    if (missing >= ROUNDING)
        planning_row(t, sku, id, "*", "*", &missing, 1);
}

/* The cells of one SKU; of one that was itself left out of the document the sums are not known. */
static enum result sku_rows(struct table *t, struct sku_told *told, const json_t *cells, size_t from, size_t count)
{
    const char *id = text_of(told == NULL ? json_array_get(cells, from) : told->sku, "sku");
    const json_t *sku = told == NULL ? NULL : told->sku;
    int64_t firm = 0;
    double missing = 0;
    enum result result = id[0] == '\0' ? RESULT_MALFORMED : cells_read(t, cells, from, count);
    if (result != RESULT_OK)
        return result;
    waves_settle(t, count);
    if (told != NULL) {
        double wanted = mean_of(sku) - (double)whole_of(sku, "firm");
        missing = sku_settle(t, count, wanted > 0 ? wanted : 0);
        told->told = true;
    }
    for (size_t i = 0; i < count; i++) {
        cell_rows(t, sku, id, &t->rows[i]);
        firm = whole((double)firm + (double)t->rows[i].firm);
    }
    if (told != NULL)
        rest_rows(t, sku, whole((double)whole_of(sku, "firm") - (double)firm), missing);
    return RESULT_OK;
}

/* The cells of a SKU stand together: a SKU that comes back is no document of ours. */
static enum result cells_write(struct table *t, const json_t *cells)
{
    size_t count = json_array_size(cells), end = 0;
    enum result result = RESULT_OK;
    t->rows = calloc(count + 1, sizeof *t->rows);
    if (t->rows == NULL)
        return RESULT_NO_MEMORY;
    for (size_t from = 0; from < count && result == RESULT_OK; from = end) {
        const char *id = text_of(json_array_get(cells, from), "sku");
        struct sku_told *told = map_get(&t->at, id);
        for (end = from + 1; end < count && strcmp(id, text_of(json_array_get(cells, end), "sku")) == 0;)
            end++;
        result = told != NULL && told->told ? RESULT_MALFORMED : sku_rows(t, told, cells, from, end - from);
    }
    return result;
}

static enum result rows_write(struct table *t)
{
    const json_t *cells = json_object_get(t->document, "cells");
    size_t count = json_array_size(cells);
    const char *broadcast = text_of(t->document, "broadcast"), *phase = text_of(t->document, "phase");
    bool is_none = count == 0 && t->skus_count == 0; /* then nobody is named */
    if (!is_none && (!id_is_valid(broadcast, strlen(broadcast)) || !id_is_valid(phase, strlen(phase))))
        return RESULT_MALFORMED;
    snprintf(t->before, sizeof t->before, "%s,%" PRId64 ",%" PRId64 ",%s,", broadcast, whole_of(t->document, "seq"),
             whole_of(t->document, "as_of_ms"), phase);
    bytes_text(t->out,
               "broadcast,seq,as_of_ms,phase,sku,gtin,title,site,wave,status,units,mean,q05,q25,q50,q75,q95\r\n");
    enum result result = cells_write(t, cells);
    for (size_t i = 0; i < t->skus_count && result == RESULT_OK; i++)
        if (!t->skus[i].told)
            result = sku_rows(t, &t->skus[i], cells, count, 0);
    return result;
}

enum result estimate_csv(struct bytes *out, const char *document, size_t len)
{
    size_t start = out->len;
    struct table t = {.out = out, .document = json_loadb(len == 0 ? "{}" : document, len == 0 ? 2 : len, 0, NULL)};
    enum result result = json_is_object(t.document) ? skus_index(&t) : RESULT_MALFORMED;
    if (result == RESULT_OK)
        result = rows_write(&t);
    if (result != RESULT_OK && !out->failed)
        out->len = start;
    map_finish(&t.at);
    free(t.skus);
    free(t.rows);
    json_decref(t.document);
    return result;
}
