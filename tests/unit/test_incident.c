/* SPDX-License-Identifier: Apache-2.0 */
/* Stories out of the default pack's rules and whole chains of events. */
#include "tests/unit/unit.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/detect/pipeline.h"

#include <stdio.h>
#include <string.h>

#define BASE_TIME UINT64_C(133484112000000000)
#define SECOND UINT64_C(10000000)
#define CHAIN_MAX ((size_t)64 * 1024)

typedef struct fixture {
    eg_ruleset_slot *slot;
    eg_pipeline *pipeline;
    /* of the story of the latest hit */
    eg_buf chain; /* one line a step */
    eg_buf story, memory;
    int64_t id;
    eg_level level;
    uint64_t story_hits;
    size_t steps, absorbed;
    /* of all of them */
    int64_t last_id;
    size_t opened, news, hits;
} fixture;

/* The story as people get it: out of the hit's JSON. */
static int on_hit(void *user, const eg_hit *hit, const eg_event *event)
{
    fixture *fix = user;
    EG_UNUSED(event);
    eg_mem_fail_after(-1); /* what follows is the test's own */
    fix->hits++;
    fix->news += hit->incident_news;
    if (hit->incident_id == 0) {
        return EG_OK;
    }
    yyjson_doc *document = NULL;
    assert_int_equal(eg_json_parse(hit->incident_json, &document), EG_OK);
    yyjson_val *root = yyjson_doc_get_root(document), *step;
    size_t index, count;
    fix->id = hit->incident_id;
    if (hit->incident_id > fix->last_id) {
        fix->last_id = hit->incident_id;
        fix->opened++;
    }
    assert_true(eg_level_from_name(eg_json_get_str(root, "level"), &fix->level));
    fix->story_hits = eg_json_get_u64(root, "hits", 0);
    fix->absorbed = yyjson_arr_size(yyjson_obj_get(root, "absorbed"));
    fix->steps = yyjson_arr_size(yyjson_obj_get(root, "steps"));
    eg_buf_clear(&fix->chain);
    yyjson_arr_foreach(yyjson_obj_get(root, "steps"), index, count, step) {
        eg_buf_appendf(&fix->chain, "%s %s%s\n", eg_json_get_str(step, "role").ptr,
                       eg_json_get_str(step, "name").ptr,
                       eg_json_get_bool(step, "suspicious", false) ? " !" : "");
    }
    yyjson_doc_free(document);
    eg_buf_clear(&fix->story);
    eg_buf_append_str(&fix->story, hit->incident_json);
    eg_buf_clear(&fix->memory);
    return eg_buf_append_str(&fix->memory, hit->incident_memory);
}

static void ignore_log(void *user, eg_log_level level, const char *area, const char *line)
{
    EG_UNUSED(user);
    EG_UNUSED(level);
    EG_UNUSED(area);
    EG_UNUSED(line);
}

static int set_up(void **state)
{
    fixture *fix = eg_alloc_zero(1, sizeof(*fix));
    eg_ruleset *rules = NULL;
    eg_buf root, path;
    assert_non_null(fix);
    eg_log_set_sink(ignore_log, NULL);
    eg_buf_init(&fix->chain, CHAIN_MAX);
    eg_buf_init(&fix->story, CHAIN_MAX);
    eg_buf_init(&fix->memory, CHAIN_MAX);
    eg_buf_init(&root, 4096);
    eg_buf_init(&path, 4096);
    if (eg_env_get("EMOGUARD_SOURCE_DIR", &root) != EG_OK) {
        assert_int_equal(eg_buf_append_cstr(&root, "."), EG_OK);
    }
    assert_int_equal(eg_path_join(&path, eg_buf_cstr(&root), "rules"), EG_OK);
    const char *paths[] = {eg_buf_cstr(&path)};
    if (eg_ruleset_load(paths, 1, false, NULL, &rules) != EG_OK) {
        fail_msg("%s", eg_error_message());
    }
    assert_int_equal(eg_ruleset_slot_create(&fix->slot), EG_OK);
    eg_ruleset_slot_put(fix->slot, rules);
    assert_int_equal(eg_pipeline_create(fix->slot, on_hit, fix, &fix->pipeline), EG_OK);
    eg_buf_done(&root);
    eg_buf_done(&path);
    *state = fix;
    return 0;
}

static int tear_down(void **state)
{
    fixture *fix = *state;
    eg_mem_fail_after(-1);
    eg_log_set_sink(NULL, NULL);
    eg_pipeline_destroy(fix->pipeline);
    eg_ruleset_slot_destroy(fix->slot);
    eg_buf_done(&fix->chain);
    eg_buf_done(&fix->story);
    eg_buf_done(&fix->memory);
    eg_free(fix);
    return 0;
}

typedef struct start {
    uint32_t seconds, pid, parent;
    const char *image, *command_line;
} start;

static void feed_start(fixture *fix, const start *at)
{
    eg_event event;
    eg_event_init(&event, EG_KIND_PROCESS_START);
    event.time = event.create_time = BASE_TIME + at->seconds * SECOND;
    event.pid = at->pid;
    event.parent_pid = at->parent;
    event.field[EG_FIELD_IMAGE] = eg_str_from(at->image);
    event.field[EG_FIELD_COMMAND_LINE] = eg_str_from(at->command_line);
    event.field[EG_FIELD_USER] = EG_STR("SOUMU\\sato");
    assert_int_equal(eg_pipeline_feed(fix->pipeline, &event), EG_OK);
}

static void feed_run_value(fixture *fix, uint32_t seconds, uint32_t pid, const char *name,
                           const char *command)
{
    char target[256];
    snprintf(target, sizeof(target),
             "HKU\\S-1-5-21-1-2-3-1001\\Software\\Microsoft\\Windows\\CurrentVersion\\Run\\%s",
             name);
    eg_event event;
    eg_event_init(&event, EG_KIND_REGISTRY_SET);
    event.time = BASE_TIME + seconds * SECOND;
    event.pid = pid;
    event.field[EG_FIELD_EVENT_TYPE] = EG_STR("SetValue");
    event.field[EG_FIELD_TARGET_OBJECT] = eg_str_from(target);
    event.field[EG_FIELD_DETAILS] = eg_str_from(command);
    assert_int_equal(eg_pipeline_feed(fix->pipeline, &event), EG_OK);
}

#define WORD "C:\\Program Files\\Microsoft Office\\root\\Office16\\WINWORD.EXE"
#define SHELL "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe"
#define REGSVR "C:\\Windows\\System32\\regsvr32.exe"
#define LIBRARY "C:\\Users\\sato\\AppData\\Local\\Qxw\\kqzwx.dll"

static const start attack[] = {
    {0, 100, 50, "C:\\Program Files\\Microsoft Office\\root\\Office16\\OUTLOOK.EXE", "OUTLOOK.EXE"},
    {5, 200, 100, WORD,
     "\"" WORD "\" /n \"C:\\Users\\sato\\AppData\\Local\\Microsoft\\Windows\\INetCache\\"
     "Content.Outlook\\A1B2\\invoice_0207.docm\""},
    {8, 300, 200, SHELL,
     "powershell.exe -w hidden -enc SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoAZQBjAHQAKQA="},
    {16, 400, 300, REGSVR, "regsvr32.exe /s " LIBRARY},
};

static void feed_attack(fixture *fix)
{
    for (size_t i = 0; i < EG_COUNT(attack); i++) {
        feed_start(fix, &attack[i]);
    }
}

static void assert_chain(const fixture *fix, const char *expected)
{
    assert_string_equal(eg_buf_cstr(&fix->chain), expected);
}

static void incident__attachment_to_run_value__is_one_story_in_order(void **state)
{
    fixture *fix = *state;
    feed_attack(fix);
    feed_run_value(fix, 17, 0, "kqzwx", "regsvr32.exe /s " LIBRARY);
    assert_int_equal(fix->opened, 1);
    assert_int_equal(fix->absorbed, 0);
    assert_chain(fix, "mail OUTLOOK.EXE\n"
                      "document invoice_0207.docm\n"
                      "commands powershell.exe !\n"
                      "part kqzwx.dll !\n"
                      "autostart kqzwx !\n");
    assert_true(fix->level >= EG_LEVEL_HIGH);
}

/* What both name is a library of Windows, which says nothing; that one started the other does. */
static void incident__child_of_a_system_tool__is_the_same_story(void **state)
{
    fixture *fix = *state;
    const start chain[] = {
        {0, 700, 50, "C:\\Windows\\System32\\rundll32.exe",
         "rundll32.exe shell32.dll,Control_RunDLL C:\\Users\\sato\\AppData\\Local\\Qxw\\a.cpl"},
        {1, 800, 700, "C:\\Windows\\SysWOW64\\rundll32.exe",
         "rundll32.exe C:\\Windows\\SysWOW64\\shell32.dll,#44 "
         "C:\\Users\\sato\\AppData\\Local\\Qxw\\a.cpl"},
    };
    feed_start(fix, &chain[0]);
    size_t hits = fix->hits;
    assert_true(hits > 0);
    feed_start(fix, &chain[1]);
    assert_true(fix->hits > hits);
    assert_int_equal(fix->opened, 1);
    assert_chain(fix, "part shell32.dll !\npart shell32.dll !\n");
}

static void incident__place_without_a_name_of_its_own__is_named_by_its_key(void **state)
{
    fixture *fix = *state;
    feed_run_value(fix, 2, 0, "", "regsvr32.exe /s " LIBRARY);
    assert_chain(fix, "part kqzwx.dll !\nautostart Run !\n");
}

static void incident__two_attacks_apart__are_two_stories(void **state)
{
    fixture *fix = *state;
    const start other[] = {
        {60, 1200, 50, WORD, "\"" WORD "\" \"C:\\Users\\sato\\Documents\\plan.docx\""},
        {61, 1300, 1200, SHELL, "powershell.exe -w hidden -enc SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoA"},
    };
    feed_attack(fix);
    size_t opened = fix->opened;
    feed_start(fix, &other[0]);
    feed_start(fix, &other[1]);
    assert_int_equal(fix->opened, opened + 1);
    assert_chain(fix, "document plan.docx\ncommands powershell.exe !\n");
}

static void incident__autostart_seen_before_its_maker__merges_by_the_file(void **state)
{
    fixture *fix = *state;
    feed_run_value(fix, 2, 0, "kqzwx", "regsvr32.exe /s " LIBRARY);
    assert_chain(fix, "part kqzwx.dll !\nautostart kqzwx !\n");
    feed_start(fix, &attack[0]);
    feed_start(fix, &attack[1]);
    feed_start(fix, &attack[2]);
    assert_int_equal(fix->opened, 2);
    feed_start(fix, &attack[3]); /* the library of one, the lineage of the other */
    assert_int_equal(fix->absorbed, 1);
    assert_int_equal(fix->id, 1);
    assert_chain(fix, "mail OUTLOOK.EXE\n"
                      "document invoice_0207.docm\n"
                      "commands powershell.exe !\n"
                      "part kqzwx.dll !\n"
                      "autostart kqzwx !\n");
}

static void incident__same_thing_again__is_counted_and_no_news(void **state)
{
    fixture *fix = *state;
    feed_run_value(fix, 2, 0, "kqzwx", "regsvr32.exe /s " LIBRARY);
    size_t news = fix->news;
    uint64_t hits = fix->story_hits;
    feed_run_value(fix, 3600, 0, "kqzwx", "regsvr32.exe /s " LIBRARY);
    assert_int_equal(fix->opened, 1);
    assert_int_equal(fix->news, news);
    assert_true(fix->story_hits > hits);
}

static void incident__same_thing_days_later__is_a_new_story(void **state)
{
    fixture *fix = *state;
    feed_run_value(fix, 2, 0, "kqzwx", "regsvr32.exe /s " LIBRARY);
    feed_run_value(fix, 2 + 49 * 3600, 0, "kqzwx", "regsvr32.exe /s " LIBRARY);
    assert_int_equal(fix->opened, 2);
}

static void incident__one_rule_floods__is_few_stories_and_little_news(void **state)
{
    fixture *fix = *state;
    for (uint32_t i = 0; i < 10000; i++) {
        char name[32], command[128];
        snprintf(name, sizeof(name), "v%u", (unsigned)i);
        snprintf(command, sizeof(command),
                 "regsvr32.exe /s C:\\Users\\sato\\AppData\\Local\\Q%u\\k%u.dll", (unsigned)i,
                 (unsigned)i);
        feed_run_value(fix, i / 200, 0, name, command);
    }
    assert_true(fix->hits >= 10000);
    assert_true(fix->opened <= 8);
    assert_true(fix->news <= 32);
    assert_true(fix->steps <= EG_INCIDENT_STEPS_MAX);
}

/* Ten minutes of the same, again after a day, and once more after a day without. */
static void incident__the_same_floods__is_told_once_a_day(void **state)
{
    fixture *fix = *state;
    const uint32_t day = 24 * 3600;
    const char *const command = "regsvr32.exe /s " LIBRARY;
    feed_run_value(fix, 0, 0, "kqzwx", command);
    size_t news = fix->news;
    for (uint32_t i = 1; i < 10000; i++) {
        feed_run_value(fix, i * 60 / 1000, 0, "kqzwx", command);
    }
    assert_true(fix->hits >= 10000);
    assert_int_equal(fix->story_hits, fix->hits);
    assert_true(fix->story.len + fix->memory.len < 8192);
    feed_run_value(fix, day - 1, 0, "kqzwx", command);
    assert_int_equal(fix->news, news);
    feed_run_value(fix, day, 0, "kqzwx", command);
    assert_int_equal(fix->opened, 1);
    assert_int_equal(fix->news, 2 * news);
    feed_run_value(fix, day + day + 1, 0, "kqzwx", command);
    assert_int_equal(fix->opened, 2);
    assert_int_equal(fix->news, 3 * news);
}

static void incident__the_same_every_hour_for_three_days__is_told_every_day(void **state)
{
    fixture *fix = *state;
    const char *const command = "regsvr32.exe /s " LIBRARY;
    feed_run_value(fix, 0, 0, "kqzwx", command);
    size_t news = fix->news;
    for (uint32_t hour = 1; hour <= 3 * 24; hour++) {
        feed_run_value(fix, hour * 3600, 0, "kqzwx", command);
        assert_int_equal(fix->news, news * (1 + hour / 24));
    }
    assert_int_equal(fix->opened, 1);
}

/* Other things each time: three of a rule are told, and three more when the day is over. */
static void incident__a_flood_for_two_days__is_told_every_day(void **state)
{
    fixture *fix = *state;
    size_t news = 0;
    for (uint32_t i = 0; i < 48 * 60; i++) {
        char name[32], command[64];
        snprintf(name, sizeof(name), "value%u", (unsigned)i);
        snprintf(command, sizeof(command), "regsvr32.exe /s %s", LIBRARY);
        feed_run_value(fix, i * 60, 0, name, command);
        if (i == 24 * 60 - 1) {
            news = fix->news;
        }
    }
    assert_int_equal(fix->opened, 1);
    assert_int_equal(fix->news, 2 * news);
}

static void incident__no_memory_at_any_place__loses_no_story(void **state)
{
    fixture *fix = *state;
    feed_attack(fix);
    eg_event event;
    eg_event_init(&event, EG_KIND_REGISTRY_SET);
    event.time = BASE_TIME + 20 * SECOND;
    event.field[EG_FIELD_EVENT_TYPE] = EG_STR("SetValue");
    event.field[EG_FIELD_TARGET_OBJECT] =
        EG_STR("HKU\\S-1-5-21-1\\Software\\Microsoft\\Windows\\CurrentVersion\\Run\\kqzwx");
    event.field[EG_FIELD_DETAILS] = EG_STR("regsvr32.exe /s " LIBRARY);
    size_t hits = fix->hits;
    for (long refused = 0; fix->hits == hits && refused < 10000; refused++) {
        eg_mem_fail_after(refused);
        eg_pipeline_feed(fix->pipeline, &event);
        eg_mem_fail_after(-1);
    }
    assert_true(fix->hits > hits);
    assert_int_equal(fix->id, 1);
}

static void incident__after_a_restart__grows_on(void **state)
{
    fixture *fix = *state;
    eg_incidents *incidents = NULL;
    feed_attack(fix);
    assert_int_equal(eg_incidents_create(&incidents), EG_OK);
    eg_str story = eg_buf_str(&fix->story), memory = eg_buf_str(&fix->memory);
    assert_int_equal(eg_incidents_restore(incidents, story, memory), EG_OK);
    assert_int_equal(eg_incidents_restore(incidents, story, memory), EG_E_INVALID);

    eg_event event;
    eg_event_init(&event, EG_KIND_REGISTRY_SET);
    event.field[EG_FIELD_TARGET_OBJECT] = EG_STR("HKLM\\Software\\Run\\next");
    event.field[EG_FIELD_DETAILS] = EG_STR("regsvr32.exe /s " LIBRARY);
    eg_hit hit = {.time = BASE_TIME + 100 * SECOND, .level = EG_LEVEL_LOW, .rule_id = EG_STR("r")};
    eg_lineage none = {.count = 0};
    eg_incident_change change;
    assert_int_equal(eg_incidents_add(incidents, &hit, &event, &none, &change), EG_OK);
    assert_int_equal(change.incident->id, fix->id);
    assert_int_equal(change.incident->step_count, fix->steps + 1);
    assert_true(change.is_news && !change.is_new);
    assert_true(change.incident->level == fix->level);
    eg_incidents_destroy(incidents);
}

/* Every beginning of the texts, and each with one byte changed: refused, or a whole story. */
static void incident__damaged_story__is_refused(void **state)
{
    fixture *fix = *state;
    feed_attack(fix);
    eg_str story = eg_buf_str(&fix->story), memory = eg_buf_str(&fix->memory);
    for (size_t i = 0; i < story.len; i++) {
        eg_incidents *incidents = NULL;
        assert_int_equal(eg_incidents_create(&incidents), EG_OK);
        eg_str cut = {story.ptr, i};
        assert_true(eg_incidents_restore(incidents, cut, memory) != EG_OK);
        assert_int_equal(eg_incidents_count(incidents), 0);
        char kept = fix->story.data[i];
        fix->story.data[i] = '7';
        int status = eg_incidents_restore(incidents, story, memory);
        assert_int_equal(eg_incidents_count(incidents), status == EG_OK);
        fix->story.data[i] = kept;
        eg_incidents_destroy(incidents);
    }
    for (size_t i = 0; i < memory.len; i++) {
        eg_incidents *incidents = NULL;
        assert_int_equal(eg_incidents_create(&incidents), EG_OK);
        assert_true(eg_incidents_restore(incidents, story, (eg_str){memory.ptr, i}) != EG_OK);
        eg_incidents_destroy(incidents);
    }
}

static void table__of_many_stories__stays_bounded(void **state)
{
    EG_UNUSED(state);
    eg_incidents *incidents = NULL;
    assert_int_equal(eg_incidents_create(&incidents), EG_OK);
    eg_event event;
    eg_event_init(&event, EG_KIND_REGISTRY_SET);
    event.field[EG_FIELD_TARGET_OBJECT] = EG_STR("HKLM\\x");
    event.field[EG_FIELD_DETAILS] = EG_STR("C:\\u\\a.exe");
    eg_hit hit = {.time = BASE_TIME, .level = EG_LEVEL_LOW, .rule_id = EG_STR("r")};
    eg_lineage none = {.count = 0};
    eg_incident_change change;
    eg_incidents_number(incidents, 6);
    assert_int_equal(eg_incidents_add(incidents, &hit, &event, &none, &change), EG_OK);
    assert_int_equal(change.incident->id, 7);
    eg_incidents_close(incidents, 7);
    assert_int_equal(eg_incidents_count(incidents), 0);
    for (uint32_t i = 0; i < 400; i++) {
        char name[32];
        snprintf(name, sizeof(name), "HKLM\\%u", (unsigned)i);
        event.field[EG_FIELD_TARGET_OBJECT] = eg_str_from(name);
        event.field[EG_FIELD_DETAILS] = eg_str_from(name + 5);
        hit.rule_id = eg_str_from(name);
        hit.fingerprint = i + 1;
        assert_int_equal(eg_incidents_add(incidents, &hit, &event, &none, &change), EG_OK);
    }
    assert_true(eg_incidents_count(incidents) <= 128);
    eg_incidents_destroy(incidents);
}

int eg_test_incident(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(incident__attachment_to_run_value__is_one_story_in_order,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(incident__child_of_a_system_tool__is_the_same_story, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            incident__place_without_a_name_of_its_own__is_named_by_its_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(incident__two_attacks_apart__are_two_stories, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            incident__autostart_seen_before_its_maker__merges_by_the_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(incident__same_thing_again__is_counted_and_no_news, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(incident__same_thing_days_later__is_a_new_story, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(incident__one_rule_floods__is_few_stories_and_little_news,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(incident__the_same_floods__is_told_once_a_day, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            incident__the_same_every_hour_for_three_days__is_told_every_day, set_up, tear_down),
        cmocka_unit_test_setup_teardown(incident__a_flood_for_two_days__is_told_every_day, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(incident__no_memory_at_any_place__loses_no_story, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(incident__after_a_restart__grows_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(incident__damaged_story__is_refused, set_up, tear_down),
        cmocka_unit_test(table__of_many_stories__stays_bounded),
    };
    return cmocka_run_group_tests_name("incident", tests, NULL, NULL);
}
