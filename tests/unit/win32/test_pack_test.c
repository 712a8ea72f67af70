/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The test of a pack that came over the network, with the product's scan worker and with one that
 * hangs on demand (tests/scan_worker): what is fit, what is not, and an end in the middle of it.
 */
#include "tests/unit/unit.h"

#include "core/base/utf.h"
#include "service/pack_bytes.c"
#include "service/pack_test.c"
#include "tests/unit/temp_folder.h"

#include <string.h>

#include <windows.h>

#define STOP_MS 2000u
#define OWN_PACK_MS 60000u
#define PACK "{\"name\":\"x\",\"serial\":2026112301}"
#define YARA(strings) "rule a { strings: $a = " strings " condition: $a }"

/* `folder`/emoguard-worker.exe becomes `program`, which lies below the folder of this program. */
static void put_worker(const char *folder, const char *program)
{
    WCHAR wide[1000];
    eg_buf from;
    DWORD length = GetModuleFileNameW(NULL, wide, 1000);
    while (length > 0 && wide[length - 1] != L'\\') {
        length--;
    }
    eg_buf_init(&from, PATH_MAX_BYTES);
    assert_int_equal(eg_utf8_from_utf16(&from, (const uint16_t *)wide, length), EG_OK);
    assert_int_equal(eg_buf_append_cstr(&from, program), EG_OK);
    assert_int_equal(eg_file_copy(eg_buf_cstr(&from), eg_test_path(folder, "emoguard-worker.exe")),
                     EG_OK);
    eg_buf_done(&from);
}

static void make_bundle(const eg_pack_file *files, size_t count, eg_bundle *out)
{
    eg_buf archive;
    eg_str last = EG_STR_NONE;
    eg_bundle_init(out);
    eg_buf_init(&archive, 64 * 1024);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(eg_tar_append(&archive, last, &files[i]), EG_OK);
        last = files[i].name;
    }
    assert_int_equal(eg_tar_end(&archive), EG_OK);
    assert_int_equal(eg_bundle_open(&archive, out), EG_OK);
}

static int run_files(eg_pack_tester *tester, const eg_pack_file *files, size_t count)
{
    eg_bundle bundle;
    make_bundle(files, count, &bundle);
    int status = eg_pack_tester_run(tester, &bundle);
    eg_bundle_done(&bundle);
    return status;
}

static int run_pack(eg_pack_tester *tester, const char *yara)
{
    const eg_pack_file files[] = {
        {EG_STR("pack.json"), EG_STR(PACK)},
        {EG_STR("yara/a.yar"), eg_str_from(yara)},
    };
    return run_files(tester, files, EG_COUNT(files));
}

static int run_sample(eg_pack_tester *tester, const char *name, const char *text)
{
    const eg_pack_file files[] = {
        {EG_STR("pack.json"), EG_STR(PACK)},
        {eg_str_from(name), eg_str_from(text)},
        {EG_STR("yara/a.yar"), EG_STR(YARA("\"EgMark\""))},
    };
    return run_files(tester, files, EG_COUNT(files));
}

static void pack__whose_samples_of_bytes_are_not_met__is_not_fit(void **state)
{
    const char *folder = *state;
    eg_pack_tester *tester = NULL;
    put_worker(folder, "..\\emoguard-worker.exe");
    assert_int_equal(eg_pack_tester_create(folder, &tester), EG_OK);
    assert_int_equal(run_sample(tester, "samples/a/hit.bytes", "text \"an EgMark\""), EG_OK);
    assert_int_equal(run_sample(tester, "samples/a/miss_1.bytes", "text \"none\""), EG_OK);
    assert_int_equal(run_sample(tester, "samples/a/notes.bytes", "nonsense"), EG_OK);
    assert_int_equal(run_sample(tester, "samples/other/hit.bytes", "text \"none\""), EG_OK);
    assert_int_equal(run_sample(tester, "samples/a/hit.bytes", "text \"none\""), EG_E_INVALID);
    assert_string_equal(eg_error_message(), "samples/a/hit.bytes: does not hit: a");
    assert_int_equal(run_sample(tester, "samples/a/miss.bytes", "text \"EgMark\""), EG_E_INVALID);
    assert_string_equal(eg_error_message(), "samples/a/miss.bytes: hits: a");
    assert_int_equal(run_sample(tester, "samples/a/hit.bytes", "nonsense"), EG_E_INVALID);
    assert_non_null(strstr(eg_error_message(), "samples/a/hit.bytes: "));
    eg_pack_tester_destroy(tester);
}

static void pack__fit_or_not__is_told(void **state)
{
    const char *folder = *state;
    eg_pack_tester *tester = NULL;
    put_worker(folder, "..\\emoguard-worker.exe");
    assert_int_equal(eg_pack_tester_create(folder, &tester), EG_OK);
    assert_int_equal(run_pack(tester, YARA("\"never in any file of this test\" wide ascii")),
                     EG_OK);
    assert_int_equal(run_pack(tester, YARA("{ 4D 5A }")), EG_E_INVALID);
    assert_non_null(strstr(eg_error_message(), "emoguard-worker.exe, which is clean"));
    assert_int_equal(run_pack(tester, "rule a { condition: nonsense }"), EG_E_INVALID);
    assert_non_null(strstr(eg_error_message(), "yara/a.yar:1: "));
    eg_pack_tester_destroy(tester);
}

static void pack__when_there_is_no_worker__is_not_judged(void **state)
{
    eg_pack_tester *tester = NULL;
    assert_int_equal(eg_pack_tester_create(*state, &tester), EG_OK);
    assert_int_equal(run_pack(tester, YARA("\"x y z\"")), EG_E_CLOSED);
    eg_pack_tester_destroy(tester);
}

/* ---- stop ---- */

typedef struct stopper {
    eg_pack_tester *tester;
    uint64_t at; /* monotonic ns */
} stopper;

/* When its child is there: what it is given makes it hang. */
static void stop_soon(void *arg)
{
    stopper *s = arg;
    bool runs = false;
    while (!runs) {
        eg_thread_sleep_ms(20);
        eg_mutex_lock(&s->tester->lock);
        runs = s->tester->client != NULL;
        eg_mutex_unlock(&s->tester->lock);
    }
    eg_thread_sleep_ms(500);
    s->at = eg_clock_monotonic_ns();
    eg_pack_tester_stop(s->tester);
}

static void assert_stops(const char *folder, const char *yara)
{
    stopper s = {NULL, 0};
    eg_thread *thread = NULL;
    assert_int_equal(eg_pack_tester_create(folder, &s.tester), EG_OK);
    assert_int_equal(eg_thread_start(&thread, "stopper", stop_soon, &s), EG_OK);
    assert_int_equal(run_pack(s.tester, yara), EG_E_CLOSED);
    uint64_t end = eg_clock_monotonic_ns();
    eg_thread_join(thread);
    assert_true(end < s.at + STOP_MS * UINT64_C(1000000));
    assert_int_equal(run_pack(s.tester, yara), EG_E_CLOSED);
    eg_pack_tester_destroy(s.tester);
}

static void stop__while_a_rule_hangs_the_compiler__comes_at_once(void **state)
{
    put_worker(*state, "scan-worker.exe");
    assert_stops(*state, "// please hang");
}

static void stop__while_a_file_is_scanned__comes_at_once(void **state)
{
    const char *folder = *state;
    const char text[] = "please hang";
    put_worker(folder, "scan-worker.exe");
    assert_int_equal(
        eg_file_append(eg_test_path(folder, "emoguard-service.exe"), text, sizeof(text)), EG_OK);
    assert_stops(folder, YARA("\"x y z\""));
}

/* ---- our own ---- */

static void pack__our_own_with_all_samples__is_fit(void **state)
{
    const char *folder = *state;
    eg_pack_tester *tester = NULL;
    eg_buf path, packed;
    eg_bundle bundle, came;
    eg_buf_init(&path, PATH_MAX_BYTES);
    eg_buf_init(&packed, EG_BUNDLE_PACKED_MAX);
    eg_bundle_init(&bundle);
    eg_bundle_init(&came);
    if (eg_env_get("EMOGUARD_SOURCE_DIR", &path) != EG_OK) {
        assert_int_equal(eg_buf_append_cstr(&path, "."), EG_OK);
    }
    assert_int_equal(eg_buf_append_cstr(&path, "/rules"), EG_OK);
    assert_int_equal(eg_bundle_read_folder(eg_buf_cstr(&path), &bundle), EG_OK);
    assert_int_equal(eg_bundle_pack(&bundle, EG_STR_NONE, &packed), EG_OK);
    assert_int_equal(eg_bundle_unpack(eg_buf_str(&packed), EG_STR_NONE, &came), EG_OK);
    assert_non_null(eg_bundle_find(&came, EG_STR("samples/office_then_autostart/hit.jsonl")));
    put_worker(folder, "..\\emoguard-worker.exe");
    assert_int_equal(eg_pack_tester_create(folder, &tester), EG_OK);
    uint64_t start = eg_clock_monotonic_ns();
    if (eg_pack_tester_run(tester, &came) != EG_OK) {
        fail_msg("our own pack: %s", eg_error_message());
    }
    uint64_t ms = (eg_clock_monotonic_ns() - start) / 1000000;
    print_message("our own pack, %lu bytes packed: tested in %lu ms\n", (unsigned long)packed.len,
                  (unsigned long)ms);
    assert_true(ms < OWN_PACK_MS);
    eg_pack_tester_destroy(tester);
    eg_bundle_done(&came);
    eg_bundle_done(&bundle);
    eg_buf_done(&packed);
    eg_buf_done(&path);
}

#define IN_FOLDER(test) \
    cmocka_unit_test_setup_teardown(test, eg_test_folder_make, eg_test_folder_remove)

int eg_test_pack_test(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(pack__fit_or_not__is_told),
        IN_FOLDER(pack__whose_samples_of_bytes_are_not_met__is_not_fit),
        IN_FOLDER(pack__when_there_is_no_worker__is_not_judged),
        IN_FOLDER(stop__while_a_rule_hangs_the_compiler__comes_at_once),
        IN_FOLDER(stop__while_a_file_is_scanned__comes_at_once),
        IN_FOLDER(pack__our_own_with_all_samples__is_fit),
    };
    return cmocka_run_group_tests_name("pack_test", tests, NULL, NULL);
}
