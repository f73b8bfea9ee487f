/* ws/wire/json_out.h - writes JSON by hand, in the order it is called, with no allocation per field: pieces gather in a chunk
 * on the stack and go to the buffer together.
 *
 *   struct json_out o;
 *   json_out_begin(&o, out);
 *   json_put_object(&o, NULL);
 *   json_put_text(&o, "t", "ok");
 *   json_end_object(&o);
 *   json_out_end(&o);
 *
 * `key` NULL: the value is an element of a list, or the document. Keys are ours or ids, so they are not escaped, and at most
 * JSON_KEY_MAX bytes long. Texts are UTF-8. What does not fit is known to the buffer alone (bytes_result). */
#ifndef LIVESHELF_WS_WIRE_JSON_OUT_H
#define LIVESHELF_WS_WIRE_JSON_OUT_H

#include <string.h>

#include "base/bytes.h"
#include "base/types.h"

#define JSON_OUT_CHUNK 4096
#define JSON_KEY_MAX 64
#define JSON_ROOM_MIN (JSON_KEY_MAX + 32) /* a key with its signs, and the longest number */

struct json_out {
    struct bytes *to;
    size_t len;
    bool comma; /* the next value has one before it in its list or object */
    char chunk[JSON_OUT_CHUNK];
};

static inline void json_out_begin(struct json_out *o, struct bytes *to)
{
    o->to = to;
    o->len = 0;
    o->comma = false;
}
static inline void json_out_flush(struct json_out *o)
{
    bytes_append(o->to, o->chunk, o->len);
    o->len = 0;
}
static inline void json_out_end(struct json_out *o) { json_out_flush(o); }

/* The values alone. */
void json_out_text(struct json_out *o, const char *text, size_t len);
void json_out_whole(struct json_out *o, bool negative, uint64_t number);
void json_out_bytes(struct json_out *o, const char *data, size_t len);

/* Whatever stands before a value; room for the longest number is there afterwards. */
static inline void json_out_key(struct json_out *o, const char *key)
{
    if (o->len + JSON_ROOM_MIN > JSON_OUT_CHUNK)
        json_out_flush(o);
    if (o->comma)
        o->chunk[o->len++] = ',';
    o->comma = true;
    if (key == NULL)
        return;
    size_t len = strlen(key);
    MUST(len <= JSON_KEY_MAX);
    o->chunk[o->len++] = '"';
    memcpy(o->chunk + o->len, key, len);
    o->len += len;
    o->chunk[o->len++] = '"';
    o->chunk[o->len++] = ':';
}
static inline void json_out_open(struct json_out *o, const char *key, char bracket)
{
    json_out_key(o, key);
    o->chunk[o->len++] = bracket;
    o->comma = false;
}
static inline void json_out_close(struct json_out *o, char bracket)
{
    if (o->len == JSON_OUT_CHUNK)
        json_out_flush(o);
    o->chunk[o->len++] = bracket;
    o->comma = true;
}

static inline void json_put_object(struct json_out *o, const char *key) { json_out_open(o, key, '{'); }
static inline void json_end_object(struct json_out *o) { json_out_close(o, '}'); }
static inline void json_put_array(struct json_out *o, const char *key) { json_out_open(o, key, '['); }
static inline void json_end_array(struct json_out *o) { json_out_close(o, ']'); }
static inline void json_put_text(struct json_out *o, const char *key, const char *text)
{
    json_out_key(o, key);
    json_out_text(o, text, strlen(text));
}
static inline void json_put_int(struct json_out *o, const char *key, int64_t number)
{
    json_out_key(o, key);
    json_out_whole(o, number < 0, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
}
static inline void json_put_uint(struct json_out *o, const char *key, uint64_t number)
{
    json_out_key(o, key);
    json_out_whole(o, false, number);
}
static inline void json_put_bool(struct json_out *o, const char *key, bool value)
{
    json_out_key(o, key);
    json_out_bytes(o, value ? "true" : "false", value ? 4 : 5);
}
static inline void json_put_null(struct json_out *o, const char *key)
{
    json_out_key(o, key);
    json_out_bytes(o, "null", 4);
}
/* `json` is valid JSON and is copied as it is. */
static inline void json_put_raw(struct json_out *o, const char *key, const char *json, size_t len)
{
    json_out_key(o, key);
    json_out_bytes(o, json, len);
}

#endif
