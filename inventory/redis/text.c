#include "inventory/redis/text.h"

#include <inttypes.h>
#include <string.h>

bool text_take(struct text *from, char mark, struct text *ret)
{
    if (from->len == 0)
        return false;
    const char *end = memchr(from->at, mark, from->len);
    size_t len = end == NULL ? from->len : (size_t)(end - from->at);
    size_t used = end == NULL ? len : len + 1;
    *ret = (struct text){from->at, len};
    *from = (struct text){from->at + used, from->len - used};
    return true;
}

bool text_is(struct text t, const char *word) { return strlen(word) == t.len && memcmp(t.at, word, t.len) == 0; }

bool text_number(struct text t, int64_t low, int64_t high, int64_t *ret)
{
    bool negative = t.len > 0 && t.at[0] == '-';
    size_t i = negative;
    int64_t number = 0;
    if (t.len == i || t.len > i + 18) /* 18 digits always fit */
        return false;
    for (; i < t.len; i++) {
        if (t.at[i] < '0' || t.at[i] > '9')
            return false;
        number = number * 10 + (t.at[i] - '0');
    }
    if (negative)
        number = -number;
    if (number < low || number > high)
        return false;
    *ret = number;
    return true;
}

bool text_id(struct text t, char ret[ID_LEN_MAX + 1]) { return id_parse(ret, t.at, t.len) == RESULT_OK; }

bool text_ref(struct text t, char ret[REF_LEN_MAX + 1])
{
    if (t.len > REF_LEN_MAX)
        return false;
    for (size_t i = 0; i < t.len; i++)
        if (t.at[i] <= ' ' || t.at[i] > '~' || t.at[i] == '|' || t.at[i] == ',')
            return false;
    memset(ret, 0, REF_LEN_MAX + 1);
    memcpy(ret, t.at, t.len);
    return true;
}

/* ---- holds ---- */

static bool take_number(struct text *from, char mark, int64_t low, int64_t high, int64_t *ret)
{
    struct text part;
    return text_take(from, mark, &part) && text_number(part, low, high, ret);
}

static enum hold_state state_of_letter(char letter)
{
    switch (letter) {
    case 'H':
        return HOLD_HELD;
    case 'C':
        return HOLD_CONFIRMED;
    case 'R':
        return HOLD_RELEASED;
    case 'X':
        return HOLD_EXPIRED;
    case 'V':
        return HOLD_VOID;
    default:
        return HOLD_NONE;
    }
}

static bool parse_line(struct text text, struct line *ret)
{
    struct text sku;
    int64_t units = 0, version = 0;
    *ret = (struct line){0};
    if (!text_take(&text, ':', &sku) || !text_id(sku, ret->sku.text) ||
        !take_number(&text, ':', 1, HOLD_UNITS_MAX, &units) ||
        !take_number(&text, ':', 0, MONEY_MINOR_MAX, &ret->unit_minor) || !text_number(text, 0, UINT32_MAX, &version))
        return false;
    ret->units = (uint32_t)units;
    ret->price_version = (uint32_t)version;
    return true;
}

static bool parse_lines(struct text text, struct hold *ret)
{
    struct text part;
    ret->lines_count = 0;
    while (text_take(&text, ',', &part)) {
        if (ret->lines_count == CART_LINES_MAX || !parse_line(part, &ret->lines[ret->lines_count]))
            return false;
        for (size_t i = 0; i < ret->lines_count; i++)
            if (ID_EQUAL(ret->lines[i].sku, ret->lines[ret->lines_count].sku))
                return false;
        ret->lines_count++;
    }
    return ret->lines_count > 0;
}

static bool parse_claim(struct text text, struct hold *ret)
{
    struct text viewer, broadcast, currency;
    if (!text_take(&text, '|', &viewer) || !text_take(&text, '|', &broadcast) || !text_take(&text, '|', &currency))
        return false;
    if (!text_id(viewer, ret->viewer.text) || !currency_is_valid(currency.at, currency.len))
        return false;
    memset(&ret->broadcast, 0, sizeof ret->broadcast);
    if (broadcast.len > 0 && !text_id(broadcast, ret->broadcast.text))
        return false;
    memcpy(ret->currency, currency.at, 3);
    ret->currency[3] = '\0';
    return parse_lines(text, ret);
}

enum result text_hold_record(struct text text, struct hold *ret)
{
    struct text state, order;
    int64_t extends = 0, offer = 0;
    if (!text_take(&text, '|', &state) || state.len != 1)
        return RESULT_MALFORMED;
    ret->state = state_of_letter(state.at[0]);
    if (ret->state == HOLD_NONE || !take_number(&text, '|', 0, INT64_MAX, &ret->expires_at_ms) ||
        !take_number(&text, '|', 0, EXTENDS_MAX, &extends) || !take_number(&text, '|', 0, 1, &offer) ||
        !text_take(&text, '|', &order) || !text_ref(order, ret->order) || !parse_claim(text, ret))
        return RESULT_MALFORMED;
    ret->extends = (uint8_t)extends;
    ret->offer = offer == 1;
    return RESULT_OK;
}

enum result text_hold(struct text text, struct hold *ret)
{
    struct text id;
    if (!text_take(&text, ' ', &id) || !text_id(id, ret->id.text))
        return RESULT_MALFORMED;
    return text_hold_record(text, ret);
}

void text_claim_write(struct bytes *out, const struct hold *h)
{
    bytes_text(out, h->viewer.text);
    bytes_append(out, "|", 1);
    bytes_text(out, h->broadcast.text);
    bytes_append(out, "|", 1);
    bytes_append(out, h->currency, strnlen(h->currency, 3));
    for (size_t i = 0; i < h->lines_count; i++) {
        const struct line *line = &h->lines[i];
        bytes_format(out, "%c%s:%" PRIu32 ":%" PRId64 ":%" PRIu32, i == 0 ? '|' : ',', line->sku.text, line->units,
                     line->unit_minor, line->price_version);
    }
}

/* ---- rows ---- */

enum result text_row(struct text row, struct stock_count *ret, struct row_rest *ret_rest)
{
    int64_t stopped = 0, limit = 0;
    struct text tracked;
    if (!take_number(&row, ':', -2 * (int64_t)STOCK_UNITS_MAX, STOCK_UNITS_MAX, &ret->available) ||
        !take_number(&row, ':', 0, INT64_MAX, &ret->held) || !take_number(&row, ':', 0, INT64_MAX, &ret->sold) ||
        !take_number(&row, ':', INT64_MIN, INT64_MAX, &ret->allocated) || !take_number(&row, ':', 0, 1, &stopped) ||
        !take_number(&row, ':', 0, HOLD_UNITS_MAX, &limit) ||
        !take_number(&row, ':', 0, MONEY_MINOR_MAX, &ret->version) ||
        !take_number(&row, ':', 0, INT64_MAX, &ret_rest->waiting) || !text_take(&row, ':', &tracked))
        return RESULT_MALFORMED;
    ret->stopped = stopped == 1;
    ret->limit_per_viewer = (uint32_t)limit;
    ret_rest->tracked = text_is(tracked, "1");
    return RESULT_OK; /* what follows is of a later version */
}
