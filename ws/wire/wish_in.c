#include "ws/wire/wish_in.h"

struct wish_line { /* as struct reserve_wish has them, which gives its lines no name */
    struct sku_id sku;
    uint32_t units, seen_price;
};
_Static_assert(sizeof(struct wish_line) == sizeof(((struct reserve_wish *)0)->lines[0]), "the same lines");

/* clang-format off */
static const struct member line_list[] = {
    NEEDS(struct wish_line, "sku", ID, sku),
    NEEDS(struct wish_line, "qty", U32, units, .min = 1, .max = HOLD_UNITS_MAX),
    MAY(struct wish_line, "seen_price", U32, seen_price, .max = UINT32_MAX),
};
static const struct members line_members = MEMBERS(line_list);
/* clang-format on */

static enum result read_line(struct json_in *in, const json_t *value, const struct place *at, size_t index,
                             struct reserve_wish *wish)
{
    struct wish_line line = {0};
    enum result result = read_object(in, value, at, &line_members, &line);
    if (result != RESULT_OK)
        return result;
    for (size_t i = 0; i < index; i++) {
        struct place sku = {.in = at, .member = "sku"};
        if (ID_EQUAL(wish->lines[i].sku, line.sku))
            return fault_at(in, &sku, "stands in an earlier line: ask for more units there");
    }
    wish->lines[index].sku = line.sku;
    wish->lines[index].units = line.units;
    wish->lines[index].seen_price = line.seen_price;
    return RESULT_OK;
}

enum result read_lines(struct json_in *in, const json_t *value, const struct place *at, void *to)
{
    struct command *c = to;
    size_t count = 0;
    enum result result = read_list(in, value, at, 1, CART_LINES_MAX, &count);
    for (size_t i = 0; result == RESULT_OK && i < count; i++) {
        struct place here = {.in = at, .index = i};
        result = read_line(in, json_array_get(value, i), &here, i, &c->wish);
    }
    c->wish.lines_count = (uint8_t)count;
    return result;
}

enum result read_seen_price(struct json_in *in, const json_t *value, const struct place *at, void *to)
{
    static const struct member whole = {.kind = MEMBER_U32, .max = UINT32_MAX};
    struct command *c = to;
    uint32_t seen = 0;
    enum result result = read_member(in, value, at, &whole, &seen);
    if (result == RESULT_OK && c->wish.lines[0].seen_price == 0)
        c->wish.lines[0].seen_price = seen;
    return result;
}

static const char *recall_choice_name(unsigned choice) { return recall_mode_name((enum recall_mode)(choice + 1)); }

enum result read_recall(struct json_in *in, const json_t *value, const struct place *at, void *to)
{
    /* Lifting a recall is nothing that is asked for with one: the first choice comes after RECALL_NONE. */
    static const struct member choice = {.kind = MEMBER_NAME, .max = RECALL_MODES - 2, .name_of = recall_choice_name};
    struct command *c = to;
    unsigned chosen = 0;
    enum result result = read_member(in, value, at, &choice, &chosen);
    if (result == RESULT_OK)
        c->recall = (enum recall_mode)(chosen + 1);
    return result;
}
