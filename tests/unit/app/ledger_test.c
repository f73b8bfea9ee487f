/* A ledger entry as JSON, and the file that holds many. docs/ledger/example.jsonl is what comes out for every kind of movement. */
#include "tests/unit/unit.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/ledger_file.h"
#include "app/ledger_json.h"
#include "inventory/redis/entry.h"

#define EXAMPLE "docs/ledger/example.jsonl"

static struct text text_of(const char *text) { return (struct text){text, strlen(text)}; }

static void write_entry(struct bytes *out, const char *id, const char *time, const char *claims, const char *movements,
                        const char *counts)
{
    static const struct shop_id shop = {"demo"};
    struct entry_room room = {0};
    struct ledger_entry entry;
    size_t skipped = 1;
    struct entry_text text = {text_of(id), text_of(time), text_of(claims), text_of(movements), text_of(counts)};
    assert_int_equal(RESULT_OK, entry_parse(&text, &room, &entry, &skipped));
    assert_int_equal(0, skipped);
    ledger_json_write(out, &shop, &entry);
    entry_room_finish(&room);
}

/* A shop's morning, with one of each. */
static void write_example(struct bytes *out)
{
    write_entry(out, "1795177200000-0", "1795177200000", "",
                "allocated mug-red 10 po-\"1001\"\nwithdrawn mug-red 1 w-1\nlimit mug-red 4\nbuffer mug-red 1",
                "mug-red 9:0:0:9:0:4:0:0:1:0:1");
    write_entry(out, "1795177260000-0", "1795177260000", "1795177560000|show|EUR|mug-red:2:990:3",
                "1 h1 v1\n1 h2 v2\n1 h3 v3", "mug-red 3:6:0:9:0:4:0:0:1:0:1");
    write_entry(
        out, "1795177290000-0", "1795177290000", "",
        "extended h1 H1795177590000+1|v1|show|EUR|mug-red:2:990:3\n"
        "confirmed h2 C1795177290000#A-17|v2|show|EUR|mug-red:2:990:3\nwaiting mug-red 2 v4\nwaiting mug-red 2 v5\n"
        "left mug-red 2 v5\nreleased h3 R1795177290000|v3|show|EUR|mug-red:2:990:3\n"
        "offered ~1 H1795177410000~|v4|show|EUR|mug-red:2:990:3",
        "mug-red 3:4:2:9:0:4:0:0:1:0:1");
    write_entry(out, "1795177300000-0", "1795177300000", "", "frozen show", "");
    write_entry(out, "1795177310000-0", "1795177310000", "", "thawed show 10000", "");
    write_entry(out, "1795177320000-0", "1795177320000", "", "frozen show", "");
    write_entry(out, "1795177320000-1", "1795177320000", "",
                "checkpoint\nkept h1 H1795177590000+1|v1|show|EUR|mug-red:2:990:3\n"
                "kept ~1 H1795177410000~|v4|show|EUR|mug-red:2:990:3\nfrozen show 10000 1795177320000",
                "mug-red 3:4:2:9:0:4:0:0:1:0:1");
    write_entry(out, "1795177330000-0", "1795177330000", "",
                "thawed show 20000\nrecall mug-red cancel\nrecalled h1 R1795177330000|v1|show|EUR|mug-red:2:990:3\n"
                "recall mug-red none\nopened mug-red",
                "mug-red 5:2:2:9:0:4:0:0:1:0:1");
    write_entry(out, "1795177430000-0", "1795177430000", "",
                "expired ~1 X1795177430000~|v4|show|EUR|mug-red:2:990:3\n"
                "retaken ~1 C1795177430000~#A-18|v4|show|EUR|mug-red:2:990:3\n"
                "synced mug-red 1 2 7 4200\nsynced mug-red -1 4 8 -1\nstopped mug-red",
                "mug-red 5:0:4:9:1:4:8:0:1:0:1");
    write_entry(out, "1795177500000-0", "1795177500000", "", "voided h9 V1795177500000|v9||EUR|mug-red:1:990:3",
                "mug-red 5:0:4:9:1:4:8:0:1:0:1");
}

static void the_example_is_what_comes_out(void **state)
{
    (void)state;
    struct bytes out = {0}, there = {0};
    char piece[4096];
    size_t got;
    write_example(&out);
    FILE *f = fopen(EXAMPLE, "rb");
    assert_non_null(f);
    while ((got = fread(piece, 1, sizeof piece, f)) > 0)
        bytes_append(&there, piece, got);
    fclose(f);
    assert_int_equal(RESULT_OK, bytes_result(&out));
    if (there.len != out.len || memcmp(there.data, out.data, out.len) != 0)
        fwrite(out.data, 1, out.len, stdout);
    assert_int_equal(there.len, out.len);
    assert_memory_equal(there.data, out.data, out.len);
    bytes_finish(&out);
    bytes_finish(&there);
}

static void every_line_is_json(void **state)
{
    (void)state;
    struct bytes out = {0};
    size_t lines = 0;
    write_example(&out);
    for (const char *at = out.data, *end; (end = strchr(at, '\n')) != NULL; at = end + 1, lines++) {
        json_t *line = json_loadb(at, (size_t)(end - at), JSON_REJECT_DUPLICATES, NULL);
        assert_true(json_is_object(line));
        assert_string_equal("demo", json_string_value(json_object_get(line, "shop")));
        if (lines == 0) {
            const json_t *first = json_array_get(json_object_get(line, "movements"), 0);
            assert_string_equal("po-\"1001\"", json_string_value(json_object_get(first, "ref")));
        }
        json_decref(line);
    }
    assert_int_equal(10, lines);
    bytes_finish(&out);
}

/* ---- the file ---- */

static char folder[] = "/tmp/ls-ledger-XXXXXX";
static char name[sizeof folder + 16], part[sizeof folder + 24];

static int folder_make(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(name, sizeof name, "%s/a.jsonl", folder);
    snprintf(part, sizeof part, "%s.part", name);
    return 0;
}

static int folder_remove(void **state)
{
    (void)state;
    unlink(name);
    unlink(part);
    return rmdir(folder);
}

static void append(struct ledger_file *f, const char *text)
{
    struct fault fault;
    struct bytes lines = {0};
    bytes_text(&lines, text);
    assert_int_equal(RESULT_OK, ledger_file_append(f, &lines, &fault));
    bytes_finish(&lines);
}

static void expect_content(const char *expected)
{
    char content[256] = "";
    FILE *f = fopen(name, "rb");
    assert_true((f != NULL) == (expected != NULL));
    if (f == NULL)
        return;
    content[fread(content, 1, sizeof content - 1, f)] = '\0';
    fclose(f);
    assert_string_equal(expected, content);
}

static void a_file_is_whole_or_as_it_was(void **state)
{
    (void)state;
    struct ledger_file f, other;
    struct fault fault;
    assert_int_equal(RESULT_OK, ledger_file_open(&f, name, &fault));
    assert_int_equal(0, f.last_line.len);
    assert_int_equal(RESULT_CONFLICT, ledger_file_open(&other, name, &fault)); /* one writer */
    ledger_file_close(&other);
    append(&f, "one\ntwo\n");
    expect_content(NULL);
    assert_int_equal(RESULT_OK, ledger_file_commit(&f, &fault));
    ledger_file_close(&f);
    expect_content("one\ntwo\n");
    assert_int_equal(RESULT_OK, ledger_file_open(&f, name, &fault));
    assert_string_equal("one\n", f.first_line.data);
    assert_string_equal("two\n", f.last_line.data);
    append(&f, "three\n");
    ledger_file_close(&f); /* not committed */
    expect_content("one\ntwo\n");
    assert_int_not_equal(0, access(part, F_OK));
    assert_int_equal(RESULT_OK, ledger_file_open(&f, name, &fault));
    append(&f, "three\n");
    assert_int_equal(RESULT_OK, ledger_file_commit(&f, &fault));
    ledger_file_close(&f);
    expect_content("one\ntwo\nthree\n");
}

static void a_torn_file_is_refused(void **state)
{
    (void)state;
    struct ledger_file f;
    struct fault fault;
    FILE *torn = fopen(name, "wb");
    assert_non_null(torn);
    fputs("one\ntw", torn);
    fclose(torn);
    assert_int_equal(RESULT_MALFORMED, ledger_file_open(&f, name, &fault));
    ledger_file_close(&f);
    expect_content("one\ntw");
    torn = fopen(part, "wb"); /* left by a crash: of no use, and in nobody's way */
    assert_non_null(torn);
    fputs("rubbish", torn);
    fclose(torn);
    unlink(name);
    assert_int_equal(RESULT_OK, ledger_file_open(&f, name, &fault));
    append(&f, "one\n");
    assert_int_equal(RESULT_OK, ledger_file_commit(&f, &fault));
    ledger_file_close(&f);
    expect_content("one\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_is_what_comes_out),
        cmocka_unit_test(every_line_is_json),
        cmocka_unit_test(a_file_is_whole_or_as_it_was),
        cmocka_unit_test(a_torn_file_is_refused),
    };
    return cmocka_run_group_tests_name("the ledger's archive", tests, folder_make, folder_remove);
}
