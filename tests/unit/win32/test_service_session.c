/* SPDX-License-Identifier: Apache-2.0 */
/* Message boxes for sessions without a tray, with Windows' calls simulated. */
#include "tests/unit/unit.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/ipc/code.h"
#include "service/session_alarm.c"
#include "tests/unit/store_fixture.h"

#include <string.h>
#include <wchar.h>

#define DEADLINE_MS 20000u

typedef struct fixture {
    eg_store_fixture *store;
    eg_session_alarm *alarm;
    eg_session_alarm_options options;
    eg_mutex lock;
    uint32_t sessions[4], with_tray;
    size_t session_count, boxes, looks;
    uint32_t box_session[64];
    wchar_t title[EG_SESSION_TITLE_SIZE], text[EG_SESSION_TEXT_SIZE];
    bool fails;
} fixture;

static int fake_active(void *user, uint32_t *sessions, size_t max, size_t *count)
{
    fixture *fix = user;
    assert_true(fix->session_count <= max);
    memcpy(sessions, fix->sessions, sizeof(fix->sessions));
    *count = fix->session_count;
    eg_mutex_lock(&fix->lock);
    fix->looks++;
    eg_mutex_unlock(&fix->lock);
    return EG_OK;
}

static int fake_tell(void *user, uint32_t session, const wchar_t *title, const wchar_t *text)
{
    fixture *fix = user;
    eg_mutex_lock(&fix->lock);
    assert_true(fix->boxes < EG_COUNT(fix->box_session));
    fix->box_session[fix->boxes++] = session;
    memcpy(fix->title, title, (wcslen(title) + 1) * sizeof(wchar_t));
    memcpy(fix->text, text, (wcslen(text) + 1) * sizeof(wchar_t));
    eg_mutex_unlock(&fix->lock);
    return fix->fails ? eg_fail(EG_E_DENIED, "no") : EG_OK;
}

static eg_store *fake_store(void *user)
{
    return ((fixture *)user)->store->store;
}

static bool fake_has_tray(void *user, uint32_t session)
{
    return session == ((fixture *)user)->with_tray;
}

static const eg_session_calls calls = {fake_active, fake_tell};

static int set_up(void **state)
{
    void *store = NULL;
    fixture *fix = eg_alloc_zero(1, sizeof(*fix));
    assert_non_null(fix);
    assert_int_equal(eg_store_fixture_set_up(&store), 0);
    fix->store = store;
    assert_int_equal(eg_mutex_init(&fix->lock), EG_OK);
    fix->sessions[0] = 1;
    fix->sessions[1] = 2;
    fix->session_count = 2;
    fix->with_tray = 2;
    fix->options = (eg_session_alarm_options){.calls = &calls,
                                              .calls_user = fix,
                                              .language = EG_LANGUAGE_JA,
                                              .min_level = EG_LEVEL_MEDIUM,
                                              .grace_ms = 1,
                                              .contact = "内線 1234",
                                              .user = fix,
                                              .store = fake_store,
                                              .has_tray = fake_has_tray};
    *state = fix;
    return 0;
}

static int tear_down(void **state)
{
    fixture *fix = *state;
    void *store = fix->store;
    eg_session_alarm_stop(fix->alarm);
    assert_int_equal(eg_session_alarm_join(fix->alarm, DEADLINE_MS), EG_OK);
    eg_session_alarm_destroy(fix->alarm);
    eg_mutex_done(&fix->lock);
    eg_free(fix);
    return eg_store_fixture_tear_down(&store);
}

static void start(fixture *fix)
{
    assert_int_equal(eg_session_alarm_start(&fix->options, &fix->alarm), EG_OK);
}

static int64_t add_hit(fixture *fix, int number)
{
    int64_t id = eg_store_fixture_add(fix->store, number, 0);
    eg_session_alarm_wake(fix->alarm);
    return id;
}

static void wait_for(fixture *fix, const size_t *counter, size_t wanted)
{
    uint64_t end = eg_clock_monotonic_ns() + UINT64_C(1000000) * DEADLINE_MS;
    size_t now = 0;
    while (now < wanted) {
        eg_mutex_lock(&fix->lock);
        now = *counter;
        eg_mutex_unlock(&fix->lock);
        assert_true(eg_clock_monotonic_ns() < end);
        Sleep(1);
    }
}

static void alarm__session_without_a_tray__is_told_with_the_number(void **state)
{
    fixture *fix = *state;
    char code[EG_INCIDENT_CODE_SIZE];
    wchar_t wide[EG_INCIDENT_CODE_SIZE] = L"";
    start(fix);
    int64_t id = add_hit(fix, 3);
    wait_for(fix, &fix->boxes, 1);
    assert_int_equal(fix->box_session[0], 1); /* session 2 has a tray */
    assert_int_equal(fix->boxes, 1);
    assert_non_null(wcsstr(fix->title, L"EmoGuard: "));
    assert_non_null(wcsstr(fix->title, L"題名"));
    assert_non_null(wcsstr(fix->text, L"内線 1234"));
    eg_incident_code(id, code);
    for (size_t i = 0; code[i]; i++) {
        wide[i] = (wchar_t)code[i];
    }
    assert_non_null(wcsstr(fix->text, wide));
}

static void alarm__tray_everywhere__stays_silent(void **state)
{
    fixture *fix = *state;
    fix->session_count = 1;
    fix->with_tray = 1;
    start(fix);
    add_hit(fix, 3);
    wait_for(fix, &fix->looks, 1);
    add_hit(fix, 8); /* the second look says that the first one is over */
    wait_for(fix, &fix->looks, 2);
    assert_int_equal(fix->boxes, 0);
}

static void alarm__below_the_level__stays_silent(void **state)
{
    fixture *fix = *state;
    start(fix);
    add_hit(fix, 1); /* low */
    add_hit(fix, 3);
    wait_for(fix, &fix->boxes, 1);
    assert_int_equal(fix->boxes, 1);
}

static void alarm__hits_from_before__are_left_to_the_tray(void **state)
{
    fixture *fix = *state;
    fix->options.newest_hit = add_hit(fix, 3);
    start(fix);
    eg_session_alarm_wake(fix->alarm);
    add_hit(fix, 8);
    wait_for(fix, &fix->boxes, 1);
    assert_int_equal(fix->boxes, 1);
}

static void alarm__windows_refuses__is_not_tried_again_for_that_story(void **state)
{
    fixture *fix = *state;
    fix->fails = true;
    start(fix);
    add_hit(fix, 3);
    wait_for(fix, &fix->boxes, 1);
    add_hit(fix, 8);
    wait_for(fix, &fix->boxes, 2);
    assert_int_equal(fix->boxes, 2); /* one a story */
}

static void alarm__long_title_and_contact__are_cut_with_room_for_the_end(void **state)
{
    wchar_t out[8];
    eg_buf text;
    EG_UNUSED(state);
    eg_buf_init(&text, 100);
    assert_int_equal(eg_buf_append_cstr(&text, "abcdef\xF0\x9F\x98\x80z"), EG_OK);
    assert_int_equal(to_wide(&text, out, 8), EG_OK);
    assert_int_equal(wcscmp(out, L"abcdef\u2026"), 0); /* never half of a pair */
    eg_buf_clear(&text);
    assert_int_equal(eg_buf_append_cstr(&text, "abcdefg"), EG_OK);
    assert_int_equal(to_wide(&text, out, 8), EG_OK);
    assert_int_equal(wcscmp(out, L"abcdefg"), 0);
    eg_buf_done(&text);
}

static void alarm__texts__fit_with_a_long_contact(void **state)
{
    EG_UNUSED(state);
    for (int i = 0; i < EG_LANGUAGE_COUNT; i++) {
        size_t units = eg_utf16_length(eg_str_from(texts[i].before)) +
                       eg_utf16_length(eg_str_from(texts[i].call)) +
                       eg_utf16_length(eg_str_from(texts[i].after));
        assert_true(units + 200 + EG_INCIDENT_CODE_SIZE < EG_SESSION_TEXT_SIZE);
    }
}

int eg_test_service_session(void)
{
#define SESSION_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        SESSION_TEST(alarm__session_without_a_tray__is_told_with_the_number),
        SESSION_TEST(alarm__tray_everywhere__stays_silent),
        SESSION_TEST(alarm__below_the_level__stays_silent),
        SESSION_TEST(alarm__hits_from_before__are_left_to_the_tray),
        SESSION_TEST(alarm__windows_refuses__is_not_tried_again_for_that_story),
        cmocka_unit_test(alarm__long_title_and_contact__are_cut_with_room_for_the_end),
        cmocka_unit_test(alarm__texts__fit_with_a_long_contact),
    };
    return cmocka_run_group_tests_name("service_session", tests, NULL, NULL);
}
