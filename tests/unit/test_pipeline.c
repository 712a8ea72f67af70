/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/detect/pipeline.h"

#include <stdio.h>
#include <string.h>

#define PATH_BYTES 4096
#define STREAM_MAX ((size_t)1024 * 1024)

typedef struct fixture {
    eg_ruleset_slot *slot;
    eg_pipeline *pipeline;
    eg_event_reader *reader;
    eg_buf hits;  /* JSON lines */
    size_t count; /* of calls of on_hit */
    int answer;   /* that on_hit gives */
} fixture;

static int on_hit(void *user, const eg_hit *hit, const eg_event *event)
{
    fixture *fix = user;
    fix->count++;
    assert_true(hit->time == event->time);
    assert_int_equal(hit->count, 1);
    if (fix->answer == EG_OK) {
        eg_json json;
        eg_json_begin(&json, &fix->hits);
        eg_hit_write_json(hit, &json);
        eg_buf_append_char(&fix->hits, '\n');
    }
    return fix->answer;
}

static void ignore_log(void *user, eg_log_level level, const char *area, const char *line)
{
    EG_UNUSED(user);
    EG_UNUSED(level);
    EG_UNUSED(area);
    EG_UNUSED(line);
}

static void find_data(const char *name, eg_buf *path)
{
    char relative[256];
    eg_buf root;
    eg_buf_init(&root, PATH_BYTES);
    if (eg_env_get("EMOGUARD_SOURCE_DIR", &root) != EG_OK)
        assert_int_equal(eg_buf_append_cstr(&root, "."), EG_OK);
    snprintf(relative, sizeof(relative), "tests/data/pipeline/%s", name);
    assert_int_equal(eg_path_join(path, eg_buf_cstr(&root), relative), EG_OK);
    eg_buf_done(&root);
}

static eg_ruleset *load_rules_of(const char *name)
{
    eg_buf path;
    eg_ruleset *rules = NULL;
    eg_buf_init(&path, PATH_BYTES);
    find_data(name, &path);
    const char *paths[] = {eg_buf_cstr(&path)};
    int status = eg_ruleset_load(paths, 1, false, NULL, &rules);
    if (status != EG_OK)
        fail_msg("%s: %s", paths[0], eg_error_message());
    eg_buf_done(&path);
    return rules;
}

static eg_ruleset *load_rules(void)
{
    return load_rules_of("pack");
}

static int set_up_empty(void **state)
{
    fixture *fix = eg_alloc_zero(1, sizeof(*fix));
    assert_non_null(fix);
    eg_log_set_sink(ignore_log, NULL);
    eg_buf_init(&fix->hits, STREAM_MAX);
    assert_int_equal(eg_ruleset_slot_create(&fix->slot), EG_OK);
    assert_int_equal(eg_pipeline_create(fix->slot, on_hit, fix, &fix->pipeline), EG_OK);
    assert_int_equal(eg_event_reader_create(&fix->reader), EG_OK);
    *state = fix;
    return 0;
}

static int set_up(void **state)
{
    set_up_empty(state);
    fixture *fix = *state;
    eg_ruleset_slot_put(fix->slot, load_rules());
    return 0;
}

static int tear_down(void **state)
{
    fixture *fix = *state;
    eg_mem_fail_after(-1);
    eg_log_set_sink(NULL, NULL);
    eg_pipeline_destroy(fix->pipeline);
    eg_ruleset_slot_destroy(fix->slot);
    eg_event_reader_destroy(fix->reader);
    eg_buf_done(&fix->hits);
    eg_free(fix);
    return 0;
}

static void feed_stream(fixture *fix, eg_str stream)
{
    eg_str line;
    while (eg_str_split(&stream, '\n', &line)) {
        eg_event event;
        if (line.len == 0)
            continue;
        assert_int_equal(eg_event_read_json(fix->reader, line, &event), EG_OK);
        assert_int_equal(eg_pipeline_feed(fix->pipeline, &event), EG_OK);
    }
}

static void read_data(const char *name, eg_buf *content)
{
    eg_buf path;
    eg_buf_init(&path, PATH_BYTES);
    find_data(name, &path);
    eg_buf_init(content, STREAM_MAX);
    if (eg_file_read(eg_buf_cstr(&path), STREAM_MAX, content) != EG_OK)
        fail_msg("%s", eg_error_message());
    eg_buf_done(&path);
}

static void assert_golden(const char *name, const eg_buf *actual)
{
    eg_buf path, expected, update;
    eg_buf_init(&path, PATH_BYTES);
    eg_buf_init(&update, 100);
    if (eg_env_get("EG_UPDATE_GOLDEN", &update) == EG_OK) {
        find_data(name, &path);
        assert_int_equal(eg_file_write_atomic(eg_buf_cstr(&path), actual->data, actual->len),
                         EG_OK);
    }
    read_data(name, &expected);
    eg_str old = eg_buf_str(&expected), now = eg_buf_str(actual), a, b;
    for (int line = 1; !eg_str_equal(old, now); line++) {
        bool has_old = eg_str_split(&old, '\n', &a);
        bool has_new = eg_str_split(&now, '\n', &b);
        if (has_old && has_new && eg_str_equal(a, b))
            continue;
        fail_msg("%s line %d\nexpected %.*s\nactual   %.*s", name, line,
                 EG_STR_ARGS(has_old ? a : EG_STR("nothing")),
                 EG_STR_ARGS(has_new ? b : EG_STR("nothing")));
    }
    eg_buf_done(&path);
    eg_buf_done(&update);
    eg_buf_done(&expected);
}

static void pipeline__fed_the_stream__gives_the_golden_hits(void **state)
{
    fixture *fix = *state;
    eg_buf stream;
    eg_pipeline_stats stats;
    read_data("events.jsonl", &stream);
    feed_stream(fix, eg_buf_str(&stream));
    assert_golden("hits.jsonl", &fix->hits);
    eg_pipeline_stats_get(fix->pipeline, &stats);
    assert_int_equal(stats.hits, fix->count);
    assert_int_equal(stats.failures, 0);
    eg_buf_done(&stream);
}

#define POWERSHELL \
    "{\"channel\":\"Microsoft-Windows-Sysmon/Operational\",\"event_id\":1,\"pid\":8," \
    "\"create_time\":\"2026-01-01T00:00:00Z\",\"fields\":" \
    "{\"Image\":\"C:\\\\powershell.exe\",\"CommandLine\":\"powershell -enc AA\"}}"

static void pipeline__without_rules__learns_and_goes_on(void **state)
{
    fixture *fix = *state;
    eg_pipeline_stats stats;
    feed_stream(fix, EG_STR(POWERSHELL));
    assert_int_equal(fix->count, 0);
    eg_ruleset_slot_put(fix->slot, load_rules());
    feed_stream(fix, EG_STR(POWERSHELL));
    assert_int_equal(fix->count, 1);
    eg_pipeline_stats_get(fix->pipeline, &stats);
    assert_int_equal(stats.events, 2);
    assert_int_equal(stats.hits, 1);
}

#define POWERSHELL_AT(second, pid) \
    "{\"channel\":\"Microsoft-Windows-Sysmon/Operational\",\"event_id\":1,\"pid\":" pid "," \
    "\"time\":\"2026-01-01T00:00:" second "Z\",\"create_time\":\"2026-01-01T00:00:" second "Z\"," \
    "\"fields\":{\"Image\":\"C:\\\\powershell.exe\",\"CommandLine\":\"powershell -enc AA\"}}\n"

static void pipeline__with_a_correlation__hits_when_it_is_completed(void **state)
{
    fixture *fix = *state;
    eg_pipeline_stats stats;
    eg_ruleset_slot_put(fix->slot, load_rules_of("correlation"));
    feed_stream(fix, EG_STR(POWERSHELL_AT("01", "8")));
    feed_stream(fix, EG_STR(POWERSHELL_AT("01", "8"))); /* another source tells of it as well */
    assert_int_equal(fix->count, 0);                    /* the rule itself is silent */
    feed_stream(fix, EG_STR(POWERSHELL_AT("30", "9")));
    assert_int_equal(fix->count, 1);
    assert_non_null(strstr(eg_buf_cstr(&fix->hits), "11111111-0000-4000-8000-000000000002"));
    assert_non_null(strstr(eg_buf_cstr(&fix->hits), "\"somebody\""));
    assert_non_null(strstr(eg_buf_cstr(&fix->hits), "powershell -enc AA"));
    feed_stream(fix, EG_STR(POWERSHELL_AT("31", "10")));
    assert_int_equal(fix->count, 1);
    eg_pipeline_stats_get(fix->pipeline, &stats);
    assert_int_equal(stats.forgotten, 0);
    for (int i = 0; i < 300; i++) { /* more than the correlation keeps of one group */
        char line[512];
        (void)snprintf(line, sizeof(line),
                       "{\"channel\":\"Microsoft-Windows-Sysmon/Operational\",\"event_id\":1,"
                       "\"time\":\"2026-01-01T00:00:40Z\",\"fields\":{\"Image\":\"C:\\\\x.exe\","
                       "\"CommandLine\":\"x -enc %d\"}}\n",
                       i);
        feed_stream(fix, eg_str_from(line));
    }
    eg_pipeline_stats_get(fix->pipeline, &stats);
    assert_int_equal(stats.forgotten, 300 - 256);
    eg_ruleset_slot_put(fix->slot, load_rules());
    feed_stream(fix, EG_STR(POWERSHELL));
    eg_pipeline_stats_get(fix->pipeline, &stats);
    assert_int_equal(stats.forgotten, 300 - 256);
}

static void pipeline__with_rules_replaced_and_taken_away__follows(void **state)
{
    fixture *fix = *state;
    feed_stream(fix, EG_STR(POWERSHELL));
    assert_int_equal(fix->count, 1);
    eg_ruleset_slot_put(fix->slot, load_rules());
    feed_stream(fix, EG_STR(POWERSHELL)); /* the same process and rule: no news */
    assert_int_equal(fix->count, 1);
    eg_ruleset_slot_put(fix->slot, NULL);
    feed_stream(fix, EG_STR(POWERSHELL));
    assert_int_equal(fix->count, 1);
}

static void pipeline__whose_hit_is_not_taken__tells_it_again_later(void **state)
{
    fixture *fix = *state;
    eg_pipeline_stats stats;
    fix->answer = EG_E_IO;
    feed_stream(fix, EG_STR(POWERSHELL));
    assert_int_equal(fix->count, 1);
    eg_pipeline_stats_get(fix->pipeline, &stats);
    assert_int_equal(stats.failures, 1);
    fix->answer = EG_OK;
    feed_stream(fix, EG_STR(POWERSHELL));
    assert_int_equal(fix->count, 2);
    feed_stream(fix, EG_STR(POWERSHELL));
    assert_int_equal(fix->count, 2);
}

#define RUN_VALUE_BY(sensor, second) \
    "{\"channel\":\"Microsoft-Windows-Sysmon/Operational\",\"event_id\":13," \
    "\"time\":\"2026-01-01T00:00:" second "Z\",\"sensor\":\"" sensor "\",\"fields\":" \
    "{\"EventType\":\"SetValue\",\"TargetObject\":\"HKLM\\\\S\\\\CurrentVersion\\\\Run\\\\a\"," \
    "\"Details\":\"rundll32 x.dll\"}}\n"

static void pipeline__told_by_two_sources__hits_once(void **state)
{
    fixture *fix = *state;
    feed_stream(fix, EG_STR(RUN_VALUE_BY("registry", "01")));
    assert_int_equal(fix->count, 1);
    feed_stream(fix, EG_STR(RUN_VALUE_BY("sysmon", "03")));
    assert_int_equal(fix->count, 1);
    feed_stream(fix, EG_STR(RUN_VALUE_BY("registry", "05"))); /* written once more */
    assert_int_equal(fix->count, 2);
}

static eg_exception_list *except(const char *json)
{
    eg_exception_list *list = NULL;
    assert_int_equal(eg_exception_list_create(&list), EG_OK);
    if (eg_exception_list_read(list, eg_str_from(json)) != EG_OK)
        fail_msg("%s", eg_error_message());
    return list;
}

#define EXCEPT(id, path, until) \
    "{\"exceptions\":[{\"id\":" id ",\"rule\":\"10000000-0000-4000-8000-000000000002\"," \
    "\"path\":\"" path "\",\"created_time\":\"2025-12-31T00:00:00Z\",\"expires_time\":" until \
    ",\"reason\":\"ours\"}]}"

static size_t hidden_in(const fixture *fix, const char *id)
{
    size_t count = 0;
    char text[64];
    (void)snprintf(text, sizeof(text), "\"incident\":0,\"exception\":%s,", id);
    for (const char *at = eg_buf_cstr(&fix->hits); (at = strstr(at, text)) != NULL; at++)
        count++;
    return count;
}

static void pipeline__under_an_exception__tells_the_hit_without_a_story(void **state)
{
    fixture *fix = *state;
    eg_exception_list *list = except(EXCEPT("9", "c:\\\\*shell.exe", "null"));
    eg_pipeline_use_exceptions(fix->pipeline, list);
    feed_stream(fix, EG_STR(POWERSHELL_AT("01", "8")));
    assert_int_equal(fix->count, 1);
    assert_int_equal(hidden_in(fix, "-9"), 1);
    feed_stream(fix, EG_STR(RUN_VALUE_BY("registry", "01"))); /* another rule */
    assert_int_equal(fix->count, 2);
    assert_int_equal(hidden_in(fix, "-9"), 1);
    eg_pipeline_use_exceptions(fix->pipeline, NULL); /* revoked */
    eg_exception_list_destroy(list);
    feed_stream(fix, EG_STR(POWERSHELL_AT("02", "9")));
    assert_int_equal(fix->count, 3);
    assert_int_equal(hidden_in(fix, "-9"), 1);
}

static void pipeline__exception_that_ends__shows_what_comes_later(void **state)
{
    fixture *fix = *state;
    eg_exception_list *list = except(EXCEPT("9", "c:*", "\"2026-01-01T00:00:05Z\""));
    eg_pipeline_use_exceptions(fix->pipeline, list);
    feed_stream(fix, EG_STR(POWERSHELL_AT("01", "8")));
    feed_stream(fix, EG_STR(POWERSHELL_AT("05", "9")));
    assert_int_equal(fix->count, 2);
    assert_int_equal(hidden_in(fix, "-9"), 1);
    eg_pipeline_use_exceptions(fix->pipeline, NULL);
    eg_exception_list_destroy(list);
}

/* Feeds one event with the allocation number `n` failing; the rest of the pipeline must survive. */
static int feed_without_memory(fixture *fix, const eg_event *event, long n)
{
    eg_mem_fail_after(n);
    int status = eg_pipeline_feed(fix->pipeline, event);
    eg_mem_fail_after(-1);
    return status;
}

static void pipeline__without_memory__fails_cleanly_and_recovers(void **state)
{
    EG_UNUSED(state);
    size_t refused = 1;
    for (long n = 0; refused > 0; n++) {
        void *own = NULL;
        eg_event event;
        assert_in_range(n, 0, 200);
        set_up(&own);
        fixture *fix = own;
        eg_buf_init(&fix->hits, STREAM_MAX);
        fix->answer = EG_E_CLOSED; /* on_hit allocates nothing */
        assert_int_equal(eg_event_read_json(fix->reader, EG_STR(POWERSHELL), &event), EG_OK);
        long before = eg_mem_failures();
        int status = feed_without_memory(fix, &event, n);
        refused = (size_t)(eg_mem_failures() - before);
        assert_true(status == EG_OK || status == EG_E_NOMEM);
        fix->answer = EG_OK;
        assert_int_equal(eg_pipeline_feed(fix->pipeline, &event), EG_OK);
        assert_true(fix->count >= 1);
        assert_true(fix->hits.len > 0);
        tear_down(&own);
    }
}

#define WITH_RULES(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int eg_test_pipeline(void)
{
    const struct CMUnitTest tests[] = {
        WITH_RULES(pipeline__fed_the_stream__gives_the_golden_hits),
        cmocka_unit_test_setup_teardown(pipeline__without_rules__learns_and_goes_on, set_up_empty,
                                        tear_down),
        cmocka_unit_test_setup_teardown(pipeline__with_a_correlation__hits_when_it_is_completed,
                                        set_up_empty, tear_down),
        WITH_RULES(pipeline__with_rules_replaced_and_taken_away__follows),
        WITH_RULES(pipeline__whose_hit_is_not_taken__tells_it_again_later),
        WITH_RULES(pipeline__told_by_two_sources__hits_once),
        WITH_RULES(pipeline__under_an_exception__tells_the_hit_without_a_story),
        WITH_RULES(pipeline__exception_that_ends__shows_what_comes_later),
        cmocka_unit_test(pipeline__without_memory__fails_cleanly_and_recovers),
    };
    return cmocka_run_group_tests_name("pipeline", tests, NULL, NULL);
}
