#include "base/types.h"

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
