/* ws/wire/request_decode.c - one HTTP request to a command.
 *
 *   request_decode
 *     route_find        path and method by the table; the ids in the path
 *     body_read         by the route's kind of body
 *     request_settle    what the body does not say and the command needs */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ws/wire/catalogue_csv.h"
#include "ws/wire/json_scan.h"
#include "ws/wire/limits.h"
#include "ws/wire/logistics_in.h"
#include "ws/wire/parts_in.h"
#include "ws/wire/wish_in.h"

/* ---- bodies ---- */

static enum result read_catalogue(struct json_in *in, const json_t *value, const struct place *at, void *to)
{
    struct command *c = to;
    return read_products(in, value, at, CATALOGUE_PRODUCTS_MAX, &c->products, &c->products_count);
}

static enum result read_actuals_of(struct json_in *in, const json_t *value, const struct place *at, void *to)
{
    struct command *c = to;
    return read_actuals(in, value, at, &c->actuals, &c->actuals_count);
}

static enum result read_endpoints(struct json_in *in, const json_t *value, const struct place *at, void *to)
{
    struct command *c = to;
    return read_hooks(in, value, at, &c->hooks, &c->hooks_count);
}

/* clang-format off */
static const struct member force_list[] = {MAY(struct command, "force", BOOL, force)};
static const struct member moved_list[] = {
    NEEDS(struct command, "units", I64, units, .min = 1, .max = STOCK_UNITS_MAX),
    NEEDS(struct command, "ref", TEXT, ref, .min = 1, .max = REF_LEN_MAX, .rule = TEXT_REF),
};
static const struct member sync_list[] = {
    NEEDS(struct command, "count", I64, units, .max = STOCK_UNITS_MAX),
    NEEDS(struct command, "gone", I64, gone, .max = STOCK_UNITS_MAX), /* 0 would count what was sent out twice */
    NEEDS(struct command, "version", I64, version, .min = 1, .max = WHOLE_MAX),
    MAY(struct command, "counted_at_ms", I64, counted_ms, .min = 1, .max = WHOLE_MAX),
};
static const struct member confirm_list[] = {
    NEEDS(struct command, "order", TEXT, ref, .min = 1, .max = REF_LEN_MAX, .rule = TEXT_REF),
    NEEDS(struct command, "amount", I64, money.minor, .max = MONEY_MINOR_MAX),
    NEEDS(struct command, "currency", CURRENCY, money.currency),
};
static const struct member wish_list[] = {
    NEEDS(struct command, "hold", ID, hold),
    NEEDS(struct command, "viewer", ID, viewer),
    {.name = "lines", .kind = MEMBER_READ, .required = true, .read = read_lines},
    {.name = "seen_price", .kind = MEMBER_READ, .read = read_seen_price},
};
static const struct member recall_list[] = {
    NEEDS(struct command, "sku", ID, sku),
    MAY(struct command, "text", TEXT, text, .max = TEXT_LEN_MAX, .rule = TEXT_LINES),
    {.name = "holds", .kind = MEMBER_READ, .read = read_recall},
};
static const struct member create_list[] = {
    NEEDS(struct command, "id", ID, broadcast),
    NEEDS(struct command, "title", TEXT, details.title, .min = 1, .max = TITLE_LEN_MAX, .rule = TEXT_LINE),
    MAY(struct command, "video", OBJECT, details, .members = &video_members),
    MAY(struct command, "hold_ms", I64, details.hold_ms, .min = HOLD_MS_MIN, .max = HOLD_MS_MAX),
    MAY(struct command, "pdt_offset_ms", I64, details.pdt_offset_ms, .min = -PDT_OFFSET_MS_MAX, .max = PDT_OFFSET_MS_MAX),
};
static const struct member catalogue_list[] = {
    {.name = "products", .kind = MEMBER_READ, .required = true, .read = read_catalogue},
};
static const struct member actuals_list[] = {
    {.name = "actuals", .kind = MEMBER_READ, .required = true, .read = read_actuals_of},
};
static const struct member stamp_list[] = {
    MAY(struct command, "note", TEXT, text, .max = NOTE_LEN_MAX, .rule = TEXT_LINE),
};
static const struct member hooks_list[] = {
    {.name = "endpoints", .kind = MEMBER_READ, .required = true, .read = read_endpoints},
};
static const struct member replay_list[] = {
    MAY(struct command, "message", ID, message),
    MAY(struct command, "broadcast", ID, broadcast),
    MAY(struct command, "after_seq", U64, after_seq, .max = WHOLE_MAX),
};
/* clang-format on */

static const struct members no_members = {NULL, 0};
static const struct members force_members = MEMBERS(force_list);
static const struct members moved_members = MEMBERS(moved_list);
static const struct members sync_members = MEMBERS(sync_list);
static const struct members confirm_members = MEMBERS(confirm_list);
static const struct members wish_members = MEMBERS(wish_list);
static const struct members recall_members = MEMBERS(recall_list);
static const struct members create_members = MEMBERS(create_list);
static const struct members catalogue_members = MEMBERS(catalogue_list);
static const struct members actuals_members = MEMBERS(actuals_list);
static const struct members stamp_members = MEMBERS(stamp_list);
static const struct members hooks_members = MEMBERS(hooks_list);
static const struct members replay_members = MEMBERS(replay_list);

/* ---- routes ---- */

enum body {
    BODY_IGNORED,  /* GET */
    BODY_OPTIONAL, /* a JSON object, or nothing at all */
    BODY_JSON,
    BODY_CATALOGUE, /* JSON, or a product feed */
    BODY_DOCUMENT,  /* kept as it is: scripts/load judges it */
    BODY_PLAN,      /* JSON, the whole of it a plan */
};
struct route {
    const char *method;
    const char *path; /* a segment that begins with a name in braces is an id, and what must stand behind it */
    enum command_kind kind;
    enum body body;
    const struct members *members;
    enum command_form form;
};

/* clang-format off */
static const struct route routes[] = {
    {"PUT",  "/v1/catalogue",                          COMMAND_CATALOGUE_PUT,    BODY_CATALOGUE, &catalogue_members, FORM_JSON},
    {"GET",  "/v1/catalogue",                          COMMAND_CATALOGUE_GET,    BODY_IGNORED,   &no_members, FORM_JSON},
    {"POST", "/v1/broadcasts",                         COMMAND_BROADCAST_CREATE, BODY_JSON,      &create_members, FORM_JSON},
    {"GET",  "/v1/broadcasts",                         COMMAND_BROADCAST_LIST,   BODY_IGNORED,   &no_members, FORM_JSON},
    {"GET",  "/v1/broadcasts/{broadcast}",             COMMAND_BROADCAST_GET,    BODY_IGNORED,   &no_members, FORM_JSON},
    {"PUT",  "/v1/broadcasts/{broadcast}/run-of-show", COMMAND_RUN_LOAD,         BODY_DOCUMENT,  &no_members, FORM_JSON},
    {"GET",  "/v1/broadcasts/{broadcast}/run-of-show", COMMAND_RUN_GET,          BODY_IGNORED,   &no_members, FORM_JSON},
    {"POST", "/v1/broadcasts/{broadcast}/start",       COMMAND_START,            BODY_OPTIONAL,  &force_members, FORM_JSON},
    {"POST", "/v1/broadcasts/{broadcast}/pause",       COMMAND_PAUSE,            BODY_OPTIONAL,  &no_members, FORM_JSON},
    {"POST", "/v1/broadcasts/{broadcast}/resume",      COMMAND_RESUME,           BODY_OPTIONAL,  &no_members, FORM_JSON},
    {"POST", "/v1/broadcasts/{broadcast}/end",         COMMAND_END,              BODY_OPTIONAL,  &no_members, FORM_JSON},
    {"POST", "/v1/broadcasts/{broadcast}/approvals/{approval}/approve", COMMAND_APPROVE, BODY_OPTIONAL, &no_members, FORM_JSON},
    {"POST", "/v1/broadcasts/{broadcast}/approvals/{approval}/reject", COMMAND_REJECT, BODY_OPTIONAL, &no_members, FORM_JSON},
    {"POST", "/v1/broadcasts/{broadcast}/recall",      COMMAND_RECALL,           BODY_JSON,      &recall_members, FORM_JSON},
    {"GET",  "/v1/broadcasts/{broadcast}/recalls/{sku}.csv", COMMAND_AFFECTED_GET, BODY_IGNORED, &no_members, FORM_TABLE},
    {"GET",  "/v1/broadcasts/{broadcast}/recalls/{sku}", COMMAND_AFFECTED_GET,   BODY_IGNORED,   &no_members, FORM_JSON},
    {"POST", "/v1/broadcasts/{broadcast}/holds",       COMMAND_HOLD_RESERVE,     BODY_JSON,      &wish_members, FORM_JSON},
    {"GET",  "/v1/broadcasts/{broadcast}/estimates",   COMMAND_VOLUMES_GET,      BODY_IGNORED,   &no_members, FORM_JSON},
    {"GET",  "/v1/broadcasts/{broadcast}/estimates.csv", COMMAND_VOLUMES_GET,    BODY_IGNORED,   &no_members, FORM_TABLE},
    {"GET",  "/v1/broadcasts/{broadcast}/volumes.csv", COMMAND_VOLUMES_GET,      BODY_IGNORED,   &no_members, FORM_OBSERVED},
    {"GET",  "/v1/broadcasts/{broadcast}/estimates/stamps", COMMAND_STAMPS_GET,  BODY_IGNORED,   &no_members, FORM_JSON},
    {"POST", "/v1/broadcasts/{broadcast}/estimates/stamps", COMMAND_ESTIMATE_STAMP, BODY_OPTIONAL, &stamp_members, FORM_JSON},
    {"GET",  "/v1/broadcasts/{broadcast}/estimates/stamps/{stamp}", COMMAND_STAMP_GET, BODY_IGNORED, &no_members, FORM_JSON},
    {"GET",  "/v1/broadcasts/{broadcast}/changes",     COMMAND_CHANGES_GET,      BODY_IGNORED,   &no_members, FORM_JSON},
    {"POST", "/v1/broadcasts/{broadcast}/actuals",     COMMAND_ACTUALS_POST,     BODY_JSON,      &actuals_members, FORM_JSON},
    {"POST", "/v1/broadcasts/{broadcast}/settle",      COMMAND_SETTLE,           BODY_OPTIONAL,  &no_members, FORM_JSON},
    {"PUT",  "/v1/logistics",                          COMMAND_LOGISTICS_PUT,    BODY_PLAN,      &no_members, FORM_JSON},
    {"GET",  "/v1/logistics",                          COMMAND_LOGISTICS_GET,    BODY_IGNORED,   &no_members, FORM_JSON},
    {"PUT",  "/v1/webhooks",                           COMMAND_HOOKS_PUT,        BODY_JSON,      &hooks_members, FORM_JSON},
    {"GET",  "/v1/webhooks",                           COMMAND_HOOKS_GET,        BODY_IGNORED,   &no_members, FORM_JSON},
    {"GET",  "/v1/webhooks/{hook}/dead",               COMMAND_HOOK_DEAD_GET,    BODY_IGNORED,   &no_members, FORM_JSON},
    {"POST", "/v1/webhooks/{hook}/replay",             COMMAND_HOOK_REPLAY,      BODY_JSON,      &replay_members, FORM_JSON},
    {"POST", "/v1/stock/{sku}/allocate",               COMMAND_STOCK_ALLOCATE,   BODY_JSON,      &moved_members, FORM_JSON},
    {"POST", "/v1/stock/{sku}/withdraw",               COMMAND_STOCK_WITHDRAW,   BODY_JSON,      &moved_members, FORM_JSON},
    {"PUT",  "/v1/stock/{sku}",                        COMMAND_STOCK_SYNC,       BODY_JSON,      &sync_members, FORM_JSON},
    {"GET",  "/v1/stock",                              COMMAND_STOCK_GET,        BODY_IGNORED,   &no_members, FORM_JSON},
    {"GET",  "/v1/holds/{hold}",                       COMMAND_HOLD_GET,         BODY_IGNORED,   &no_members, FORM_JSON},
    {"POST", "/v1/holds/{hold}/confirm",               COMMAND_HOLD_CONFIRM,     BODY_JSON,      &confirm_members, FORM_JSON},
    {"POST", "/v1/holds/{hold}/release",               COMMAND_HOLD_RELEASE,     BODY_OPTIONAL,  &no_members, FORM_JSON},
    {"POST", "/v1/holds/{hold}/extend",                COMMAND_HOLD_EXTEND,      BODY_OPTIONAL,  &no_members, FORM_JSON},
};
#define PATH_IDS_MAX 2
static const struct {
    const char *segment, *name;
    size_t offset;
} path_ids[] = {
    {"{broadcast}", "broadcast", offsetof(struct command, broadcast)},
    {"{sku}",       "sku",       offsetof(struct command, sku)},
    {"{hold}",      "hold",      offsetof(struct command, hold)},
    {"{approval}",  "approval",  offsetof(struct command, approval)},
    {"{stamp}",     "stamp",     offsetof(struct command, stamp)},
    {"{hook}",      "webhook",   offsetof(struct command, hook)},
};
/* clang-format on */

static size_t segment_len(const char *at) { return strcspn(at, "/"); }

struct path_id { /* an id as it stands in the path */
    const char *segment;
    size_t len;
    size_t which; /* of path_ids */
};

static size_t path_id_which(const char *pattern)
{
    size_t which = 0;
    while (strncmp(pattern, path_ids[which].segment, strlen(path_ids[which].segment)) != 0)
        which++;
    return which;
}

/* "{sku}.csv": an id and what must stand behind it. */
static bool id_matches(const char *pattern, size_t want, const char *path, size_t have, struct path_id *ret)
{
    size_t which = path_id_which(pattern);
    size_t name = strlen(path_ids[which].segment);
    const char *tail = pattern + name;
    size_t tail_len = want - name;
    if (have <= tail_len || strncmp(path + have - tail_len, tail, tail_len) != 0)
        return false;
    *ret = (struct path_id){.segment = path, .len = have - tail_len, .which = which};
    return true;
}

static bool route_matches(const struct route *route, const char *path, struct path_id ret[PATH_IDS_MAX],
                          size_t *ret_count)
{
    const char *pattern = route->path;
    size_t count = 0;
    while (*pattern == '/' && *path == '/') {
        pattern++;
        path++;
        size_t want = segment_len(pattern);
        size_t have = segment_len(path);
        if (*pattern == '{' ? !id_matches(pattern, want, path, have, &ret[count])
                            : want != have || strncmp(pattern, path, want) != 0)
            return false;
        count += *pattern == '{';
        pattern += want;
        path += have;
    }
    *ret_count = count;
    return *pattern == '\0' && *path == '\0';
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The percent-decoded id; RESULT_MALFORMED when that is none. */
static enum result path_id_decode(const struct path_id *id, char ret[ID_LEN_MAX + 1])
{
    char text[ID_LEN_MAX + 1];
    size_t len = 0;
    for (size_t i = 0; i < id->len; i++, len++) {
        if (len == ID_LEN_MAX)
            return RESULT_MALFORMED;
        text[len] = id->segment[i];
        if (text[len] != '%')
            continue;
        int high = i + 2 < id->len ? hex_digit(id->segment[i + 1]) : -1;
        int low = i + 2 < id->len ? hex_digit(id->segment[i + 2]) : -1;
        if (high < 0 || low < 0)
            return RESULT_MALFORMED;
        text[len] = (char)(high << 4 | low);
        i += 2;
    }
    return id_parse(ret, text, len);
}

static enum result path_ids_read(struct json_in *in, const struct path_id *ids, size_t count, struct command *c)
{
    for (size_t i = 0; i < count; i++) {
        struct place at = {.member = path_ids[ids[i].which].name};
        if (path_id_decode(&ids[i], (char *)c + path_ids[ids[i].which].offset) != RESULT_OK)
            return fault_at(in, &at, "in the path must be 1 to %d characters out of A-Z a-z 0-9 . _ ~ -", ID_LEN_MAX);
    }
    return RESULT_OK;
}

/* For a path that is there with other methods: which. */
static enum result method_fault(struct json_in *in, const char *methods)
{
    (void)fault_at(in, NULL, "%s", methods);
    in->fault->code = DECODE_METHOD;
    return RESULT_MALFORMED;
}

static enum result route_find(struct json_in *in, const struct http_request_view *r, struct command *c,
                              const struct route **ret)
{
    char methods[32] = "";
    for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
        struct path_id ids[PATH_IDS_MAX];
        size_t count = 0;
        if (!route_matches(&routes[i], r->path, ids, &count))
            continue;
        if (strcmp(routes[i].method, r->method) == 0) {
            *ret = &routes[i];
            return path_ids_read(in, ids, count, c);
        }
        if (strstr(methods, routes[i].method) != NULL)
            continue; /* one path may fit two patterns */
        size_t len = strlen(methods);
        snprintf(methods + len, sizeof methods - len, "%s%s", len == 0 ? "" : ", ", routes[i].method);
    }
    if (methods[0] != '\0')
        return method_fault(in, methods);
    (void)fault_at(in, NULL, "there is nothing at this path");
    in->fault->code = DECODE_NOT_FOUND;
    return RESULT_MALFORMED;
}

/* ---- the body, by its kind ---- */

/* `type` without its parameters, in any case. */
static bool content_type_is(const char *given, const char *type)
{
    size_t len = strlen(type);
    if (given == NULL || strncasecmp(given, type, len) != 0)
        return false;
    given += len;
    given += strspn(given, " \t");
    return *given == '\0' || *given == ';';
}

static enum result content_type_refuse(struct json_in *in, const char *wanted)
{
    struct place at = {.member = "content-type"};
    return fault_at(in, &at, "must be %s", wanted);
}

static enum result plan_read(struct json_in *in, const json_t *body, struct command *c)
{
    c->plan = calloc(1, sizeof *c->plan);
    return c->plan == NULL ? RESULT_NO_MEMORY : read_plan(in, body, NULL, c->plan);
}

static enum result json_body_read(struct json_in *in, const struct http_request_view *r, const struct route *route,
                                  struct command *c)
{
    if (!content_type_is(r->content_type, "application/json"))
        return content_type_refuse(in, "application/json");
    json_t *body = NULL;
    enum result result = json_parse(in, r->body, r->body_len, &body);
    if (result == RESULT_OK)
        result = route->body == BODY_PLAN ? plan_read(in, body, c) : read_object(in, body, NULL, route->members, c);
    json_decref(body);
    return result;
}

static enum result catalogue_read(struct json_in *in, const struct http_request_view *r, const struct route *route,
                                  struct command *c)
{
    if (content_type_is(r->content_type, "application/json"))
        return json_body_read(in, r, route, c);
    if (content_type_is(r->content_type, "text/csv"))
        return catalogue_csv_decode(r->body, r->body_len, &c->products, &c->products_count, in->fault);
    return content_type_refuse(in, "application/json or text/csv");
}

static enum result document_read(struct json_in *in, const struct http_request_view *r, struct command *c)
{
    if (!content_type_is(r->content_type, "application/json"))
        return content_type_refuse(in, "application/json");
    if (r->body_len > DOCUMENT_LEN_MAX) {
        (void)fault_at(in, NULL, "must be at most %u bytes, is %zu", DOCUMENT_LEN_MAX, r->body_len);
        in->fault->code = DECODE_TOO_LARGE;
        return RESULT_MALFORMED;
    }
    if (r->body_len == 0)
        return fault_at(in, NULL, "must be a JSON object");
    if (!json_is_shallow(r->body, r->body_len, WIRE_DEPTH_MAX))
        return fault_at(in, NULL, "is nested more than %d deep", WIRE_DEPTH_MAX);
    if (!text_obeys(TEXT_ANY, r->body, r->body_len))
        return fault_at(in, NULL, "must be UTF-8 text without NUL");
    c->document = malloc(r->body_len + 1);
    if (c->document == NULL)
        return RESULT_NO_MEMORY;
    memcpy(c->document, r->body, r->body_len);
    c->document[r->body_len] = '\0';
    c->document_len = r->body_len;
    return RESULT_OK;
}

static enum result body_read(struct json_in *in, const struct http_request_view *r, const struct route *route,
                             struct command *c)
{
    switch (route->body) {
    case BODY_IGNORED:
        return RESULT_OK;
    case BODY_OPTIONAL:
        return r->body_len == 0 ? RESULT_OK : json_body_read(in, r, route, c);
    case BODY_CATALOGUE:
        return catalogue_read(in, r, route, c);
    case BODY_DOCUMENT:
        return document_read(in, r, c);
    case BODY_JSON:
    case BODY_PLAN:
        break;
    }
    return json_body_read(in, r, route, c);
}

/* ---- the whole ---- */

/* "after=41": the only thing that is asked behind a "?". */
static enum result after_read(struct json_in *in, const char *query, uint64_t *ret)
{
    static const char name[] = "after=";
    struct place at = {.member = "after"};
    const char *found = query;
    while (found != NULL && strncmp(found, name, sizeof name - 1) != 0) {
        found = strchr(found, '&');
        found = found == NULL ? NULL : found + 1;
    }
    if (found == NULL)
        return RESULT_OK;
    found += sizeof name - 1;
    size_t digits = strspn(found, "0123456789");
    uint64_t number = digits == 0 || digits > 16 ? UINT64_MAX : strtoull(found, NULL, 10);
    if (number > (uint64_t)WHOLE_MAX || (found[digits] != '\0' && found[digits] != '&'))
        return fault_at(in, &at, "must be a whole number from 0 to %lld", (long long)WHOLE_MAX);
    *ret = number;
    return RESULT_OK;
}

static enum result replay_settle(struct json_in *in, const struct command *c)
{
    bool one = c->message[0] != '\0', many = !ID_IS_NONE(c->broadcast);
    struct place after = {.member = "after_seq"};
    if (one == many)
        return fault_at(in, NULL, "must have either message, or broadcast and after_seq");
    return one && c->after_seq != 0 ? fault_at(in, &after, "stands with broadcast, not with message") : RESULT_OK;
}

static enum result request_settle(struct json_in *in, struct command *c, const struct route *route, const char *query)
{
    struct place hold = {.member = "hold"};
    c->kind = route->kind;
    c->form = route->form;
    if (c->kind == COMMAND_BROADCAST_CREATE && c->details.hold_ms == 0)
        c->details.hold_ms = HOLD_MS_DEFAULT;
    if (c->kind == COMMAND_RECALL && c->recall == RECALL_NONE)
        c->recall = RECALL_CANCEL;
    if (c->kind == COMMAND_HOLD_RESERVE && c->hold.text[0] == '~')
        return fault_at(in, &hold, "must not begin with ~: those are the server's own");
    if (c->kind == COMMAND_CHANGES_GET)
        return after_read(in, query, &c->after_seq);
    return c->kind == COMMAND_HOOK_REPLAY ? replay_settle(in, c) : RESULT_OK;
}

enum result request_decode(const struct http_request_view *r, struct command *ret, struct decode_fault *ret_fault)
{
    *ret_fault = (struct decode_fault){0};
    struct json_in in = {.source = FROM_HTTP, .fault = ret_fault};
    struct command c = {0};
    const struct route *route = NULL;
    enum result result = route_find(&in, r, &c, &route);
    if (result == RESULT_OK)
        result = body_read(&in, r, route, &c);
    if (result == RESULT_OK)
        result = request_settle(&in, &c, route, r->query);
    if (result != RESULT_OK) {
        command_finish(&c);
        return result;
    }
    *ret = c;
    return RESULT_OK;
}
