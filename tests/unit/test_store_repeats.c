/* SPDX-License-Identifier: Apache-2.0 */
/* What repeats is counted, not kept again: the table of stories and the database together. */
#include "tests/unit/store_fixture.h"
#include "tests/unit/unit.h"

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/detect/incident.h"
#include "core/store/sqlite.h"
#include "core/store/store_internal.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#define WITH_STORE(test) \
    cmocka_unit_test_setup_teardown(test, eg_store_fixture_set_up, eg_store_fixture_tear_down)

#define START (UINT64_C(13411699200) * EG_TICKS_PER_SECOND)
#define MINUTE (60 * EG_TICKS_PER_SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define STORY_MAX (64u * 1024)

/* ---- hits of a story that the test makes up ---- */

typedef struct told {
    int number; /* of the thing */
    uint64_t time;
    int64_t incident, exception;
    bool news;
    uint32_t flags;
} told;

/* 0 when it became a row, the number of the row it was counted in when not. */
static int64_t add(eg_store_fixture *fix, told what)
{
    eg_hit hit;
    eg_event event;
    int64_t id = 0;
    bool is_new = false;
    eg_sample_hit(what.number, &hit, &event);
    hit.time = event.time = START + what.time;
    event.flags = what.flags;
    hit.incident_id = what.incident;
    hit.incident_news = what.news;
    hit.exception_id = what.exception;
    hit.incident_json = EG_STR("{}");
    hit.incident_memory = EG_STR("{}");
    assert_int_equal(eg_store_add_hit(fix->store, &hit, &event, &id, &is_new), EG_OK);
    assert_true(id > 0);
    return is_new ? 0 : id;
}

static int64_t number(eg_store_fixture *fix, const char *sql)
{
    int64_t value = 0;
    assert_int_equal(eg_sqlite_get_i64(fix->store->db, sql, &value), EG_OK);
    return value;
}

static void repeat__within_a_day__is_counted_in_the_row(void **state)
{
    eg_store_fixture *fix = *state;
    add(fix, (told){1, 0, 4, 0, true, 0});
    assert_int_equal(number(fix, "SELECT count(*) FROM hit WHERE last_time = stored_time"), 1);
    assert_int_equal(eg_sqlite_run(fix->store->db, "UPDATE hit SET last_time = 1"), EG_OK);
    assert_int_equal(add(fix, (told){1, 1, 4, 0, false, 0}), 1);
    assert_int_equal(add(fix, (told){1, DAY - 1, 4, 0, false, 0}), 1);
    assert_int_equal(number(fix, "SELECT count FROM hit"), 3);
    assert_int_equal(number(fix, "SELECT last_time >= stored_time FROM hit"), 1);
    assert_int_equal(number(fix, "SELECT count(*) FROM event"), 1);
    assert_true(number(fix, "SELECT last_time FROM incident") == (int64_t)(START + DAY - 1));
    assert_int_equal(eg_store_set_shown(fix->store, 1, 9, EG_STR("")), EG_OK);
    assert_int_equal(add(fix, (told){1, 2, 4, 0, false, 0}), 1);
    assert_int_equal(number(fix, "SELECT shown_time FROM hit"), 9);
}

static void repeat__after_a_day__gets_a_row_and_its_own_count(void **state)
{
    eg_store_fixture *fix = *state;
    add(fix, (told){1, 0, 4, 0, true, 0});
    assert_int_equal(add(fix, (told){1, DAY, 4, 0, false, 0}), 0);
    assert_int_equal(add(fix, (told){1, DAY + HOUR, 4, 0, false, 0}), 2);
    assert_int_equal(add(fix, (told){1, HOUR, 4, 0, false, 0}), 2); /* late */
    assert_int_equal(number(fix, "SELECT count FROM hit WHERE id = 1"), 1);
    assert_int_equal(number(fix, "SELECT count FROM hit WHERE id = 2"), 3);
    assert_int_equal(number(fix, "SELECT news FROM hit WHERE id = 2"), 0);
}

static void repeat__of_another_thing_story_or_exception__is_none(void **state)
{
    eg_store_fixture *fix = *state;
    add(fix, (told){1, 0, 4, 0, true, 0});
    assert_int_equal(add(fix, (told){2, 0, 4, 0, false, 0}), 0);
    assert_int_equal(add(fix, (told){1, 0, 5, 0, false, 0}), 0);
    assert_int_equal(add(fix, (told){1, 0, 0, 7, false, 0}), 0);
    assert_int_equal(add(fix, (told){1, 0, 0, 8, false, 0}), 0);
    assert_int_equal(add(fix, (told){1, 1, 0, 7, false, 0}), 4);
    assert_int_equal(add(fix, (told){1, 1, 4, 0, true, 0}), 0); /* news is never only counted */
    assert_int_equal(number(fix, "SELECT count(*) FROM hit"), 6);
}

/* All that the story knew was in the row of an older one, which nobody looks at any more. */
static void repeat__first_of_its_story_in_the_database__is_news(void **state)
{
    eg_store_fixture *fix = *state;
    add(fix, (told){1, 0, 4, 0, true, 0});
    assert_int_equal(add(fix, (told){1, 9 * DAY, 5, 0, true, EG_EVENT_EXISTING}), 1);
    assert_int_equal(number(fix, "SELECT count(*) FROM incident"), 1);
    assert_int_equal(add(fix, (told){1, 9 * DAY + 1, 5, 0, false, 0}), 0);
    assert_int_equal(number(fix, "SELECT news FROM hit WHERE id = 2"), 1);
    assert_int_equal(add(fix, (told){1, 9 * DAY + 2, 5, 0, false, 0}), 2);
}

static void repeat__only_found_again__is_no_second_time(void **state)
{
    eg_store_fixture *fix = *state;
    add(fix, (told){1, 0, 4, 0, true, 0});
    assert_int_equal(eg_sqlite_run(fix->store->db, "UPDATE hit SET last_time = 1"), EG_OK);
    assert_int_equal(add(fix, (told){1, 3 * DAY, 4, 0, true, EG_EVENT_EXISTING}), 1);
    assert_int_equal(add(fix, (told){1, 1, 4, 0, false, EG_EVENT_CHANGED_WHILE_DOWN}), 1);
    assert_int_equal(number(fix, "SELECT count FROM hit"), 1);
    assert_int_equal(number(fix, "SELECT last_time >= stored_time FROM hit"), 1);
}

static void repeat__without_memory__is_counted_once_or_not_at_all(void **state)
{
    eg_store_fixture *fix = *state;
    eg_hit hit;
    eg_event event;
    int64_t id = -1;
    bool is_new = true;
    eg_sample_hit(1, &hit, &event);
    hit.incident_id = 4;
    hit.incident_json = hit.incident_memory = EG_STR("{}");
    hit.incident_news = true;
    assert_int_equal(eg_store_add_hit(fix->store, &hit, &event, &id, &is_new), EG_OK);
    hit.incident_news = false;
    int status = EG_E_NOMEM;
    for (long allowed = 0; status == EG_E_NOMEM; allowed++) {
        id = -1;
        eg_mem_fail_after(allowed);
        status = eg_store_add_hit(fix->store, &hit, &event, &id, &is_new);
        eg_mem_fail_after(-1);
        assert_int_equal(number(fix, "SELECT count FROM hit"), status == EG_OK ? 2 : 1);
        assert_int_equal(id, status == EG_OK ? 1 : -1);
    }
    assert_int_equal(status, EG_OK);
    assert_false(is_new);
}

/* ---- the table of stories, the database, and a naive picture of both ---- */

enum { RULES = 3, THINGS = 8, KEYS = RULES * THINGS, ROWS_MAX = 4000, TOLD_OF_A_RULE = 3 };
#define NEVER UINT64_MAX

typedef struct model_row {
    int64_t story;
    int key; /* rule * THINGS + thing */
    uint64_t time, count;
    bool news;
} model_row;

typedef struct model_story {
    int64_t id;
    uint64_t last, hits;
    uint64_t told[KEYS]; /* NEVER, or when */
    bool seen[KEYS];
} model_story;

typedef struct world {
    eg_store_fixture *fix;
    eg_incidents *incidents;
    uint64_t random, now;
    model_story story, kept; /* as the service knows it, and as the database does */
    model_row row[ROWS_MAX];
    size_t rows, counted, told_again;
} world;

static uint64_t draw(world *self, uint64_t below)
{
    self->random ^= self->random << 13;
    self->random ^= self->random >> 7;
    self->random ^= self->random << 17;
    return self->random % below;
}

static uint64_t apart(uint64_t a, uint64_t b)
{
    return a > b ? a - b : b - a;
}

static bool model_tells(world *self, int key, uint64_t time, bool found)
{
    model_story *story = &self->story;
    size_t lately = 0;
    int first = key / THINGS * THINGS;
    for (int i = first; i < first + THINGS; i++) {
        lately += i != key && story->told[i] != NEVER && apart(story->told[i], time) < DAY;
    }
    uint64_t last = story->told[key];
    if ((last != NEVER && (found || apart(last, time) < DAY)) || lately >= TOLD_OF_A_RULE) {
        return false;
    }
    story->told[key] = time;
    self->told_again += last != NEVER;
    return true;
}

static model_row *model_find(world *self, int64_t story, int key, uint64_t time)
{
    for (size_t i = self->rows; i > 0; i--) {
        model_row *row = &self->row[i - 1];
        if (row->key == key && (story == 0 || row->story == story) &&
            (story == 0 || apart(row->time, time) < DAY)) {
            return row;
        }
    }
    return NULL;
}

/* What the database should do. True when the hit gets a row. */
static bool model_add(world *self, int key, uint64_t time, bool found)
{
    model_story *story = &self->story;
    if (story->id == 0 || apart(story->last, time) > DAY) {
        int64_t id = story->id > self->kept.id ? story->id : self->kept.id;
        memset(story, 0, sizeof(*story));
        memset(story->told, 0xFF, sizeof(story->told));
        story->id = id + 1;
        story->last = time;
    }
    story->last = time > story->last ? time : story->last;
    story->hits += !found || !story->seen[key];
    story->seen[key] = true;
    bool news = model_tells(self, key, time, found);
    model_row *row = found ? model_find(self, 0, key, time) : NULL;
    if (!row && !news) {
        row = model_find(self, story->id, key, time);
    }
    if (row) {
        row->count += !found;
        self->counted += !found;
    } else {
        assert_true(self->rows < ROWS_MAX);
        news = news || self->kept.id != story->id;
        self->row[self->rows++] = (model_row){story->id, key, time, 1, news};
    }
    if (!row || row->story == story->id) {
        self->kept = *story;
    }
    return !row;
}

static void write_story(world *self, const eg_incident *incident, eg_buf *story, eg_buf *memory)
{
    eg_json json;
    eg_buf_init(story, STORY_MAX);
    eg_buf_init(memory, STORY_MAX);
    eg_json_begin(&json, story);
    eg_incident_write_json(incident, &json);
    eg_json_begin(&json, memory);
    eg_incidents_write_memory(self->incidents, incident->id, &json);
    assert_int_equal(story->status, EG_OK);
    assert_int_equal(memory->status, EG_OK);
}

/* One process starts things; each rule has things of its own. */
static void meet(world *self, int key, uint64_t time, uint32_t flags)
{
    char rule[16], image[64];
    eg_event event;
    eg_incident_change change;
    eg_buf story, memory;
    int64_t id = 0;
    bool is_new = false;
    eg_lineage lineage = {.count = 1};
    snprintf(rule, sizeof(rule), "rule%d", key / THINGS);
    snprintf(image, sizeof(image), "C:\\Users\\Public\\thing%d.exe", key);
    eg_event_init(&event, EG_KIND_PROCESS_START);
    event.time = time;
    event.flags = flags;
    event.pid = 77;
    event.create_time = START;
    event.field[EG_FIELD_IMAGE] = eg_str_from(image);
    lineage.process[0] =
        (eg_process){.pid = 77, .create_time = START, .image = EG_STR("C:\\Users\\Public\\p.exe")};
    eg_hit hit = {.time = time,
                  .count = 1,
                  .level = EG_LEVEL_HIGH,
                  .rule_id = eg_str_from(rule),
                  .rule_title = EG_STR("A rule"),
                  .program = event.field[EG_FIELD_IMAGE],
                  .event_json = EG_STR("{}")};
    hit.fingerprint = eg_hit_fingerprint(hit.rule_id, &event);
    assert_int_equal(eg_incidents_add(self->incidents, &hit, &event, &lineage, &change), EG_OK);
    write_story(self, change.incident, &story, &memory);
    hit.incident_id = change.incident->id;
    hit.incident_news = change.is_news;
    hit.incident_json = eg_buf_str(&story);
    hit.incident_memory = eg_buf_str(&memory);
    assert_int_equal(eg_store_add_hit(self->fix->store, &hit, &event, &id, &is_new), EG_OK);
    eg_buf_done(&story);
    eg_buf_done(&memory);
    assert_int_equal(model_add(self, key, time, flags != 0), is_new);
    assert_int_equal(hit.incident_id, self->story.id);
}

static int compare_row(void *user, const eg_hit *hit)
{
    world *self = user;
    assert_true(hit->id >= 1 && (size_t)hit->id <= self->rows);
    const model_row *row = &self->row[hit->id - 1];
    char image[64];
    snprintf(image, sizeof(image), "C:\\Users\\Public\\thing%d.exe", row->key);
    assert_true(eg_str_equal(hit->program, eg_str_from(image)));
    assert_int_equal(hit->incident_id, row->story);
    assert_true(hit->time == row->time);
    assert_true(hit->count == row->count);
    assert_int_equal(hit->incident_news, row->news);
    assert_true(hit->last_time >= hit->stored_time);
    return EG_OK;
}

static int compare_story(void *user, const eg_stored_incident *incident)
{
    world *self = user;
    yyjson_doc *document = NULL;
    assert_true(incident->last_time == self->kept.last);
    assert_int_equal(eg_json_parse(incident->story, &document), EG_OK);
    yyjson_val *root = yyjson_doc_get_root(document);
    assert_true(eg_json_get_u64(root, "hits", 0) == self->kept.hits);
    yyjson_doc_free(document);
    return EG_OK;
}

static void compare(world *self)
{
    eg_hit_query all = {.limit = ROWS_MAX};
    assert_int_equal(number(self->fix, "SELECT count(*) FROM hit"), self->rows);
    assert_int_equal(eg_store_each_hit(self->fix->store, &all, compare_row, self), EG_OK);
    if (self->kept.id != 0) {
        assert_int_equal(
            eg_store_get_incident(self->fix->store, self->kept.id, compare_story, self), EG_OK);
    }
}

static int restore(void *user, const eg_stored_incident *incident)
{
    world *self = user;
    assert_int_equal(eg_incidents_restore(self->incidents, incident->story, incident->memory),
                     EG_OK);
    return EG_OK;
}

/* The service ends and starts: what only it knew is gone. */
static void restart(world *self)
{
    int64_t last = 0;
    eg_incidents_destroy(self->incidents);
    assert_int_equal(eg_store_fixture_open(self->fix, EG_STORE_READ_WRITE), EG_OK);
    assert_int_equal(eg_incidents_create(&self->incidents), EG_OK);
    assert_int_equal(eg_store_last_incident(self->fix->store, &last), EG_OK);
    eg_incidents_number(self->incidents, last);
    assert_int_equal(
        eg_store_each_incident(self->fix->store, self->now - DAY, true, 100, restore, self), EG_OK);
    bool open = self->kept.id != 0 && number(self->fix, "SELECT resolved_time = 0 FROM incident"
                                                        " ORDER BY id DESC LIMIT 1") != 0;
    self->story = self->kept;
    self->story.last = open ? self->story.last : 0;
}

static void resolve(world *self)
{
    if (self->story.id != 0 && self->story.id == self->kept.id) {
        assert_int_equal(eg_store_resolve_incident(self->fix->store, self->story.id, self->now),
                         EG_OK);
    }
    eg_incidents_close(self->incidents, self->story.id);
    self->story.last = 0;
}

/* Rules 0 and 1 have as many things as may be told, so that nothing that was told is forgotten. */
static void step(world *self)
{
    uint64_t what = draw(self, 100);
    int rule = (int)draw(self, RULES);
    int key = rule * THINGS + (int)draw(self, rule == RULES - 1 ? THINGS : TOLD_OF_A_RULE);
    uint32_t flags = rule != RULES - 1 && draw(self, 8) == 0 ? EG_EVENT_EXISTING : 0;
    uint64_t time = self->now;
    if (what < 2) {
        self->now += DAY + 8 * HOUR;
    } else if (what < 20) {
        self->now += draw(self, 9 * HOUR);
    } else {
        self->now += draw(self, 9 * MINUTE);
    }
    if (what == 90) {
        restart(self);
    } else if (what == 91) {
        resolve(self);
    }
    /* some tell of the past */
    time = rule != RULES - 1 && what > 92 ? self->now - 3 * MINUTE : self->now;
    meet(self, key, time, flags);
}

static void repeats__at_random__are_counted_as_a_list_would(void **state)
{
    static world self; /* too large for the stack of a thread */
    memset(&self, 0, sizeof(self));
    self.fix = *state;
    self.random = UINT64_C(88172645463325252);
    self.now = START;
    assert_int_equal(eg_incidents_create(&self.incidents), EG_OK);
    for (int i = 0; i < 1500; i++) {
        step(&self);
        if (i % 100 == 99) {
            compare(&self);
        }
    }
    assert_true(self.rows > 100); /* that the test saw all of it */
    assert_true(self.counted > 300);
    assert_true(self.told_again > 20);
    eg_incidents_destroy(self.incidents);
}

/* One thing each hour for three days: four rows, each of which a window shows. */
static void repeats__every_hour_for_three_days__are_a_row_a_day(void **state)
{
    static world self;
    memset(&self, 0, sizeof(self));
    self.fix = *state;
    assert_int_equal(eg_incidents_create(&self.incidents), EG_OK);
    for (uint64_t hour = 0; hour <= 72; hour++) {
        self.now = START + hour * HOUR;
        if (hour % 10 == 5) {
            restart(&self);
        }
        meet(&self, 0, self.now, 0);
    }
    compare(&self);
    assert_int_equal(self.rows, 4);
    assert_int_equal(number(self.fix, "SELECT count(*) FROM hit WHERE news = 1"), 4);
    assert_int_equal(number(self.fix, "SELECT sum(count) FROM hit"), 73);
    assert_int_equal(number(self.fix, "SELECT count FROM hit WHERE id = 2"), 24);
    assert_int_equal(number(self.fix, "SELECT count(*) FROM incident"), 1);
    eg_incidents_destroy(self.incidents);
}

/* ---- how much of the database a hit has to read ---- */

static sqlite3 *opened;

/* SQLite calls it for every connection that is opened. */
static int note_connection(sqlite3 *db, const char **error, const struct sqlite3_api_routines *api)
{
    (void)error;
    (void)api;
    opened = db;
    return SQLITE_OK;
}

/* Pages that the connection has asked its cache for. */
static int pages(void)
{
    int hits = 0, misses = 0, most = 0;
    assert_int_equal(sqlite3_db_status(opened, SQLITE_DBSTATUS_CACHE_HIT, &hits, &most, 0), 0);
    assert_int_equal(sqlite3_db_status(opened, SQLITE_DBSTATUS_CACHE_MISS, &misses, &most, 0), 0);
    return hits + misses;
}

/* A flood of different things is one story: the ten thousandth hit must not read all before it. */
static void hit__into_a_story_of_a_thousand__reads_little_more_than_into_one_of_ten(void **state)
{
    eg_store_fixture *fix = *state;
    int before = 0, few = 0;
    eg_store_fixture_close(fix);
    assert_int_equal(sqlite3_auto_extension((void (*)(void))note_connection), SQLITE_OK);
    assert_int_equal(eg_store_fixture_open(fix, EG_STORE_READ_WRITE), EG_OK);
    sqlite3_cancel_auto_extension((void (*)(void))note_connection);
    for (int i = 0; i < 1000; i++) {
        before = pages();
        assert_int_equal(add(fix, (told){i, (uint64_t)i, 4, 0, i == 0, 0}), 0);
        few = i == 10 ? pages() - before : few;
    }
    assert_true(few > 0);
    if (pages() - before > 2 * few) {
        fail_msg("%d pages for the last, %d for the tenth", pages() - before, few);
    }
    before = pages();
    assert_true(add(fix, (told){500, 2000, 4, 0, false, 0}) != 0);
    assert_true(pages() - before <= 2 * few);
}

int eg_test_store_repeats(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(repeat__within_a_day__is_counted_in_the_row),
        WITH_STORE(repeat__after_a_day__gets_a_row_and_its_own_count),
        WITH_STORE(repeat__of_another_thing_story_or_exception__is_none),
        WITH_STORE(repeat__first_of_its_story_in_the_database__is_news),
        WITH_STORE(repeat__only_found_again__is_no_second_time),
        WITH_STORE(repeat__without_memory__is_counted_once_or_not_at_all),
        WITH_STORE(repeats__at_random__are_counted_as_a_list_would),
        WITH_STORE(repeats__every_hour_for_three_days__are_a_row_a_day),
        WITH_STORE(hit__into_a_story_of_a_thousand__reads_little_more_than_into_one_of_ten),
    };
    return cmocka_run_group_tests_name("store_repeats", tests, NULL, NULL);
}
