/* SPDX-License-Identifier: Apache-2.0 */
/* From an event to a hit of YARA: what is looked at, what is known, what a hit says. */
#include "tests/unit/unit.h"

#include "core/base/log.h"
#include "core/base/status.h"
#include "core/detect/pipeline.h"
#include "tests/unit/temp_folder.h"

#include <stdio.h>
#include <string.h>

#define DEADLINE_NS (UINT64_C(20) * 1000000000)
#define RULE \
    "rule %s { meta: id = \"%s\" level = \"high\" title = \"T\" strings: $a = \"bad\" " \
    "condition: $a }"

typedef struct seen_hit {
    char rule[16], program[128], parent[128], json[2048];
    uint64_t fingerprint;
    int64_t incident;
} seen_hit;

typedef struct fixture {
    char *folder;
    const char *cache_file;
    eg_ruleset_slot *slot;
    eg_pipeline *pipeline;
    eg_scan_queue *queue;
    eg_thread *thread;
    eg_ruleset *rules; /* of the open scanner; the worker's own */
    bool network, memory;
    eg_atomic scans;   /* jobs */
    eg_atomic blocked; /* a scan waits while it is set */
    eg_atomic stopped;
    eg_atomic woken;
    char last_path[256];
    eg_scan_kind last_kind;
    char order[256];
    seen_hit hits[16];
    size_t hit_count;
    uint64_t events; /* that must have been worked off */
} fixture;

/* ---- who looks: what is called "bad" meets the rule ---- */

static bool holds(eg_str text, const char *part)
{
    size_t length = strlen(part);
    for (size_t i = 0; i + length <= text.len; i++) {
        if (memcmp(text.ptr + i, part, length) == 0) {
            return true;
        }
    }
    return false;
}

static int scan(void *user, const eg_scan_job *job, eg_file_report *out)
{
    fixture *f = user;
    memset(out, 0, sizeof(*out));
    f->last_kind = job->kind;
    snprintf(f->last_path, sizeof(f->last_path), "%.*s", EG_STR_ARGS(job->path));
    eg_str base = eg_path_base(job->path);
    size_t used = strlen(f->order);
    snprintf(f->order + used, sizeof(f->order) - used, "%.*s ", EG_STR_ARGS(base));
    eg_atomic_add(&f->scans, 1);
    while (eg_atomic_get(&f->blocked) != 0) {
        if (eg_atomic_get(&f->stopped) != 0) {
            return eg_fail(EG_E_CLOSED, "stopped");
        }
        eg_thread_sleep_ms(1);
    }
    if (holds(job->path, "large")) {
        eg_file_report_gap(out, EG_GAP_TOO_LARGE, "too large");
    } else if (holds(job->kind == EG_SCAN_BYTES ? job->bytes : job->path, "bad")) {
        out->verdict = EG_FILE_SUSPICIOUS;
        out->result.count = out->result.total = 1;
        eg_yara_match *match = &out->result.matches[0];
        match->rule = eg_yara_engine.rule(eg_ruleset_yara(f->rules), 0);
        match->string_count = 1;
        match->strings[0] = (eg_yara_string){.name = "$a", .offset = 7, .length = 3};
        memcpy(match->strings[0].excerpt, "b\"\n", 3);
        match->strings[0].excerpt_length = 3;
        snprintf(out->buffer, sizeof(out->buffer), "word/vbaProject.bin");
    }
    return EG_OK;
}

static int open_scanner(void *user, eg_ruleset *rules, eg_scanner *out)
{
    fixture *f = user;
    f->rules = rules;
    *out = (eg_scanner){f, scan};
    return EG_OK;
}

static void close_scanner(void *user, eg_scanner *scanner)
{
    fixture *f = user;
    EG_UNUSED(scanner);
    f->rules = NULL;
}

static void stop_scanner(void *user)
{
    fixture *f = user;
    eg_atomic_set(&f->stopped, 1);
}

/* What is called "gone" is not there; every other path is a file of its own. */
static int identify(void *user, const char *path, eg_file_identity *out)
{
    EG_UNUSED(user);
    if (holds(eg_str_from(path), "gone") || holds(eg_str_from(path), "System32\\x")) {
        return eg_fail(EG_E_NOTFOUND, "gone");
    }
    *out = (eg_file_identity){.id = {eg_str_hash(eg_str_from(path)), 1}, .size = 1};
    return EG_OK;
}

static void facts(void *user, eg_str path, eg_scan_facts *out)
{
    EG_UNUSED(user);
    EG_UNUSED(path);
    out->signer_state = "none";
}

static void found(void *user)
{
    fixture *f = user;
    eg_atomic_add(&f->woken, 1);
}

/* ---- the rest ---- */

static int on_hit(void *user, const eg_hit *hit, const eg_event *event)
{
    fixture *f = user;
    EG_UNUSED(event);
    assert_true(f->hit_count < EG_COUNT(f->hits));
    seen_hit *seen = &f->hits[f->hit_count++];
    snprintf(seen->rule, sizeof(seen->rule), "%.*s", EG_STR_ARGS(hit->rule_id));
    snprintf(seen->program, sizeof(seen->program), "%.*s", EG_STR_ARGS(hit->program));
    snprintf(seen->parent, sizeof(seen->parent), "%.*s", EG_STR_ARGS(hit->parent));
    snprintf(seen->json, sizeof(seen->json), "%.*s", EG_STR_ARGS(hit->event_json));
    seen->fingerprint = hit->fingerprint;
    seen->incident = hit->incident_id;
    assert_int_equal(hit->level, EG_LEVEL_HIGH);
    for (int i = 0; i < EG_LANGUAGE_COUNT; i++) {
        assert_true(hit->text[i].title.len > 0);
    }
    return EG_OK;
}

static void use_rule(fixture *f, const char *id)
{
    char text[256];
    eg_ruleset *rules = NULL;
    const char *path = eg_test_path(f->folder, "r.yar");
    snprintf(text, sizeof(text), RULE, id, id);
    assert_int_equal(eg_file_write_atomic(path, text, strlen(text)), EG_OK);
    if (eg_ruleset_load(&path, 1, true, NULL, &rules) != EG_OK) {
        fail_msg("%s", eg_error_message());
    }
    eg_ruleset_slot_put(f->slot, rules);
}

static void run_queue(void *arg)
{
    eg_scan_queue_run(arg);
}

static void start(fixture *f, size_t capacity)
{
    const eg_scan_queue_options options = {
        .rules = f->slot,
        .access = {f, open_scanner, close_scanner, stop_scanner, identify, facts, found},
        .folders = &eg_windows_usual_folders,
        .capacity = capacity,
        .network = f->network,
        .memory = f->memory,
        .cache_file = f->cache_file,
    };
    eg_atomic_set(&f->stopped, 0);
    f->events = 0;
    assert_int_equal(eg_scan_queue_create(&options, &f->queue), EG_OK);
    eg_pipeline_use_scans(f->pipeline, f->queue);
    assert_int_equal(eg_thread_start(&f->thread, "scan", run_queue, f->queue), EG_OK);
}

static void stop(fixture *f)
{
    eg_scan_queue_stop(f->queue);
    eg_thread_join(f->thread);
    eg_pipeline_use_scans(f->pipeline, NULL);
    eg_scan_queue_destroy(f->queue);
    f->queue = NULL;
}

static eg_scan_counts counts_of(fixture *f)
{
    eg_scan_counts counts;
    eg_scan_queue_counts(f->queue, &counts);
    return counts;
}

/* Until all that was taken is worked off; then what was found becomes hits. */
static void settle(fixture *f)
{
    uint64_t until = eg_clock_monotonic_ns() + DEADLINE_NS;
    while (counts_of(f).events < f->events) {
        assert_true(eg_clock_monotonic_ns() < until);
        eg_thread_sleep_ms(1);
    }
    eg_scan_finding *finding;
    while ((finding = eg_scan_queue_next(f->queue)) != NULL) {
        eg_pipeline_found(f->pipeline, finding);
        eg_scan_finding_destroy(finding);
    }
}

static eg_event started(uint32_t pid, const char *image, const char *command)
{
    eg_event event;
    eg_event_init(&event, EG_KIND_PROCESS_START);
    event.pid = pid;
    event.time = event.create_time = UINT64_C(133000000000000000) + pid;
    event.field[EG_FIELD_IMAGE] = eg_str_from(image);
    event.field[EG_FIELD_COMMAND_LINE] = eg_str_from(command);
    event.field[EG_FIELD_PARENT_IMAGE] = EG_STR("C:\\Windows\\explorer.exe");
    return event;
}

static void feed(fixture *f, const eg_event *event)
{
    assert_int_equal(eg_pipeline_feed(f->pipeline, event), EG_OK);
    f->events++;
}

static void feed_start(fixture *f, uint32_t pid, const char *image, const char *command)
{
    eg_event event = started(pid, image, command);
    feed(f, &event);
}

static void ignore_log(void *user, eg_log_level level, const char *area, const char *text)
{
    EG_UNUSED(user);
    EG_UNUSED(level);
    EG_UNUSED(area);
    EG_UNUSED(text);
}

static int set_up(void **state)
{
    void *folder = NULL;
    fixture *f = eg_alloc_zero(1, sizeof(*f));
    assert_non_null(f);
    assert_int_equal(eg_test_folder_make(&folder), 0);
    f->folder = folder;
    eg_log_set_sink(ignore_log, NULL);
    assert_int_equal(eg_ruleset_slot_create(&f->slot), EG_OK);
    use_rule(f, "one");
    assert_int_equal(eg_pipeline_create(f->slot, on_hit, f, &f->pipeline), EG_OK);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    void *folder = f->folder;
    if (f->queue) {
        stop(f);
    }
    eg_pipeline_destroy(f->pipeline);
    eg_ruleset_slot_destroy(f->slot);
    eg_log_set_sink(NULL, NULL);
    eg_free(f);
    return eg_test_folder_remove(&folder);
}

/* ---- tests ---- */

static void image__meets_a_rule__is_a_hit_and_known_the_next_time(void **state)
{
    fixture *f = *state;
    start(f, 64);
    feed_start(f, 10, "C:\\p\\bad.exe", "bad.exe /x");
    settle(f);
    assert_int_equal(f->hit_count, 1);
    assert_string_equal(f->hits[0].rule, "one");
    assert_string_equal(f->hits[0].program, "C:\\p\\bad.exe");
    assert_string_equal(f->hits[0].parent, "C:\\Windows\\explorer.exe");
    eg_str json = eg_str_from(f->hits[0].json);
    assert_true(holds(json, "\"CommandLine\":\"bad.exe /x\""));
    assert_true(holds(json, "\"scan\":{\"reason\":\"started\",\"path\":\"C:\\\\p\\\\bad.exe\","
                            "\"part\":\"word/vbaProject.bin\""));
    assert_true(holds(json, "{\"name\":\"$a\",\"offset\":7,\"length\":3,\"bytes\":\"62220a\","
                            "\"text\":\"b\\\".\"}"));
    assert_true(eg_atomic_get(&f->woken) == 1);
    /* again: told, as the same thing, without a look at the file */
    feed_start(f, 11, "C:\\p\\bad.exe", "bad.exe /y");
    settle(f);
    assert_int_equal(f->hit_count, 2);
    assert_true(f->hits[1].fingerprint == f->hits[0].fingerprint);
    assert_int_equal(f->hits[1].incident, f->hits[0].incident);
    assert_true(counts_of(f).looked == 1 && counts_of(f).remembered == 1);
    assert_true(counts_of(f).suspicious == 2);
    /* the same start by a second source is no news at all */
    eg_event again = started(11, "C:\\p\\bad.exe", "bad.exe /y");
    again.source = EG_STR("sysmon");
    feed(f, &again);
    settle(f);
    assert_int_equal(f->hit_count, 2);
}

static void library__by_process_task_and_value__is_one_story(void **state)
{
    fixture *f = *state;
    eg_event event;
    start(f, 64);
    feed_start(f, 10, "C:\\Windows\\System32\\regsvr32.exe", "regsvr32 /s C:\\Users\\h\\bad.dll");
    eg_event_init(&event, EG_KIND_REGISTRY_SET);
    event.time = UINT64_C(133000000000000100);
    event.field[EG_FIELD_TARGET_OBJECT] = EG_STR("HKLM\\Software\\Run\\x");
    event.field[EG_FIELD_DETAILS] = EG_STR("rundll32 \"C:\\Users\\h\\bad.dll\",Go");
    feed(f, &event);
    eg_event_init(&event, EG_KIND_TASK_REGISTERED);
    event.time = UINT64_C(133000000000000200);
    event.field[EG_FIELD_TASK_NAME] = EG_STR("\\x");
    event.field[EG_FIELD_COMMAND] = EG_STR("regsvr32.exe");
    event.field[EG_FIELD_ARGUMENTS] = EG_STR("C:\\Users\\h\\bad.dll");
    feed(f, &event);
    settle(f);
    assert_int_equal(f->hit_count, 3);
    assert_string_equal(f->hits[0].parent, "C:\\Windows\\System32\\regsvr32.exe");
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(f->hits[i].program, "C:\\Users\\h\\bad.dll");
        assert_int_equal(f->hits[i].incident, f->hits[0].incident);
        assert_true(f->hits[i].fingerprint == f->hits[0].fingerprint);
    }
}

static void clean__started_again__is_not_looked_at_until_the_rules_change(void **state)
{
    fixture *f = *state;
    start(f, 64);
    for (uint32_t pid = 10; pid < 15; pid++) {
        feed_start(f, pid, "C:\\p\\good.exe", "good.exe");
    }
    settle(f);
    assert_true(counts_of(f).looked == 1 && counts_of(f).remembered == 4);
    use_rule(f, "two");
    feed_start(f, 20, "C:\\p\\good.exe", "good.exe");
    feed_start(f, 21, "C:\\p\\bad.exe", "bad.exe");
    settle(f);
    assert_true(counts_of(f).looked == 3);
    assert_string_equal(f->hits[0].rule, "two");
}

static void clean__after_a_restart__is_known_from_the_file(void **state)
{
    fixture *f = *state;
    char path[4096];
    snprintf(path, sizeof(path), "%s", eg_test_path(f->folder, "verdicts"));
    f->cache_file = path;
    start(f, 64);
    feed_start(f, 10, "C:\\p\\good.exe", "good.exe");
    feed_start(f, 11, "C:\\p\\bad.exe", "bad.exe");
    settle(f);
    stop(f);
    start(f, 64);
    feed_start(f, 20, "C:\\p\\good.exe", "good.exe");
    feed_start(f, 21, "C:\\p\\bad.exe", "bad.exe");
    settle(f);
    assert_true(counts_of(f).remembered == 1 && counts_of(f).looked == 1);
    stop(f);
    use_rule(f, "two"); /* other rules: the file does not count */
    start(f, 64);
    feed_start(f, 30, "C:\\p\\good.exe", "good.exe");
    settle(f);
    assert_true(counts_of(f).remembered == 0 && counts_of(f).looked == 1);
    stop(f);
    assert_int_equal(eg_file_write_atomic(path, "damaged", 7), EG_OK);
    start(f, 64);
    feed_start(f, 40, "C:\\p\\good.exe", "good.exe");
    settle(f);
    assert_true(counts_of(f).looked == 1);
}

static void not_looked__each_reason__is_counted(void **state)
{
    fixture *f = *state;
    start(f, 64);
    feed_start(f, 10, "C:\\p\\gone.exe", "regsvr32 x.dll");
    feed_start(f, 11, "\\\\server\\share\\bad.exe", "");
    feed_start(f, 12, "%UNHEARD%\\bad.exe", "");
    feed_start(f, 13, "C:\\p\\large.iso", "");
    feed_start(f, 14, "C:\\p\\large.iso", "");
    settle(f);
    eg_scan_counts counts = counts_of(f);
    assert_true(counts.missing == 1); /* the place where x.dll might have been is not */
    assert_true(counts.gaps[EG_GAP_ELSEWHERE] == 1);
    assert_true(counts.unresolved == 1);
    assert_true(counts.looked == 1 && counts.gaps[EG_GAP_TOO_LARGE] == 1);
    assert_int_equal(f->hit_count, 0);
    stop(f);
    f->network = true;
    start(f, 64);
    feed_start(f, 20, "\\\\server\\share\\bad.exe", "");
    settle(f);
    assert_int_equal(f->hit_count, 1);
}

static void script__meets_a_rule__tells_the_event(void **state)
{
    fixture *f = *state;
    eg_event event;
    start(f, 64);
    eg_event_init(&event, EG_KIND_AMSI_CONTENT);
    event.time = 1;
    event.field[EG_FIELD_SCRIPT_BLOCK_TEXT] = EG_STR("this is bad");
    feed(f, &event);
    settle(f);
    assert_int_equal(f->hit_count, 1);
    assert_int_equal(f->last_kind, EG_SCAN_BYTES);
    event.field[EG_FIELD_SCRIPT_BLOCK_TEXT] = EG_STR("this is not");
    feed(f, &event);
    settle(f);
    assert_int_equal(f->hit_count, 1);
}

static void memory__of_a_process_that_met_a_grave_rule__if_wanted(void **state)
{
    fixture *f = *state;
    f->memory = true;
    start(f, 64);
    feed_start(f, 10, "C:\\p\\bad.exe", "");
    settle(f);
    f->events++; /* the hit has asked for it */
    settle(f);
    assert_int_equal(f->last_kind, EG_SCAN_PROCESS);
    assert_int_equal(f->hit_count, 2);
    assert_true(holds(eg_str_from(f->hits[1].json), "\"reason\":\"memory\""));
    assert_true(f->hits[1].fingerprint != f->hits[0].fingerprint);
}

static void much__at_once__is_bounded_and_what_happens_now_is_first(void **state)
{
    fixture *f = *state;
    start(f, 4);
    eg_atomic_set(&f->blocked, 1);
    feed_start(f, 10, "C:\\p\\first.exe", "");
    uint64_t until = eg_clock_monotonic_ns() + DEADLINE_NS;
    while (eg_atomic_get(&f->scans) == 0) {
        assert_true(eg_clock_monotonic_ns() < until);
        eg_thread_sleep_ms(1);
    }
    eg_event old = started(11, "C:\\p\\old.exe", "");
    old.flags = EG_EVENT_EXISTING;
    feed(f, &old);
    feed_start(f, 12, "C:\\p\\a.exe", "");
    feed_start(f, 13, "C:\\p\\b.exe", "");
    feed_start(f, 14, "C:\\p\\c.exe", "");
    feed_start(f, 15, "C:\\p\\d.exe", "");
    assert_true(counts_of(f).not_taken == 1 && counts_of(f).waiting == 4);
    f->events--;
    eg_atomic_set(&f->blocked, 0);
    settle(f);
    assert_string_equal(f->order, "first.exe a.exe b.exe c.exe old.exe ");
}

static void stop__during_a_scan__ends_at_once(void **state)
{
    fixture *f = *state;
    start(f, 64);
    eg_atomic_set(&f->blocked, 1);
    feed_start(f, 10, "C:\\p\\bad.exe", "");
    feed_start(f, 11, "C:\\p\\other.exe", "");
    uint64_t until = eg_clock_monotonic_ns() + DEADLINE_NS;
    while (eg_atomic_get(&f->scans) == 0) {
        assert_true(eg_clock_monotonic_ns() < until);
        eg_thread_sleep_ms(1);
    }
    stop(f);
    assert_true(eg_atomic_get(&f->scans) == 1);
}

static void memory__refused_anywhere__costs_a_look_and_nothing_else(void **state)
{
    fixture *f = *state;
    start(f, 64);
    eg_event event = started(10, "C:\\p\\bad.exe", "bad.exe");
    for (long allowed = 0; allowed < 3; allowed++) {
        eg_mem_fail_after(allowed);
        eg_scan_queue_take(f->queue, &event);
        eg_mem_fail_after(-1);
    }
    assert_true(counts_of(f).not_taken >= 2);
}

int eg_test_scan_queue(void)
{
#define SCAN_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        SCAN_TEST(image__meets_a_rule__is_a_hit_and_known_the_next_time),
        SCAN_TEST(library__by_process_task_and_value__is_one_story),
        SCAN_TEST(clean__started_again__is_not_looked_at_until_the_rules_change),
        SCAN_TEST(clean__after_a_restart__is_known_from_the_file),
        SCAN_TEST(not_looked__each_reason__is_counted),
        SCAN_TEST(script__meets_a_rule__tells_the_event),
        SCAN_TEST(memory__of_a_process_that_met_a_grave_rule__if_wanted),
        SCAN_TEST(much__at_once__is_bounded_and_what_happens_now_is_first),
        SCAN_TEST(stop__during_a_scan__ends_at_once),
        SCAN_TEST(memory__refused_anywhere__costs_a_look_and_nothing_else),
    };
    return cmocka_run_group_tests_name("scan_queue", tests, NULL, NULL);
}
