/* SPDX-License-Identifier: Apache-2.0 */
/* How the process sensor falls back from source to source, and comes back. */
#include "tests/unit/unit.h"

/* the sensor's own files, since its sources and their calls are seams that no header shows */
#include "driverless-hooks/hook_process.c"
#include "driverless-hooks/process_wmi.c"
#include "tests/unit/win32/sensor_fixture.h"
#include "tests/unit/win32/wmi_fixture.h"

#include <stdio.h>
#include <wchar.h>

/* What a stand-in source does. */
typedef struct script {
    int opens;      /* how often it was opened */
    int fail_opens; /* the first ones fail */
    int fail_runs;  /* of the opened ones, the first ones fail at once */
    HANDLE stop;
} script;

static script first, second, third;
/* Names of the sources in the order in which they ran. */
static char order[256];

static int open_script(script *at, void **context, HANDLE stop)
{
    at->opens++;
    at->stop = stop;
    if (at->opens <= at->fail_opens) {
        return eg_fail(EG_E_DENIED, "the stand-in refuses");
    }
    *context = at;
    return EG_OK;
}

static int open_first(void **context, eg_process_feed *feed, HANDLE stop)
{
    EG_UNUSED(feed);
    return open_script(&first, context, stop);
}

static int open_second(void **context, eg_process_feed *feed, HANDLE stop)
{
    EG_UNUSED(feed);
    return open_script(&second, context, stop);
}

static int open_third(void **context, eg_process_feed *feed, HANDLE stop)
{
    EG_UNUSED(feed);
    return open_script(&third, context, stop);
}

static void note(const script *at)
{
    size_t used = strlen(order);
    if (used + 2 < sizeof(order)) {
        order[used] = at == &first ? '1' : at == &second ? '2' : '3';
        order[used + 1] = '\0';
    }
}

static int run_script(void *context, uint32_t milliseconds)
{
    script *at = context;
    note(at);
    if (at->opens - at->fail_opens <= at->fail_runs) {
        return eg_fail(EG_E_CLOSED, "the stand-in was stopped");
    }
    return WaitForSingleObject(at->stop, milliseconds) == WAIT_TIMEOUT ? EG_E_TIMEOUT : EG_OK;
}

static void close_script(void *context)
{
    assert_non_null(context);
}

static const eg_process_source source1 = {"one",      EG_SENSOR_FULL, "best",
                                          open_first, run_script,     close_script};
static const eg_process_source source2 = {"two",       EG_SENSOR_DEGRADED, "less",
                                          open_second, run_script,         close_script};
static const eg_process_source source3 = {"three",    EG_SENSOR_DEGRADED, "least",
                                          open_third, run_script,         close_script};
static const eg_process_source *const scripted[SOURCE_COUNT] = {&source1, &source2, &source3};

/* WMI that does not answer before `answers` is signalled. */
static HANDLE answers;

static HRESULT create_locator_late(IWbemLocator **locator)
{
    WaitForSingleObject(answers, EG_TEST_DEADLINE_MS);
    return eg_fake_wmi_api.create_locator(locator);
}

static HRESULT protect_as_ever(IUnknown *proxy)
{
    return eg_fake_wmi_api.protect(proxy);
}

static const eg_wmi_api late_wmi_api = {create_locator_late, protect_as_ever};

static int open_late_wmi(void **context, eg_process_feed *feed, HANDLE stop)
{
    return open_with(context, &late_wmi_api, feed, stop);
}

static const eg_process_source late_wmi = {"wmi",   EG_SENSOR_DEGRADED, "late", open_late_wmi,
                                           wmi_run, wmi_close};
static const eg_process_source *const hung[SOURCE_COUNT] = {&source1, &late_wmi,
                                                            &eg_process_source_poll};

/* Healths as the sensor reported them: "full one, degraded two, ". */
static char healths[512];
static char last_detail[512];
static HANDLE healthy;

/* At the end of a child's command line. */
#define MARK "eg-test-chain"
static HANDLE polled; /* signalled when polling has seen the child start */

static void on_event(void *user, const eg_event *event)
{
    EG_UNUSED(user);
    if (event->kind == EG_KIND_PROCESS_START && eg_str_equal(event->source, EG_STR("poll")) &&
        eg_str_ends_nocase(event->field[EG_FIELD_COMMAND_LINE], EG_STR(MARK))) {
        SetEvent(polled);
    }
}

static void on_health(void *user, const char *sensor, eg_sensor_health health, const char *source,
                      const char *detail)
{
    size_t used = strlen(healths);
    EG_UNUSED(user);
    EG_UNUSED(sensor);
    snprintf(last_detail, sizeof(last_detail), "%s", detail);
    snprintf(healths + used, sizeof(healths) - used, "%s %s, ", eg_sensor_health_name(health),
             source);
    ReleaseSemaphore(healthy, 1, NULL);
}

static void run_sensor(void *context)
{
    process_run(context);
}

static void *chain;
static eg_thread *chain_thread;

static void start_chain(const eg_process_source *const *sources)
{
    eg_sink sink = {.emit = on_event, .health = on_health};
    healths[0] = '\0';
    order[0] = '\0';
    healthy = CreateSemaphoreW(NULL, 0, 100, NULL);
    assert_non_null(healthy);
    assert_int_equal(process_open(&chain, &sink), EG_OK);
    ((process_sensor *)chain)->sources = sources;
    assert_int_equal(eg_thread_start(&chain_thread, "chain", run_sensor, chain), EG_OK);
}

static void await_reports(int reports)
{
    for (int i = 0; i < reports; i++) {
        assert_int_equal(WaitForSingleObject(healthy, EG_TEST_DEADLINE_MS), WAIT_OBJECT_0);
    }
}

static void stop_chain(void)
{
    process_stop(chain);
    eg_thread_join(chain_thread);
    process_close(chain);
    CloseHandle(healthy);
}

/* Runs the chain until it has reported `reports` times. */
static void run_chain(int reports)
{
    start_chain(scripted);
    await_reports(reports);
    stop_chain();
}

static int reset(void **state)
{
    EG_UNUSED(state);
    memset(&first, 0, sizeof(first));
    memset(&second, 0, sizeof(second));
    memset(&third, 0, sizeof(third));
    return 0;
}

static void chain__best_source_works__stays_with_it(void **state)
{
    EG_UNUSED(state);
    run_chain(1);
    assert_string_equal(healths, "full one, ");
    assert_int_equal(second.opens, 0);
}

static void chain__two_refuse__ends_at_the_last(void **state)
{
    EG_UNUSED(state);
    first.fail_opens = second.fail_opens = 100;
    run_chain(3);
    assert_string_equal(healths, "starting one, starting two, degraded three, ");
    assert_string_equal(order, "3");
}

static void chain__best_source_is_stopped__next_covers_until_it_is_back(void **state)
{
    EG_UNUSED(state);
    first.fail_runs = 1;
    run_chain(3);
    assert_string_equal(healths, "full one, degraded two, full one, ");
    assert_string_equal(order, "121");
    assert_int_equal(first.opens, 2);
}

static void chain__all_refuse__is_blind_and_recovers(void **state)
{
    EG_UNUSED(state);
    first.fail_opens = second.fail_opens = 100;
    third.fail_opens = 1;
    run_chain(5);
    assert_string_equal(healths, "starting one, starting two, starting three, blind none, "
                                 "degraded three, ");
}

/* ---- WMI that hangs ---- */

static int hang_wmi(void **state)
{
    reset(state);
    first.fail_opens = 100;
    eg_fake_wmi_reset();
    eg_wmi.namespaces[0].path = L"ROOT\\CIMV2";
    answers = CreateEventW(NULL, TRUE, FALSE, NULL);
    polled = CreateEventW(NULL, TRUE, FALSE, NULL);
    return answers && polled ? 0 : -1;
}

static int release_wmi(void **state)
{
    EG_UNUSED(state);
    CloseHandle(polled);
    CloseHandle(answers);
    return 0;
}

/* A command interpreter that waits until its input ends. */
static void start_and_end_child(void)
{
    WCHAR program[MAX_PATH + 20];
    WCHAR command[] = L"cmd.exe /k rem " MARK;
    STARTUPINFOW start = {.cb = sizeof(start), .dwFlags = STARTF_USESTDHANDLES};
    PROCESS_INFORMATION process;
    SECURITY_ATTRIBUTES inherit = {sizeof(inherit), NULL, TRUE};
    HANDLE input = NULL;
    assert_true(GetSystemDirectoryW(program, MAX_PATH) > 0);
    _snwprintf(program + wcslen(program), 20, L"\\cmd.exe");
    assert_true(CreatePipe(&start.hStdInput, &input, &inherit, 0));
    SetHandleInformation(input, HANDLE_FLAG_INHERIT, 0);
    assert_true(CreateProcessW(program, command, NULL, NULL, TRUE, CREATE_NO_WINDOW, NULL, NULL,
                               &start, &process));
    DWORD waited = WaitForSingleObject(polled, EG_TEST_DEADLINE_MS);
    TerminateProcess(process.hProcess, 0);
    CloseHandle(start.hStdInput);
    CloseHandle(input);
    CloseHandle(process.hThread);
    CloseHandle(process.hProcess);
    assert_int_equal(waited, WAIT_OBJECT_0);
}

/* Until the pool's thread has connected, and has let go of everything. */
static void await_no_objects(void)
{
    uint64_t begin = eg_clock_monotonic_ns();
    for (bool ended = false; !ended;) {
        assert_true(eg_clock_monotonic_ns() - begin < UINT64_C(1000000) * EG_TEST_DEADLINE_MS);
        AcquireSRWLockExclusive(&eg_wmi.lock);
        ended = eg_wmi.namespaces[0].connections > 0 && eg_fake_wmi_objects() == 0;
        ReleaseSRWLockExclusive(&eg_wmi.lock);
        eg_thread_sleep_ms(2);
    }
}

static void chain__wmi_hangs__polling_covers_and_stop_does_not_wait(void **state)
{
    EG_UNUSED(state);
    start_chain(hung);
    await_reports(2);
    assert_string_equal(healths, "starting one, degraded poll, ");
    assert_non_null(strstr(last_detail, "(ETW: the stand-in refuses)"));
    assert_non_null(strstr(last_detail, "no answer yet from source wmi"));
    start_and_end_child();
    stop_chain(); /* had it waited for the answer, there would be a connection */
    assert_int_equal(eg_wmi.namespaces[0].connections, 0);
    SetEvent(answers);
    await_no_objects();
}

static void chain__wmi_answers_late__takes_over_from_polling(void **state)
{
    EG_UNUSED(state);
    start_chain(hung);
    await_reports(2);
    SetEvent(answers);
    await_reports(1);
    assert_string_equal(healths, "starting one, degraded poll, degraded wmi, ");
    stop_chain();
    await_no_objects();
    assert_int_equal(eg_wmi.namespaces[0].connections, 1);
}

static void chain__wmi_refuses_late__is_not_awaited_any_more(void **state)
{
    EG_UNUSED(state);
    eg_wmi.locator = E_ACCESSDENIED;
    start_chain(hung);
    await_reports(2);
    SetEvent(answers);
    await_reports(1);
    assert_string_equal(healths, "starting one, degraded poll, degraded poll, ");
    assert_null(strstr(last_detail, "no answer yet"));
    stop_chain();
}

static void wmi_connect__without_memory__fails_cleanly(void **state)
{
    EG_UNUSED(state);
    SetEvent(answers);
    for (long allowed = 0; allowed < 4; allowed++) {
        eg_wmi_connect *connect = NULL;
        eg_wmi_session *session = NULL;
        eg_mem_fail_after(allowed);
        int status =
            eg_wmi_connect_begin(&connect, &late_wmi_api, L"ROOT\\CIMV2", L"Win32_ProcessTrace");
        if (status == EG_OK) {
            status = eg_wmi_connect_take(connect, EG_TEST_DEADLINE_MS, &session);
        }
        eg_mem_fail_after(-1);
        eg_wmi_session_close(session);
        eg_wmi_connect_end(connect);
        assert_int_equal(status, allowed < 2 ? EG_E_NOMEM : EG_OK);
    }
    await_no_objects();
}

int eg_test_process_chain(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(chain__best_source_works__stays_with_it, reset),
        cmocka_unit_test_setup(chain__two_refuse__ends_at_the_last, reset),
        cmocka_unit_test_setup(chain__best_source_is_stopped__next_covers_until_it_is_back, reset),
        cmocka_unit_test_setup(chain__all_refuse__is_blind_and_recovers, reset),
        cmocka_unit_test_setup_teardown(chain__wmi_hangs__polling_covers_and_stop_does_not_wait,
                                        hang_wmi, release_wmi),
        cmocka_unit_test_setup_teardown(chain__wmi_answers_late__takes_over_from_polling, hang_wmi,
                                        release_wmi),
        cmocka_unit_test_setup_teardown(wmi_connect__without_memory__fails_cleanly, hang_wmi,
                                        release_wmi),
        cmocka_unit_test_setup_teardown(chain__wmi_refuses_late__is_not_awaited_any_more, hang_wmi,
                                        release_wmi),
    };
    return cmocka_run_group_tests_name("process_chain", tests, NULL, NULL);
}
