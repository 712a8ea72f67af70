/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of clean files on disk: what comes back, and what is never believed. */
#include "tests/unit/unit.h"

#include "core/yara/verdict_cache_file.h"
#include "tests/unit/temp_folder.h"

#include <stdio.h>

enum { RULES = 7, KEYS = 100, HEADER_SIZE = 32, KEY_SIZE = 56 };

static eg_verdict_key key_of(uint64_t number)
{
    const eg_file_identity file = {1, {number, 2}, 3 + number, 4, 5};
    return (eg_verdict_key){file, 6};
}

static eg_verdict_cache *make(uint64_t rules)
{
    eg_verdict_cache *cache = NULL;
    assert_int_equal(eg_verdict_cache_create(4 * KEYS, &cache), EG_OK);
    eg_verdict_cache_use_rules(cache, rules);
    return cache;
}

static size_t count_known(eg_verdict_cache *cache)
{
    size_t count = 0;
    for (uint64_t i = 0; i < KEYS; i++) {
        eg_verdict_key key = key_of(i);
        count += eg_verdict_cache_is_clean(cache, RULES, &key);
    }
    return count;
}

/* A file with KEYS keys, as the program writes it. */
static const char *save(const char *folder)
{
    eg_verdict_cache *cache = make(RULES);
    const char *path = eg_test_path(folder, "clean");
    for (uint64_t i = 0; i < KEYS; i++) {
        eg_verdict_key key = key_of(i);
        eg_verdict_cache_add_clean(cache, RULES, &key);
    }
    assert_int_equal(count_known(cache), KEYS);
    assert_int_equal(eg_verdict_cache_save(cache, RULES, path), EG_OK);
    eg_verdict_cache_destroy(cache);
    return path;
}

static int load(const char *path, uint64_t rules, size_t *known)
{
    eg_verdict_cache *cache = make(rules);
    int status = eg_verdict_cache_load(cache, rules, path);
    *known = count_known(cache);
    eg_verdict_cache_destroy(cache);
    return status;
}

static void file__that_was_saved__is_known_again(void **state)
{
    size_t known;
    const char *path = save(*state);
    assert_int_equal(load(path, RULES, &known), EG_OK);
    assert_int_equal(known, KEYS);
}

static void file__of_other_rules_or_missing__is_not_used(void **state)
{
    size_t known;
    const char *path = save(*state);
    assert_int_equal(load(path, RULES + 1, &known), EG_E_NOTFOUND);
    assert_int_equal(known, 0);
    assert_int_equal(load(eg_test_path(*state, "none"), RULES, &known), EG_E_NOTFOUND);
}

/* Every byte changed, every length: nothing of it is believed, and nothing is read beyond it. */
static void file__damaged_anywhere__is_refused_whole(void **state)
{
    size_t known;
    eg_buf bytes;
    const char *path = save(*state);
    eg_buf_init(&bytes, 65536);
    assert_int_equal(eg_file_read(path, 65536, &bytes), EG_OK);
    assert_int_equal(bytes.len, HEADER_SIZE + KEYS * KEY_SIZE + 4);
    for (size_t i = 0; i < bytes.len; i += i < 2 * HEADER_SIZE ? 1 : 997) {
        bytes.data[i] ^= 1;
        assert_int_equal(eg_file_write_atomic(path, bytes.data, bytes.len), EG_OK);
        assert_int_equal(load(path, RULES, &known), EG_E_CORRUPT);
        assert_int_equal(known, 0);
        bytes.data[i] ^= 1;
        assert_int_equal(eg_file_write_atomic(path, bytes.data, i), EG_OK);
        assert_int_equal(load(path, RULES, &known), EG_E_CORRUPT);
    }
    assert_int_equal(eg_file_write_atomic(path, bytes.data, bytes.len), EG_OK);
    assert_int_equal(load(path, RULES, &known), EG_OK);
    eg_buf_done(&bytes);
}

static int load_and_save(const char *path)
{
    eg_verdict_cache *cache = NULL;
    int status = eg_verdict_cache_create(KEYS, &cache);
    if (status == EG_OK) {
        eg_verdict_cache_use_rules(cache, RULES);
        status = eg_verdict_cache_load(cache, RULES, path);
    }
    if (status == EG_OK) {
        status = eg_verdict_cache_save(cache, RULES, path);
    }
    eg_verdict_cache_destroy(cache);
    return status;
}

static void allocation__refused_anywhere__leaves_a_whole_file(void **state)
{
    size_t known;
    long allowed = 0;
    int status;
    char path[4096];
    snprintf(path, sizeof(path), "%s", save(*state));
    do {
        assert_int_equal(load(path, RULES, &known), EG_OK);
        assert_true(known > KEYS / 2); /* a smaller cache kept what it had room for */
        eg_mem_fail_after(allowed++);
        status = load_and_save(path);
        eg_mem_fail_after(-1);
        /* the file may be in its place although there was no memory to flush its folder */
        assert_true(status == EG_OK || status == EG_E_NOMEM);
        assert_true(allowed < 1000);
    } while (eg_mem_failures() > 0);
    assert_int_equal(status, EG_OK);
    assert_true(allowed > 3);
}

#define WITH_FOLDER(test) \
    cmocka_unit_test_setup_teardown(test, eg_test_folder_make, eg_test_folder_remove)

int eg_test_verdict_cache_file(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(file__that_was_saved__is_known_again),
        WITH_FOLDER(file__of_other_rules_or_missing__is_not_used),
        WITH_FOLDER(file__damaged_anywhere__is_refused_whole),
        WITH_FOLDER(allocation__refused_anywhere__leaves_a_whole_file),
    };
    return cmocka_run_group_tests_name("verdict_cache_file", tests, NULL, NULL);
}
