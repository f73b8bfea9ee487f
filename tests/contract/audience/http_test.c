/* HTTP: tokens, bodies, repeats, pages, event streams. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/contract/audience/ask.h"

static char web[] = "/tmp/liveshelf-pages-XXXXXX";

/* ---- plain ---- */

static void health_readiness_metrics(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    struct peer p;
    peer_connect(&p, s);
    ask_expect(&p, "GET", "/healthz", "", NULL, 200, "ok");
    ask_expect(&p, "GET", "/readyz", "", NULL, 200, "ready");
    ask_expect(&p, "GET", "/metrics", "", NULL, 200, "# TYPE liveshelf_conns gauge");
    ask_expect(&p, "HEAD", "/healthz", "", NULL, 200, NULL);
    ask_expect(&p, "GET", "/nothing", "", NULL, 404, "application/problem+json");
    ask_expect(&p, "DELETE", "/healthz", "", NULL, 405, NULL);
    ask_expect(&p, "GET", "/v1/broadcasts/" STAGE_SHOW "/live", "", NULL, 426, "Upgrade: websocket");
    assert_false(p.closed); /* all on one socket */
    peer_finish(&p);
    stage_close(s);
}

static void head_has_the_length_and_no_body(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    struct peer p;
    peer_connect(&p, s);
    p.no_body = true;
    peer_send_text(&p, "HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    char *head = peer_answer(&p, NULL);
    assert_non_null(strstr(head, "Content-Length: 3\r\n"));
    free(head);
    peer_send_text(&p, "GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    STAGE_UNTIL(s, (peer_pump_raw(&p), p.closed));
    assert_int_equal(strncmp(p.in.data, "HTTP/1.1 200", 12), 0); /* right behind the headers of the first */
    peer_finish(&p);
    stage_close(s);
}

static void who_asks_before_sending_is_told_to_go_on(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    struct peer p;
    peer_connect(&p, s);
    peer_send_text(&p, "POST /v1/nothing HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    char *head = peer_answer(&p, NULL);
    assert_int_equal(strncmp(head, "HTTP/1.1 100 ", 13), 0);
    free(head);
    peer_send_text(&p, "{}");
    head = peer_answer(&p, NULL);
    assert_int_equal(strncmp(head, "HTTP/1.1 401 ", 13), 0);
    free(head);
    peer_finish(&p);
    stage_close(s);
}

static void old_and_closing_clients(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    static const char *const closing[] = {"GET /healthz HTTP/1.0\r\n\r\n",
                                          "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"};
    for (size_t i = 0; i < 2; i++) {
        struct peer p;
        peer_connect(&p, s);
        peer_send_text(&p, closing[i]);
        char *head = peer_answer(&p, NULL);
        assert_non_null(strstr(head, "Connection: close"));
        STAGE_UNTIL(s, (peer_pump_raw(&p), p.closed));
        free(head);
        peer_finish(&p);
    }
    stage_close(s);
}

/* ---- bodies ---- */

static void bodies_have_limits(void **state)
{
    (void)state;
    struct stage_options options = stage_options_default();
    options.limits.http_body_bytes_max = 1000;
    options.limits.http_body_timeout_ms = 700;
    struct stage *s = stage_open(&options);
    static const struct {
        const char *request;
        int status;
    } cases[] = {
        {"POST /v1/broadcasts HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n", 413},
        {"POST /v1/broadcasts HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", 400},
        {"POST /v1/broadcasts HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400},
        {"POST /v1/broadcasts HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n12345", 400},
        {"POST /v1/broadcasts HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 411},
        {"POST /v1/broadcasts HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}", 411},
        {"POST /v1/broadcasts HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{", 408},
        {"POST /v1/broadcasts HTTP/1.1\r\nHost: x\r\n\r\n", 401},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct peer p;
        peer_connect(&p, s);
        int status = peer_status(&p, cases[i].request);
        if (status != cases[i].status)
            fail_msg("%d instead of %d: %s", status, cases[i].status, cases[i].request);
        STAGE_UNTIL(s, (peer_pump_raw(&p), p.closed));
        peer_finish(&p);
    }
    stage_close(s);
}

static void a_long_body_in_small_pieces(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    struct peer p;
    char *token = ask_bearer(s, ROLE_INTEGRATOR, NULL, HOUR_MS);
    char *body = malloc(200001), text[512];
    memset(body, ' ', 200000);
    body[200000] = '\0';
    memcpy(body, "{\"id\":\"big-one\",\"title\":\"Big\"}", 30);
    peer_connect(&p, s);
    snprintf(
        text, sizeof text,
        "POST /v1/broadcasts HTTP/1.1\r\nHost: x\r\n%sContent-Type: application/json\r\nContent-Length: 200000\r\n\r\n",
        token);
    peer_send_text(&p, text);
    for (size_t at = 0; at < 200000; at += 5000)
        peer_send(&p, body + at, 5000);
    char *head = peer_answer(&p, NULL);
    assert_int_equal(status_of(head), 201);
    free(head);
    free(body);
    free(token);
    peer_finish(&p);
    stage_close(s);
}

/* ---- /v1 ---- */

static void tokens_roles_and_scopes(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    struct peer p;
    char *integrator = ask_bearer(s, ROLE_INTEGRATOR, NULL, HOUR_MS),
         *host = ask_bearer(s, ROLE_HOST, "another", HOUR_MS);
    char *viewer = ask_bearer(s, ROLE_VIEWER, STAGE_SHOW, HOUR_MS),
         *logistics = ask_bearer(s, ROLE_LOGISTICS, STAGE_SHOW, HOUR_MS);
    char *old = ask_bearer(s, ROLE_INTEGRATOR, NULL, -HOUR_MS), *own = ask_bearer(s, ROLE_HOST, STAGE_SHOW, HOUR_MS);
    peer_connect(&p, s);
    ask_expect(&p, "GET", "/v1/broadcasts/" STAGE_SHOW, "", NULL, 401, "WWW-Authenticate: Bearer");
    ask_expect(&p, "GET", "/v1/broadcasts/" STAGE_SHOW, "Authorization: Bearer x.y.z\r\n", NULL, 401,
               "unauthenticated");
    ask_expect(&p, "GET", "/v1/broadcasts/" STAGE_SHOW, "Authorization: Basic eDp5\r\n", NULL, 401, "unauthenticated");
    ask_expect(&p, "GET", "/v1/broadcasts/" STAGE_SHOW, old, NULL, 401, "token_expired");
    ask_expect(&p, "GET", "/v1/broadcasts/" STAGE_SHOW, integrator, NULL, 200, "\"state\":\"live\"");
    ask_expect(&p, "GET", "/v1/broadcasts/" STAGE_SHOW, own, NULL, 200, "\"state\":\"live\"");
    ask_expect(&p, "GET", "/v1/broadcasts/" STAGE_SHOW, host, NULL, 403, "forbidden");
    ask_expect(&p, "GET", "/v1/broadcasts/" STAGE_SHOW, viewer, NULL, 403, "forbidden");
    ask_expect(&p, "GET", "/v1/broadcasts/" STAGE_SHOW, logistics, NULL, 403, "forbidden");
    ask_expect(&p, "GET", "/v1/broadcasts/not-there", integrator, NULL, 404, "not_found");
    ask_expect(&p, "GET", "/v1/nonsense", integrator, NULL, 404, "not_found");
    ask_expect(&p, "PUT", "/v1/broadcasts", integrator, "{}", 405, NULL);
    ask_expect(&p, "POST", "/v1/broadcasts", integrator, "{\"id\":\"x\",\"title\":\"X\",\"typo\":1}", 400, "typo");
    ask_expect(&p, "POST", "/v1/broadcasts", integrator, "{\"id\":\"x\",\"title\":\"X\"}", 201, "\"id\":\"x\"");
    ask_expect(&p, "POST", "/v1/stock/mug-red/allocate", integrator, "{\"units\":4,\"ref\":\"po-9\"}", 200,
               "\"available\":4");
    ask_expect(&p, "POST", "/v1/stock/mug-red/allocate", integrator, "{\"units\":4,\"ref\":\"po-9\"}", 200,
               "\"replayed\":true");
    ask_expect(&p, "POST", "/v1/broadcasts/" STAGE_SHOW "/pause", own, "{}", 200, "\"state\":\"paused\"");
    free(integrator);
    free(host);
    free(viewer);
    free(logistics);
    free(old);
    free(own);
    peer_finish(&p);
    stage_close(s);
}

static void a_repeated_post_is_done_once(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    struct peer p, q;
    char *token = ask_bearer(s, ROLE_INTEGRATOR, NULL, HOUR_MS), headers[700];
    snprintf(headers, sizeof headers, "%sIdempotency-Key: k-1\r\n", token);
    peer_connect(&p, s);
    ask_expect(&p, "POST", "/v1/broadcasts", headers, "{\"id\":\"once\",\"title\":\"Once\"}", 201, "\"id\":\"once\"");
    ask_expect(&p, "POST", "/v1/broadcasts", headers, "{\"id\":\"once\",\"title\":\"Once\"}", 201,
               "Idempotency-Replayed: true");
    ask_expect(&p, "POST", "/v1/broadcasts", headers, "{\"id\":\"once\",\"title\":\"Once\"}", 201, "\"id\":\"once\"");
    ask_expect(&p, "POST", "/v1/broadcasts", headers, "{\"id\":\"other\",\"title\":\"Once\"}", 422, "mismatch");
    ask_expect(&p, "POST", "/v1/broadcasts/once/end", headers, "{}", 422, "mismatch");
    snprintf(headers, sizeof headers, "%sIdempotency-Key: a b\r\n", token);
    ask_expect(&p, "POST", "/v1/broadcasts", headers, "{\"id\":\"z\",\"title\":\"Z\"}", 400, "Idempotency-Key");
    snprintf(headers, sizeof headers, "%sIdempotency-Key: %065d\r\n", token, 1);
    ask_expect(&p, "POST", "/v1/broadcasts", headers, "{\"id\":\"z\",\"title\":\"Z\"}", 400, NULL);
    peer_finish(&p);
    /* a refusal is an answer too, and is given again */
    snprintf(headers, sizeof headers, "%sIdempotency-Key: k-2\r\n", token);
    peer_connect(&p, s);
    ask_expect(&p, "POST", "/v1/holds/h_none/confirm", headers, "{\"order\":\"A\",\"amount\":1,\"currency\":\"EUR\"}",
               404, "hold_unknown");
    ask_expect(&p, "POST", "/v1/holds/h_none/confirm", headers, "{\"order\":\"A\",\"amount\":1,\"currency\":\"EUR\"}",
               404, "Idempotency-Replayed: true");
    /* the second while the first is under way */
    static const char body[] = "{\"id\":\"pair\",\"title\":\"Pair\"}";
    char text[1024];
    snprintf(text, sizeof text,
             "POST /v1/broadcasts HTTP/1.1\r\nHost: x\r\n%sIdempotency-Key: k-3\r\nContent-Type: "
             "application/json\r\nContent-Length: %zu\r\n\r\n%s",
             token, sizeof body - 1, body);
    peer_connect(&q, s);
    peer_send_text(&p, text);
    peer_send_text(&q, text);
    char *one = peer_answer(&p, NULL), *two = peer_answer(&q, NULL);
    int a = status_of(one), b = status_of(two);
    assert_true((a == 201 && (b == 409 || b == 201)) || (a == 409 && b == 201));
    free(one);
    free(two);
    peer_finish(&p);
    peer_finish(&q);
    free(token);
    stage_close(s);
}

static void who_leaves_early_is_remembered(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    struct peer p;
    static const char body[] = "{\"id\":\"gone\",\"title\":\"Gone\"}";
    char *token = ask_bearer(s, ROLE_INTEGRATOR, NULL, HOUR_MS), headers[700], text[1024];
    snprintf(headers, sizeof headers, "%sIdempotency-Key: k-9\r\n", token);
    snprintf(
        text, sizeof text,
        "POST /v1/broadcasts HTTP/1.1\r\nHost: x\r\n%sContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
        headers, sizeof body - 1, body);
    for (int turns = 0; turns < 12; turns++) { /* leaves at every step of the way */
        peer_connect(&p, s);
        peer_send_text(&p, text);
        for (int i = 0; i < turns; i++)
            stage_turn(s);
        peer_finish(&p);
    }
    stage_run_ms(s, 100);
    peer_connect(&p, s);
    ask_expect(&p, "POST", "/v1/broadcasts", headers, body, 201, "Idempotency-Replayed: true");
    free(token);
    peer_finish(&p);
    stage_close(s);
}

/* ---- other hosts' pages ---- */

static void cross_origin(void **state)
{
    (void)state;
    struct stage_options options = stage_options_default();
    options.origins = "https://shop.example";
    struct stage *s = stage_open(&options);
    struct peer p;
    peer_connect(&p, s);
    ask_expect(&p, "OPTIONS", "/v1/broadcasts",
               "Origin: https://shop.example\r\nAccess-Control-Request-Method: POST\r\n", NULL, 204,
               "Access-Control-Allow-Origin: https://shop.example");
    char *head = ask(&p, "OPTIONS", "/v1/broadcasts", "Origin: https://evil.example\r\n", NULL, NULL);
    assert_null(strstr(head, "Access-Control"));
    free(head);
    ask_expect(&p, "GET", "/v1/broadcasts", "Origin: https://shop.example\r\n", NULL, 401,
               "Access-Control-Allow-Origin: https://shop.example");
    peer_finish(&p);
    stage_close(s);
}

/* ---- pages ---- */

static void put(const char *name, const char *data)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", web, name);
    char *slash = strrchr(path, '/');
    *slash = '\0';
    mkdir(path, 0755);
    *slash = '/';
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(data, f);
    fclose(f);
}

static void pages(void **state)
{
    (void)state;
    struct stage_options options = stage_options_default();
    options.web_dir = web;
    struct stage *s = stage_open(&options);
    struct peer p;
    char etag[64], header[128];
    peer_connect(&p, s);
    char *got, *head = ask(&p, "GET", "/viewer/", "", NULL, &got);
    assert_int_equal(status_of(head), 200);
    assert_string_equal(got, "<!doctype html>");
    assert_non_null(strstr(head, "Content-Type: text/html; charset=utf-8\r\n"));
    assert_non_null(strstr(head, "frame-ancestors 'self'\r\n"));
    assert_non_null(strstr(head, "X-Content-Type-Options: nosniff\r\n"));
    assert_non_null(strstr(head, "Cache-Control: no-cache\r\n"));
    assert_int_equal(sscanf(strstr(head, "ETag: "), "ETag: %63s", etag), 1);
    free(head);
    free(got);
    snprintf(header, sizeof header, "If-None-Match: %s\r\n", etag);
    ask_expect(&p, "GET", "/viewer/", header, NULL, 304, etag);
    ask_expect(&p, "GET", "/", "", NULL, 302, "Location: /viewer/\r\n");
    ask_expect(&p, "GET", "/viewer?b=1&c=2", "", NULL, 302, "Location: /viewer/?b=1&c=2\r\n");
    ask_expect(&p, "GET", "/assets/a-1.js", "Accept-Encoding: gzip, br\r\n", NULL, 200, "Content-Encoding: br\r\n");
    ask_expect(&p, "GET", "/assets/a-1.js", "Accept-Encoding: gzip, br\r\n", NULL, 200, "as brotli");
    ask_expect(&p, "GET", "/assets/a-1.js", "", NULL, 200, "as it is");
    ask_expect(&p, "GET", "/assets/a-1.js", "", NULL, 200, "max-age=31536000, immutable");
    ask_expect(&p, "GET", "/assets/a-1.js", "", NULL, 200, "Access-Control-Allow-Origin: *");
    ask_expect(&p, "GET", "/viewer/../../etc/passwd", "", NULL, 404, NULL);
    ask_expect(&p, "GET", "/..%2f..%2fetc/passwd", "", NULL, 404, NULL);
    ask_expect(&p, "GET", "/%2e%2e/%2e%2e/etc/passwd", "", NULL, 404, NULL);
    ask_expect(&p, "GET", "//viewer", "", NULL, 302, "Location: /viewer/");
    ask_expect(&p, "POST", "/viewer/", "", "{}", 405, NULL);
    peer_finish(&p);
    stage_close(s);
}

static void a_big_file_reaches_a_slow_reader_whole(void **state)
{
    (void)state;
    struct stage_options options = stage_options_default();
    options.web_dir = web;
    options.limits.send_buffer_bytes = 4096;
    struct stage *s = stage_open(&options);
    struct peer p;
    peer_connect_small(&p, s, 4096);
    peer_send_text(&p, "GET /img/big.txt HTTP/1.1\r\nHost: x\r\n\r\n");
    stage_run_ms(s, 100);
    char *got, *head = peer_answer(&p, &got);
    assert_int_equal(strlen(got), 1000000);
    for (size_t i = 0; i < 1000000; i++) {
        if (got[i] != (char)('a' + i % 23))
            fail_msg("wrong at %zu", i);
    }
    free(got);
    free(head);
    ask_expect(&p, "GET", "/healthz", "", NULL, 200, "ok");
    peer_send_text(&p, "GET /img/big.txt HTTP/1.1\r\nHost: x\r\n\r\n"); /* and one who leaves in the middle */
    stage_run_ms(s, 50);
    peer_finish(&p);
    stage_close(s);
}

/* ---- the wiring's own routes ---- */

static uint64_t asked_id;

static void later(void *ctx, uint64_t id, const struct server_request *request)
{
    (void)ctx;
    assert_string_equal(request->query, "hold=h_1&x=y");
    assert_int_equal(request->body_len, 5);
    assert_memory_equal(request->body, "hello", 5);
    asked_id = id;
}

static void at_once(void *ctx, uint64_t id, const struct server_request *request)
{
    struct stage *s = *(struct stage **)ctx;
    server_answer(s->server, id, 201, "text/plain", request->path, strlen(request->path));
}

static void own_routes(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    struct peer p;
    asked_id = 0;
    server_add_route(s->server, "POST", "/demo/pay", later, NULL);
    server_add_route(s->server, "GET", "/demo/now", at_once, &s);
    peer_connect(&p, s);
    ask_expect(&p, "GET", "/demo/now", "", NULL, 201, "/demo/now");
    peer_send_text(&p, "POST /demo/pay?hold=h_1&x=y HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
    STAGE_UNTIL(s, asked_id != 0);
    server_answer(s->server, asked_id + 1, 200, "text/plain", "nobody", 6);
    server_answer(s->server, asked_id, 200, "application/json", "{}", 2);
    server_answer(s->server, asked_id, 200, "application/json", "{}", 2); /* once is enough */
    char *head = peer_answer(&p, NULL);
    assert_int_equal(status_of(head), 200);
    free(head);
    asked_id = 0;
    peer_send_text(&p, "POST /demo/pay?hold=h_1&x=y HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
    STAGE_UNTIL(s, asked_id != 0);
    peer_finish(&p); /* leaves before the answer */
    stage_run_ms(s, 50);
    server_answer(s->server, asked_id, 200, "application/json", "{}", 2);
    stage_close(s);
}

/* A client that closes while its request is worked on must not keep the loop busy. */
static void a_client_who_left_costs_nothing(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    struct peer p;
    asked_id = 0;
    server_add_route(s->server, "POST", "/demo/pay", later, NULL);
    peer_connect(&p, s);
    peer_send_text(&p, "POST /demo/pay?hold=h_1&x=y HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
    STAGE_UNTIL(s, asked_id != 0);
    peer_finish(&p);
    stage_run_ms(s, 100);
    size_t turns = 0;
    for (int64_t end = stage_now_ms() + 500; stage_now_ms() < end; turns++)
        stage_turn(s);
    if (turns > 2000) /* the clock of the stage alone makes 250 */
        fail_msg("%zu turns in half a second", turns);
    server_answer(s->server, asked_id, 200, "application/json", "{}", 2);
    stage_close(s);
}

/* A socket that is kept for a next request counts as nothing else; so there is an end to how many are. */
static void only_so_many_sockets_are_kept(void **state)
{
    (void)state;
    struct stage_options options = stage_options_default();
    options.limits.handshakes_max = 2;
    options.limits.http_requests_max = 2;
    struct stage *s = stage_open(&options);
    struct peer peers[6];
    size_t kept = 0;
    for (size_t i = 0; i < ARRAY_LEN(peers); i++) {
        peer_connect(&peers[i], s);
        peer_send_text(&peers[i], "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
        char *head = peer_answer(&peers[i], NULL);
        kept += strstr(head, "Connection: close") == NULL;
        free(head);
    }
    assert_int_equal(kept, 4);
    STAGE_UNTIL(s, (peer_pump_raw(&peers[5]), peers[5].closed));
    for (size_t i = 0; i < ARRAY_LEN(peers); i++)
        peer_finish(&peers[i]);
    stage_run_ms(s, 20);
    struct peer next; /* they have gone, and there is room to stay again */
    peer_connect(&next, s);
    peer_send_text(&next, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    char *head = peer_answer(&next, NULL);
    assert_null(strstr(head, "Connection: close"));
    free(head);
    peer_finish(&next);
    stage_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(health_readiness_metrics),
        cmocka_unit_test(head_has_the_length_and_no_body),
        cmocka_unit_test(who_asks_before_sending_is_told_to_go_on),
        cmocka_unit_test(old_and_closing_clients),
        cmocka_unit_test(bodies_have_limits),
        cmocka_unit_test(a_long_body_in_small_pieces),
        cmocka_unit_test(tokens_roles_and_scopes),
        cmocka_unit_test(a_repeated_post_is_done_once),
        cmocka_unit_test(who_leaves_early_is_remembered),
        cmocka_unit_test(cross_origin),
        cmocka_unit_test(pages),
        cmocka_unit_test(a_big_file_reaches_a_slow_reader_whole),
        cmocka_unit_test(own_routes),
        cmocka_unit_test(a_client_who_left_costs_nothing),
        cmocka_unit_test(only_so_many_sockets_are_kept),
    };
    if (mkdtemp(web) == NULL)
        return 1;
    char *big = malloc(1000001);
    for (size_t i = 0; i < 1000000; i++)
        big[i] = (char)('a' + i % 23);
    big[1000000] = '\0';
    put("viewer/index.html", "<!doctype html>");
    put("assets/a-1.js", "as it is");
    put("assets/a-1.js.br", "as brotli");
    put("img/big.txt", big);
    free(big);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", web);
    return system(command) != 0 ? 1 : failed;
}
