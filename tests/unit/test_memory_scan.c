/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of a process, made up, to a verdict: pieces, limits, what cannot be read. */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/yara/memory_scan.h"

#include <string.h>

#define REGION_SIZE (EG_MEMORY_PIECE + 100000)

/* Two regions of the same bytes; what lies at or behind `hole` cannot be read. */
typedef struct fixture {
    char *bytes;
    uint64_t hole;
    uint64_t read;
    eg_yara_rules *rules;
    eg_file_scan *scan;
    eg_memory_source source;
    eg_file_report report;
} fixture;

static const uint64_t starts[] = {0x10000, UINT64_C(0x7FF000000000)};

static bool next_region(void *user, uint64_t at, uint64_t *start, uint64_t *size)
{
    EG_UNUSED(user);
    for (size_t i = 0; i < EG_COUNT(starts); i++) {
        if (at <= starts[i]) {
            *start = starts[i];
            *size = REGION_SIZE;
            return true;
        }
    }
    return false;
}

static size_t read_memory(void *user, uint64_t at, void *out, size_t size)
{
    fixture *f = user;
    uint64_t start = at >= starts[1] ? starts[1] : starts[0];
    if (at >= f->hole) {
        return 0;
    }
    memcpy(out, f->bytes + (at - start), size);
    f->read += size;
    return size;
}

static int setup(void **state)
{
    const eg_yara_source source = {"t.yar",
                                   EG_STR("rule evil { strings: $a = \"needle\" condition: $a }")};
    const eg_file_scan_limits limits = {1024, 20};
    fixture *f = eg_alloc_zero(1, sizeof(*f));
    assert_non_null(f);
    f->bytes = eg_alloc_zero(1, REGION_SIZE);
    assert_non_null(f->bytes);
    f->hole = UINT64_MAX;
    f->source = (eg_memory_source){f, next_region, read_memory};
    assert_int_equal(eg_yara_engine.compile(&source, 1, NULL, &f->rules), EG_OK);
    assert_int_equal(eg_file_scan_create(&eg_yara_engine, f->rules, NULL, &limits, &f->scan),
                     EG_OK);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    eg_file_scan_destroy(f->scan);
    eg_yara_engine.rules_destroy(f->rules);
    eg_free(f->bytes);
    eg_free(f);
    return 0;
}

static eg_file_verdict look(fixture *f, uint64_t bytes, uint32_t seconds)
{
    const eg_yara_facts facts = {.path = EG_STR("C:\\a.exe")};
    f->read = 0;
    assert_int_equal(eg_memory_scan_run(f->scan, &f->source, &facts, bytes, seconds, &f->report),
                     EG_OK);
    return f->report.verdict;
}

static void regions__are_all_looked_at(void **state)
{
    fixture *f = *state;
    assert_int_equal(look(f, UINT64_MAX, 60), EG_FILE_CLEAN);
    assert_true(f->read >= 2 * (uint64_t)REGION_SIZE);
    assert_string_equal(f->report.reason, "");
}

static void text__across_two_pieces__is_found(void **state)
{
    fixture *f = *state;
    memcpy(f->bytes + EG_MEMORY_PIECE - 3, "needle", 6);
    assert_int_equal(look(f, UINT64_MAX, 60), EG_FILE_SUSPICIOUS);
    assert_string_equal(f->report.buffer, "memory at 0x100f000");
    assert_int_equal(f->report.result.matches[0].strings[0].offset, EG_MEMORY_OVERLAP - 3);
}

static void limits__are_kept_and_told(void **state)
{
    fixture *f = *state;
    assert_int_equal(look(f, 5000, 60), EG_FILE_NOT_LOOKED);
    assert_int_equal(f->report.gap, EG_GAP_TOO_LARGE);
    assert_int_equal(f->read, 5000);
    assert_int_equal(look(f, UINT64_MAX, 0), EG_FILE_NOT_LOOKED);
    assert_int_equal(f->report.gap, EG_GAP_TOO_SLOW);
    assert_int_equal(f->read, 0);
}

static void what_cannot_be_read__is_passed_over_unless_it_is_all(void **state)
{
    fixture *f = *state;
    f->hole = starts[1];
    assert_int_equal(look(f, UINT64_MAX, 60), EG_FILE_CLEAN);
    f->hole = 0;
    assert_int_equal(look(f, UINT64_MAX, 60), EG_FILE_NOT_LOOKED);
    assert_int_equal(f->report.gap, EG_GAP_UNREADABLE);
}

#define WITH_MEMORY(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int eg_test_memory_scan(void)
{
    const struct CMUnitTest tests[] = {
        WITH_MEMORY(regions__are_all_looked_at),
        WITH_MEMORY(text__across_two_pieces__is_found),
        WITH_MEMORY(limits__are_kept_and_told),
        WITH_MEMORY(what_cannot_be_read__is_passed_over_unless_it_is_all),
    };
    return cmocka_run_group_tests_name("memory_scan", tests, NULL, NULL);
}
