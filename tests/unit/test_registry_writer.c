/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "driverless-hooks/decode/etw_providers.h"
#include "driverless-hooks/decode/registry_writer.h"
#include "tests/unit/alloc.h"
#include "tests/unit/etw_payload.h"

#include <stdio.h>

#define SECOND UINT64_C(10000000)
#define NOW (1000 * SECOND)

enum { SET = 5, DELETE_VALUE = 6, TYPE_SZ = 1, CAPACITY = 16 };

/* One write as the provider tells it. */
typedef struct told {
    uint16_t id;
    uint32_t pid, status, type;
    const char *name, *data; /* data: bytes as text */
    size_t captured;         /* of them */
    uint64_t time;
} told;

static void fill(const told *what, payload *p, eg_etw_record *record)
{
    static const uint8_t provider[EG_ETW_GUID_SIZE] = EG_ETW_PROVIDER_KERNEL_REGISTRY;
    *record = (eg_etw_record){.id = what->id, .flags = EG_ETW_FLAG_64_BIT, .pid = what->pid};
    memcpy(record->provider, provider, sizeof(provider));
    record->time = what->time;
    p->size = 0;
    put_number(p, 0xFFFF1234, 8);
    put_number(p, what->status, 4);
    if (what->id == SET) {
        put_number(p, what->type, 4);
        put_number(p, strlen(what->data), 4);
    }
    put_wide(p, "");
    put_wide(p, what->name);
    if (what->id == SET) {
        put_number(p, what->captured, 2);
        put(p, what->data, what->captured);
        put_number(p, 0, 4);
        put_number(p, 0, 4);
        put_number(p, 0, 2);
    }
    record->payload = p->bytes;
    record->size = p->size;
}

static bool add(eg_registry_writer_table *table, told what)
{
    payload p;
    eg_etw_record record;
    fill(&what, &p, &record);
    return eg_registry_writer_table_add(table, &record);
}

static told set_by(uint32_t pid, const char *name, const char *data)
{
    return (told){SET, pid, 0, TYPE_SZ, name, data, strlen(data), NOW - SECOND};
}

static told deleted_by(uint32_t pid, const char *name)
{
    return (told){DELETE_VALUE, pid, 0, 0, name, "", 0, NOW - SECOND};
}

/* The pid that is named for a value with this content, NULL: deleted; 0 nobody. */
static uint32_t writer_of(eg_registry_writer_table *table, const char *name, const char *data)
{
    eg_registry_writer found = {0};
    eg_value now = {.type = TYPE_SZ, .data = eg_str_from(data)};
    now.full_size = now.data.len;
    return eg_registry_writer_find(table, eg_str_from(name), data ? &now : NULL, NOW, &found)
               ? found.pid
               : 0;
}

static int set_up(void **state)
{
    eg_registry_writer_table *table = NULL;
    assert_int_equal(eg_registry_writer_table_create(&table, CAPACITY), EG_OK);
    *state = table;
    return 0;
}

static int tear_down(void **state)
{
    eg_registry_writer_table_destroy(*state);
    return 0;
}

static void writer__of_a_value__is_who_wrote_that_name_and_data(void **state)
{
    eg_registry_writer_table *table = *state;
    assert_true(add(table, set_by(8, "Updater", "good.exe")));
    assert_true(add(table, set_by(12, "Updater", "evil.exe")));
    assert_true(add(table, set_by(16, "Other", "evil.exe")));
    assert_int_equal(writer_of(table, "Updater", "evil.exe"), 12);
    assert_int_equal(writer_of(table, "updater", "evil.exe"), 12);
    assert_int_equal(writer_of(table, "Updater", "good.exe"), 8);
    assert_int_equal(writer_of(table, "Updater", "none.exe"), 0);
    assert_int_equal(writer_of(table, "Nobody", "evil.exe"), 0);
    assert_int_equal(writer_of(table, "Updater", NULL), 0);
}

static void writer__name_with_its_subkey__is_found(void **state)
{
    eg_registry_writer_table *table = *state;
    assert_true(add(table, set_by(8, "ImagePath", "a.exe")));
    assert_true(add(table, set_by(12, "a\\b", "b.exe")));
    assert_true(add(table, set_by(16, "", "c.exe")));
    assert_int_equal(writer_of(table, "Service\\ImagePath", "a.exe"), 8);
    assert_int_equal(writer_of(table, "a\\b", "b.exe"), 12);
    assert_int_equal(writer_of(table, "", "c.exe"), 16);
    assert_int_equal(writer_of(table, "sub\\", "c.exe"), 16);
}

static void writer__of_equal_writes__is_the_last(void **state)
{
    eg_registry_writer_table *table = *state;
    told first = set_by(8, "v", "x");
    told second = set_by(12, "v", "x");
    second.time += 1;
    assert_true(add(table, second)); /* records come nearly in order */
    assert_true(add(table, first));
    assert_int_equal(writer_of(table, "v", "x"), 12);
}

static void writer__outside_the_window__is_not_named(void **state)
{
    eg_registry_writer_table *table = *state;
    told early = set_by(8, "v", "x");
    early.time = NOW - 3 * SECOND - 1;
    assert_true(add(table, early));
    assert_int_equal(writer_of(table, "v", "x"), 0);
    early.time++;
    assert_true(add(table, early));
    assert_int_equal(writer_of(table, "v", "x"), 8);
}

static void writer__failed_write_or_unknown_process__is_not_named(void **state)
{
    eg_registry_writer_table *table = *state;
    told refused = set_by(8, "v", "x");
    refused.status = 0xC0000022;
    assert_false(add(table, refused));
    assert_false(add(table, set_by(0, "v", "x")));
    assert_false(add(table, set_by(EG_ETW_NO_PROCESS, "v", "x")));
    assert_int_equal(writer_of(table, "v", "x"), 0);
}

static void writer__of_a_deleted_value__is_named_unless_two_deleted_the_like(void **state)
{
    eg_registry_writer_table *table = *state;
    assert_true(add(table, deleted_by(8, "v")));
    assert_int_equal(writer_of(table, "v", NULL), 8);
    assert_true(add(table, deleted_by(12, "v")));
    assert_int_equal(writer_of(table, "v", NULL), 0);
}

static void writer__data_not_captured__is_named_only_without_doubt(void **state)
{
    eg_registry_writer_table *table = *state;
    told bare = set_by(8, "v", "same size");
    bare.captured = 0;
    assert_true(add(table, bare));
    assert_int_equal(writer_of(table, "v", "SAME SIZE"), 8);
    assert_int_equal(writer_of(table, "v", "other"), 0);
    bare.pid = 12;
    assert_true(add(table, bare));
    assert_int_equal(writer_of(table, "v", "same size"), 0);
    told part = set_by(16, "w", "long data");
    part.captured = 4;
    assert_true(add(table, part));
    assert_int_equal(writer_of(table, "w", "long DATA"), 16);
    assert_int_equal(writer_of(table, "w", "LONG data"), 0);
}

static void writer__table_full__forgets_the_oldest(void **state)
{
    eg_registry_writer_table *table = *state;
    char name[16];
    for (unsigned i = 0; i <= CAPACITY; i++) {
        snprintf(name, sizeof(name), "v%u", i);
        assert_true(add(table, set_by(8 + i, name, "x")));
    }
    assert_int_equal(writer_of(table, "v0", "x"), 0);
    assert_int_equal(writer_of(table, "v1", "x"), 9);
    assert_int_equal(writer_of(table, "v16", "x"), 24);
}

/* Any records, whole and cut: who is named did write that name and content. */
static void writer__of_any_records__wrote_what_is_there(void **state)
{
    eg_registry_writer_table *table = *state;
    static const char *const names[] = {"a", "B", "b", "key\\a"};
    static const char *const contents[] = {"x", "y", "xy"};
    told last[CAPACITY];
    size_t count = 0;
    uint32_t random = 7;
    for (int round = 0; round < 20000; round++) {
        random = random * 1664525u + 1013904223u;
        uint32_t bits = random >> 8;
        told what = set_by(8 + (bits & 3), names[bits >> 2 & 3], contents[bits % 3]);
        what.id = bits >> 4 & 1 ? SET : DELETE_VALUE;
        what.status = bits >> 5 & 7 ? 0 : 1;
        payload p;
        eg_etw_record record;
        fill(&what, &p, &record);
        record.size -= bits >> 12 & 7 ? 0 : bits >> 15 & 31;
        if (eg_registry_writer_table_add(table, &record)) {
            last[count++ % CAPACITY] = what;
        }
        const char *name = names[bits >> 18 & 3];
        const char *content = bits >> 20 & 1 ? contents[bits % 3] : NULL;
        uint32_t pid = writer_of(table, name, content);
        bool wrote = pid == 0;
        for (size_t i = 0; i < count && i < CAPACITY; i++) {
            eg_str own = eg_str_from(last[i].name);
            wrote = wrote || (last[i].pid == pid && last[i].status == 0 &&
                              (last[i].id == SET) == (content != NULL) &&
                              (!content || strcmp(last[i].data, content) == 0) &&
                              (eg_str_equal_nocase(own, eg_str_from(name)) ||
                               eg_str_equal_nocase(own, eg_path_base(eg_str_from(name)))));
        }
        assert_true(wrote);
    }
}

static int use_table(void *arg)
{
    EG_UNUSED(arg);
    eg_registry_writer_table *table = NULL;
    int status = eg_registry_writer_table_create(&table, 4);
    if (status == EG_OK && !add(table, set_by(8, "v", "x"))) {
        status = EG_E_NOMEM;
    }
    eg_registry_writer_table_destroy(table);
    return status;
}

static void writer__memory_runs_out__fails_cleanly(void **state)
{
    EG_UNUSED(state);
    assert_int_equal(eg_test_each_allocation_fails(use_table, NULL), 3);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int eg_test_registry_writer(void)
{
    const struct CMUnitTest tests[] = {
        WITH(writer__of_a_value__is_who_wrote_that_name_and_data),
        WITH(writer__name_with_its_subkey__is_found),
        WITH(writer__of_equal_writes__is_the_last),
        WITH(writer__outside_the_window__is_not_named),
        WITH(writer__failed_write_or_unknown_process__is_not_named),
        WITH(writer__of_a_deleted_value__is_named_unless_two_deleted_the_like),
        WITH(writer__data_not_captured__is_named_only_without_doubt),
        WITH(writer__table_full__forgets_the_oldest),
        WITH(writer__of_any_records__wrote_what_is_there),
        cmocka_unit_test(writer__memory_runs_out__fails_cleanly),
    };
    return cmocka_run_group_tests_name("registry_writer", tests, NULL, NULL);
}
