/* The estimate document: its numbers, what is left out, what is cut when it would be too long; and the table made from it. */
#include "tests/unit/unit.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/ws/wire/sample_logistics.h"
#include "ws/wire/decimal.h"

static double apart(double a, double b) { return a < b ? b - a : a - b; }

/* ---- numbers ---- */

static void numbers_are_short_and_rounded(void **state)
{
    (void)state;
    static const struct {
        double value;
        unsigned places;
        const char *text;
    } cases[] = {
        {0, 1, "0"},
        {12.4, 1, "12.4"},
        {12.44, 1, "12.4"},
        {12.45, 1, "12.5"},
        {8, 1, "8"},
        {-0.04, 1, "0"},
        {-0.06, 1, "-0.1"},
        {-12.5, 0, "-13"},
        {0.0412, 3, "0.041"},
        {0.9, 3, "0.9"},
        {999999.96, 1, "1000000"},
        {1e300, 1, "1000000000000"},
        {-INFINITY, 1, "-1000000000000"},
        {NAN, 1, ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[DECIMAL_LEN_MAX];
        assert_int_equal(decimal_text(cases[i].value, cases[i].places, text), strlen(cases[i].text));
        assert_string_equal(text, cases[i].text);
    }
}

/* As any reader takes them back: nowhere further away than half of the last place. */
static void numbers_come_back(void **state)
{
    (void)state;
    static const double scales[] = {1, 10, 100, 1000};
    uint64_t seed = 1;
    for (int i = 0; i < 100000; i++) {
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        double value =
            (double)(int64_t)(seed >> 20) / (double)(INT64_C(1) << (seed & 31)) * ((seed & 64) != 0 ? 1e-7 : 1e-10);
        unsigned places = (unsigned)(seed >> 8) % (DECIMAL_PLACES_MAX + 1);
        char text[DECIMAL_LEN_MAX];
        assert_true(decimal_text(value, places, text) > 0);
        if (apart(strtod(text, NULL), value) > 0.5000001 / scales[places])
            fail_msg("%.17g with %u places: %s", value, places, text);
    }
}

/* ---- the document ---- */

static json_t *parse(const struct bytes *b)
{
    json_error_t error;
    assert_false(b->failed);
    json_t *document = json_loadb(b->data, b->len, JSON_REJECT_DUPLICATES, &error);
    if (document == NULL)
        fail_msg("column %d: %s", error.column, error.text);
    return document;
}

static void what_is_not_known_is_null(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    json_t *d = parse(&s.document);
    assert_true(json_is_null(json_object_get(json_object_get(d, "total"), "grams")));
    assert_true(json_is_object(json_object_get(json_array_get(json_object_get(d, "loads"), 1), "grams")));
    const json_t *lamp = json_array_get(json_object_get(d, "skus"), 1);
    assert_true(json_is_null(json_object_get(lamp, "stock")));
    assert_string_equal(json_string_value(json_array_get(json_object_get(lamp, "flags"), 0)), "sku-unknown");
    assert_true(
        json_is_null(json_object_get(json_array_get(json_object_get(d, "waves"), 0), "cut_off_ms"))); /* no end yet */
    assert_int_equal(json_array_size(json_object_get(d, "cells")), 5); /* not the one that rounds to nothing */
    assert_int_equal(json_integer_value(json_object_get(d, "cells_cut")), 0);
    json_decref(d);
    sample_finish(&s);
}

static void a_wave_has_its_time_once_the_show_has_ended(void **state)
{
    (void)state;
    struct bytes out = {0};
    const struct estimate none = {.phase = ESTIMATE_TAIL};
    const struct estimate_names names = {.plan = sample_plan(), .end_ms = SAMPLE_NOW_MS};
    estimate_write(&out, &none, &names);
    json_t *d = parse(&out);
    assert_true(json_integer_value(json_object_get(json_array_get(json_object_get(d, "waves"), 0), "cut_off_ms")) ==
                SAMPLE_NOW_MS + 7200000);
    json_decref(d);
    bytes_finish(&out);
}

static void without_a_plan_all_is_one_place(void **state)
{
    (void)state;
    struct bytes out = {0};
    struct estimate_sku sku = {.sku = SAMPLE_ID("a"), .firm = 1, .units = {.mean = 1, .q = {1, 1, 1, 1, 1}}};
    struct estimate_cell cell = {.site = ESTIMATE_ALL, .wave = ESTIMATE_ALL, .firm = 1, .units = sku.units};
    const struct estimate e = {.skus = &sku, .skus_count = 1, .cells = &cell, .cells_count = 1};
    const struct estimate_names names = {.broadcast = SAMPLE_ID("b")};
    estimate_write(&out, &e, &names);
    assert_non_null(strstr(out.data, "\"sites\":[\"*\"],\"waves\":[]"));
    assert_non_null(
        strstr(out.data, "{\"sku\":\"a\",\"site\":\"*\",\"wave\":\"*\",\"firm\":1,\"units\":[1,1,1,1,1,1]}"));
    bytes_finish(&out);
}

/* ---- too long ---- */

struct big {
    struct estimate e;
    struct logistics_plan plan;
    struct bytes out;
};

static void big_write(struct big *b, size_t skus, uint16_t sites, uint16_t waves, const char *sku_before)
{
    *b = (struct big){.plan = {.sites_count = sites, .waves_count = waves}};
    for (uint16_t i = 0; i < sites; i++)
        snprintf(b->plan.sites[i].id.text, sizeof b->plan.sites[i].id.text, "W%u", i);
    for (uint16_t i = 0; i < waves; i++)
        snprintf(b->plan.waves[i].id.text, sizeof b->plan.waves[i].id.text, "wave-%u", i);
    b->e.skus = calloc(skus, sizeof *b->e.skus);
    b->e.cells = calloc(skus * sites * waves, sizeof *b->e.cells);
    MUST(b->e.skus != NULL && b->e.cells != NULL);
    for (size_t i = 0; i < skus; i++) {
        struct estimate_sku *s = &b->e.skus[b->e.skus_count++];
        double most = (double)(1 + i * 7919 % 997);
        int64_t firm = (int64_t)most / 20;
        snprintf(s->sku.text, sizeof s->sku.text, "%s-%03u", sku_before, (unsigned)i);
        *s = (struct estimate_sku){.sku = s->sku,
                                   .firm = firm * sites * waves,
                                   .stock = 1000,
                                   .units = {(double)(firm * sites * waves), {1, 2, 3, 4, most * 1.3}}};
        for (uint16_t at = 0; at < sites * waves; at++) {
            double more = most / (at + 3.7);
            s->units.mean += more;
            b->e.cells[b->e.cells_count++] =
                (struct estimate_cell){.sku = (uint16_t)i,
                                       .site = at % sites,
                                       .wave = at / sites,
                                       .firm = firm,
                                       .units = {(double)firm + more, {0.1, 1.3, 2.6, 13.9, most + 0.7}}};
        }
    }
    const struct estimate_names names = {.broadcast = SAMPLE_ID("b"), .plan = &b->plan};
    estimate_write(&b->out, &b->e, &names);
}

static void big_finish(struct big *b)
{
    estimate_finish(&b->e);
    bytes_finish(&b->out);
}

static void a_large_show_is_whole(void **state)
{
    (void)state;
    struct big b;
    big_write(&b, 500, 4, 4, "mug-red");
    json_t *d = parse(&b.out);
    assert_int_equal(json_array_size(json_object_get(d, "skus")), 500);
    assert_int_equal(json_array_size(json_object_get(d, "cells")), 8000);
    assert_true(b.out.len <= ESTIMATE_DOCUMENT_MAX);
    json_decref(d);
    big_finish(&b);
}

static double units_of(const json_t *cell)
{
    return json_number_value(json_object_get(cell, "firm")) +
           json_number_value(json_array_get(json_object_get(cell, "units"), 0));
}

/* Of what was written none has fewer units than half of any that was not: they are told apart by size, not one by one. */
static void the_smallest_are_left_out_and_counted(void **state)
{
    (void)state;
    struct big b;
    big_write(&b, 2000, 16, 8, "a-long-name-of-a-variant-that-somebody-gave-it-once");
    json_t *d = parse(&b.out);
    assert_true(b.out.len <= ESTIMATE_DOCUMENT_MAX);
    assert_true(b.out.len > ESTIMATE_DOCUMENT_MAX * 9 / 10);
    size_t skus = json_array_size(json_object_get(d, "skus")), cells = json_array_size(json_object_get(d, "cells"));
    assert_int_equal(skus + (size_t)json_integer_value(json_object_get(d, "skus_cut")), 2000);
    assert_int_equal(cells + (size_t)json_integer_value(json_object_get(d, "cells_cut")), b.e.cells_count);
    assert_true(cells > 50);
    double least = INFINITY;
    for (size_t i = 0; i < cells; i++) {
        double units = units_of(json_array_get(json_object_get(d, "cells"), i));
        least = units < least ? units : least;
    }
    size_t larger = 0, larger_told = 0;
    for (size_t i = 0; i < b.e.cells_count; i++)
        larger += (double)b.e.cells[i].firm + b.e.cells[i].units.mean > 2 * least + 0.2;
    for (size_t i = 0; i < cells; i++)
        larger_told += units_of(json_array_get(json_object_get(d, "cells"), i)) > 2 * least + 0.2;
    assert_true(larger_told >= larger && larger_told <= larger + 10); /* told ones are rounded */
    json_decref(d);
    big_finish(&b);
}

/* ---- the table ---- */

static void the_table_tells_firm_and_planning_apart(void **state)
{
    (void)state;
    struct sample s;
    struct bytes out = {0};
    sample_init(&s);
    assert_int_equal(estimate_csv(&out, s.document.data, s.document.len), RESULT_OK);
#define ROW "spring-drop,812,1795177200100,live,"
#define MUG ROW "\"mug-red\",\"4001234560014\",\"Red mug\","
#define LAMP ROW "\"lamp\",\"\",\"Evening lamp \"\"Lune\"\"\","
    assert_string_equal(
        out.data, "broadcast,seq,as_of_ms,phase,sku,gtin,title,site,wave,status,units,mean,q05,q25,q50,q75,q95\r\n" MUG
                  "\"W1\",\"evening\",firm,18,,,,,,\r\n" MUG "\"W1\",\"evening\",planning,,2.4,1,2,2,3,5\r\n" MUG
                  "\"W2\",\"evening\",firm,12,,,,,,\r\n" MUG "\"W2\",\"evening\",planning,,0.6,0,0,0,1,2\r\n" MUG
                  "\"W1\",\"later\",planning,,3.2,1,2,3,4,6\r\n" LAMP "\"W1\",\"evening\",firm,20,,,,,,\r\n" LAMP
                  "\"W1\",\"evening\",planning,,4,1,3,4,5,8\r\n" LAMP "\"W1\",\"later\",planning,,3.5,1,2,3,5,7\r\n");
    bytes_finish(&out);
    sample_finish(&s);
}

struct sums {
    int64_t firm;
    double planning, least; /* sum of the means; the lowest number */
};

static void table_sum(const char *table, struct sums *ret)
{
    *ret = (struct sums){.least = INFINITY};
    for (const char *row = strchr(table, '\n') + 1, *end; *row != '\0'; row = end + 1) {
        end = strchr(row, '\n');
        const char *at = memmem(row, (size_t)(end - row), ",firm,", 6);
        if (at != NULL)
            ret->firm += strtoll(at + 6, NULL, 10);
        at = memmem(row, (size_t)(end - row), ",planning,,", 11);
        ret->planning += at == NULL ? 0 : strtod(at + 11, NULL);
        for (at = at == NULL ? NULL : at + 10; at != NULL && at < end; at = memchr(at + 1, ',', (size_t)(end - at - 1)))
            ret->least = strtod(at + 1, NULL) < ret->least ? strtod(at + 1, NULL) : ret->least;
    }
}

/* What was cut stands in rows of its own, so that a column still adds up to the SKU. */
static void the_columns_add_up(void **state)
{
    (void)state;
    struct big b;
    struct bytes out = {0};
    struct sums sums;
    big_write(&b, 300, 16, 8, "sku");
    assert_int_equal(estimate_csv(&out, b.out.data, b.out.len), RESULT_OK);
    table_sum(out.data, &sums);
    int64_t all_firm = 0;
    double all_planning = 0;
    for (size_t i = 0; i < b.e.skus_count; i++) {
        all_firm += b.e.skus[i].firm;
        all_planning += b.e.skus[i].units.mean - (double)b.e.skus[i].firm;
    }
    assert_true(sums.firm == all_firm && sums.least >= 0);
    assert_true(apart(sums.planning, all_planning) < 0.05 * (double)(b.e.cells_count + 600));
    bytes_finish(&out);
    big_finish(&b);
}

#define PLACED_HEAD "{\"broadcast\":\"b\",\"seq\":1,\"as_of_ms\":2,\"phase\":\"live\",\"sites\":[\"W1\",\"W2\"],"
#define CELL_OF(site, wave, firm, units)                                                                               \
    "{\"sku\":\"a\",\"site\":\"" site "\",\"wave\":\"" wave "\",\"firm\":" firm ",\"units\":[" units "]}"

/* Until they ship orders lie nowhere: they are firm once, at site *, and in no planning row a second time. */
static void orders_that_lie_nowhere_are_not_expected_again(void **state)
{
    (void)state;
    static const char document[] = PLACED_HEAD
        "\"skus\":[{\"sku\":\"a\",\"title\":\"A\",\"gtin\":\"\",\"firm\":25,\"units\":{\"mean\":36}}],\"cells\":"
        "[" CELL_OF("W1", "evening", "0", "18,12,15,18,20,26") "," CELL_OF("W2", "evening", "2", "8,2,5,8,9,14") "," CELL_OF(
            "W1", "later", "0",
            "8,1,4,8,10,16") "," CELL_OF("W2", "later", "0",
                                         "2,0,1,2,3,5") "," CELL_OF("*", "evening", "20",
                                                                    "0,0,0,0,0,0") "," CELL_OF("*", "later", "3",
                                                                                               "0,0,0,0,0,0") "]}";
    struct bytes out = {0};
    struct sums sums;
    assert_int_equal(estimate_csv(&out, document, sizeof document - 1), RESULT_OK);
#define A "b,1,2,live,\"a\",\"\",\"A\","
    assert_string_equal(strchr(out.data, '\n') + 1,
                        A "\"W1\",\"evening\",planning,,3,0,0,3,5,11\r\n" A "\"W2\",\"evening\",firm,2,,,,,,\r\n" A
                          "\"W2\",\"evening\",planning,,1,0,0,1,2,7\r\n" A
                          "\"W1\",\"later\",planning,,5.6,0,1.6,5.6,7.6,13.6\r\n" A
                          "\"W2\",\"later\",planning,,1.4,0,0.4,1.4,2.4,4.4\r\n" A
                          "\"*\",\"evening\",firm,20,,,,,,\r\n" A "\"*\",\"later\",firm,3,,,,,,\r\n");
    table_sum(out.data, &sums);
    assert_true(sums.firm == 25 && apart(sums.planning, 11) < 0.01 && sums.least >= 0);
    bytes_finish(&out);
}

/* More is expected to be cancelled than to come: nothing is on top, and nothing is less than nothing. */
static void expected_cancellations_make_no_negative_rows(void **state)
{
    (void)state;
    static const char document[] =
        PLACED_HEAD "\"skus\":[{\"sku\":\"a\",\"title\":\"\",\"gtin\":\"\",\"firm\":25,\"units\":{\"mean\":24.2}}],"
                    "\"cells\":[" CELL_OF("W1", "evening", "15", "14.5,13,14,15,15,16") "," CELL_OF(
                        "W2", "evening", "0", "9.7,8,9,10,10,12") "," CELL_OF("*", "evening", "10", "0,0,0,0,0,0") "]}";
    struct bytes out = {0};
    struct sums sums;
    assert_int_equal(estimate_csv(&out, document, sizeof document - 1), RESULT_OK);
    table_sum(out.data, &sums);
    assert_int_equal(sums.firm, 25);
    assert_true(sums.planning == 0 && sums.least >= 0);
    bytes_finish(&out);
}

static void a_title_is_no_formula(void **state)
{
    (void)state;
    static const char document[] = "{\"broadcast\":\"b\",\"seq\":1,\"as_of_ms\":2,\"phase\":\"live\","
                                   "\"skus\":[{\"sku\":\"a\",\"title\":\"=HYPERLINK(1,2)\",\"gtin\":\"\",\"firm\":2,"
                                   "\"units\":{\"mean\":2}}],\"cells\":[]}";
    struct bytes out = {0};
    assert_int_equal(estimate_csv(&out, document, sizeof document - 1), RESULT_OK);
    assert_non_null(strstr(out.data, ",\"a\",\"\",\"'=HYPERLINK(1,2)\",\"*\",\"*\",firm,2,"));
    bytes_finish(&out);
}

static void what_is_no_document_gives_no_table(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "{",
        "[]",
        "7",
        "{\"skus\":[{}]}",
        "{\"skus\":[{\"sku\":7}]}",
        "{\"cells\":[{\"sku\":\"a\",\"units\":[1]}]}",
        "{\"cells\":[{}]}",
        "{\"broadcast\":\"b\",\"phase\":\"live\",\"skus\":[{\"sku\":\"a\"}],\"cells\":[" CELL_OF(
            "*", "*", "1", "1,1,1,1,1,1") ","
                                          "{\"sku\":\"b\",\"units\":[1,1,1,1,1,1]}," CELL_OF(
                                              "*", "*", "1", "1,1,1,1,1,1") "]}", /* a SKU in two pieces */
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct bytes out = {0};
        bytes_text(&out, "before");
        assert_int_equal(estimate_csv(&out, bad[i], strlen(bad[i])), RESULT_MALFORMED);
        assert_int_equal(out.len, 6);
        bytes_finish(&out);
    }
    struct bytes out = {0};
    assert_int_equal(estimate_csv(&out, NULL, 0), RESULT_OK); /* none was made yet */
    assert_non_null(strstr(out.data, "status,units"));
    bytes_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_short_and_rounded),
        cmocka_unit_test(numbers_come_back),
        cmocka_unit_test(what_is_not_known_is_null),
        cmocka_unit_test(a_wave_has_its_time_once_the_show_has_ended),
        cmocka_unit_test(without_a_plan_all_is_one_place),
        cmocka_unit_test(a_large_show_is_whole),
        cmocka_unit_test(the_smallest_are_left_out_and_counted),
        cmocka_unit_test(the_table_tells_firm_and_planning_apart),
        cmocka_unit_test(the_columns_add_up),
        cmocka_unit_test(orders_that_lie_nowhere_are_not_expected_again),
        cmocka_unit_test(expected_cancellations_make_no_negative_rows),
        cmocka_unit_test(a_title_is_no_formula),
        cmocka_unit_test(what_is_no_document_gives_no_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
