/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that ask for facts of a file are decided when the event comes back, and only they. */
#include "tests/unit/unit.h"

#include "core/base/compiler.h"
#include "core/base/log.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/detect/pipeline.h"
#include "core/detect/slow_rules.h"

#include <stdio.h>
#include <string.h>

#define DEADLINE_NS (UINT64_C(20) * 1000000000)

typedef struct fixture {
    eg_ruleset_slot *slot;
    eg_pipeline *pipeline;
    eg_file_reader *reader;
    eg_second_pass *pass;
    eg_event *back[8]; /* events that came back */
    size_t back_count, stop_at;
    size_t refusals; /* how often `done` refuses first */
    char hits[64];   /* last digits of the rules that hit, in order */
    uint8_t files;   /* opened; the import hash of each differs */
    eg_atomic opened;
    eg_atomic blocked; /* `open` waits while it is set */
} fixture;

/* ---- files: signed when their name says so; their bytes are no program ---- */

static int file_open(void *user, eg_str path, void **file)
{
    fixture *f = user;
    eg_atomic_add(&f->opened, 1);
    while (eg_atomic_get(&f->blocked) != 0) {
        eg_thread_sleep_ms(1);
    }
    if (eg_str_starts_nocase(path, EG_STR("\\\\"))) {
        return eg_fail(EG_E_UNSUPPORTED, "elsewhere");
    }
    f->files++;
    *file = f;
    return EG_OK;
}

static int file_identify(void *file, eg_file_identity *out)
{
    const fixture *f = file;
    memset(out, 0, sizeof(*out));
    out->id[0] = f->files;
    out->size = 5;
    return EG_OK;
}

static int file_read(void *file, uint64_t offset, void *out, size_t size)
{
    EG_UNUSED(file);
    EG_UNUSED(offset);
    memset(out, 'x', size);
    return EG_OK;
}

static int file_signature(void *user, void *file, eg_str path, eg_signature *out)
{
    EG_UNUSED(user);
    EG_UNUSED(file);
    memset(out, 0, sizeof(*out));
    out->status =
        eg_str_ends_nocase(path, EG_STR("\\signed.exe")) ? EG_SIGNATURE_VALID : EG_SIGNATURE_NONE;
    return EG_OK;
}

static void file_close(void *file)
{
    EG_UNUSED(file);
}

static int digest_begin(void *user, eg_digest_kind kind, void **digest)
{
    static int kinds[EG_DIGEST_COUNT] = {EG_DIGEST_MD5, EG_DIGEST_SHA1, EG_DIGEST_SHA256};
    EG_UNUSED(user);
    *digest = &kinds[kind];
    return EG_OK;
}

static int digest_add(void *digest, const void *bytes, size_t size)
{
    EG_UNUSED(digest);
    EG_UNUSED(bytes);
    EG_UNUSED(size);
    return EG_OK;
}

static int digest_end(void *digest, uint8_t *out)
{
    static const size_t sizes[EG_DIGEST_COUNT] = {EG_MD5_SIZE, EG_SHA1_SIZE, EG_SHA256_SIZE};
    int kind = *(const int *)digest;
    memset(out, 0xA0 + kind, sizes[kind]);
    return EG_OK;
}

static void digest_drop(void *digest)
{
    EG_UNUSED(digest);
}

/* ---- pipeline ---- */

static int on_hit(void *user, const eg_hit *hit, const eg_event *event)
{
    fixture *f = user;
    EG_UNUSED(event);
    size_t used = strlen(f->hits);
    assert_true(used + 2 < sizeof(f->hits));
    f->hits[used] = hit->rule_id.ptr[hit->rule_id.len - 1];
    return EG_OK;
}

/* Keeps what comes back, and ends the worker with the last one. */
static int on_back(void *user, const eg_event *event)
{
    fixture *f = user;
    if (f->refusals > 0) {
        f->refusals--;
        return EG_E_LIMIT;
    }
    assert_true(f->back_count < EG_COUNT(f->back));
    assert_true(event->flags & EG_EVENT_SECOND_PASS);
    assert_int_equal(eg_event_clone(event, &f->back[f->back_count++]), EG_OK);
    if (f->back_count == f->stop_at) {
        eg_second_pass_stop(f->pass);
    }
    return EG_OK;
}

static void load_rules(fixture *f)
{
    eg_buf root, path;
    eg_ruleset *rules = NULL;
    eg_buf_init(&root, 4096);
    eg_buf_init(&path, 4096);
    if (eg_env_get("EMOGUARD_SOURCE_DIR", &root) != EG_OK) {
        eg_buf_append_cstr(&root, ".");
    }
    assert_int_equal(eg_path_join(&path, eg_buf_cstr(&root), "tests/data/pipeline/second_pass"),
                     EG_OK);
    const char *paths[] = {eg_buf_cstr(&path)};
    if (eg_ruleset_load(paths, 1, true, NULL, &rules) != EG_OK) {
        fail_msg("%s", eg_error_message());
    }
    eg_ruleset_stats stats;
    eg_ruleset_stats_get(rules, &stats);
    assert_int_equal(stats.inert, 0); /* the agent fills the fields they ask for */
    eg_ruleset_slot_put(f->slot, rules);
    eg_buf_done(&root);
    eg_buf_done(&path);
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
    fixture *f = eg_alloc_zero(1, sizeof(*f));
    const eg_file_ops ops = {
        .user = f,
        .open = file_open,
        .identify = file_identify,
        .read = file_read,
        .signature = file_signature,
        .close = file_close,
        .digests = {f, digest_begin, digest_add, digest_end, digest_drop},
    };
    assert_non_null(f);
    eg_log_set_sink(ignore_log, NULL);
    assert_int_equal(eg_file_reader_create(&ops, &eg_file_default_limits, &f->reader), EG_OK);
    const eg_second_pass_options options = {f->reader, 3, f, on_back};
    assert_int_equal(eg_second_pass_create(&options, &f->pass), EG_OK);
    assert_int_equal(eg_ruleset_slot_create(&f->slot), EG_OK);
    load_rules(f);
    assert_int_equal(eg_pipeline_create(f->slot, on_hit, f, &f->pipeline), EG_OK);
    eg_pipeline_use_second_pass(f->pipeline, f->pass);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    eg_mem_fail_after(-1);
    eg_log_set_sink(NULL, NULL);
    eg_pipeline_destroy(f->pipeline);
    eg_second_pass_destroy(f->pass);
    eg_file_reader_destroy(f->reader);
    eg_ruleset_slot_destroy(f->slot);
    for (size_t i = 0; i < f->back_count; i++) {
        eg_free(f->back[i]);
    }
    eg_free(f);
    return 0;
}

static eg_event started(const char *image, uint32_t pid)
{
    eg_event event;
    eg_event_init(&event, EG_KIND_PROCESS_START);
    event.pid = pid;
    event.time = event.create_time = UINT64_C(133000000000000000) + pid;
    event.field[EG_FIELD_IMAGE] = eg_str_from(image);
    return event;
}

static void feed(fixture *f, const char *image, uint32_t pid)
{
    eg_event event = started(image, pid);
    assert_int_equal(eg_pipeline_feed(f->pipeline, &event), EG_OK);
}

/* Works off what waits, on this thread, and feeds what comes back. */
static void pass_again(fixture *f, size_t events)
{
    f->stop_at = events;
    eg_second_pass_run(f->pass);
    assert_int_equal(f->back_count, events);
    for (size_t i = 0; i < events; i++) {
        assert_int_equal(eg_pipeline_feed(f->pipeline, f->back[i]), EG_OK);
    }
}

static eg_second_pass_counts counts(fixture *f)
{
    eg_second_pass_counts found;
    eg_second_pass_counts_get(f->pass, &found);
    return found;
}

static void second_pass__rules_on_hashes__hit_when_the_event_is_back(void **state)
{
    fixture *f = *state;
    eg_pipeline_stats stats;
    feed(f, "C:\\a.exe", 4);
    assert_string_equal(f->hits, "1");
    pass_again(f, 1);
    assert_string_equal(f->hits, "12"); /* the first does not hit again */
    assert_true(eg_str_starts_nocase(f->back[0]->field[EG_FIELD_HASHES], EG_STR("SHA1=A1A1")));
    eg_pipeline_stats_get(f->pipeline, &stats);
    assert_int_equal(stats.events, 1);
    assert_int_equal(stats.hits, 2);
}

/* What must not be there is not known before the file was read. */
static void second_pass__rule_on_what_must_not_be__waits_for_it(void **state)
{
    fixture *f = *state;
    feed(f, "C:\\folder\\signed.exe", 4);
    feed(f, "C:\\folder\\other.exe", 8);
    assert_string_equal(f->hits, "11");
    pass_again(f, 2);
    assert_string_equal(f->hits, "11223");
}

/* A file that cannot be read leaves the fields out; the rules are decided all the same. */
static void second_pass__file_elsewhere__decides_without_its_facts(void **state)
{
    fixture *f = *state;
    eg_file_counts files;
    feed(f, "\\\\server\\folder\\signed.exe", 4);
    pass_again(f, 1);
    assert_string_equal(f->hits, "13");
    assert_null(f->back[0]->field[EG_FIELD_SIGNED].ptr);
    eg_file_reader_counts(f->reader, &files);
    assert_int_equal(files.elsewhere, 1);
}

static void second_pass__more_than_may_wait__are_decided_at_once(void **state)
{
    fixture *f = *state;
    for (uint32_t i = 1; i <= 4; i++) {
        feed(f, "C:\\folder\\signed.exe", 4 * i);
    }
    assert_string_equal(f->hits, "11113");
    assert_int_equal(counts(f).waiting, 3);
    assert_int_equal(counts(f).not_taken, 1);
    pass_again(f, 3);
    assert_string_equal(f->hits, "11113222");
}

/* A few events with very long texts are as much as many short ones. */
static void second_pass__more_bytes_than_may_wait__are_decided_at_once(void **state)
{
    fixture *f = *state;
    const size_t size = (size_t)12 * 1024 * 1024;
    char *text = eg_alloc_zero(size, 1);
    assert_non_null(text);
    for (uint32_t i = 1; i <= 3; i++) {
        eg_event event = started("C:\\folder\\signed.exe", 4 * i);
        event.field[EG_FIELD_COMMAND_LINE] = (eg_str){text, size};
        assert_int_equal(eg_pipeline_feed(f->pipeline, &event), EG_OK);
    }
    eg_free(text);
    assert_int_equal(counts(f).waiting, 2);
    assert_int_equal(counts(f).not_taken, 1);
    pass_again(f, 2);
}

/* Who can wait reads the file at once: nothing comes back, and every rule is decided. */
static void second_pass__left_out_for_the_files_themselves__decides_at_once(void **state)
{
    fixture *f = *state;
    eg_pipeline_use_second_pass(f->pipeline, NULL);
    eg_pipeline_use_files(f->pipeline, f->reader);
    feed(f, "C:\\folder\\signed.exe", 4);
    feed(f, "C:\\folder\\other.exe", 8);
    feed(f, "\\\\server\\folder\\signed.exe", 12);
    assert_string_equal(f->hits, "1212313");
    assert_int_equal(counts(f).waiting, 0);
}

static void second_pass__event_that_brings_its_facts__is_decided_at_once(void **state)
{
    fixture *f = *state;
    eg_event event = started("C:\\folder\\a.exe", 4);
    event.field[EG_FIELD_HASHES] = EG_STR("SHA256=A2A2A2A2");
    event.field[EG_FIELD_SIGNED] = EG_STR("true");
    assert_int_equal(eg_pipeline_feed(f->pipeline, &event), EG_OK);
    assert_string_equal(f->hits, "12");
    event = started("", 8);
    assert_int_equal(eg_pipeline_feed(f->pipeline, &event), EG_OK);
    assert_int_equal(counts(f).waiting, 0);
}

/* Told twice, by two sources: each rule hits once. */
static void second_pass__start_told_twice__hits_once(void **state)
{
    fixture *f = *state;
    feed(f, "C:\\a.exe", 4);
    feed(f, "C:\\a.exe", 4);
    pass_again(f, 2);
    assert_string_equal(f->hits, "12");
}

static void second_pass__correlation_that_counts_hashes__counts_what_is_back(void **state)
{
    fixture *f = *state;
    eg_event event = started("C:\\counted.dll", 4);
    event.field[EG_FIELD_COMPUTER] = EG_STR("PC");
    assert_int_equal(eg_pipeline_feed(f->pipeline, &event), EG_OK);
    event = started("C:\\counted.scr", 8);
    event.field[EG_FIELD_COMPUTER] = EG_STR("PC");
    assert_int_equal(eg_pipeline_feed(f->pipeline, &event), EG_OK);
    assert_string_equal(f->hits, "");
    f->stop_at = 2;
    eg_second_pass_run(f->pass);
    f->back[1]->field[EG_FIELD_IMPHASH] = EG_STR("1"); /* another than the first one's */
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(eg_pipeline_feed(f->pipeline, f->back[i]), EG_OK);
    }
    assert_string_equal(f->hits, "224");
}

static void second_pass__without_a_second_pass__decides_all_at_once(void **state)
{
    fixture *f = *state;
    eg_pipeline_use_second_pass(f->pipeline, NULL);
    feed(f, "C:\\folder\\signed.exe", 4);
    assert_string_equal(f->hits, "13");
}

static void slow_rules__of_a_set__are_those_that_ask_for_facts(void **state)
{
    fixture *f = *state;
    eg_slow_rules *slow = NULL;
    eg_ruleset *rules = eg_ruleset_slot_get(f->slot);
    const eg_sigma_set *set = eg_ruleset_sigma(rules);
    assert_int_equal(eg_slow_rules_create(set, &slow), EG_OK);
    for (uint32_t i = 0; i < eg_sigma_set_size(set); i++) {
        eg_str id = eg_sigma_set_rule(set, i)->id;
        char last = id.ptr[id.len - 1];
        assert_int_equal(eg_slow_rules_has(slow, i), last == '2' || last == '3' || last == '5');
    }
    eg_event event = started("C:\\a.exe", 4);
    assert_int_equal(eg_slow_rules_wanted(slow, &event), EG_FACTS_ALL);
    eg_event_init(&event, EG_KIND_IMAGE_LOAD);
    event.field[EG_FIELD_IMAGE_LOADED] = EG_STR("C:\\a.dll");
    assert_int_equal(eg_slow_rules_wanted(slow, &event), 0); /* no rule looks at those */
    eg_event_init(&event, EG_KIND_REGISTRY_SET);
    assert_int_equal(eg_slow_rules_wanted(slow, &event), 0);
    eg_slow_rules_destroy(slow);
    eg_ruleset_unref(rules);
}

static void second_pass__no_memory__decides_at_once(void **state)
{
    fixture *f = *state;
    feed(f, "C:\\first.exe", 4); /* the matcher has what it needs */
    for (long allowed = 0;; allowed++) {
        eg_event event = started("C:\\folder\\signed.exe", 100 + (uint32_t)allowed);
        memset(f->hits, 0, sizeof(f->hits));
        eg_mem_fail_after(allowed);
        int status = eg_pipeline_feed(f->pipeline, &event);
        bool refused = eg_mem_failures() > 0;
        eg_mem_fail_after(-1);
        assert_true(status == EG_OK || status == EG_E_NOMEM);
        if (!refused) {
            break;
        }
        assert_true(allowed < 1000);
    }
    assert_true(counts(f).not_taken > 0);
}

static void run(void *arg)
{
    eg_second_pass_run(arg);
}

/* No room behind: the worker comes again until there is. */
static void second_pass__no_room_behind__comes_again(void **state)
{
    fixture *f = *state;
    f->refusals = 3;
    feed(f, "C:\\a.exe", 4);
    pass_again(f, 1);
    assert_int_equal(f->refusals, 0);
    assert_string_equal(f->hits, "12");
}

/* While a file is being read nothing waits for it: neither the pipeline nor a stop. */
static void second_pass__file_that_takes_long__holds_up_nobody(void **state)
{
    fixture *f = *state;
    eg_thread *worker = NULL;
    eg_atomic_set(&f->blocked, 1);
    f->stop_at = SIZE_MAX;
    assert_int_equal(eg_thread_start(&worker, "second pass", run, f->pass), EG_OK);
    feed(f, "C:\\a.exe", 4);
    uint64_t begin = eg_clock_monotonic_ns();
    while (eg_atomic_get(&f->opened) == 0) {
        assert_true(eg_clock_monotonic_ns() - begin < DEADLINE_NS);
        eg_thread_sleep_ms(1);
    }
    feed(f, "C:\\b.exe", 8);
    assert_string_equal(f->hits, "11");
    eg_second_pass_stop(f->pass);
    eg_atomic_set(&f->blocked, 0);
    eg_thread_join(worker);
    assert_int_equal(f->back_count, 0);
    assert_int_equal(counts(f).waiting, 1);
}

#define WITH_RULES(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int eg_test_second_pass(void)
{
    const struct CMUnitTest tests[] = {
        WITH_RULES(second_pass__rules_on_hashes__hit_when_the_event_is_back),
        WITH_RULES(second_pass__rule_on_what_must_not_be__waits_for_it),
        WITH_RULES(second_pass__file_elsewhere__decides_without_its_facts),
        WITH_RULES(second_pass__more_than_may_wait__are_decided_at_once),
        WITH_RULES(second_pass__more_bytes_than_may_wait__are_decided_at_once),
        WITH_RULES(second_pass__left_out_for_the_files_themselves__decides_at_once),
        WITH_RULES(second_pass__event_that_brings_its_facts__is_decided_at_once),
        WITH_RULES(second_pass__start_told_twice__hits_once),
        WITH_RULES(second_pass__correlation_that_counts_hashes__counts_what_is_back),
        WITH_RULES(second_pass__without_a_second_pass__decides_all_at_once),
        WITH_RULES(slow_rules__of_a_set__are_those_that_ask_for_facts),
        WITH_RULES(second_pass__no_memory__decides_at_once),
        WITH_RULES(second_pass__no_room_behind__comes_again),
        WITH_RULES(second_pass__file_that_takes_long__holds_up_nobody),
    };
    return cmocka_run_group_tests_name("second_pass", tests, NULL, NULL);
}
