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

size_t text_lines(struct text t)
{
    size_t lines = t.len > 0;
    for (size_t i = 0; i < t.len; i++)
        lines += t.at[i] == '\n';
    return lines;
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

static bool parse_shared(struct text text, struct hold *ret)
{
    struct text broadcast, currency;
    if (!text_take(&text, '|', &broadcast) || !text_take(&text, '|', &currency) ||
        !currency_is_valid(currency.at, currency.len))
        return false;
    memset(&ret->broadcast, 0, sizeof ret->broadcast);
    if (broadcast.len > 0 && !text_id(broadcast, ret->broadcast.text))
        return false;
    memcpy(ret->currency, currency.at, 3);
    ret->currency[3] = '\0';
    return parse_lines(text, ret);
}

enum result text_shared_claim(struct text claim, struct hold *ret)
{
    ret->state = HOLD_HELD;
    return parse_shared(claim, ret) ? RESULT_OK : RESULT_MALFORMED;
}

/* Takes the digits at the start. */
static bool take_digits(struct text *from, int64_t high, int64_t *ret)
{
    size_t len = 0;
    while (len < from->len && from->at[len] >= '0' && from->at[len] <= '9')
        len++;
    struct text digits = {from->at, len};
    *from = (struct text){from->at + len, from->len - len};
    return text_number(digits, 0, high, ret);
}

static bool take_mark(struct text *from, char mark)
{
    if (from->len == 0 || from->at[0] != mark)
        return false;
    *from = (struct text){from->at + 1, from->len - 1};
    return true;
}

/* "H1795177260000+1~#order" */
static bool parse_head(struct text head, struct hold *ret)
{
    int64_t extends = 0;
    if (head.len == 0)
        return false;
    ret->state = state_of_letter(head.at[0]);
    head = (struct text){head.at + 1, head.len - 1};
    if (ret->state == HOLD_NONE || !take_digits(&head, INT64_MAX, &ret->expires_at_ms) ||
        (take_mark(&head, '+') && !take_digits(&head, EXTENDS_MAX, &extends)))
        return false;
    ret->extends = (uint8_t)extends;
    ret->offer = take_mark(&head, '~');
    bool has_order = take_mark(&head, '#');
    return (has_order || head.len == 0) && text_ref(head, ret->order);
}

enum result text_hold_record(struct text text, struct hold *ret)
{
    struct text head, viewer;
    bool is_hold = text_take(&text, '|', &head) && parse_head(head, ret) && text_take(&text, '|', &viewer) &&
                   text_id(viewer, ret->viewer.text) && parse_shared(text, ret);
    return is_hold ? RESULT_OK : RESULT_MALFORMED;
}

enum result text_hold(struct text text, struct hold *ret)
{
    struct text id;
    if (!text_take(&text, ' ', &id) || !text_id(id, ret->id.text))
        return RESULT_MALFORMED;
    return text_hold_record(text, ret);
}

void text_shared_claim_write(struct bytes *out, const struct hold *h)
{
    bytes_text(out, h->broadcast.text);
    bytes_append(out, "|", 1);
    bytes_append(out, h->currency, strnlen(h->currency, 3));
    for (size_t i = 0; i < h->lines_count; i++) {
        const struct line *line = &h->lines[i];
        bytes_format(out, "%c%s:%" PRIu32 ":%" PRId64 ":%" PRIu32, i == 0 ? '|' : ',', line->sku.text, line->units,
                     line->unit_minor, line->price_version);
    }
}

void text_claim_write(struct bytes *out, const struct hold *h)
{
    bytes_text(out, h->viewer.text);
    bytes_append(out, "|", 1);
    text_shared_claim_write(out, h);
}

/* ---- rows ---- */

enum result text_row(struct text row, struct stock_count *ret, struct row_rest *ret_rest)
{
    int64_t stopped = 0, limit = 0, tracked = 0, recall = 0;
    if (!take_number(&row, ':', -2 * (int64_t)STOCK_UNITS_MAX, STOCK_UNITS_MAX, &ret->available) ||
        !take_number(&row, ':', 0, INT64_MAX, &ret->held) || !take_number(&row, ':', 0, INT64_MAX, &ret->sold) ||
        !take_number(&row, ':', INT64_MIN, INT64_MAX, &ret->allocated) || !take_number(&row, ':', 0, 1, &stopped) ||
        !take_number(&row, ':', 0, HOLD_UNITS_MAX, &limit) ||
        !take_number(&row, ':', 0, STOCK_VERSION_MAX, &ret->version) ||
        !take_number(&row, ':', 0, INT64_MAX, &ret_rest->waiting) || !take_number(&row, ':', 0, 1, &tracked) ||
        !take_number(&row, ':', 0, RECALL_MODES - 1, &recall) ||
        !take_number(&row, ':', 0, STOCK_UNITS_MAX, &ret->buffer))
        return RESULT_MALFORMED;
    ret->stopped = stopped == 1;
    ret->limit_per_viewer = (uint32_t)limit;
    ret->recall = (enum recall_mode)recall;
    ret_rest->tracked = tracked == 1;
    return RESULT_OK; /* what follows is of a later version */
}

/* ---- timers and clocks ---- */

enum result text_timer(struct text timer, struct timer_text *ret)
{
    struct text kind, broadcast;
    *ret = (struct timer_text){0};
    if (!text_take(&timer, '|', &kind) || kind.len != 1)
        return RESULT_MALFORMED;
    ret->kind = kind.at[0];
    if (ret->kind == 'u')
        return text_number(timer, 1, INT64_MAX, &ret->lane) ? RESULT_OK : RESULT_MALFORMED;
    if (ret->kind == 't' &&
        (!text_take(&timer, '|', &broadcast) || (broadcast.len > 0 && !text_id(broadcast, ret->broadcast)) ||
         !take_number(&timer, '|', 0, INT64_MAX, &ret->expires_at_ms)))
        return RESULT_MALFORMED;
    ret->ids = timer;
    return (ret->kind == 't' || ret->kind == 'p') && timer.len > 0 ? RESULT_OK : RESULT_MALFORMED;
}

enum result text_clock(struct text clock, struct clock_text *ret)
{
    struct text epoch;
    *ret = (struct clock_text){0};
    bool is_clock = take_number(&clock, '|', 0, INT64_MAX, &ret->stood_ms) &&
                    take_number(&clock, '|', 0, INT64_MAX, &ret->since_ms) && text_take(&clock, '|', &epoch) &&
                    text_id(epoch, ret->epoch.text) && take_number(&clock, '|', 0, INT64_MAX, &ret->seq) &&
                    text_number(clock, 0, INT64_MAX, &ret->lane);
    return is_clock ? RESULT_OK : RESULT_MALFORMED;
}
