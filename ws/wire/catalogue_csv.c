/* ws/wire/catalogue_csv.c - a product feed to products, all or nothing.
 *
 *   catalogue_csv_decode
 *     header_read       which columns are ours, by the names common feeds use
 *     feed_read         row by row
 *       product_read    cell by cell, by the table of columns; each SKU once */
#include "ws/wire/catalogue_csv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "ws/wire/csv_row.h"
#include "ws/wire/feed_values.h"
#include "ws/wire/parts_in.h"

#define SHOWN_MAX 60 /* bytes of a broken cell that are repeated to the person who must find it */

struct feed {
    struct csv_reader csv;
    struct decode_fault *fault;
    int columns[CSV_CELLS_MAX]; /* by place: index into `columns` below, -1: not used */
    size_t columns_count;
    struct product *products;
    size_t count, capacity;
    struct map by_sku; /* -> where `rows` says which row a SKU stands in */
    unsigned *rows;    /* of each product; CATALOGUE_PRODUCTS_MAX of them, so that they stay where they are */
};

/* ---- columns ---- */

typedef bool read_cell(const char *cell, void *to);

static bool cell_text(const char *cell, char *to, size_t max, enum text_rule rule)
{
    size_t len = strlen(cell);
    if (len > max || !text_obeys(rule, cell, len))
        return false;
    memcpy(to, cell, len + 1);
    return true;
}

static bool cell_sku(const char *cell, void *to) { return id_parse(to, cell, strlen(cell)) == RESULT_OK; }
static bool cell_title(const char *cell, void *to) { return cell_text(cell, to, TITLE_LEN_MAX, TEXT_LINE); }
static bool cell_url(const char *cell, void *to) { return cell_text(cell, to, URL_LEN_MAX, TEXT_URL); }
static bool cell_price(const char *cell, void *to) { return feed_price(cell, to); }
static bool cell_weight(const char *cell, void *to) { return feed_weight(cell, to); }
static bool cell_length(const char *cell, void *to) { return feed_length(cell, to); }
static bool cell_limit(const char *cell, void *to) { return feed_count(cell, HOLD_UNITS_MAX, to); }

static bool cell_gtin(const char *cell, void *to)
{
    return gtin_is_valid(cell, strlen(cell)) && cell_text(cell, to, GTIN_LEN_MAX, TEXT_ASCII);
}

/* clang-format off */
static const struct column {
    const char *name;
    bool required;
    read_cell *read;
    size_t offset;
    const char *wrong; /* the cell ... */
} columns[] = {
    {"id",               true,  cell_sku,    offsetof(struct product, sku),        "is not 1 to 63 characters out of A-Z a-z 0-9 . _ ~ -"},
    {"title",            true,  cell_title,  offsetof(struct product, title),      "is not one line of at most 200 bytes"},
    {"price",            true,  cell_price,  offsetof(struct product, price),      "is not an amount and a currency"},
    {"auto_pricing_min_price", false, cell_price, offsetof(struct product, floor), "is not an amount and a currency"},
    {"link",             false, cell_url,    offsetof(struct product, url),        "is not an address of at most 1000 bytes that begins with https://, http:// or /"},
    {"image_link",       false, cell_url,    offsetof(struct product, image),      "is not an address of at most 1000 bytes that begins with https://, http:// or /"},
    {"gtin",             false, cell_gtin,   offsetof(struct product, gtin),       "is not a GTIN of 8, 12, 13 or 14 digits with its check digit"},
    {"shipping_weight",  false, cell_weight, offsetof(struct product, weight_g),   "is not a weight in g, kg, lb or oz"},
    {"product_length",   false, cell_length, offsetof(struct product, size_mm[0]), "is not a length in mm, cm or in"},
    {"product_width",    false, cell_length, offsetof(struct product, size_mm[1]), "is not a length in mm, cm or in"},
    {"product_height",   false, cell_length, offsetof(struct product, size_mm[2]), "is not a length in mm, cm or in"},
    {"limit_per_viewer", false, cell_limit,  offsetof(struct product, limit_per_viewer), "is not a whole number from 0 to 1000000"},
};
/* clang-format on */

/* "Image Link" and "image_link" are the same column. */
static bool column_is(const char *name, const char *written)
{
    for (; *name != '\0' && *written != '\0'; name++, written++) {
        char c = *written == ' ' ? '_' : *written;
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if (c != *name)
            return false;
    }
    return *name == *written;
}

static int column_find(const char *written)
{
    for (size_t i = 0; i < ARRAY_LEN(columns); i++)
        if (column_is(columns[i].name, written))
            return (int)i;
    return -1;
}

/* ---- faults ---- */

/* Into the field, and at the head of the detail; how long that is. */
static size_t place_write(struct decode_fault *fault, unsigned row, const char *column)
{
    fault->code = DECODE_BAD_REQUEST;
    if (column == NULL) {
        snprintf(fault->field, sizeof fault->field, "row[%u]", row);
        snprintf(fault->detail, sizeof fault->detail, "row %u: ", row);
    } else {
        snprintf(fault->field, sizeof fault->field, "row[%u].%s", row, column);
        snprintf(fault->detail, sizeof fault->detail, "row %u, column %s: ", row, column);
    }
    return strlen(fault->detail);
}

/* `column` NULL: the row as a whole. */
static enum result row_fault(struct feed *f, unsigned row, const char *column, const char *format, ...)
    PRINTF_LIKE(4, 5);
static enum result row_fault(struct feed *f, unsigned row, const char *column, const char *format, ...)
{
    struct decode_fault *fault = f->fault;
    size_t head = place_write(fault, row, column);
    va_list args;
    va_start(args, format);
    vsnprintf(fault->detail + head, sizeof fault->detail - head, format, args);
    va_end(args);
    return RESULT_MALFORMED;
}

static enum result cell_fault(struct feed *f, const struct column *column, const char *cell)
{
    int shown = (int)utf8_cut(cell, strlen(cell), SHOWN_MAX);
    return row_fault(f, f->csv.row, column->name, "\"%.*s%s\" %s", shown, cell, cell[shown] == '\0' ? "" : "...",
                     column->wrong);
}

static enum result reader_fault(struct feed *f, enum csv_answer answer)
{
    if (answer == CSV_QUOTE)
        return row_fault(f, f->csv.row, NULL,
                         "a quote does not end, or stands inside a cell that does not begin with one");
    return row_fault(f, f->csv.row, NULL, "more than %d cells or %u bytes", CSV_CELLS_MAX, CSV_ROW_BYTES_MAX);
}

/* ---- header ---- */

static bool header_has(const struct feed *f, int column)
{
    for (size_t i = 0; i < f->columns_count; i++)
        if (f->columns[i] == column)
            return true;
    return false;
}

static enum result header_read(struct feed *f)
{
    enum csv_answer answer = csv_next(&f->csv);
    if (answer == CSV_END)
        return row_fault(f, 1, NULL, "there are no column names");
    if (answer != CSV_ROW)
        return reader_fault(f, answer);
    for (size_t i = 0; i < f->csv.count; i++) {
        int column = column_find(csv_cell(&f->csv, i));
        if (column >= 0 && header_has(f, column))
            return row_fault(f, f->csv.row, columns[column].name, "stands twice");
        f->columns[i] = column;
        f->columns_count = i + 1;
    }
    for (size_t i = 0; i < ARRAY_LEN(columns); i++)
        if (columns[i].required && !header_has(f, (int)i))
            return row_fault(f, f->csv.row, columns[i].name, "there is no such column");
    return RESULT_OK;
}

/* ---- rows ---- */

static enum result product_read(struct feed *f, struct product *p)
{
    if (f->csv.count != f->columns_count)
        return row_fault(f, f->csv.row, NULL, "%zu cells, but %zu columns", f->csv.count, f->columns_count);
    for (size_t i = 0; i < f->csv.count; i++) {
        if (f->columns[i] < 0)
            continue;
        const struct column *column = &columns[f->columns[i]];
        const char *cell = csv_cell(&f->csv, i);
        if (cell[0] == '\0' && column->required)
            return row_fault(f, f->csv.row, column->name, "must not be empty");
        if (cell[0] != '\0' && !column->read(cell, (char *)p + column->offset))
            return cell_fault(f, column, cell);
    }
    if (!floor_fits(p))
        return row_fault(f, f->csv.row, "auto_pricing_min_price", "is not in the currency of the price");
    return RESULT_OK;
}

static enum result product_add(struct feed *f)
{
    if (f->count == CATALOGUE_PRODUCTS_MAX)
        return row_fault(f, f->csv.row, NULL, "more than %d products", CATALOGUE_PRODUCTS_MAX);
    if (f->count == f->capacity) {
        size_t capacity = f->capacity == 0 ? 64 : f->capacity * 2;
        struct product *grown = realloc(f->products, capacity * sizeof *grown);
        if (grown == NULL)
            return RESULT_NO_MEMORY;
        f->products = grown;
        f->capacity = capacity;
    }
    struct product *p = &f->products[f->count];
    memset(p, 0, sizeof *p);
    f->count++;
    return product_read(f, p);
}

static enum result product_is_new(struct feed *f, const char *sku)
{
    const unsigned *earlier = map_get(&f->by_sku, sku);
    if (earlier != NULL)
        return row_fault(f, f->csv.row, "id", "\"%s\" stands in row %u already", sku, *earlier);
    unsigned *row = &f->rows[f->count - 1];
    *row = f->csv.row;
    return map_set(&f->by_sku, sku, row);
}

static enum result feed_read(struct feed *f)
{
    enum result result = header_read(f);
    while (result == RESULT_OK) {
        enum csv_answer answer = csv_next(&f->csv);
        if (answer == CSV_END)
            return RESULT_OK;
        result = answer == CSV_ROW ? product_add(f) : reader_fault(f, answer);
        if (result == RESULT_OK)
            result = product_is_new(f, f->products[f->count - 1].sku.text);
    }
    return result;
}

enum result catalogue_csv_decode(const char *data, size_t len, struct product **ret_products, size_t *ret_count,
                                 struct decode_fault *ret_fault)
{
    *ret_fault = (struct decode_fault){0};
    struct feed f = {.fault = ret_fault};
    if (len == 0 || !text_obeys(TEXT_ANY, data, len))
        return row_fault(&f, 1, NULL, len == 0 ? "there are no column names" : "the file is not UTF-8 text");
    csv_init(&f.csv, data, len);
    map_init(&f.by_sku, CATALOGUE_PRODUCTS_MAX);
    f.rows = calloc(CATALOGUE_PRODUCTS_MAX, sizeof *f.rows);
    enum result result = f.rows == NULL ? RESULT_NO_MEMORY : feed_read(&f);
    map_finish(&f.by_sku);
    free(f.rows);
    csv_finish(&f.csv);
    if (result != RESULT_OK) {
        free(f.products);
        return result;
    }
    *ret_products = f.products;
    *ret_count = f.count;
    return RESULT_OK;
}
