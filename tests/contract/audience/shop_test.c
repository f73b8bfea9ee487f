/* What a shop's own systems ask of the stock, and what a pause and a recall look like from outside. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/contract/audience/ask.h"

#define SHOW "/v1/broadcasts/" STAGE_SHOW
#define WISH(hold, qty)                                                                                                \
    "{\"hold\":\"" hold "\",\"viewer\":\"v_shop\",\"lines\":[{\"sku\":\"mug-red\",\"qty\":" qty "}]}"

static int64_t number(const char *json, const char *name)
{
    const char *at = strstr(json, name);
    if (at == NULL)
        fail_msg("no %s in %s", name, json);
    return strtoll(at + strlen(name), NULL, 10);
}

/* The body of a GET, freed by the caller. */
static char *got(struct peer *p, const char *path, const char *token)
{
    char *body = NULL, *head = ask(p, "GET", path, token, NULL, &body);
    assert_int_equal(status_of(head), 200);
    free(head);
    return body;
}

static void a_shop_holds_for_a_viewer(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    struct peer p, viewer;
    char *token = ask_bearer(s, ROLE_INTEGRATOR, NULL, HOUR_MS), *host = ask_bearer(s, ROLE_HOST, STAGE_SHOW, HOUR_MS);
    stage_allocate(s, 3, "po-1");
    peer_join(&viewer, s, ROLE_VIEWER, "v_shop");
    peer_connect(&p, s);
    ask_expect(&p, "POST", SHOW "/holds", token, WISH("h_1", "2"), 200, "\"viewer\":\"v_shop\"");
    peer_expect(&viewer, "\"hold\":\"h_1\",\"state\":\"held\""); /* whose hold it is hears of it */
    ask_expect(&p, "POST", SHOW "/holds", token, WISH("h_1", "2"), 200, "\"hold\":\"h_1\",\"state\":\"held\"");
    ask_expect(&p, "POST", SHOW "/holds", token, WISH("h_2", "2"), 409, "held_out");
    ask_expect(&p, "POST", SHOW "/holds", host, WISH("h_3", "1"), 403, "forbidden");
    ask_expect(&p, "POST", "/v1/broadcasts/not-there/holds", token, WISH("h_3", "1"), 404, "not_found");
    s->clock.ahead_ms += 60000;
    ask_expect(&p, "POST", "/v1/holds/h_1/extend", token, "{}", 200, "\"extends_left\":1");
    ask_expect(&p, "POST", "/v1/holds/h_1/release", token, "{}", 200, "\"state\":\"released\"");
    peer_expect(&viewer, "\"state\":\"released\"");
    peer_finish(&viewer);
    peer_finish(&p);
    free(token);
    free(host);
    stage_close(s);
}

static void a_recall_and_all_it_touches(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    struct peer p, viewer;
    char *token = ask_bearer(s, ROLE_INTEGRATOR, NULL, HOUR_MS), *host = ask_bearer(s, ROLE_HOST, STAGE_SHOW, HOUR_MS);
    char *other = ask_bearer(s, ROLE_HOST, "another", HOUR_MS);
    stage_allocate(s, 5, "po-1");
    peer_join(&viewer, s, ROLE_VIEWER, "v_shop");
    peer_connect(&p, s);
    ask_expect(&p, "POST", SHOW "/holds", token, WISH("h_paid", "1"), 200, NULL);
    stage_confirm(s, "h_paid", 990);
    ask_expect(&p, "POST", SHOW "/holds", token, WISH("h_open", "2"), 200, NULL);
    ask_expect(&p, "POST", SHOW "/recall", token, "{\"sku\":\"mug-red\",\"holds\":\"keep\",\"text\":\"Wait\"}", 200,
               "\"sku\":\"mug-red\",\"recall\":\"keep\",\"affected\":{\"holds\":1,\"units_held\":2,\"orders\":1,"
               "\"units_sold\":1}");
    peer_say(&viewer, "{\"t\":\"checkout\",\"id\":\"c1\",\"hold\":\"h_open\"}");
    const char *kept = peer_expect(&viewer, "\"re\":\"c1\"");
    assert_non_null(strstr(kept, "\"recall\":\"keep\",\"checkout_url\":\"\"")); /* nobody pays while it is unclear */
    ask_expect(&p, "GET", SHOW "/recalls/mug-red", host, NULL, 200, "\"hold\":\"h_open\",\"state\":\"held\"");
    ask_expect(&p, "GET", SHOW "/recalls/mug-red", host, NULL, 200, "\"order\":\"A-17\"");
    ask_expect(&p, "GET", SHOW "/recalls/mug-red", other, NULL, 403, "forbidden");
    ask_expect(&p, "GET", SHOW "/recalls/mug-red.csv", token, NULL, 200, "text/csv");
    char *table = got(&p, SHOW "/recalls/mug-red.csv", token);
    assert_non_null(strstr(table, "\"h_open\",\"held\",\"v_shop\",\"" STAGE_SHOW "\",\"\",\"mug-red\",2,990,EUR,"));
    assert_non_null(strstr(table, "\"h_paid\",\"confirmed\",\"v_shop\",\"" STAGE_SHOW "\",\"A-17\",\"mug-red\",1,"));
    free(table);
    ask_expect(&p, "POST", SHOW "/holds", token, WISH("h_late", "1"), 423, "recalled");
    ask_expect(&p, "POST", SHOW "/recall", token, "{\"sku\":\"mug-red\"}", 200, "\"recall\":\"cancel\"");
    peer_expect(&viewer, "\"hold\":\"h_open\",\"state\":\"released\"");
    ask_expect(&p, "GET", "/v1/stock", token, NULL, 200, "\"buffer\":0,\"recall\":\"cancel\"");
    ask_expect(&p, "GET", SHOW "/recalls/mug-red", token, NULL, 200, "\"affected\":{\"holds\":1,\"units_held\":2,");
    peer_finish(&viewer);
    peer_finish(&p);
    free(token);
    free(host);
    free(other);
    stage_close(s);
}

static void a_count_says_how_old_it_is(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    struct peer p, host;
    char *token = ask_bearer(s, ROLE_INTEGRATOR, NULL, HOUR_MS), body[200];
    peer_join(&host, s, ROLE_HOST, "anna");
    peer_connect(&p, s);
    ask_expect(&p, "GET", "/v1/stock", token, NULL, 200, "\"sync_delay_ms\":null");
    snprintf(body, sizeof body, "{\"count\":7,\"gone\":0,\"version\":1,\"counted_at_ms\":%lld}",
             (long long)s->clock.clock.now_ms(&s->clock.clock) - 45000);
    ask_expect(&p, "PUT", "/v1/stock/mug-red", token, body, 200, "\"available\":7");
    char *stock = got(&p, "/v1/stock", token);
    int64_t last = number(stock, "\"sync_delay_ms\":{\"last\":");
    assert_in_range(last, 45000, 45000 + STAGE_WAIT_MS);
    free(stock);
    peer_finish(&host);
    peer_join(&host, s, ROLE_HOST, "anna");
    const char *snapshot = host.messages[host.messages_count - 1];
    assert_int_equal(number(snapshot, "\"sync_delay_ms\":{\"last\":"), last);
    peer_finish(&host);
    peer_finish(&p);
    free(token);
    stage_close(s);
}

/* Held before a pause, looked at in it by one who was away, and after: the end moves by the pause and by nothing else. */
static void a_pause_moves_the_end_of_a_hold_by_itself(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    struct peer host, viewer, late;
    stage_allocate(s, 5, "po-1");
    peer_join(&host, s, ROLE_HOST, "anna");
    peer_join(&viewer, s, ROLE_VIEWER, "ben");
    peer_say(&viewer, "{\"t\":\"reserve\",\"id\":\"h_1\",\"lines\":[{\"sku\":\"mug-red\",\"qty\":1}]}");
    const char *held = peer_expect(&viewer, "\"re\":\"h_1\"");
    int64_t ends = number(held, "\"expires_ms\":");
    assert_int_equal(number(held, "\"stood_ms\":"), 0);
    peer_say(&host, "{\"t\":\"pause\",\"id\":\"p1\"}");
    const char *still = peer_expect(&viewer, "\"t\":\"hold_clock\"");
    assert_non_null(strstr(still, "\"running\":false,\"stood_ms\":0,\"since_ms\":"));
    s->clock.ahead_ms += 60000;
    peer_join(&late, s, ROLE_VIEWER, "ben");
    const char *snapshot = late.messages[late.messages_count - 1];
    assert_non_null(strstr(snapshot, "\"hold_clock\":{\"running\":false,"));
    const char *mine = strstr(snapshot, "\"my\":");
    int64_t stood = number(mine, "\"stood_ms\":");
    assert_true(stood >= 60000);
    assert_int_equal(number(mine, "\"expires_ms\":") - stood, ends);
    peer_say(&host, "{\"t\":\"resume\",\"id\":\"p2\"}");
    peer_expect(&late, "\"t\":\"hold_clock\",\"d\":{\"running\":true,");
    const char *on = peer_expect(&viewer, "\"t\":\"hold_clock\",\"d\":{\"running\":true,");
    assert_true(number(on, "\"stood_ms\":") >= stood);
    stood = number(on, "\"stood_ms\":");
    peer_say(&viewer, "{\"t\":\"checkout\",\"id\":\"c1\",\"hold\":\"h_1\"}");
    const char *after = peer_expect(&viewer, "\"re\":\"c1\"");
    assert_int_equal(number(after, "\"stood_ms\":"), stood);
    assert_int_equal(number(after, "\"expires_ms\":"), ends + stood);
    peer_finish(&late);
    peer_finish(&viewer);
    peer_finish(&host);
    stage_close(s);
}

/* Nothing but the values tells one who comes back that the clock stands still. */
static void who_comes_back_hears_of_the_clock(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    struct peer host, viewer;
    peer_join(&host, s, ROLE_HOST, "anna");
    peer_say(&host, "{\"t\":\"pause\",\"id\":\"p1\"}");
    peer_expect(&host, "\"running\":false");
    char *token = stage_token(s, ROLE_VIEWER, NULL, "ben", HOUR_MS), more[200];
    const struct broadcast *b = stage_show(s)->broadcast;
    snprintf(more, sizeof more, ",\"resume\":{\"epoch\":\"%s\",\"seq\":%llu}", b->epoch.text,
             (unsigned long long)b->seq - 1);
    peer_connect(&viewer, s);
    assert_int_equal(peer_upgrade(&viewer, ""), 101);
    peer_hello(&viewer, token, more);
    peer_expect(&viewer, "\"recovered\":true");
    peer_expect(&viewer, "\"t\":\"hold_clock\",\"d\":{\"running\":false,");
    assert_int_equal(peer_count(&viewer, "\"t\":\"snapshot\""), 0);
    free(token);
    peer_finish(&viewer);
    peer_finish(&host);
    stage_close(s);
}

/* The reason alone may change: who joins right after hears the new one. */
static void why_nothing_is_sold(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    struct audience *a = server_audience(s->server);
    struct peer host, viewer;
    peer_join(&host, s, ROLE_HOST, "anna");
    peer_join(&viewer, s, ROLE_VIEWER, "ben");
    static const char *const reasons[] = {"The stock cannot be reached.", "History was lost."};
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
        struct show_view show = *stage_show(s);
        show.selling_available = false;
        show.selling_why = reasons[i];
        a->publish_health(a, &show);
        const char *told = peer_expect(&host, "\"t\":\"health\"");
        assert_non_null(strstr(told, "\"selling\":\"unavailable\""));
        assert_non_null(strstr(told, reasons[i]));
    }
    peer_run_ms(&viewer, 50);
    assert_int_equal(peer_count(&viewer, "health"), 0);
    peer_finish(&viewer);
    peer_finish(&host);
    stage_close(s);
}

/* A snapshot tells what no tick has told yet; then it goes back to what was told last. Nobody keeps what is no longer so. */
static void what_a_snapshot_told_early_is_told_when_it_goes_back(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    struct peer ann, ben;
    peer_join(&ann, s, ROLE_VIEWER, "ann");
    s->clock.stands_ms = s->clock.clock.now_ms(&s->clock.clock) + 1000;
    stage_timers(s); /* the ticks that were to come, and from now on one alone */
    s->clock.ahead_ms += 1000;
    stage_allocate(s, 9, "po-9");
    peer_expect(&ann, "\"left\":9");
    peer_say(&ann, "{\"t\":\"reserve\",\"id\":\"h_1\",\"lines\":[{\"sku\":\"mug-red\",\"qty\":1}]}");
    peer_expect(&ann, "\"state\":\"held\"");
    STAGE_UNTIL(s, claims_hold(stage_show(s)->claims, "h_1") != NULL);
    peer_join(&ben, s, ROLE_VIEWER, "ben");
    assert_int_equal(peer_count(&ben, "\"left\":8"), 1); /* in the snapshot */
    peer_say(&ann, "{\"t\":\"release\",\"id\":\"r_1\",\"hold\":\"h_1\"}");
    peer_expect(&ann, "\"state\":\"released\"");
    STAGE_UNTIL(s, claims_sku(stage_show(s)->claims, "mug-red")->count.available == 9);
    s->clock.stands_ms = 0;
    s->clock.ahead_ms += 1000;
    peer_expect(&ben, "\"left\":9");
    peer_finish(&ben);
    peer_finish(&ann);
    stage_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shop_holds_for_a_viewer),
        cmocka_unit_test(a_recall_and_all_it_touches),
        cmocka_unit_test(a_count_says_how_old_it_is),
        cmocka_unit_test(a_pause_moves_the_end_of_a_hold_by_itself),
        cmocka_unit_test(who_comes_back_hears_of_the_clock),
        cmocka_unit_test(why_nothing_is_sold),
        cmocka_unit_test(what_a_snapshot_told_early_is_told_when_it_goes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
