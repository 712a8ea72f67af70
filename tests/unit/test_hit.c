/* SPDX-License-Identifier: Apache-2.0 */
/* Hits: their fingerprint, their JSON, what they are about, and the notice a window shows. */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/detect/subject.h"
#include "core/ipc/message.h"
#include "tests/unit/store_fixture.h"

#include <string.h>

static void assert_text(eg_str actual, const char *expected)
{
    assert_non_null(actual.ptr);
    assert_int_equal(actual.len, strlen(expected));
    assert_memory_equal(actual.ptr, expected, actual.len);
}

static int set_up(void **state)
{
    eg_arena *arena = NULL;
    assert_int_equal(eg_arena_create(&arena, 4096), EG_OK);
    *state = arena;
    return 0;
}

static int tear_down(void **state)
{
    eg_arena_destroy(*state);
    return 0;
}

/* ---- fingerprint ---- */

static void fingerprint__of_the_same_thing_later__is_the_same(void **state)
{
    EG_UNUSED(state);
    eg_event event;
    eg_event_init(&event, EG_KIND_REGISTRY_SET);
    event.field[EG_FIELD_TARGET_OBJECT] = EG_STR("HKLM\\Software\\Run\\x");
    event.field[EG_FIELD_DETAILS] = EG_STR("C:\\x.exe");
    eg_event later = event;
    later.time = 99;
    later.pid = 7;
    later.flags = EG_EVENT_EXISTING;
    later.field[EG_FIELD_UTC_TIME] = EG_STR("2026-01-01");
    later.field[EG_FIELD_IMAGE] = EG_STR("C:\\reg.exe");
    later.field[EG_FIELD_TARGET_OBJECT] = EG_STR("hklm\\SOFTWARE\\Run\\X");
    assert_true(eg_hit_fingerprint(EG_STR("r"), &event) == eg_hit_fingerprint(EG_STR("r"), &later));
}

static void fingerprint__of_another_thing__differs(void **state)
{
    EG_UNUSED(state);
    eg_event event;
    eg_event_init(&event, EG_KIND_REGISTRY_SET);
    event.field[EG_FIELD_TARGET_OBJECT] = EG_STR("ab");
    event.field[EG_FIELD_DETAILS] = EG_STR("c");
    uint64_t known = eg_hit_fingerprint(EG_STR("r"), &event);
    assert_true(known != eg_hit_fingerprint(EG_STR("s"), &event));
    eg_event other = event;
    other.kind = EG_KIND_REGISTRY_DELETE;
    assert_true(known != eg_hit_fingerprint(EG_STR("r"), &other));
    other = event;
    other.field[EG_FIELD_TARGET_OBJECT] = EG_STR("a");
    other.field[EG_FIELD_DETAILS] = EG_STR("bc");
    assert_true(known != eg_hit_fingerprint(EG_STR("r"), &other));
    other = event;
    other.field[EG_FIELD_DETAILS] = EG_STR_NONE;
    uint64_t missing = eg_hit_fingerprint(EG_STR("r"), &other);
    other.field[EG_FIELD_DETAILS] = EG_STR("");
    assert_true(missing != eg_hit_fingerprint(EG_STR("r"), &other));
}

static void fingerprint__is_the_same_in_every_version(void **state)
{
    EG_UNUSED(state);
    eg_hit hit;
    eg_event event;
    eg_sample_hit(1, &hit, &event);
    assert_true(hit.fingerprint == UINT64_C(0xC2A9201284306886));
}

/* ---- JSON ---- */

static void write_json__of_a_hit__gives_one_object(void **state)
{
    EG_UNUSED(state);
    eg_hit hit;
    eg_event event;
    eg_buf out;
    eg_json json;
    eg_sample_hit(3, &hit, &event);
    hit.id = 12;
    hit.count = 2;
    hit.fingerprint = 255;
    hit.incident_id = 5;
    hit.exception_id = -2;
    hit.shown_time = hit.last_time = hit.time;
    eg_buf_init(&out, 10000);
    eg_json_begin(&json, &out);
    eg_hit_write_json(&hit, &json);
    assert_string_equal(
        eg_buf_cstr(&out),
        "{\"id\":12,\"time\":\"2026-01-01T00:00:00.0000003Z\",\"stored_time\":null,"
        "\"shown_time\":\"2026-01-01T00:00:00.0000003Z\",\"count\":2,"
        "\"last_time\":\"2026-01-01T00:00:00.0000003Z\","
        "\"fingerprint\":\"00000000000000ff\",\"level\":\"high\","
        "\"rule\":\"0b5a0000-0000-4000-8000-000000000001\",\"title\":\"A thing\","
        "\"author\":\"Its author\",\"tags\":[\"attack.execution\",\"attack.t1059.001\"],"
        "\"pack_serial\":3,\"program\":\"C:\\\\Users\\\\Public\\\\thing3.exe\","
        "\"parent\":\"C:\\\\Windows\\\\explorer.exe\",\"user\":\"PC\\\\田中\","
        "\"incident\":5,\"exception\":-2,"
        "\"text\":{\"en\":{\"title\":\"Title\",\"meaning\":\"Meaning\",\"advice\":\"Advice\"},"
        "\"ja\":{\"title\":\"題名\",\"meaning\":\"意味\",\"advice\":\"助言\\n二行目\"}},"
        "\"event\":{\"channel\":\"x\",\"event_id\":1,\"fields\":{\"Image\":\"3\"}}}");
    eg_buf_done(&out);
}

static void write_json__of_a_hit_with_broken_evidence__keeps_it_as_text(void **state)
{
    EG_UNUSED(state);
    eg_hit hit;
    eg_event event;
    eg_buf out;
    eg_json json;
    eg_sample_hit(3, &hit, &event);
    hit.event_json = EG_STR("{\"cut");
    eg_buf_init(&out, 10000);
    eg_json_begin(&json, &out);
    eg_hit_write_json(&hit, &json);
    assert_int_equal(out.status, EG_OK);
    assert_non_null(strstr(eg_buf_cstr(&out), "\"event\":\"{\\\"cut\"}"));
    eg_buf_done(&out);
}

/* ---- subject ---- */

static void subject__of_a_process__is_its_image(void **state)
{
    eg_event event;
    eg_subject subject;
    eg_event_init(&event, EG_KIND_PROCESS_START);
    event.field[EG_FIELD_IMAGE] = EG_STR("a.exe");
    event.field[EG_FIELD_COMMAND_LINE] = EG_STR("a.exe -b");
    event.field[EG_FIELD_PARENT_IMAGE] = EG_STR("p.exe");
    event.field[EG_FIELD_USER] = EG_STR("u");
    assert_int_equal(eg_subject_of(&event, *state, &subject), EG_OK);
    assert_text(subject.program, "a.exe");
    assert_text(subject.command_line, "a.exe -b");
    assert_text(subject.parent, "p.exe");
    assert_text(subject.user, "u");
    assert_text(subject.target, "");
}

static void subject__of_a_registry_value__is_what_it_starts(void **state)
{
    eg_event event;
    eg_subject subject;
    eg_event_init(&event, EG_KIND_REGISTRY_SET);
    event.field[EG_FIELD_IMAGE] = EG_STR("reg.exe");
    event.field[EG_FIELD_TARGET_OBJECT] = EG_STR("HKLM\\Run\\x");
    event.field[EG_FIELD_DETAILS] = EG_STR("x.dll");
    assert_int_equal(eg_subject_of(&event, *state, &subject), EG_OK);
    assert_text(subject.program, "x.dll");
    assert_text(subject.parent, "reg.exe");
    assert_text(subject.target, "HKLM\\Run\\x");
    event.field[EG_FIELD_DETAILS] = EG_STR_NONE;
    assert_int_equal(eg_subject_of(&event, *state, &subject), EG_OK);
    assert_text(subject.program, "reg.exe");
    assert_text(subject.parent, "");
}

static void subject__of_task_and_service__is_what_they_start(void **state)
{
    eg_event event;
    eg_subject subject;
    eg_event_init(&event, EG_KIND_TASK_REGISTERED);
    event.field[EG_FIELD_TASK_NAME] = EG_STR("\\T");
    event.field[EG_FIELD_COMMAND] = EG_STR("cmd");
    event.field[EG_FIELD_USER_ID] = EG_STR("S-1-5-18");
    assert_int_equal(eg_subject_of(&event, *state, &subject), EG_OK);
    assert_text(subject.program, "cmd");
    event.field[EG_FIELD_ARGUMENTS] = EG_STR("/c x");
    assert_int_equal(eg_subject_of(&event, *state, &subject), EG_OK);
    assert_text(subject.program, "cmd /c x");
    assert_text(subject.user, "S-1-5-18");
    assert_text(subject.target, "\\T");

    eg_event_init(&event, EG_KIND_SERVICE_INSTALLED);
    event.field[EG_FIELD_SERVICE_NAME] = EG_STR("svc");
    event.field[EG_FIELD_IMAGE_PATH] = EG_STR("s.exe");
    assert_int_equal(eg_subject_of(&event, *state, &subject), EG_OK);
    assert_text(subject.program, "s.exe");
    assert_text(subject.target, "svc");
}

static void subject__of_an_empty_event__is_present_and_empty(void **state)
{
    eg_event event;
    eg_subject subject;
    eg_event_init(&event, EG_KIND_OTHER);
    assert_int_equal(eg_subject_of(&event, *state, &subject), EG_OK);
    assert_text(subject.program, "");
    assert_text(subject.command_line, "");
    assert_text(subject.parent, "");
    assert_text(subject.user, "");
    assert_text(subject.target, "");
}

/* ---- notice ---- */

static void notice__of_a_hit__reads_its_evidence(void **state)
{
    eg_hit hit;
    eg_event event;
    eg_hit_notice notice;
    eg_buf evidence;
    eg_json json;
    eg_sample_hit(3, &hit, &event);
    eg_event_init(&event, EG_KIND_REGISTRY_SET);
    event.pid = 77;
    event.field[EG_FIELD_TARGET_OBJECT] = EG_STR("HKLM\\Run\\x");
    event.field[EG_FIELD_COMMAND_LINE] = EG_STR("reg add");
    eg_buf_init(&evidence, 10000);
    eg_json_begin(&json, &evidence);
    eg_event_write_json(&event, &json);
    hit.id = 5;
    hit.event_json = eg_buf_str(&evidence);
    assert_int_equal(eg_hit_notice_from_hit(&hit, EG_LANGUAGE_JA, *state, &notice), EG_OK);
    eg_buf_done(&evidence); /* the notice keeps texts of its own */
    assert_int_equal(notice.id, 5);
    assert_true(notice.time == hit.time);
    assert_int_equal(notice.level, EG_LEVEL_HIGH);
    assert_int_equal(notice.kind, EG_KIND_REGISTRY_SET);
    assert_int_equal(notice.pid, 77);
    assert_text(notice.text.title, "題名");
    assert_text(notice.text.advice, "助言\n二行目");
    assert_text(notice.rule_title, "A thing");
    assert_text(notice.rule_author, "Its author");
    assert_text(notice.program, "C:\\Users\\Public\\thing3.exe");
    assert_text(notice.parent, "C:\\Windows\\explorer.exe");
    assert_text(notice.user, "PC\\田中");
    assert_text(notice.command_line, "reg add");
    assert_text(notice.target, "HKLM\\Run\\x");
}

static void notice__without_text_in_the_language__falls_back(void **state)
{
    eg_hit hit;
    eg_event event;
    eg_hit_notice notice;
    eg_sample_hit(3, &hit, &event);
    hit.text[EG_LANGUAGE_JA] = (eg_text){EG_STR_NONE, EG_STR_NONE, EG_STR_NONE};
    assert_int_equal(eg_hit_notice_from_hit(&hit, EG_LANGUAGE_JA, *state, &notice), EG_OK);
    assert_text(notice.text.title, "Title");
    assert_text(notice.text.meaning, "Meaning");
    hit.text[EG_LANGUAGE_EN] = (eg_text){EG_STR(""), EG_STR(""), EG_STR("")};
    assert_int_equal(eg_hit_notice_from_hit(&hit, EG_LANGUAGE_JA, *state, &notice), EG_OK);
    assert_text(notice.text.title, "A thing");
    assert_text(notice.text.advice, "");
}

static void notice__of_a_hit_with_broken_evidence__is_still_shown(void **state)
{
    eg_hit hit;
    eg_event event;
    eg_hit_notice notice;
    eg_sample_hit(3, &hit, &event);
    hit.event_json = EG_STR("{\"cut");
    assert_int_equal(eg_hit_notice_from_hit(&hit, EG_LANGUAGE_EN, *state, &notice), EG_OK);
    assert_int_equal(notice.kind, EG_KIND_OTHER);
    assert_text(notice.text.title, "Title");
    assert_text(notice.command_line, "");
}

static void notice__without_memory__fails_cleanly(void **state)
{
    eg_hit hit;
    eg_event event;
    int status = EG_E_NOMEM;
    eg_sample_hit(3, &hit, &event);
    EG_UNUSED(state);
    for (long n = 0; status != EG_OK; n++) {
        eg_arena *arena = NULL;
        eg_hit_notice notice = {.id = 99};
        assert_in_range(n, 0, 100);
        assert_int_equal(eg_arena_create(&arena, 64), EG_OK);
        eg_mem_fail_after(n);
        status = eg_hit_notice_from_hit(&hit, EG_LANGUAGE_JA, arena, &notice);
        eg_mem_fail_after(-1);
        if (status != EG_OK) {
            assert_int_equal(status, EG_E_NOMEM);
            assert_int_equal(notice.id, 99);
        }
        eg_arena_destroy(arena);
    }
}

#define WITH_ARENA(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int eg_test_hit(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fingerprint__of_the_same_thing_later__is_the_same),
        cmocka_unit_test(fingerprint__of_another_thing__differs),
        cmocka_unit_test(fingerprint__is_the_same_in_every_version),
        cmocka_unit_test(write_json__of_a_hit__gives_one_object),
        cmocka_unit_test(write_json__of_a_hit_with_broken_evidence__keeps_it_as_text),
        WITH_ARENA(subject__of_a_process__is_its_image),
        WITH_ARENA(subject__of_a_registry_value__is_what_it_starts),
        WITH_ARENA(subject__of_task_and_service__is_what_they_start),
        WITH_ARENA(subject__of_an_empty_event__is_present_and_empty),
        WITH_ARENA(notice__of_a_hit__reads_its_evidence),
        WITH_ARENA(notice__without_text_in_the_language__falls_back),
        WITH_ARENA(notice__of_a_hit_with_broken_evidence__is_still_shown),
        cmocka_unit_test(notice__without_memory__fails_cleanly),
    };
    return cmocka_run_group_tests_name("hit", tests, NULL, NULL);
}
