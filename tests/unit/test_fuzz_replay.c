/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replays the seeds and former crashes of every fuzzed parser, so that each compiler and platform
 * runs them without a fuzzer. The corpus lies in tests/fuzz/corpus below EMOGUARD_SOURCE_DIR, or
 * below the working folder when that is not set.
 */
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

int eg_test_fuzz_replay(void);

typedef int (*fuzz_target)(const uint8_t *data, size_t size);

#define FUZZ(name) int eg_fuzz_##name(const uint8_t *data, size_t size);
#include "tests/fuzz/fuzz.def"
#undef FUZZ

#define MAX_SEED ((size_t)16 * 1024 * 1024)

struct replay {
    fuzz_target target;
    unsigned files;
};

/* Gives the target a block of exactly the input's size, so that a sanitizer sees a read past its end. */
static int run_input(fuzz_target target, const void *data, size_t size)
{
    uint8_t *exact = eg_alloc(size);

    if (exact == NULL) {
        return EG_E_NOMEM;
    }
    if (size > 0) {
        memcpy(exact, data, size);
    }
    target(exact, size);
    eg_free(exact);
    return EG_OK;
}

static int replay_file(void *user, const eg_dir_entry *entry)
{
    struct replay *replay = user;
    eg_buf content;
    int status;

    if (entry->is_dir) {
        return EG_OK;
    }
    eg_buf_init(&content, MAX_SEED);
    status = eg_file_read(entry->path, MAX_SEED, &content);
    if (status == EG_OK) {
        status = run_input(replay->target, content.data, content.len);
        replay->files++;
    }
    eg_buf_done(&content);
    return status;
}

static void replay_corpus(const char *name, fuzz_target target)
{
    struct replay replay = {target, 0};
    eg_buf root;
    eg_buf folder;
    char relative[256];

    snprintf(relative, sizeof(relative), "tests/fuzz/corpus/%s", name);
    eg_buf_init(&root, 4096);
    eg_buf_init(&folder, 8192);
    if (eg_env_get("EMOGUARD_SOURCE_DIR", &root) != EG_OK) {
        assert_int_equal(eg_buf_append_cstr(&root, "."), EG_OK);
    }
    assert_int_equal(eg_path_join(&folder, eg_buf_cstr(&root), relative), EG_OK);
    if (eg_dir_walk(eg_buf_cstr(&folder), 1, replay_file, &replay) != EG_OK) {
        fail_msg("%s: %s", eg_buf_cstr(&folder), eg_error_message());
    }
    if (replay.files == 0) {
        fail_msg("%s: no seeds", eg_buf_cstr(&folder));
    }
    assert_int_equal(run_input(target, "", 0), EG_OK);
    eg_buf_done(&folder);
    eg_buf_done(&root);
}

#define FUZZ(name) \
    static void fuzz_##name##__with_its_corpus__survives(void **state) \
    { \
        (void)state; \
        replay_corpus(#name, eg_fuzz_##name); \
    }
#include "tests/fuzz/fuzz.def"
#undef FUZZ

static int reads_every_byte(const uint8_t *data, size_t size)
{
    unsigned sum = 0;

    for (size_t i = 0; i < size; i++) {
        sum += data[i];
    }
    return sum == 0 ? 0 : -1;
}

static void replay__of_an_empty_input__reaches_the_target(void **state)
{
    (void)state;
    assert_int_equal(run_input(reads_every_byte, "", 0), EG_OK);
    assert_int_equal(run_input(reads_every_byte, "abc", 3), EG_OK);
}

int eg_test_fuzz_replay(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replay__of_an_empty_input__reaches_the_target),
#define FUZZ(name) cmocka_unit_test(fuzz_##name##__with_its_corpus__survives),
#include "tests/fuzz/fuzz.def"
#undef FUZZ
    };

    return cmocka_run_group_tests_name("fuzz_replay", tests, NULL, NULL);
}
