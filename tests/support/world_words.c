/* tests/support/world_words.c - sentences become commands. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/world_inner.h"

#define WORDS_MAX 16

struct sentence {
    struct world *w;
    struct world_person *p;
    const char *words[WORDS_MAX]; /* behind the verb */
    size_t count;
};

static const char run_of_show[] =
    "{\"cues\":["
    "{\"id\":\"c1\",\"title\":\"Red mug\",\"sku\":\"mug-red\",\"slot\":0,\"planned_units\":5,\"minutes\":4,"
    "\"price\":{\"amount\":990,\"currency\":\"EUR\"},\"viewer_text\":\"Hand-thrown\","
    "\"card\":{\"say\":\"Look at it\",\"must_say\":[\"dishwasher safe\",\"made here\"]}},"
    "{\"id\":\"c2\",\"title\":\"Blue cap\",\"sku\":\"cap-blue\",\"slot\":1,\"minutes\":4,\"card\":{\"say\":\"Put it "
    "on\"}},"
    "{\"id\":\"c3\",\"title\":\"Talk\",\"minutes\":2,\"card\":{\"say\":\"Answer questions\"}},"
    "{\"id\":\"c4\",\"title\":\"Green tee\",\"sku\":\"tee-green\",\"slot\":0,\"minutes\":4,\"card\":{\"say\":\"Feel "
    "it\"}}]}";

static const char *word(const struct sentence *s, size_t at) { return at < s->count ? s->words[at] : ""; }

static int64_t number(const struct sentence *s, size_t at, int64_t otherwise)
{
    return at < s->count ? strtoll(s->words[at], NULL, 10) : otherwise;
}

static void put(char *ret, size_t size, const char *text) { snprintf(ret, size, "%s", text); }
#define PUT(to, text) put((to), sizeof(to), (text))

/* The word behind `name`, or NULL. */
static const char *after(const struct sentence *s, const char *name)
{
    for (size_t i = 0; i + 1 < s->count; i++)
        if (strcmp(s->words[i], name) == 0)
            return s->words[i + 1];
    return NULL;
}

static void give_hold(const struct sentence *s, struct command *c, size_t at)
{
    c->hold = s->p->last_hold;
    if (at < s->count)
        PUT(c->hold.text, s->words[at]);
}

static void give_money(const struct sentence *s, struct command *c, size_t at)
{
    c->money = (struct money){.minor = number(s, at, 0), .currency = "EUR"};
}

static void give_ref(const struct sentence *s, struct command *c)
{
    snprintf(c->ref, sizeof c->ref, "ref-%zu", ++s->w->refs);
}

/* ---- what each verb adds to its command ---- */

static void say_sku(const struct sentence *s, struct command *c) { PUT(c->sku.text, word(s, 0)); }

static void say_units(const struct sentence *s, struct command *c)
{
    say_sku(s, c);
    c->units = number(s, 1, 1);
    c->qty = (uint32_t)number(s, 1, 1);
    give_ref(s, c);
}

static void say_pin(const struct sentence *s, struct command *c)
{
    say_sku(s, c);
    c->slot = (uint8_t)number(s, 1, 0);
}

static void say_slot(const struct sentence *s, struct command *c) { c->slot = (uint8_t)number(s, 0, 0); }

static void say_price(const struct sentence *s, struct command *c)
{
    say_sku(s, c);
    give_money(s, c, 1);
    c->for_ms = number(s, 2, 60000);
}

static void say_cue(const struct sentence *s, struct command *c)
{
    PUT(c->cue.text, word(s, 0));
    for (const char *bit = word(s, 1); *bit == '0' || *bit == '1'; bit++)
        c->said[c->said_count++] = *bit == '1';
}

static void say_text(const struct sentence *s, struct command *c)
{
    for (size_t i = 0; i < s->count; i++) {
        size_t len = strlen(c->text);
        snprintf(c->text + len, sizeof c->text - len, "%s%s", i == 0 ? "" : " ", s->words[i]);
    }
}

static void say_reason(const struct sentence *s, struct command *c)
{
    say_sku(s, c);
    PUT(c->text, "lid cracks");
}

static void say_approval(const struct sentence *s, struct command *c) { PUT(c->approval, word(s, 0)); }

static void say_recall(const struct sentence *s, struct command *c)
{
    say_reason(s, c);
    c->recall = s->count < 2                         ? RECALL_CANCEL
                : strcmp(s->words[1], "keep") == 0   ? RECALL_KEEP
                : strcmp(s->words[1], "honour") == 0 ? RECALL_HONOUR
                                                     : RECALL_CANCEL;
    c->broadcast = world_broadcast_id;
}

/* "host promises mug-red a sticker with every mug" */
static void say_extra(const struct sentence *s, struct command *c)
{
    say_sku(s, c);
    c->extra = (struct extra){.sku = c->sku, .kind = EXTRA_FREEBIE, .adds_units = 1};
    for (size_t i = 1; i < s->count; i++) {
        size_t len = strlen(c->extra.text);
        snprintf(c->extra.text + len, sizeof c->extra.text - len, "%s%s", i == 1 ? "" : " ", s->words[i]);
    }
}

static void say_affected(const struct sentence *s, struct command *c)
{
    say_sku(s, c);
    c->broadcast = world_broadcast_id;
}

static void say_force(const struct sentence *s, struct command *c)
{
    (void)s;
    c->force = true;
}

static void say_run(const struct sentence *s, struct command *c)
{
    const char *document = s->count > 0 ? word(s, 0) : run_of_show;
    c->document = strdup(document);
    c->document_len = strlen(document);
}

static void say_reserve(const struct sentence *s, struct command *c)
{
    const char *id = after(s, "as"), *seen = after(s, "seeing");
    c->wish.lines_count = 1;
    PUT(c->wish.lines[0].sku.text, word(s, 0));
    c->wish.lines[0].units = s->count > 1 ? (uint32_t)number(s, 1, 1) : 1;
    c->wish.lines[0].units = c->wish.lines[0].units == 0 ? 1 : c->wish.lines[0].units;
    c->wish.lines[0].seen_price = seen == NULL ? 0 : (uint32_t)strtoul(seen, NULL, 10);
    if (id != NULL)
        PUT(c->id, id);
}

static void say_take(const struct sentence *s, struct command *c)
{
    const char *id = after(s, "as"), *viewer = after(s, "for");
    c->wish.lines_count = 1;
    c->wish.lines[0].units = 1;
    PUT(c->wish.lines[0].sku.text, word(s, 0));
    PUT(c->viewer.text, viewer == NULL ? "nobody" : viewer);
    PUT(c->hold.text, id == NULL ? "shops-1" : id);
    c->broadcast = world_broadcast_id;
}

static void say_hold(const struct sentence *s, struct command *c) { give_hold(s, c, 0); }

static void say_confirm(const struct sentence *s, struct command *c)
{
    give_hold(s, c, 0);
    give_money(s, c, 1);
    PUT(c->ref, s->count > 2 ? word(s, 2) : "A-1");
}

static void say_create(const struct sentence *s, struct command *c)
{
    PUT(c->broadcast.text, word(s, 0));
    c->details.hold_ms = 60000;
    for (size_t i = 1; i < s->count; i++) {
        size_t len = strlen(c->details.title);
        snprintf(c->details.title + len, sizeof c->details.title - len, "%s%s", i == 1 ? "" : " ", s->words[i]);
    }
}

static void say_count(const struct sentence *s, struct command *c)
{
    say_sku(s, c);
    c->units = number(s, 1, 0);
    c->gone = number(s, 2, 0);
    c->version = number(s, 3, 1);
    if (s->count > 4)
        c->counted_ms = s->w->clock.now_ms - number(s, 4, 0);
}

static void say_catalogue(const struct sentence *s, struct command *c)
{
    static const struct product products[] = {
        {.sku = {"mug-red"}, .title = "Red mug", .price = {1290, "EUR"}, .weight_g = 420},
        {.sku = {"cap-blue"}, .title = "Blue cap", .price = {2500, "EUR"}},
        {.sku = {"tee-green"}, .title = "Green tee", .price = {1900, "EUR"}, .limit_per_viewer = 2},
    };
    c->products = malloc(sizeof products);
    MUST(c->products != NULL);
    memcpy(c->products, products, sizeof products);
    if (s->count > 0)
        c->products[0].floor = (struct money){.minor = number(s, 0, 0), .currency = "EUR"};
    c->products_count = ARRAY_LEN(products);
}

static const struct verb {
    const char *word;
    enum command_kind kind;
    void (*say)(const struct sentence *s, struct command *c); /* NULL: the verb says it all */
} verbs[] = {
    {"stocks", COMMAND_STOCK_ALLOCATE, say_units},
    {"withdraws", COMMAND_STOCK_WITHDRAW, say_units},
    {"pins", COMMAND_PIN_SET, say_pin},
    {"unpins", COMMAND_PIN_CLEAR, say_slot},
    {"prices", COMMAND_PRICE_SET, say_price},
    {"offers", COMMAND_OFFER_START, say_price},
    {"calls-off", COMMAND_OFFER_STOP, say_sku},
    {"promises", COMMAND_EXTRA_ADD, say_extra},
    {"drops", COMMAND_EXTRA_END, say_sku},
    {"stops", COMMAND_STOCK_STOP, say_reason},
    {"opens", COMMAND_STOCK_OPEN, say_sku},
    {"approves", COMMAND_APPROVE, say_approval},
    {"rejects", COMMAND_REJECT, say_approval},
    {"recalls", COMMAND_RECALL, say_recall},
    {"traces", COMMAND_AFFECTED_GET, say_affected},
    {"takes", COMMAND_HOLD_RESERVE, say_take},
    {"prolongs", COMMAND_HOLD_EXTEND, say_hold},
    {"starts", COMMAND_START, NULL},
    {"forces", COMMAND_START, say_force},
    {"pauses", COMMAND_PAUSE, NULL},
    {"resumes", COMMAND_RESUME, NULL},
    {"ends", COMMAND_END, NULL},
    {"undoes", COMMAND_UNDO, NULL},
    {"next", COMMAND_CUE_NEXT, NULL},
    {"goes", COMMAND_CUE_GO, say_cue},
    {"says", COMMAND_CUE_DONE, say_cue},
    {"notices", COMMAND_NOTICE, say_text},
    {"loads", COMMAND_RUN_LOAD, say_run},
    {"preflights", COMMAND_PREFLIGHT, NULL},
    {"reserves", COMMAND_RESERVE, say_reserve},
    {"releases", COMMAND_RELEASE, say_hold},
    {"extends", COMMAND_EXTEND, say_hold},
    {"pays", COMMAND_CHECKOUT, say_hold},
    {"joins", COMMAND_WAITLIST_JOIN, say_units},
    {"leaves", COMMAND_WAITLIST_LEAVE, say_units},
    {"confirms", COMMAND_HOLD_CONFIRM, say_confirm},
    {"frees", COMMAND_HOLD_RELEASE, say_hold},
    {"looks", COMMAND_HOLD_GET, say_hold},
    {"creates", COMMAND_BROADCAST_CREATE, say_create},
    {"lists", COMMAND_BROADCAST_LIST, NULL},
    {"counts", COMMAND_STOCK_SYNC, say_count},
    {"replaces", COMMAND_CATALOGUE_PUT, say_catalogue},
};

static const struct verb *verb_find(const char *word_said)
{
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
        if (strcmp(verbs[i].word, word_said) == 0)
            return &verbs[i];
    return NULL;
}

/* ---- who ---- */

static enum role role_of(const char *name)
{
    if (strncmp(name, "host", 4) == 0)
        return ROLE_HOST;
    if (strncmp(name, "planner", 7) == 0)
        return ROLE_LOGISTICS;
    return strncmp(name, "shop", 4) == 0 ? ROLE_INTEGRATOR : ROLE_VIEWER;
}

/* "a", "a@2": on first mention they come to that node. */
static struct world_person *who(struct world *w, char *name)
{
    char *at = strchr(name, '@');
    unsigned node = at == NULL ? 1 : (unsigned)strtoul(at + 1, NULL, 10);
    size_t known = w->people_count;
    if (at != NULL)
        *at = '\0';
    struct world_person *p = world_person(w, name, role_of(name));
    if (w->people_count == known || p->role == ROLE_INTEGRATOR)
        return p;
    world_come(w, p, node);
    world_settle(w);
    return p;
}

static void do_command(struct sentence *s, const char *verb_said)
{
    const struct verb *verb = verb_find(verb_said);
    if (verb == NULL)
        world_fail(s->w, "nobody knows how to '%s'", verb_said);
    struct command c = {.kind = verb->kind};
    const char *expected = after(s, "at");
    if (verb->say != NULL)
        verb->say(s, &c);
    if (expected != NULL) {
        c.has_expect_seq = true;
        c.expect_seq = strtoull(expected, NULL, 10);
    }
    if (!world_submit(s->w, s->p, &c))
        world_fail(s->w, "%s is not connected", s->p->name);
}

static void do_person(struct world *w, char *name, const char *verb, struct sentence *s)
{
    s->p = who(w, name);
    if (strcmp(verb, "comes") == 0)
        world_come(w, s->p, (unsigned)number(s, 0, s->p->node));
    else if (strcmp(verb, "goes-away") == 0)
        world_go_away(w, s->p);
    else
        do_command(s, verb);
}

static void do_node(struct world *w, unsigned node, const char *verb, const struct sentence *s)
{
    MUST(node >= 1 && node <= w->config.nodes);
    if (strcmp(verb, "dies") == 0)
        world_node_die(w, node);
    else if (strcmp(verb, "starts") == 0)
        world_node_start(w, node);
    else if (strcmp(verb, "cut") == 0 || strcmp(verb, "back") == 0)
        world_node_cut(w, node, strcmp(verb, "cut") == 0);
    else if (strcmp(verb, "stock") == 0)
        orchestrator_stock_ready(w->nodes[node - 1].o, strcmp(word(s, 0), "on") == 0);
    else
        world_fail(w, "a node does not '%s'", verb);
}

static void do_sentence(struct world *w, char *text)
{
    char *words[WORDS_MAX];
    size_t count = 0;
    for (char *rest = text, *one; (one = strtok_r(rest, " \n", &rest)) != NULL && count < WORDS_MAX;)
        words[count++] = one;
    if (count == 0)
        return;
    size_t first = strcmp(words[0], "viewer") == 0 || strcmp(words[0], "node") == 0;
    MUST(count >= first + 2);
    struct sentence s = {.w = w};
    for (size_t i = first + 2; i < count; i++)
        s.words[s.count++] = words[i];
    if (strcmp(words[0], "node") == 0)
        do_node(w, (unsigned)strtoul(words[1], NULL, 10), words[2], &s);
    else
        do_person(w, words[first], words[first + 1], &s);
    world_settle(w);
}

void world_do(struct world *w, const char *sentences)
{
    char *text = strdup(sentences), *rest = text, *one;
    MUST(text != NULL);
    while ((one = strsep(&rest, ";")) != NULL)
        do_sentence(w, one);
    free(text);
}
