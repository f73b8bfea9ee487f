#include "ws/wire/feed_values.h"

#include <string.h>
#include <strings.h>

#include "ws/wire/parts_in.h"

#define DECIMALS_MAX 6
#define WHOLE_DIGITS_MAX 12

/* A number as it is written: digits without their point, and how many of them stood behind it. */
struct decimal {
    int64_t digits;
    unsigned decimals;
};

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Returns behind the number and the spaces after it; NULL: none is there. */
static const char *decimal_read(const char *text, struct decimal *ret)
{
    struct decimal d = {0};
    unsigned whole = 0;
    for (; is_digit(*text); text++, whole++)
        d.digits = whole < WHOLE_DIGITS_MAX ? d.digits * 10 + (*text - '0') : d.digits;
    if (*text == '.')
        for (text++; is_digit(*text) && d.decimals < DECIMALS_MAX; text++, d.decimals++)
            d.digits = d.digits * 10 + (*text - '0');
    if (whole == 0 || whole > WHOLE_DIGITS_MAX || is_digit(*text) || (text[-1] == '.'))
        return NULL;
    *ret = d;
    return text + strspn(text, " ");
}

/* ---- money ---- */

bool feed_price(const char *text, struct money *ret)
{
    struct decimal d;
    const char *currency = decimal_read(text, &d);
    if (currency == NULL || !currency_is_valid(currency, strlen(currency)))
        return false;
    struct money money = {.minor = d.digits};
    memcpy(money.currency, currency, sizeof money.currency);
    unsigned decimals = currency_decimals(money.currency);
    if (d.decimals > decimals)
        return false; /* a tenth of a cent is a misplaced point */
    for (; d.decimals < decimals; d.decimals++)
        money.minor *= 10;
    if (money.minor > MONEY_MINOR_MAX)
        return false;
    *ret = money;
    return true;
}

/* ---- measures ---- */

struct unit {
    const char *name;
    double factor;
};

static bool measure_read(const char *text, const struct unit *units, size_t count, double max, uint32_t *ret)
{
    struct decimal d;
    const char *name = decimal_read(text, &d);
    for (size_t i = 0; name != NULL && i < count; i++) {
        if (strcasecmp(name, units[i].name) != 0)
            continue;
        double value = (double)d.digits * units[i].factor;
        for (; d.decimals > 0; d.decimals--)
            value /= 10;
        if (value > max)
            return false;
        *ret = value > 0 && value < 1 ? 1 : (uint32_t)(value + 0.5); /* 0 would mean unknown */
        return true;
    }
    return false;
}

bool feed_weight(const char *text, uint32_t *ret)
{
    static const struct unit units[] = {{"g", 1}, {"kg", 1000}, {"lb", 453.59237}, {"oz", 28.349523125}};
    return measure_read(text, units, ARRAY_LEN(units), WEIGHT_G_MAX, ret);
}

bool feed_length(const char *text, uint32_t *ret)
{
    static const struct unit units[] = {{"mm", 1}, {"cm", 10}, {"in", 25.4}};
    return measure_read(text, units, ARRAY_LEN(units), SIZE_MM_MAX, ret);
}

bool feed_count(const char *text, uint32_t max, uint32_t *ret)
{
    struct decimal d;
    const char *rest = decimal_read(text, &d);
    if (rest == NULL || *rest != '\0' || d.decimals > 0 || d.digits > max)
        return false;
    *ret = (uint32_t)d.digits;
    return true;
}
