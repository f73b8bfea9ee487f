#include "base/types.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The C library's isalnum follows the locale; ids must not. */
static bool is_id_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '~' || c == '-';
}

bool id_is_valid(const char *text, size_t len)
{
    if (len < 1 || len > ID_LEN_MAX)
        return false;
    if (text[0] == '.' && (len == 1 || (len == 2 && text[1] == '.')))
        return false; /* a path with it would name something else */
    for (size_t i = 0; i < len; i++)
        if (!is_id_byte(text[i]))
            return false;
    return true;
}

enum result id_parse(char ret[ID_LEN_MAX + 1], const char *from, size_t len)
{
    if (!id_is_valid(from, len))
        return RESULT_MALFORMED;
    /* Zeroes behind the text: equal ids are equal bytes, also inside larger structs. */
    memset(ret, 0, ID_LEN_MAX + 1);
    memcpy(ret, from, len);
    return RESULT_OK;
}

bool id_equal(const char *a, const char *b) { return strcmp(a, b) == 0; }

bool currency_is_valid(const char *text, size_t len)
{
    if (len != 3)
        return false;
    for (size_t i = 0; i < len; i++)
        if (text[i] < 'A' || text[i] > 'Z')
            return false;
    return true;
}

unsigned currency_decimals(const char currency[4])
{
    /* Those that differ from the usual two (ISO 4217, table A.1). */
    static const struct {
        const char *currencies;
        unsigned decimals;
    } table[] = {
        {"BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF", 0},
        {"BHD IQD JOD KWD LYD OMR TND", 3},
        {"CLF UYW", 4},
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        if (strstr(table[i].currencies, currency) != NULL)
            return table[i].decimals;
    return 2;
}

void money_text(const struct money *money, char ret[MONEY_TEXT_MAX])
{
    unsigned decimals = currency_decimals(money->currency);
    int64_t unit = 1;
    for (unsigned i = 0; i < decimals; i++)
        unit *= 10;
    if (decimals == 0)
        snprintf(ret, MONEY_TEXT_MAX, "%" PRId64 " %s", money->minor, money->currency);
    else
        snprintf(ret, MONEY_TEXT_MAX, "%" PRId64 ".%0*" PRId64 " %s", money->minor / unit, (int)decimals,
                 money->minor % unit, money->currency);
}
