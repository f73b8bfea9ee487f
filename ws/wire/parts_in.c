#include "ws/wire/parts_in.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"

const char *extra_kind_name_of(unsigned number) { return extra_kind_name((enum extra_kind)number); }
const char *notice_level_name_of(unsigned number) { return notice_level_name((enum notice_level)number); }

/* clang-format off */
static const struct member money_list[] = {
    NEEDS(struct money, "amount", I64, minor, .max = MONEY_MINOR_MAX),
    NEEDS(struct money, "currency", CURRENCY, currency),
};
const struct members money_members = MEMBERS(money_list);

static const struct member price_list[] = {
    NEEDS(struct price, "amount", I64, money.minor, .max = MONEY_MINOR_MAX),
    NEEDS(struct price, "currency", CURRENCY, money.currency),
    NEEDS(struct price, "version", U32, version, .min = 1, .max = UINT32_MAX),
};
const struct members price_members = MEMBERS(price_list);

static const struct member video_list[] = {
    MAY(struct broadcast_details, "url", TEXT, video_url, .max = URL_LEN_MAX, .rule = TEXT_URL),
    MAY(struct broadcast_details, "still", TEXT, video_still, .max = URL_LEN_MAX, .rule = TEXT_URL),
};
const struct members video_members = MEMBERS(video_list);
/* clang-format on */

/* ---- products ---- */

bool gtin_is_valid(const char *text, size_t len)
{
    unsigned sum = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        unsigned digit = (unsigned)(text[i] - '0');
        sum += (len - i) % 2 == 0 ? digit * 3 : digit; /* the check digit, on the right, counts once */
    }
    return (len == 8 || len == 12 || len == 13 || len == 14) && sum % 10 == 0;
}

static enum result read_gtin(struct json_in *in, const json_t *value, const struct place *at, void *to)
{
    static const struct member gtin = {.max = GTIN_LEN_MAX, .kind = MEMBER_TEXT, .rule = TEXT_ASCII};
    enum result result = read_member(in, value, at, &gtin, to);
    size_t len = json_string_length(value);
    if (result == RESULT_OK && len > 0 && in->source != FROM_LOG && !gtin_is_valid(to, len))
        return fault_at(in, at, "must be a GTIN of 8, 12, 13 or 14 digits with its check digit");
    return result;
}

enum result read_sides(struct json_in *in, const json_t *value, const struct place *at, int64_t least,
                       uint32_t sides[3])
{
    const struct member side = {.kind = MEMBER_U32, .min = least, .max = SIZE_MM_MAX};
    size_t count = 0;
    enum result result = read_list(in, value, at, 3, 3, &count);
    for (size_t i = 0; result == RESULT_OK && i < count; i++) {
        struct place here = {.in = at, .index = i};
        result = read_member(in, json_array_get(value, i), &here, &side, &sides[i]);
    }
    return result;
}

static enum result read_size(struct json_in *in, const json_t *value, const struct place *at, void *to)
{
    return read_sides(in, value, at, 0, to);
}

/* clang-format off */
static const struct member product_list[] = {
    NEEDS(struct product, "sku", ID, sku),
    NEEDS(struct product, "title", TEXT, title, .min = 1, .max = TITLE_LEN_MAX, .rule = TEXT_LINE),
    MAY(struct product, "price", OBJECT, price, .members = &money_members),
    MAY(struct product, "floor", OBJECT, floor, .members = &money_members),
    MAY(struct product, "image", TEXT, image, .max = URL_LEN_MAX, .rule = TEXT_URL),
    MAY(struct product, "url", TEXT, url, .max = URL_LEN_MAX, .rule = TEXT_URL),
    MAY(struct product, "gtin", READ, gtin, .read = read_gtin),
    MAY(struct product, "weight_g", U32, weight_g, .max = WEIGHT_G_MAX),
    MAY(struct product, "size_mm", READ, size_mm, .read = read_size),
    MAY(struct product, "limit_per_viewer", U32, limit_per_viewer, .max = HOLD_UNITS_MAX),
};
const struct members product_members = MEMBERS(product_list);
/* clang-format on */

bool floor_fits(const struct product *p)
{
    return p->floor.currency[0] == '\0' || p->price.currency[0] == '\0' ||
           strcmp(p->floor.currency, p->price.currency) == 0;
}

/* What one member cannot tell alone. */
static enum result product_settle(struct json_in *in, const struct place *at, const struct product *p)
{
    struct place floor = {.in = at, .member = "floor"}, currency = {.in = &floor, .member = "currency"};
    return in->source == FROM_LOG || floor_fits(p) ? RESULT_OK : fault_at(in, &currency, "must be that of the price");
}

static enum result products_fill(struct json_in *in, const json_t *list, const struct place *at,
                                 struct product *products, size_t count)
{
    enum result result = RESULT_OK;
    for (size_t i = 0; result == RESULT_OK && i < count; i++) {
        struct place here = {.in = at, .index = i};
        result = read_object(in, json_array_get(list, i), &here, &product_members, &products[i]);
        if (result == RESULT_OK)
            result = product_settle(in, &here, &products[i]);
    }
    size_t repeated = count;
    if (result == RESULT_OK)
        result = products_find_repeated(products, count, &repeated);
    if (result != RESULT_OK || repeated == count)
        return result;
    struct place product = {.in = at, .index = repeated};
    struct place sku = {.in = &product, .member = "sku"};
    return fault_at(in, &sku, "stands more than once");
}

enum result read_products(struct json_in *in, const json_t *value, const struct place *at, size_t max,
                          struct product **ret, size_t *ret_count)
{
    size_t count = 0;
    enum result result = read_list(in, value, at, 0, max, &count);
    if (result != RESULT_OK)
        return result;
    struct product *products = count == 0 ? NULL : calloc(count, sizeof *products);
    if (count > 0 && products == NULL)
        return RESULT_NO_MEMORY;
    result = products_fill(in, value, at, products, count);
    if (result != RESULT_OK) {
        free(products);
        return result;
    }
    *ret = products;
    *ret_count = count;
    return RESULT_OK;
}

enum result products_find_repeated(const struct product *products, size_t count, size_t *ret_index)
{
    static char mark; /* what every key has as its value: only the keys count */
    struct map seen;
    map_init(&seen, count);
    enum result result = RESULT_OK;
    size_t i = 0;
    for (; result == RESULT_OK && i < count; i++) {
        if (map_get(&seen, products[i].sku.text) != NULL)
            break;
        result = map_set(&seen, products[i].sku.text, &mark);
    }
    map_finish(&seen);
    if (result == RESULT_OK)
        *ret_index = i;
    return result;
}
