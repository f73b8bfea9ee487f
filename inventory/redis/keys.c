#include <stdio.h>

#include "inventory/redis/node.h"

const char stock_key_letters[STOCK_KEYS + 1] = "chxlgwyrf";

/* One bucket so far. Its number is in the key from the first day, so that a shop can be striped over several. */
void key_stock(char ret[KEY_MAX], const char *shop, char letter)
{
    snprintf(ret, KEY_MAX, "ls:{%s.0}:%c", shop, letter);
}

void key_log(char ret[KEY_MAX], enum log_kind kind, const char *shop, const char *broadcast)
{
    snprintf(ret, KEY_MAX, "ls:{%s}:%c:%s", shop, kind == LOG_ESTIMATES ? 'v' : 'e', broadcast);
}

void key_store(char ret[KEY_MAX], const char *shop, char kind, const char *key)
{
    snprintf(ret, KEY_MAX, "ls:{%s}:%c:%s", shop, kind, key);
}
