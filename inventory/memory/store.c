#include "inventory/memory/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct store_flight {
    struct flight flight;
    struct store_request *request;
    struct store_request answer; /* `value` is our own */
};

static void value_key(char key[WORLD_KEY_MAX], const struct store_request *r, const char *node)
{
    snprintf(key, WORLD_KEY_MAX, "%s/%s%s%s", r->shop.text, r->key, node == NULL ? "" : "/share/",
             node == NULL ? "" : node);
}

static struct world_value *value_fresh(struct memory_world *w, const char *key, int64_t now_ms)
{
    struct world_value *v = map_get(&w->values, key);
    return v != NULL && v->expires_at_ms > now_ms ? v : NULL;
}

static void value_put(struct memory_world *w, const char *key, const struct bytes *bytes, int64_t expires_at_ms)
{
    struct world_value *v = map_get(&w->values, key);
    if (v == NULL) {
        v = truth_alloc(sizeof *v);
        MUST(map_set(&w->values, key, v) == RESULT_OK);
    }
    bytes_clear(&v->bytes);
    bytes_append(&v->bytes, bytes->data, bytes->len);
    v->expires_at_ms = expires_at_ms;
}

static void answer_value(struct store_request *r, const struct world_value *v)
{
    bytes_clear(&r->value);
    bytes_append(&r->value, v->bytes.data, v->bytes.len);
}

static int compare_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Lines in the order of the nodes' names. */
static void answer_shares(struct memory_world *w, struct store_request *r, int64_t now_ms)
{
    char prefix[WORLD_KEY_MAX];
    value_key(prefix, r, "");
    const char *keys[256];
    size_t count = 0;
    const char *key = NULL;
    void *value = NULL;
    for (size_t at = 0; map_next(&w->values, &at, &key, &value);)
        if (strncmp(key, prefix, strlen(prefix)) == 0 && count < ARRAY_LEN(keys))
            keys[count++] = key;
    qsort(keys, count, sizeof *keys, compare_text);
    bytes_clear(&r->value);
    for (size_t i = 0; i < count; i++) {
        const struct world_value *v = value_fresh(w, keys[i], now_ms);
        if (v != NULL)
            bytes_format(&r->value, "%s %.*s\n", keys[i] + strlen(prefix), (int)v->bytes.len,
                         v->bytes.data == NULL ? "" : v->bytes.data);
    }
}

void store_apply(struct memory_world *w, struct store_request *r, int64_t now_ms)
{
    char key[WORLD_KEY_MAX];
    value_key(key, r, r->op == STORE_SHARE ? r->node.text : NULL);
    const struct world_value *present = value_fresh(w, key, now_ms);
    r->result = RESULT_OK;
    switch (r->op) {
    case STORE_GET:
        r->result = present == NULL ? RESULT_NOT_FOUND : RESULT_OK;
        if (present != NULL)
            answer_value(r, present);
        break;
    case STORE_CLAIM:
        if (present != NULL) {
            r->result = RESULT_CONFLICT;
            answer_value(r, present);
            break;
        }
        value_put(w, key, &r->value, now_ms + r->ttl_ms);
        break;
    case STORE_PUT:
        value_put(w, key, &r->value, now_ms + r->ttl_ms);
        break;
    case STORE_DROP: {
        struct world_value *v = map_remove(&w->values, key);
        if (v != NULL)
            bytes_finish(&v->bytes);
        free(v);
        break;
    }
    case STORE_SHARE:
        value_put(w, key, &r->value, now_ms + r->ttl_ms);
        answer_shares(w, r, now_ms);
        break;
    }
}

static void store_arrive(struct flight *f)
{
    struct store_flight *s = container_of(f, struct store_flight, flight);
    struct clock *clock = f->node->clock;
    int64_t now_ms = clock->now_ms(clock);
    s->answer = *s->request;
    s->answer.value = (struct bytes){0};
    bytes_append(&s->answer.value, s->request->value.data, s->request->value.len);
    history_keep_store(f->node->world, &s->answer, now_ms);
    store_apply(f->node->world, &s->answer, now_ms);
}

static void store_drop(struct flight *f)
{
    struct store_flight *s = container_of(f, struct store_flight, flight);
    bytes_finish(&s->answer.value);
    free(s);
}

static void store_land(struct flight *f, enum result result)
{
    struct store_flight *s = container_of(f, struct store_flight, flight);
    struct store_request *r = s->request;
    r->result = result;
    if (result == RESULT_OK) {
        r->result = s->answer.result;
        bytes_clear(&r->value);
        bytes_append(&r->value, s->answer.value.data, s->answer.value.len);
    }
    store_drop(f);
    r->done(r);
}

static void store_ask(struct store *store, struct store_request *r)
{
    struct memory_node *n = container_of(store, struct memory_node, store);
    struct store_flight *s = truth_alloc(sizeof *s);
    s->request = r;
    s->flight.arrive = store_arrive;
    s->flight.land = store_land;
    s->flight.drop = store_drop;
    flight_start(&s->flight, n, MEMORY_STORE, &r->shop, 1);
}

void store_port_setup(struct memory_node *n) { n->store.ask = store_ask; }
