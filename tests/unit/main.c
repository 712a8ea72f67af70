/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the unit tests: every group of tests.def, or those named on the command line.
 *
 *     emoguard-tests [--list] [group...]
 *
 * Prints `group <name>: ok` or `group <name>: <n> failed` after each group and leaves the single
 * tests to cmocka, which prints them as CMOCKA_MESSAGE_OUTPUT says (the runner asks for TAP).
 * Exit code 0 when all passed, 1 when one failed, 2 for a group that does not exist.
 */
#include <stdio.h>
#include <string.h>

#define TEST(name) int eg_test_##name(void);
#include "tests/unit/tests.def"
#undef TEST

struct group {
    const char *name;
    int (*run)(void);
};

static const struct group groups[] = {
#define TEST(name) {#name, eg_test_##name},
#include "tests/unit/tests.def"
#undef TEST
};

#define GROUP_COUNT (sizeof(groups) / sizeof(groups[0]))

static int run_group(const struct group *group)
{
    int failed;

    printf("group %s: start\n", group->name);
    fflush(stdout);
    failed = group->run();
    fflush(stderr);
    if (failed == 0) {
        printf("group %s: ok\n", group->name);
    } else {
        printf("group %s: %d failed\n", group->name, failed);
    }
    fflush(stdout);
    return failed == 0 ? 0 : 1;
}

static const struct group *find_group(const char *name)
{
    for (size_t i = 0; i < GROUP_COUNT; i++) {
        if (strcmp(groups[i].name, name) == 0) {
            return &groups[i];
        }
    }
    return NULL;
}

static int run_all(void)
{
    int result = 0;

    for (size_t i = 0; i < GROUP_COUNT; i++) {
        result |= run_group(&groups[i]);
    }
    return result;
}

int main(int argc, char **argv)
{
    int result = 0;

    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        for (size_t i = 0; i < GROUP_COUNT; i++) {
            printf("%s\n", groups[i].name);
        }
        return 0;
    }
    if (argc < 2) {
        return run_all();
    }
    for (int i = 1; i < argc; i++) {
        const struct group *group = find_group(argv[i]);

        if (group == NULL) {
            fprintf(stderr, "no such group: %s (--list shows them)\n", argv[i]);
            return 2;
        }
        result |= run_group(group);
    }
    return result;
}
