#include "ws/wire/decimal.h"

#define DECIMAL_MOST 1e12

size_t decimal_text(double value, unsigned places, char ret[DECIMAL_LEN_MAX])
{
    static const int64_t scales[DECIMAL_PLACES_MAX + 1] = {1, 10, 100, 1000};
    char back[DECIMAL_LEN_MAX]; /* from its end */
    size_t len = 0, at = sizeof back;
    MUST(places <= DECIMAL_PLACES_MAX);
    ret[0] = '\0';
    if (value != value)
        return 0;
    double size = value < 0 ? -value : value;
    uint64_t whole = (uint64_t)((size > DECIMAL_MOST ? DECIMAL_MOST : size) * (double)scales[places] + 0.5);
    bool negative = value < 0 && whole > 0, begun = false;
    for (unsigned place = 0; place < places; place++, whole /= 10) {
        begun = begun || whole % 10 != 0;
        if (begun)
            back[--at] = (char)('0' + whole % 10);
    }
    if (begun)
        back[--at] = '.';
    do {
        back[--at] = (char)('0' + whole % 10);
        whole /= 10;
    } while (whole != 0);
    if (negative)
        back[--at] = '-';
    len = sizeof back - at;
    memcpy(ret, back + at, len);
    ret[len] = '\0';
    return len;
}

void json_put_decimal(struct json_out *out, const char *key, double value, unsigned places)
{
    char text[DECIMAL_LEN_MAX];
    size_t len = decimal_text(value, places, text);
    if (len == 0)
        json_put_null(out, key);
    else
        json_put_raw(out, key, text, len);
}
