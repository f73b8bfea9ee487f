/* tests/contract/inventory/scene.h - questions to the inventory, in few words, and what is expected of the answers.
 *
 * Each tale has a shop of its own and is told twice, to memory and to Redis. Units are asked for as SKU and number; a
 * unit of any SKU costs 990 EUR cents; holds last TTL and are of broadcast b1. */
#ifndef LIVESHELF_TESTS_CONTRACT_INVENTORY_SCENE_H
#define LIVESHELF_TESTS_CONTRACT_INVENTORY_SCENE_H

#include "tests/unit/unit.h"

#include "tests/contract/inventory/stage.h"

#define TTL 60000
#define DAY 86400000
#define EXPECT(answer, question) assert_string_equal(inventory_answer_name(INVENTORY_##answer), name_of(question))

extern struct stage stage;
extern char shop[32];
extern struct inventory_request got; /* the last answer */

const char *name_of(enum inventory_answer answer);
void set_text(char *to, const char *from); /* an id */

struct inventory_request question(enum inventory_op op);
enum inventory_answer inquire(struct inventory_request r);
void ask_all(struct inventory_request *requests, size_t count); /* in one call */

void add_line(struct inventory_request *r, const char *sku, uint32_t units);
struct inventory_request a_reserve(const char *id, const char *viewer, const char *sku, uint32_t units);
struct inventory_request a_confirm(const char *id, int64_t minor, const char *order);
struct inventory_request of_hold(enum inventory_op op, const char *id, const char *viewer);
struct inventory_request of_sku(enum inventory_op op, const char *sku, int64_t units);
struct inventory_request a_recall(const char *sku, enum recall_mode mode);
struct inventory_request a_freeze(const char *broadcast, bool frozen, const char *epoch, int64_t seq);

enum inventory_answer reserve(const char *id, const char *viewer, const char *sku, uint32_t units);
enum inventory_answer confirm(const char *id, int64_t minor, const char *order);
enum inventory_answer release(const char *id, const char *viewer);
enum inventory_answer extend(const char *id, const char *viewer);
enum inventory_answer take_back(const char *id);
enum inventory_answer get(const char *id);
enum inventory_answer join(const char *viewer, const char *sku, uint32_t units);
enum inventory_answer leave(const char *viewer, const char *sku);
enum inventory_answer stock(enum inventory_op op, const char *sku, int64_t units, const char *ref);
enum inventory_answer allocate(const char *sku, int64_t units, const char *ref);
enum inventory_answer sync_count(const char *sku, int64_t count, int64_t gone, int64_t version);
enum inventory_answer recall(const char *sku, enum recall_mode mode);
enum inventory_answer freeze(const char *broadcast, bool frozen, const char *epoch, int64_t seq);
enum inventory_answer checkpoint(int64_t ttl_ms);
enum inventory_answer expire(void);

void check_count(const char *sku, int64_t available, int64_t held, int64_t sold);
void check_hold(const char *id, enum hold_state state);
void check_held_for(const char *id, int64_t ms); /* an open hold ends in so many, going on now */
/* What the ledger told since the last look, without its times; NULL: not looked at. */
void check_told(const char *expected);

int scene_begin_test(void **state);
int scene_end_test(void **state);
#define TALE(name) cmocka_unit_test_setup_teardown(name, scene_begin_test, scene_end_test)
/* Tells it to both; the program's exit code. */
int scene_run(const char *name, int (*tell)(const char *name));

#endif
