/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "service/host_store.c"

#include "core/base/os.h"
#include "core/store/sqlite.h"
#include "tests/unit/store_fixture.h"

/* What host.c gives, as far as the database needs it. */
static int reports;

void eg_host_report(eg_host *host, eg_event_message message, const char *text)
{
    EG_UNUSED(host);
    EG_UNUSED(text);
    reports += message == EG_EVENT_MESSAGE_DATABASE;
}

static void ignore_log(void *user, eg_log_level level, const char *area, const char *line)
{
    EG_UNUSED(user);
    EG_UNUSED(level);
    EG_UNUSED(area);
    EG_UNUSED(line);
}

typedef struct world {
    eg_store_fixture *fix; /* its folder and path; its store is closed */
    eg_paths paths;
    eg_host host;
} world;

static int set_up(void **state)
{
    void *fix = NULL;
    world *self = eg_alloc_zero(1, sizeof(*self));
    assert_non_null(self);
    eg_log_set_sink(ignore_log, NULL);
    assert_int_equal(eg_store_fixture_set_up(&fix), 0);
    self->fix = fix;
    eg_store_fixture_close(self->fix);
    self->paths.database = self->fix->path; /* borrowed */
    self->host.options.paths = &self->paths;
    assert_int_equal(eg_settings_init(&self->host.settings), EG_OK);
    assert_int_equal(eg_notices_init(&self->host.notices), EG_OK);
    assert_int_equal(eg_mutex_init(&self->host.store_lock), EG_OK);
    reports = 0;
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    world *self = *state;
    void *fix = self->fix;
    eg_store_close(self->host.store);
    eg_mutex_done(&self->host.store_lock);
    eg_notices_done(&self->host.notices);
    eg_settings_done(&self->host.settings);
    eg_free(self);
    eg_log_set_sink(NULL, NULL);
    return eg_store_fixture_tear_down(&fix);
}

static int64_t add_hit(world *self, int number, uint32_t flags)
{
    eg_hit hit;
    eg_event event;
    int64_t id = 0;
    bool is_new = false;
    eg_sample_hit(number, &hit, &event);
    event.flags = flags;
    assert_int_equal(eg_host_store_add(&self->host, &hit, &event, &id, &is_new), EG_OK);
    return id;
}

/* A bad page of an index, in a file so large that not every page is read when it is opened. */
static void damage_index(world *self)
{
    eg_sqlite *db = NULL;
    int64_t page = 0;
    int64_t size = 0;
    eg_buf content;
    const char *path = eg_buf_cstr(&self->paths.database);
    assert_int_equal(eg_sqlite_open(path, false, &db), EG_OK);
    assert_int_equal(eg_sqlite_run(db, "INSERT INTO event(time, kind, flags, json)"
                                       " VALUES(1, 'other', 0, hex(zeroblob(12000000)))"),
                     EG_OK);
    assert_int_equal(eg_sqlite_get_i64(db, "PRAGMA page_size", &size), EG_OK);
    assert_int_equal(eg_sqlite_get_i64(db,
                                       "SELECT rootpage FROM sqlite_schema"
                                       " WHERE name = 'hit_fingerprint'",
                                       &page),
                     EG_OK);
    eg_sqlite_close(db);
    eg_buf_init(&content, 64 * 1024 * 1024);
    assert_int_equal(eg_file_read(path, 64 * 1024 * 1024, &content), EG_OK);
    memset(content.data + (page - 1) * size, 0xA5, (size_t)size);
    assert_int_equal(eg_file_write_atomic(path, content.data, content.len), EG_OK);
    eg_buf_done(&content);
}

static bool has_notice(world *self, const char *topic)
{
    for (size_t i = 0; i < EG_NOTICES_MAX; i++) {
        const char *found = self->host.notices.list[i].topic;
        if (found && strcmp(found, topic) == 0) {
            return true;
        }
    }
    return false;
}

static void keep__restarted__recalls_it(void **state)
{
    world *self = *state;
    eg_buf value;
    eg_buf_init(&value, 64);
    assert_int_equal(eg_host_store_keep(&self->host, "eventlog.System", EG_STR("1")), EG_E_IO);
    assert_int_equal(eg_host_store_recall(&self->host, "eventlog.System", &value), EG_E_IO);
    assert_int_equal(eg_host_store_open(&self->host), EG_OK);
    assert_int_equal(eg_host_store_recall(&self->host, "eventlog.System", &value), EG_E_NOTFOUND);
    assert_int_equal(eg_host_store_keep(&self->host, "eventlog.System", EG_STR("42")), EG_OK);
    eg_store_close(self->host.store);
    self->host.store = NULL;
    assert_int_equal(eg_host_store_open(&self->host), EG_OK);
    assert_int_equal(eg_host_store_recall(&self->host, "eventlog.System", &value), EG_OK);
    assert_string_equal(eg_buf_cstr(&value), "42");
    eg_buf_done(&value);
}

static void upkeep__damage_met_while_running__tells_it_once(void **state)
{
    world *self = *state;
    assert_int_equal(eg_host_store_open(&self->host), EG_OK);
    add_hit(self, 1, 0);
    eg_store_close(self->host.store);
    self->host.store = NULL;
    damage_index(self);
    assert_int_equal(eg_host_store_open(&self->host), EG_OK);
    eg_host_store_upkeep(&self->host);
    assert_false(has_notice(self, "database"));
    add_hit(self, 2, EG_EVENT_EXISTING); /* looks into the index */
    eg_host_store_upkeep(&self->host);
    eg_host_store_upkeep(&self->host);
    assert_true(has_notice(self, "database"));
    assert_int_equal(reports, 1);
    assert_int_equal(eg_store_fixture_kept(self->fix), 1);
}

static void upkeep__many_hits_at_once__prunes_before_the_hour(void **state)
{
    world *self = *state;
    uint64_t count = 0;
    self->host.settings.max_hits = 3;
    assert_int_equal(eg_host_store_open(&self->host), EG_OK);
    self->host.next_prune = 0;
    eg_host_store_upkeep(&self->host); /* the first time */
    for (int i = 0; i < 10; i++) {
        add_hit(self, i, 0);
    }
    eg_host_store_upkeep(&self->host);
    assert_int_equal(eg_store_count_hits(self->host.store, 0, EG_LEVEL_INFORMATIONAL, &count),
                     EG_OK);
    assert_int_equal(count, 10);
    eg_atomic_set(&self->host.last_hit_id, PRUNE_EVERY_HITS);
    eg_host_store_upkeep(&self->host);
    assert_int_equal(eg_store_count_hits(self->host.store, 0, EG_LEVEL_INFORMATIONAL, &count),
                     EG_OK);
    assert_int_equal(count, 3);
}

int eg_test_service_store(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keep__restarted__recalls_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(upkeep__damage_met_while_running__tells_it_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(upkeep__many_hits_at_once__prunes_before_the_hour, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests_name("service_store", tests, NULL, NULL);
}
