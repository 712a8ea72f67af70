/* SPDX-License-Identifier: Apache-2.0 */
/* Names of files by device, and as people know them. */
#include "tests/unit/unit.h"

#include "core/base/compiler.h"
#include "driverless-hooks/decode/path_map.h"
#include "tests/unit/alloc.h"

#define VOLUME "Volume{3f2504e0-4f89-41d3-9a0c-0305e82c3301}"
#define UNMOUNTED "Volume{11111111-4f89-41d3-9a0c-0305e82c3301}"

static int add(eg_path_map *map, const char *from, const char *to)
{
    return eg_path_map_add(map, eg_str_from(from), eg_str_from(to));
}

static int fill(eg_path_map *map)
{
    static const char *const lines[][2] = {
        {"\\SystemRoot", "C:\\Windows"},
        {"\\Device\\HarddiskVolume3", "C:"},
        {"X:", "\\??\\C:\\drawings"},
        {"Y:", "\\??\\X:\\old"},
        {"\\\\?\\" VOLUME, "C:"},
        {"\\Device\\HarddiskVolume3", "D:"}, /* the first line prevails */
        {"\\Device\\HarddiskVolume30", "C:\\mounted disk"},
        {"\\Device\\HarddiskVolume7", "\\\\?\\" UNMOUNTED},
        {"P:", "\\??\\Q:"},
        {"Q:", "\\??\\P:"},
    };
    int status = EG_OK;
    for (size_t i = 0; status == EG_OK && i < EG_COUNT(lines); i++) {
        status = add(map, lines[i][0], lines[i][1]);
    }
    return status;
}

static int setup(void **state)
{
    eg_path_map *map = NULL;
    assert_int_equal(eg_path_map_create(&map), EG_OK);
    assert_int_equal(fill(map), EG_OK);
    *state = map;
    return 0;
}

static int teardown(void **state)
{
    eg_path_map_destroy(*state);
    return 0;
}

static void check(const eg_path_map *map, const char *path, const char *expected)
{
    eg_buf out;
    eg_buf_init(&out, 4096);
    int status = eg_path_map_rewrite(map, eg_str_from(path), &out);
    if (!expected) {
        assert_int_equal(status, EG_E_NOTFOUND);
        assert_int_equal(out.len, 0);
    } else {
        assert_int_equal(status, EG_OK);
        assert_string_equal(eg_buf_cstr(&out), expected);
    }
    eg_buf_done(&out);
}

static void rewrite__devices__become_drives_folders_and_volumes(void **state)
{
    static const char *const cases[][2] = {
        {"\\Device\\HarddiskVolume3\\Windows\\a.exe", "C:\\Windows\\a.exe"},
        {"\\device\\HARDDISKVOLUME3\\Windows\\a.exe", "C:\\Windows\\a.exe"},
        {"\\Device\\HarddiskVolume3", "C:"},
        {"\\Device\\HarddiskVolume3\\", "C:\\"},
        {"\\Device\\HarddiskVolume30\\a.exe", "C:\\mounted disk\\a.exe"},
        {"\\Device\\HarddiskVolume7\\a.exe", "\\\\?\\" UNMOUNTED "\\a.exe"},
        {"\\SystemRoot\\System32\\ntdll.dll", "C:\\Windows\\System32\\ntdll.dll"},
        {"\\systemroot", "C:\\Windows"},
        {"\\SystemRootkit\\a.exe", "\\SystemRootkit\\a.exe"},
    };
    for (size_t i = 0; i < EG_COUNT(cases); i++) {
        check(*state, cases[i][0], cases[i][1]);
    }
}

static void rewrite__ways_to_a_server__are_unc(void **state)
{
    static const char *const cases[][2] = {
        {"\\Device\\Mup\\server\\share\\a.exe", "\\\\server\\share\\a.exe"},
        {"\\Device\\LanmanRedirector\\server\\share\\a.exe", "\\\\server\\share\\a.exe"},
        {"\\Device\\LanmanRedirector\\;Z:0000000000012345\\server\\share\\a.exe",
         "\\\\server\\share\\a.exe"},
        {"\\Device\\Mup\\;LanmanRedirector\\;Z:0000000000012345\\server\\share",
         "\\\\server\\share"},
        {"\\Device\\Mup\\;WebDavRedirector\\files.example.jp@SSL\\DavWWWRoot\\a.exe",
         "\\\\files.example.jp@SSL\\DavWWWRoot\\a.exe"},
        {"\\Device\\VBoxMiniRdr\\;E:\\VBoxSvr\\docs\\a.exe", "\\\\VBoxSvr\\docs\\a.exe"},
        {"\\??\\UNC\\server\\share\\a.exe", "\\\\server\\share\\a.exe"},
        {"\\\\?\\UNC\\server\\share\\a.exe", "\\\\server\\share\\a.exe"},
        {"\\\\server\\share\\a.exe", "\\\\server\\share\\a.exe"},
    };
    for (size_t i = 0; i < EG_COUNT(cases); i++) {
        check(*state, cases[i][0], cases[i][1]);
    }
}

static void rewrite__prefixes_and_volumes__are_taken_away(void **state)
{
    static const char *const cases[][2] = {
        {"\\??\\C:\\a.exe", "C:\\a.exe"},
        {"\\\\?\\c:\\a.exe", "c:\\a.exe"},
        {"\\\\.\\C:\\a.exe", "C:\\a.exe"},
        {"\\DosDevices\\C:\\a.exe", "C:\\a.exe"},
        {"\\GLOBAL??\\C:\\a.exe", "C:\\a.exe"},
        {"\\??\\\\??\\C:\\a.exe", "\\??\\\\??\\C:\\a.exe"},
        {"\\\\?\\GLOBALROOT\\Device\\HarddiskVolume3\\a.exe", "C:\\a.exe"},
        {"\\\\.\\globalroot\\Device\\Mup\\server\\share\\a.exe", "\\\\server\\share\\a.exe"},
        {"\\\\?\\HarddiskVolume30\\a.exe", "C:\\mounted disk\\a.exe"},
        {"\\??\\" VOLUME "\\a.exe", "C:\\a.exe"},
        {"\\\\?\\" VOLUME "\\a.exe", "C:\\a.exe"},
        {"\\\\?\\" UNMOUNTED "\\a.exe", "\\\\?\\" UNMOUNTED "\\a.exe"},
        {"\\??\\" UNMOUNTED "\\a.exe", "\\\\?\\" UNMOUNTED "\\a.exe"},
        {"\\\\.\\pipe\\a", "\\\\.\\pipe\\a"},
        {"\\??\\GLOBALROOTED\\a", "\\??\\GLOBALROOTED\\a"},
    };
    for (size_t i = 0; i < EG_COUNT(cases); i++) {
        check(*state, cases[i][0], cases[i][1]);
    }
}

static void rewrite__drives_that_stand_for_folders__show_the_folder(void **state)
{
    static const char *const cases[][2] = {
        {"X:\\a.exe", "C:\\drawings\\a.exe"},
        {"x:\\a.exe", "C:\\drawings\\a.exe"},
        {"Y:\\a.exe", "C:\\drawings\\old\\a.exe"},
        {"\\??\\Y:\\a.exe", "C:\\drawings\\old\\a.exe"},
        {"Y:", "C:\\drawings\\old"},
        {"Z:\\a.exe", "Z:\\a.exe"},
        {"X:a.exe", "X:a.exe"},
        {"1:\\a.exe", "1:\\a.exe"},
    };
    for (size_t i = 0; i < EG_COUNT(cases); i++) {
        check(*state, cases[i][0], cases[i][1]);
    }
}

/* Two drives that stand for each other end somewhere. */
static void rewrite__drives_in_a_circle__ends(void **state)
{
    eg_buf out;
    eg_buf_init(&out, 4096);
    assert_int_equal(eg_path_map_rewrite(*state, EG_STR("P:\\a.exe"), &out), EG_OK);
    assert_true(eg_str_ends_nocase(eg_buf_str(&out), EG_STR(":\\a.exe")));
    eg_buf_done(&out);
}

static void rewrite__unknown_device__is_not_found(void **state)
{
    check(*state, "\\Device\\HarddiskVolume4\\a.exe", NULL);
    check(*state, "\\Device\\HarddiskVolume\\a.exe", NULL);
    check(*state, "\\??\\GLOBALROOT\\Device\\HarddiskVolume31\\a.exe", NULL);
    check(*state, "\\Device\\HarddiskVolumeShadowCopy3\\a.exe", NULL);
    check(*state, "\\Device\\Mup", NULL);
    check(*state, "\\Device\\Mup\\;LanmanRedirector", NULL);
    check(*state, "\\Device\\Mup\\\\share", NULL);
    check(*state, "\\Device\\", NULL);
}

static void rewrite__no_path__stays(void **state)
{
    check(*state, "", "");
    check(*state, "a.exe", "a.exe");
    check(*state, "Registry", "Registry");
    check(*state, "\\", "\\");
    check(*state, "\\??\\", "\\??\\");
    check(*state, "\\??\\UNC", "\\??\\UNC");
    check(*state, "\\??\\GLOBALROOT", "\\??\\GLOBALROOT");
}

static void rewrite__longer_than_the_buffer__is_a_limit(void **state)
{
    eg_buf out;
    eg_buf_init(&out, 8);
    assert_int_equal(eg_path_map_rewrite(*state, EG_STR("\\SystemRoot\\a.exe"), &out), EG_E_LIMIT);
    eg_buf_done(&out);
}

static void add__too_many_or_empty__is_refused(void **state)
{
    eg_path_map *map = NULL;
    EG_UNUSED(state);
    assert_int_equal(eg_path_map_create(&map), EG_OK);
    assert_int_equal(add(map, "", "C:"), EG_E_INVALID);
    assert_int_equal(add(map, "\\Device\\a", ""), EG_E_INVALID);
    int status = EG_OK;
    for (size_t i = 0; status == EG_OK; i++) {
        assert_true(i < 10000);
        status = add(map, "\\Device\\a", "C:");
    }
    assert_int_equal(status, EG_E_LIMIT);
    eg_path_map_destroy(map);
}

static int make_and_use(void *arg)
{
    eg_path_map *map = NULL;
    eg_buf out;
    EG_UNUSED(arg);
    eg_buf_init(&out, 4096);
    int status = eg_path_map_create(&map);
    if (status == EG_OK) {
        status = fill(map);
    }
    if (status == EG_OK) {
        status = eg_path_map_rewrite(map, EG_STR("Y:\\a.exe"), &out);
    }
    eg_buf_done(&out);
    eg_path_map_destroy(map);
    return status;
}

static void path_map__no_memory__says_so(void **state)
{
    EG_UNUSED(state);
    assert_true(eg_test_each_allocation_fails(make_and_use, NULL) > 20);
}

int eg_test_path_map(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rewrite__devices__become_drives_folders_and_volumes),
        cmocka_unit_test(rewrite__ways_to_a_server__are_unc),
        cmocka_unit_test(rewrite__prefixes_and_volumes__are_taken_away),
        cmocka_unit_test(rewrite__drives_that_stand_for_folders__show_the_folder),
        cmocka_unit_test(rewrite__drives_in_a_circle__ends),
        cmocka_unit_test(rewrite__unknown_device__is_not_found),
        cmocka_unit_test(rewrite__no_path__stays),
        cmocka_unit_test(rewrite__longer_than_the_buffer__is_a_limit),
        cmocka_unit_test(add__too_many_or_empty__is_refused),
        cmocka_unit_test(path_map__no_memory__says_so),
    };
    return cmocka_run_group_tests_name("path_map", tests, setup, teardown);
}
