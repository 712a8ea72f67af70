/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "service/data_folder.c"
#include "service/instance.c"
#include "service/security.c"
#include "tests/unit/temp_folder.h"

static void folder_make__new__exists_with_our_rights(void **state)
{
    const char *path = eg_test_path(*state, "データ");
    eg_buf notice;
    eg_buf_init(&notice, 4096);
    assert_int_equal(eg_data_folder_make(path, true, &notice), EG_OK);
    assert_true(eg_dir_exists(path));
    assert_int_equal(notice.len, 0);

    PSECURITY_DESCRIPTOR descriptor = NULL;
    PACL list = NULL;
    wchar_t *wide = eg_wide_copy(eg_str_from(path));
    assert_int_equal(GetNamedSecurityInfoW(wide, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, NULL,
                                           NULL, &list, NULL, &descriptor),
                     ERROR_SUCCESS);
    assert_non_null(list);
    for (DWORD i = 0; i < list->AceCount; i++) {
        ACCESS_ALLOWED_ACE *entry = NULL;
        assert_true(GetAce(list, i, (void **)&entry));
        assert_false(IsWellKnownSid(&entry->SidStart, WinBuiltinUsersSid));
    }
    LocalFree(descriptor);
    eg_free(wide);
    eg_buf_done(&notice);
}

static void folder_make__ours_already__is_kept_with_its_files(void **state)
{
    const char *path = eg_test_path(*state, "data");
    eg_buf notice;
    eg_buf_init(&notice, 4096);
    assert_int_equal(eg_data_folder_make(path, true, &notice), EG_OK);
    assert_int_equal(eg_file_append(eg_test_path(path, "emoguard.db"), "x", 1), EG_OK);
    assert_int_equal(eg_data_folder_make(path, true, &notice), EG_OK);
    assert_int_equal(notice.len, 0);
    assert_true(eg_file_exists(eg_test_path(path, "emoguard.db")));
    eg_buf_done(&notice);
}

static void folder_make__a_file_has_the_name__is_moved_aside_and_told(void **state)
{
    const char *path = eg_test_path(*state, "data");
    eg_buf notice;
    eg_buf_init(&notice, 4096);
    assert_int_equal(eg_file_append(path, "trap", 4), EG_OK);
    assert_int_equal(eg_data_folder_make(path, true, &notice), EG_OK);
    assert_true(eg_dir_exists(path));
    assert_non_null(strstr(eg_buf_cstr(&notice), ".untrusted-"));
    eg_buf_done(&notice);
}

static void folder_delete__with_content__leaves_nothing(void **state)
{
    const char *path = eg_test_path(*state, "data");
    assert_int_equal(eg_dir_create(eg_test_path(path, "a/b")), EG_OK);
    assert_int_equal(eg_file_append(eg_test_path(path, "a/b/c.txt"), "x", 1), EG_OK);
    assert_int_equal(eg_file_append(eg_test_path(path, "d.txt"), "x", 1), EG_OK);
    wchar_t *wide = eg_wide_copy(eg_str_from(eg_test_path(path, "d.txt")));
    assert_true(SetFileAttributesW(wide, FILE_ATTRIBUTE_READONLY));
    eg_free(wide);
    assert_int_equal(eg_data_folder_delete(path), EG_OK);
    assert_false(eg_file_exists(path));
}

static void folder_delete_except__the_database__keeps_it_and_what_was_moved_aside(void **state)
{
    const char *path = eg_test_path(*state, "data");
    static const char *const kept[] = {"emoguard.db", "emoguard.db.damaged-20261123"};
    static const char *const gone[] = {"emoguard.log", "emoguard.conf", "folder/emoguard.db"};
    assert_int_equal(eg_dir_create(eg_test_path(path, "folder")), EG_OK);
    for (size_t i = 0; i < EG_COUNT(kept); i++) {
        assert_int_equal(eg_file_append(eg_test_path(path, kept[i]), "x", 1), EG_OK);
    }
    for (size_t i = 0; i < EG_COUNT(gone); i++) {
        assert_int_equal(eg_file_append(eg_test_path(path, gone[i]), "x", 1), EG_OK);
    }
    assert_int_equal(eg_data_folder_delete_except(path, "emoguard.db"), EG_OK);
    for (size_t i = 0; i < EG_COUNT(kept); i++) {
        assert_true(eg_file_exists(eg_test_path(path, kept[i])));
    }
    for (size_t i = 0; i < EG_COUNT(gone); i++) {
        assert_false(eg_file_exists(eg_test_path(path, gone[i])));
    }
    assert_false(eg_dir_exists(eg_test_path(path, "folder")));
}

static void folder_delete__not_there__is_fine(void **state)
{
    assert_int_equal(eg_data_folder_delete(eg_test_path(*state, "none")), EG_OK);
}

static void folder_delete__file_in_use__names_it(void **state)
{
    const char *path = eg_test_path(*state, "data");
    HANDLE lock = INVALID_HANDLE_VALUE;
    assert_int_equal(eg_dir_create(path), EG_OK);
    assert_int_equal(eg_instance_lock(eg_test_path(path, "emoguard.lock"), &lock), EG_OK);
    assert_int_not_equal(eg_data_folder_delete(path), EG_OK);
    assert_non_null(strstr(eg_error_message(), "emoguard.lock"));
    eg_instance_unlock(lock);
}

static void instance__locked__second_is_refused_until_the_first_ends(void **state)
{
    const char *path = eg_test_path(*state, "emoguard.lock");
    HANDLE first = INVALID_HANDLE_VALUE;
    HANDLE second = INVALID_HANDLE_VALUE;
    assert_int_equal(eg_instance_lock(path, &first), EG_OK);
    assert_int_equal(eg_instance_lock(path, &second), EG_E_EXISTS);
    assert_true(second == INVALID_HANDLE_VALUE);
    assert_non_null(strstr(eg_error_message(), "another EmoGuard service"));
    eg_instance_unlock(first);
    assert_false(eg_file_exists(path));
    assert_int_equal(eg_instance_lock(path, &second), EG_OK);
    eg_instance_unlock(second);
}

/* A service that ends a moment after somebody began to wait for it. */
typedef struct ending {
    HANDLE lock;
    eg_atomic unlocked;
} ending;

static void end_soon(void *arg)
{
    ending *service = arg;
    eg_thread_sleep_ms(200);
    eg_atomic_set(&service->unlocked, 1);
    eg_instance_unlock(service->lock);
}

static void instance__about_to_end__is_waited_for(void **state)
{
    const char *path = eg_test_path(*state, "emoguard.lock");
    ending service = {.lock = INVALID_HANDLE_VALUE};
    HANDLE second = INVALID_HANDLE_VALUE;
    eg_thread *thread = NULL;
    assert_int_equal(eg_instance_lock(path, &service.lock), EG_OK);
    assert_int_equal(eg_thread_start(&thread, "ending", end_soon, &service), EG_OK);
    assert_int_equal(eg_instance_lock_within(path, 60000, &second), EG_OK);
    assert_int_equal(eg_atomic_get(&service.unlocked), 1);
    eg_thread_join(thread);
    eg_instance_unlock(second);
}

static void instance__that_does_not_end__is_told_after_the_wait(void **state)
{
    const char *path = eg_test_path(*state, "emoguard.lock");
    HANDLE first = INVALID_HANDLE_VALUE;
    HANDLE second = INVALID_HANDLE_VALUE;
    uint64_t start = eg_clock_monotonic_ns();
    assert_int_equal(eg_instance_lock(path, &first), EG_OK);
    assert_int_equal(eg_instance_lock_within(path, 120, &second), EG_E_EXISTS);
    assert_true(eg_clock_monotonic_ns() - start >= UINT64_C(120) * 1000000);
    assert_true(second == INVALID_HANDLE_VALUE);
    assert_non_null(strstr(eg_error_message(), "another EmoGuard service"));
    eg_instance_unlock(first);
}

static void security__broken_sddl__fails(void **state)
{
    EG_UNUSED(state);
    PSECURITY_DESCRIPTOR descriptor = NULL;
    assert_int_not_equal(eg_security_from_sddl(L"D:P(A;;nonsense", &descriptor), EG_OK);
    assert_null(descriptor);
}

int eg_test_service_folder(void)
{
#define IN_FOLDER(test) \
    cmocka_unit_test_setup_teardown(test, eg_test_folder_make, eg_test_folder_remove)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(folder_make__new__exists_with_our_rights),
        IN_FOLDER(folder_make__ours_already__is_kept_with_its_files),
        IN_FOLDER(folder_make__a_file_has_the_name__is_moved_aside_and_told),
        IN_FOLDER(folder_delete__with_content__leaves_nothing),
        IN_FOLDER(folder_delete_except__the_database__keeps_it_and_what_was_moved_aside),
        IN_FOLDER(folder_delete__not_there__is_fine),
        IN_FOLDER(folder_delete__file_in_use__names_it),
        IN_FOLDER(instance__locked__second_is_refused_until_the_first_ends),
        IN_FOLDER(instance__about_to_end__is_waited_for),
        IN_FOLDER(instance__that_does_not_end__is_told_after_the_wait),
        cmocka_unit_test(security__broken_sddl__fails),
    };
    return cmocka_run_group_tests_name("service_folder", tests, NULL, NULL);
}
