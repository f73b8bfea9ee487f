/* ws/wire/estimate_csv.c - the estimate document as a table.
 *
 *   estimate_csv
 *     skus_index        SKU -> its row in the document, and what of it the cells have told so far
 *     cell_rows         firm: an order count; planning: what is expected on top of it
 *     rest_rows         what the cells do not tell of a SKU, so that the columns add up */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

#include "base/map.h"
#include "ws/wire/decimal.h"
#include "ws/wire/estimate_document.h"
#include "ws/wire/message_parts.h"

#define NUMBERS (1 + ESTIMATE_QUANTILES) /* mean and quantiles */
#define WHOLE_MOST 9007199254740991.0
#define REST_MIN 0.05 /* less would be told as 0 */

struct sku_told {
    const json_t *sku;
    double firm, mean; /* that stand in the cells */
};
struct table {
    struct bytes *out;
    json_t *document;
    struct map at; /* SKU -> struct sku_told * */
    struct sku_told *skus;
    size_t skus_count;
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

static enum result cell_rows(struct table *t, const json_t *cell)
{
    const char *id = text_of(cell, "sku"), *site = text_of(cell, "site"), *wave = text_of(cell, "wave");
    const json_t *units = json_object_get(cell, "units");
    struct sku_told *told = map_get(&t->at, id);
    int64_t firm = whole_of(cell, "firm");
    double on_top[NUMBERS];
    if (id[0] == '\0' || json_array_size(units) != NUMBERS)
        return RESULT_MALFORMED;
    for (size_t i = 0; i < NUMBERS; i++)
        on_top[i] = json_number_value(json_array_get(units, i)) - (double)firm;
    const json_t *sku = told == NULL ? NULL : told->sku;
    if (firm != 0)
        firm_row(t, sku, id, site, wave, firm);
    planning_row(t, sku, id, site, wave, on_top, NUMBERS);
    if (told != NULL) {
        told->firm += (double)firm;
        told->mean += on_top[0];
    }
    return RESULT_OK;
}

/* Cells that are nothing, or too many, are not in the document; a sum has no quantiles of what is left of it. */
static void rest_rows(struct table *t, const struct sku_told *told, bool any_cells)
{
    const char *id = text_of(told->sku, "sku");
    double firm = (double)whole_of(told->sku, "firm") - told->firm;
    double rest = mean_of(told->sku) - (double)whole_of(told->sku, "firm") - told->mean;
    if (firm != 0)
        firm_row(t, told->sku, id, "*", "*", whole(firm));
    if (!any_cells || rest >= REST_MIN || rest <= -REST_MIN)
        planning_row(t, told->sku, id, "*", "*", &rest, 1);
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
    enum result result = RESULT_OK;
    for (size_t i = 0; i < count && result == RESULT_OK; i++)
        result = cell_rows(t, json_array_get(cells, i));
    for (size_t i = 0; i < t->skus_count && result == RESULT_OK; i++)
        rest_rows(t, &t->skus[i], count > 0);
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
    json_decref(t.document);
    return result;
}
