/* Product feeds: the forms they come in, and every broken cell named by row and column. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "ws/wire/catalogue_csv.h"
#include "ws/wire/feed_values.h"
#include "ws/wire/parts_in.h"

struct products {
    struct product *list;
    size_t count;
};

static struct products expect_feed(const char *feed, size_t len)
{
    struct products p = {0};
    struct decode_fault fault;
    if (catalogue_csv_decode(feed, len, &p.list, &p.count, &fault) != RESULT_OK)
        fail_msg("%s: %s", fault.field, fault.detail);
    struct command c = {.kind = COMMAND_CATALOGUE_PUT, .products = p.list, .products_count = p.count};
    assert_true(command_is_valid(&c));
    return p;
}

static void expect_fault(const char *feed, const char *field, const char *detail)
{
    struct product *products = NULL;
    size_t count = 0;
    struct decode_fault fault;
    if (catalogue_csv_decode(feed, strlen(feed), &products, &count, &fault) != RESULT_MALFORMED)
        fail_msg("let in: %s", feed);
    assert_null(products); /* nothing half-imported */
    assert_string_equal(fault.field, field);
    assert_string_equal(fault.detail, detail);
}

static void all_columns(void **state)
{
    (void)state;
    static const char feed[] =
        "id,title,description,link,image_link,availability,price,brand,condition,gtin,shipping_weight,product_length,"
        "product_width,product_height,limit_per_viewer,auto_pricing_min_price\n"
        "mug-red,Red mug,\"330 ml, round\",https://shop.example/p/mug-red,/img/mug-red.svg,in stock,12.90 EUR,Us,new,"
        "4001234560014,420 g,11 cm,9 cm,9.5 cm,2,8.00 EUR\n";
    struct products p = expect_feed(feed, sizeof feed - 1);
    assert_int_equal(p.count, 1);
    assert_string_equal(p.list->sku.text, "mug-red");
    assert_string_equal(p.list->title, "Red mug");
    assert_string_equal(p.list->url, "https://shop.example/p/mug-red");
    assert_string_equal(p.list->image, "/img/mug-red.svg");
    assert_int_equal(p.list->price.minor, 1290);
    assert_string_equal(p.list->price.currency, "EUR");
    assert_int_equal(p.list->floor.minor, 800);
    assert_string_equal(p.list->floor.currency, "EUR");
    assert_string_equal(p.list->gtin, "4001234560014");
    assert_int_equal(p.list->weight_g, 420);
    assert_int_equal(p.list->size_mm[0], 110);
    assert_int_equal(p.list->size_mm[1], 90);
    assert_int_equal(p.list->size_mm[2], 95);
    assert_int_equal(p.list->limit_per_viewer, 2);
    free(p.list);
}

static void the_forms_files_come_in(void **state)
{
    (void)state;
    static const char *const feeds[] = {
        "id,title,price\nmug,A mug,1 EUR\n",
        "id,title,price\nmug,A mug,1 EUR",
        "id,title,price\r\nmug,A mug,1 EUR\r\n",
        "id,title,price\rmug,A mug,1 EUR\r",
        "\xef\xbb\xbfid,title,price\nmug,A mug,1 EUR\n",
        "id\ttitle\tprice\nmug\tA mug\t1 EUR\n",
        "\"id\",\"title\",\"price\"\n\"mug\",\"A mug\",\"1 EUR\"\n",
        "Price,Title,ID\n1 EUR,A mug,mug\n",
        "id,title,price,image link\nmug,A mug,1 EUR,/a\n",
        "id , title, price\n mug ,  A mug ,1 EUR \n",
        "\n\nid,title,price\n\n,,\nmug,A mug,1 EUR\n\n,,\n",
        "id,title,price,gtin,shipping_weight\nmug,A mug,1 EUR,,\n",
        "id,title,price,x,y\nmug,A mug,1 EUR,\"a\nb\",\"c,\"\"d\"\"\"\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(feeds); i++) {
        struct products p = expect_feed(feeds[i], strlen(feeds[i]));
        assert_int_equal(p.count, 1);
        assert_string_equal(p.list->sku.text, "mug");
        assert_string_equal(p.list->title, "A mug");
        assert_int_equal(p.list->price.minor, 100);
        free(p.list);
    }
    struct products none = expect_feed("id,title,price\n", strlen("id,title,price\n"));
    assert_int_equal(none.count, 0);
    assert_null(none.list);
}

static void quotes(void **state)
{
    (void)state;
    static const char feed[] = "id,title,price\nmug,\"A \"\"mug\"\", red\" ,1 EUR\n";
    struct products p = expect_feed(feed, sizeof feed - 1);
    assert_string_equal(p.list->title, "A \"mug\", red");
    free(p.list);
}

#define HEAD "id,title,price,link,gtin,shipping_weight,product_length,limit_per_viewer\n"
#define WRONG(column, cell, what) "row 2, column " column ": \"" cell "\" " what

static void every_broken_cell_is_named(void **state)
{
    (void)state;
    expect_fault(HEAD "m g,T,1 EUR,,,,,\n", "row[2].id",
                 WRONG("id", "m g", "is not 1 to 63 characters out of A-Z a-z 0-9 . _ ~ -"));
    expect_fault(HEAD ",T,1 EUR,,,,,\n", "row[2].id", "row 2, column id: must not be empty");
    expect_fault(HEAD "m,,1 EUR,,,,,\n", "row[2].title", "row 2, column title: must not be empty");
    expect_fault(HEAD "m,T,,,,,,\n", "row[2].price", "row 2, column price: must not be empty");
    expect_fault(HEAD "m,T,\"12,9\",,,,,\n", "row[2].price", WRONG("price", "12,9", "is not an amount and a currency"));
    expect_fault(HEAD "m,T,1 EUR,javascript:x,,,,\n", "row[2].link",
                 WRONG("link", "javascript:x",
                       "is not an address of at most 1000 bytes that begins with https://, http:// or /"));
    expect_fault(HEAD "m,T,1 EUR,,4001234560015,,,\n", "row[2].gtin",
                 WRONG("gtin", "4001234560015", "is not a GTIN of 8, 12, 13 or 14 digits with its check digit"));
    expect_fault(HEAD "m,T,1 EUR,,,420,,\n", "row[2].shipping_weight",
                 WRONG("shipping_weight", "420", "is not a weight in g, kg, lb or oz"));
    expect_fault(HEAD "m,T,1 EUR,,,,11 m,\n", "row[2].product_length",
                 WRONG("product_length", "11 m", "is not a length in mm, cm or in"));
    expect_fault(HEAD "m,T,1 EUR,,,,,two\n", "row[2].limit_per_viewer",
                 WRONG("limit_per_viewer", "two", "is not a whole number from 0 to 1000000"));
}

static void rows_and_columns(void **state)
{
    (void)state;
    expect_fault("", "row[1]", "row 1: there are no column names");
    expect_fault("\n\n", "row[1]", "row 1: there are no column names");
    expect_fault("id,title,price,auto_pricing_min_price\nm,T,1 EUR,low\n", "row[2].auto_pricing_min_price",
                 WRONG("auto_pricing_min_price", "low", "is not an amount and a currency"));
    expect_fault("id,title,price,auto_pricing_min_price\nm,T,9 EUR,8 USD\n", "row[2].auto_pricing_min_price",
                 "row 2, column auto_pricing_min_price: is not in the currency of the price");
    expect_fault("id,title\n", "row[1].price", "row 1, column price: there is no such column");
    expect_fault("id,title,price,Title\n", "row[1].title", "row 1, column title: stands twice");
    expect_fault("id,title,price\na,A,1 EUR\n\na,A,1 EUR\n", "row[4].id",
                 "row 4, column id: \"a\" stands in row 2 already");
    expect_fault("id,title,price\nm,T\n", "row[2]", "row 2: 2 cells, but 3 columns");
    expect_fault("id,title,price\nm,T,1 EUR,\n", "row[2]", "row 2: 4 cells, but 3 columns");
    expect_fault("id,title,price\nm,\"T,1 EUR\n", "row[2]",
                 "row 2: a quote does not end, or stands inside a cell that does not begin with one");
    expect_fault("id,title,price\nm,T\"x\",1 EUR\n", "row[2]",
                 "row 2: a quote does not end, or stands inside a cell that does not begin with one");
    expect_fault("id,title,price\nm,\"T\"x,1 EUR\n", "row[2]",
                 "row 2: a quote does not end, or stands inside a cell that does not begin with one");
    expect_fault("id,title,price\nm,\xff,1 EUR\n", "row[1]", "row 1: the file is not UTF-8 text");
}

/* A broken cell is shown up to a whole character. */
static void a_long_cell_is_shown_in_part(void **state)
{
    (void)state;
    struct bytes feed = {0};
    bytes_text(&feed, "id,title,price\nm,T,");
    for (int i = 0; i < 100; i++)
        bytes_text(&feed, i == 0 ? "x" : "\xc3\xa9");
    struct product *products = NULL;
    size_t count = 0;
    struct decode_fault fault;
    assert_int_equal(catalogue_csv_decode(feed.data, feed.len, &products, &count, &fault), RESULT_MALFORMED);
    bytes_finish(&feed);
    assert_true(utf8_is_valid(fault.detail, strlen(fault.detail)));
    assert_non_null(strstr(fault.detail, "\xc3\xa9...\" is not an amount"));
}

static void limits(void **state)
{
    (void)state;
    struct bytes feed = {0};
    bytes_text(&feed, "id,title,price");
    for (int i = 0; i < 254; i++) /* 257 in all */
        bytes_text(&feed, ",x");
    expect_fault(feed.data, "row[1]", "row 1: more than 256 cells or 65536 bytes");
    bytes_clear(&feed);
    bytes_text(&feed, "id,title,price,description\na,A,1 EUR,");
    for (int i = 0; i < 70000; i++)
        bytes_text(&feed, "x");
    expect_fault(feed.data, "row[2]", "row 2: more than 256 cells or 65536 bytes");
    bytes_clear(&feed);
    bytes_text(&feed, "id,title,price\n");
    for (int i = 0; i < CATALOGUE_PRODUCTS_MAX; i++)
        bytes_format(&feed, "s%d,T,1 EUR\n", i);
    struct products p = expect_feed(feed.data, feed.len);
    assert_int_equal(p.count, CATALOGUE_PRODUCTS_MAX);
    free(p.list);
    bytes_text(&feed, "one-more,T,1 EUR\n");
    expect_fault(feed.data, "row[20002]", "row 20002: more than 20000 products");
    bytes_finish(&feed);
}

/* clang-format off */
static const struct { const char *text; int64_t minor; const char *currency; } prices[] = {
    {"12.90 EUR", 1290, "EUR"}, {"12.9 EUR", 1290, "EUR"}, {"12 EUR", 1200, "EUR"}, {"0 EUR", 0, "EUR"}, {"0.01 USD", 1, "USD"},
    {"500 JPY", 500, "JPY"}, {"1.234 KWD", 1234, "KWD"}, {"1.2345 CLF", 12345, "CLF"}, {"12.90EUR", 1290, "EUR"},
    {"10000000000.00 EUR", MONEY_MINOR_MAX, "EUR"},
};
static const char *const no_prices[] = {
    "", "EUR", "12.90", "12.90 eur", "12.90 EURO", "EUR 12.90", "12,90 EUR", "1,200.00 EUR", "-1 EUR", "+1 EUR", ".5 EUR", "1. EUR",
    "12.905 EUR", "12.900 EUR", "500.5 JPY", "500.0 JPY", "1.2345 KWD", "1e3 EUR", "10000000000.01 EUR", "9999999999999999999 EUR",
    "1 000 EUR", "12.90 EUR x", "12.90  ", "0x10 EUR", "1.1.1 EUR",
};
static const struct { const char *text; uint32_t value; } weights[] = {
    {"420 g", 420}, {"0.42 kg", 420}, {"0.42kg", 420}, {"1 lb", 454}, {"3 oz", 85}, {"1.65 KG", 1650}, {"0 g", 0}, {"0.1 g", 1},
    {"0.5 g", 1}, {"1.5 g", 2}, {"100000 kg", WEIGHT_G_MAX},
}, lengths[] = {
    {"11 cm", 110}, {"110 mm", 110}, {"4 in", 102}, {"9.5 cm", 95}, {"0.01 mm", 1}, {"0 cm", 0}, {"1000000 mm", SIZE_MM_MAX},
};
static const char *const no_weights[] = {"", "g", "420", "420 t", "-1 g", "1,5 kg", "1 k g", "100001 kg", "1.1234567 g", "inf g"};
/* clang-format on */

static void values_of_feeds(void **state)
{
    (void)state;
    struct money m;
    uint32_t value;
    for (size_t i = 0; i < ARRAY_LEN(prices); i++) {
        if (!feed_price(prices[i].text, &m))
            fail_msg("no price: %s", prices[i].text);
        assert_int_equal(m.minor, prices[i].minor);
        assert_string_equal(m.currency, prices[i].currency);
    }
    for (size_t i = 0; i < ARRAY_LEN(no_prices); i++)
        if (feed_price(no_prices[i], &m))
            fail_msg("a price: %s", no_prices[i]);
    for (size_t i = 0; i < ARRAY_LEN(weights); i++) {
        assert_true(feed_weight(weights[i].text, &value));
        assert_int_equal(value, weights[i].value);
    }
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        assert_true(feed_length(lengths[i].text, &value));
        assert_int_equal(value, lengths[i].value);
    }
    for (size_t i = 0; i < ARRAY_LEN(no_weights); i++)
        if (feed_weight(no_weights[i], &value))
            fail_msg("a weight: %s", no_weights[i]);
    assert_true(feed_count("7", 7, &value));
    assert_false(feed_count("8", 7, &value));
    assert_false(feed_count("7.0", 7, &value));
    assert_false(feed_count("7 x", 7, &value));
    assert_false(feed_count("-1", 7, &value));
}

static void check_digits(void **state)
{
    (void)state;
    static const char *const good[] = {"96385074", "036000291452", "4006381333931", "10614141000415"};
    static const char *const bad[] = {"",
                                      "96385075",
                                      "036000291453",
                                      "4006381333932",
                                      "400638133393",
                                      "40063813339310",
                                      "4006381333 31",
                                      "4.00638E+12",
                                      "123456789012345"};
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        assert_true(gtin_is_valid(good[i], strlen(good[i])));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(gtin_is_valid(bad[i], strlen(bad[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_columns),      cmocka_unit_test(the_forms_files_come_in),
        cmocka_unit_test(quotes),           cmocka_unit_test(every_broken_cell_is_named),
        cmocka_unit_test(rows_and_columns), cmocka_unit_test(a_long_cell_is_shown_in_part),
        cmocka_unit_test(limits),           cmocka_unit_test(values_of_feeds),
        cmocka_unit_test(check_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
