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

/* The block has exactly the input's size, so that a sanitizer sees a read past its end. */
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

/* Runs every file of one corpus and counts them in `*files`. */
static int replay_corpus(const char *name, fuzz_target target, unsigned *files)
{
    struct replay replay = {target, 0};
    eg_buf root;
    eg_buf folder;
    char relative[256];
    int status = EG_OK;

    snprintf(relative, sizeof(relative), "tests/fuzz/corpus/%s", name);
    eg_buf_init(&root, 4096);
    eg_buf_init(&folder, 8192);
    if (eg_env_get("EMOGUARD_SOURCE_DIR", &root) != EG_OK) {
        status = eg_buf_append_cstr(&root, ".");
    }
    if (status == EG_OK) {
        status = eg_path_join(&folder, eg_buf_cstr(&root), relative);
    }
    if (status == EG_OK) {
        status = eg_dir_walk(eg_buf_cstr(&folder), 1, replay_file, &replay);
    }
    *files = replay.files;
    eg_buf_done(&folder);
    eg_buf_done(&root);
    return status;
}

static int reads_every_byte(const uint8_t *data, size_t size)
{
    unsigned sum = 0;

    for (size_t i = 0; i < size; i++) {
        sum += data[i];
    }
    return sum == 0 ? 0 : -1;
}

static void run_input__of_any_size__reaches_the_target(void **state)
{
    (void)state;
    assert_int_equal(run_input(reads_every_byte, "", 0), EG_OK);
    assert_int_equal(run_input(reads_every_byte, "abc", 3), EG_OK);
}

static void replay_corpus__without_a_folder__fails(void **state)
{
    unsigned files = 1;

    (void)state;
    assert_int_not_equal(replay_corpus("no-such-parser", reads_every_byte, &files), EG_OK);
    assert_int_equal(files, 0);
}

#define FUZZ(name) \
    static void fuzz_##name##__with_its_corpus__survives(void **state) \
    { \
        unsigned files = 0; \
        (void)state; \
        if (replay_corpus(#name, eg_fuzz_##name, &files) != EG_OK) { \
            fail_msg("corpus of " #name ": %s", eg_error_message()); \
        } \
        assert_int_not_equal(files, 0); \
        assert_int_equal(run_input(eg_fuzz_##name, "", 0), EG_OK); \
    }
#include "tests/fuzz/fuzz.def"
#undef FUZZ

int eg_test_fuzz_replay(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(run_input__of_any_size__reaches_the_target),
        cmocka_unit_test(replay_corpus__without_a_folder__fails),
#define FUZZ(name) cmocka_unit_test(fuzz_##name##__with_its_corpus__survives),
#include "tests/fuzz/fuzz.def"
#undef FUZZ
    };

    return cmocka_run_group_tests_name("fuzz_replay", tests, NULL, NULL);
}
