/* SPDX-License-Identifier: Apache-2.0 */
/* A secret key opens with its passphrase alone, and nothing that was changed opens at all. */
#include "tests/unit/unit.h"

#include "core/base/status.h"
#include "core/update/key_file.h"
#include "tests/unit/alloc.h"

#include <string.h>

/* As cheap as Argon2id gets: these tests are about the file. */
static const eg_key_cost cheap = {1, 8192};

static void make(eg_secret_key *key, eg_str passphrase, eg_buf *file)
{
    assert_int_equal(eg_crypto_init(), EG_OK);
    assert_int_equal(eg_secret_key_create("targets", key), EG_OK);
    eg_buf_init(file, EG_KEY_FILE_MAX);
    assert_int_equal(eg_key_file_write(key, passphrase, &cheap, file), EG_OK);
}

static void key_file__with_its_passphrase__gives_the_same_key(void **state)
{
    eg_secret_key key, again, seen;
    bool locked = false;
    eg_buf file;
    EG_UNUSED(state);
    make(&key, EG_STR("secret"), &file);
    assert_int_equal(eg_key_file_read(eg_buf_str(&file), EG_STR("secret"), &again), EG_OK);
    assert_memory_equal(&again, &key, sizeof(key));
    assert_int_equal(eg_key_file_look(eg_buf_str(&file), &seen, &locked), EG_OK);
    assert_true(locked);
    assert_string_equal(seen.id, key.id);
    assert_string_equal(seen.role, "targets");
    assert_memory_not_equal(seen.seed, key.seed, sizeof(key.seed));
    eg_buf_done(&file);
}

static void key_file__without_a_passphrase__gives_the_same_key(void **state)
{
    eg_secret_key key, again;
    bool locked = true;
    eg_buf file;
    EG_UNUSED(state);
    make(&key, EG_STR_NONE, &file);
    assert_int_equal(eg_key_file_read(eg_buf_str(&file), EG_STR_NONE, &again), EG_OK);
    assert_memory_equal(&again, &key, sizeof(key));
    assert_int_equal(eg_key_file_look(eg_buf_str(&file), &again, &locked), EG_OK);
    assert_false(locked);
    eg_buf_done(&file);
}

static void key_file__with_a_wrong_passphrase__stays_closed(void **state)
{
    static const eg_str wrong[] = {EG_STR_INIT("Secret"), EG_STR_INIT(""), EG_STR_INIT("secret ")};
    eg_secret_key key, out;
    eg_buf file;
    EG_UNUSED(state);
    make(&key, EG_STR("secret"), &file);
    memset(&out, 0x5A, sizeof(out));
    for (size_t i = 0; i < EG_COUNT(wrong); i++) {
        assert_int_equal(eg_key_file_read(eg_buf_str(&file), wrong[i], &out), EG_E_DENIED);
    }
    assert_int_equal(eg_key_file_read(eg_buf_str(&file), EG_STR_NONE, &out), EG_E_DENIED);
    assert_int_equal(out.seed[0], 0x5A);
    eg_buf_done(&file);
}

/* Every bit of it in turn: either refused, or a change that says nothing (case of a digit). */
static void key_file__with_any_bit_changed__never_gives_another_key(void **state)
{
    eg_secret_key key, out;
    eg_buf file;
    EG_UNUSED(state);
    make(&key, EG_STR("secret"), &file);
    size_t refused = 0;
    for (size_t bit = 0; bit < file.len * 8; bit++) {
        file.data[bit / 8] = (char)(file.data[bit / 8] ^ (1 << bit % 8));
        /* A higher cost is legal and slow: those digits are left to the fuzzer. */
        const char *operations = strstr(file.data, "\"operations\"");
        const char *salt = strstr(file.data, "\"salt\"");
        size_t at = bit / 8;
        bool is_cost = operations && salt && at > (size_t)(operations - file.data) + 11 &&
                       at < (size_t)(salt - file.data);
        if (!is_cost) {
            int status = eg_key_file_read(eg_buf_str(&file), EG_STR("secret"), &out);
            assert_true(status == EG_OK || status == EG_E_DENIED || status == EG_E_INVALID);
            assert_true(status != EG_OK || memcmp(&out, &key, sizeof(key)) == 0);
            refused += status != EG_OK;
        }
        file.data[bit / 8] = (char)(file.data[bit / 8] ^ (1 << bit % 8));
    }
    assert_true(refused > file.len * 5);
    eg_buf_done(&file);
}

static void key_file__of_another_key__does_not_open_under_this_name(void **state)
{
    eg_secret_key key, other, out;
    eg_buf file, second;
    EG_UNUSED(state);
    make(&key, EG_STR_NONE, &file);
    make(&other, EG_STR_NONE, &second);
    char *seed = strstr(file.data, "\"seed\":\"");
    const char *foreign = strstr(second.data, "\"seed\":\"");
    assert_non_null(seed);
    assert_non_null(foreign);
    memcpy(seed, foreign, 8 + 2 * EG_ED25519_SEED_SIZE);
    assert_int_equal(eg_key_file_read(eg_buf_str(&file), EG_STR_NONE, &out), EG_E_INVALID);
    assert_non_null(strstr(eg_error_message(), "does not belong"));
    eg_buf_done(&second);
    eg_buf_done(&file);
}

static void key_file__that_would_cost_too_much__is_refused(void **state)
{
    static const char *const costs[] = {"\"operations\":17,\"memory\":8192",
                                        "\"operations\":1,\"memory\":1073741825",
                                        "\"operations\":0,\"memory\":8192", "\"memory\":8192"};
    eg_secret_key out;
    bool locked;
    EG_UNUSED(state);
    for (size_t i = 0; i < EG_COUNT(costs); i++) {
        eg_buf file;
        eg_buf_init(&file, EG_KEY_FILE_MAX);
        assert_int_equal(eg_buf_appendf(&file,
                                        "{\"format\":\"emoguard-secret-key-1\",\"role\":\"root\","
                                        "\"public\":\"%064d\",\"kdf\":\"argon2id\",\"cipher\":"
                                        "\"xchacha20-poly1305\",\"sealed\":\"\",%s}",
                                        0, costs[i]),
                         EG_OK);
        assert_int_equal(eg_key_file_look(eg_buf_str(&file), &out, &locked), EG_E_INVALID);
        assert_non_null(strstr(eg_error_message(), "\"operations\""));
        eg_buf_done(&file);
    }
}

static int write_and_read(void *arg)
{
    eg_secret_key again;
    eg_buf file;
    eg_buf_init(&file, EG_KEY_FILE_MAX);
    int status = eg_key_file_write(arg, EG_STR("secret"), &cheap, &file);
    if (status == EG_OK) {
        status = eg_key_file_read(eg_buf_str(&file), EG_STR("secret"), &again);
    }
    eg_buf_done(&file);
    return status;
}

static void key_file__when_memory_runs_out__says_so(void **state)
{
    eg_secret_key key;
    EG_UNUSED(state);
    assert_int_equal(eg_crypto_init(), EG_OK);
    assert_int_equal(eg_secret_key_create("root", &key), EG_OK);
    assert_true(eg_test_each_allocation_fails(write_and_read, &key) > 1);
}

static void role__of_a_key__is_a_word(void **state)
{
    eg_secret_key key;
    EG_UNUSED(state);
    assert_int_equal(eg_secret_key_create("", &key), EG_E_INVALID);
    assert_int_equal(eg_secret_key_create("../root", &key), EG_E_INVALID);
    assert_int_equal(eg_secret_key_create("abcdefghijklmnop", &key), EG_E_INVALID);
}

int eg_test_key_file(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key_file__with_its_passphrase__gives_the_same_key),
        cmocka_unit_test(key_file__without_a_passphrase__gives_the_same_key),
        cmocka_unit_test(key_file__with_a_wrong_passphrase__stays_closed),
        cmocka_unit_test(key_file__with_any_bit_changed__never_gives_another_key),
        cmocka_unit_test(key_file__of_another_key__does_not_open_under_this_name),
        cmocka_unit_test(key_file__that_would_cost_too_much__is_refused),
        cmocka_unit_test(key_file__when_memory_runs_out__says_so),
        cmocka_unit_test(role__of_a_key__is_a_word),
    };
    return cmocka_run_group_tests_name("key_file", tests, NULL, NULL);
}
