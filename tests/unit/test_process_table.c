/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "core/base/clock.h"
#include "core/base/status.h"
#include "core/detect/process_table.h"

#include <stdio.h>
#include <string.h>

#define SECOND EG_TICKS_PER_SECOND
#define DAY_1 UINT64_C(134116992000000000)

static int set_up(void **state)
{
    eg_process_table *table = NULL;
    assert_int_equal(eg_process_table_create(&table, 100), EG_OK);
    *state = table;
    return 0;
}

static int tear_down(void **state)
{
    eg_process_table_destroy(*state);
    return 0;
}

/* Seconds count from DAY_1; `created` 0 = the source does not know. */
static eg_event start_event(uint32_t pid, uint32_t parent, uint64_t created, uint64_t seen,
                            const char *image)
{
    eg_event event;
    eg_event_init(&event, EG_KIND_PROCESS_START);
    event.pid = pid;
    event.parent_pid = parent;
    event.create_time = created > 0 ? DAY_1 + created * SECOND : 0;
    event.time = DAY_1 + seen * SECOND;
    event.field[EG_FIELD_IMAGE] = eg_str_from(image);
    return event;
}

static void start(eg_process_table *table, uint32_t pid, uint32_t parent, uint64_t created,
                  const char *image)
{
    eg_event event = start_event(pid, parent, created, created, image);
    event.field[EG_FIELD_COMMAND_LINE] = EG_STR("command");
    event.field[EG_FIELD_USER] = EG_STR("user");
    assert_int_equal(eg_process_table_learn(table, &event), EG_OK);
}

static void stop(eg_process_table *table, uint32_t pid, uint64_t created, uint64_t at)
{
    eg_event event = start_event(pid, 0, created, at, NULL);
    event.kind = EG_KIND_PROCESS_STOP;
    assert_int_equal(eg_process_table_learn(table, &event), EG_OK);
}

static const char *image_at(const eg_process_table *table, uint32_t pid, uint64_t seconds)
{
    static char name[64];
    const eg_process *process = eg_process_table_find(table, pid, DAY_1 + seconds * SECOND);
    if (!process) {
        return "nobody";
    }
    snprintf(name, sizeof(name), "%.*s", EG_STR_ARGS(process->image));
    return name;
}

static void find__of_a_running_process__gives_it_from_its_start_on(void **state)
{
    eg_process_table *table = *state;
    start(table, 8, 4, 100, "a.exe");
    assert_string_equal(image_at(table, 8, 99), "nobody");
    assert_string_equal(image_at(table, 8, 100), "a.exe");
    assert_string_equal(image_at(table, 8, 100000), "a.exe");
    assert_string_equal(image_at(table, 12, 100), "nobody");
}

static void find__of_an_ended_process__gives_it_until_a_moment_after(void **state)
{
    eg_process_table *table = *state;
    start(table, 8, 4, 100, "a.exe");
    stop(table, 8, 100, 200);
    assert_string_equal(image_at(table, 8, 150), "a.exe");
    assert_string_equal(image_at(table, 8, 201), "a.exe"); /* its changes are reported late */
    assert_string_equal(image_at(table, 8, 210), "nobody");
}

static void find__of_a_reused_pid__tells_the_two_apart(void **state)
{
    eg_process_table *table = *state;
    start(table, 8, 4, 100, "a.exe");
    stop(table, 8, 100, 200);
    start(table, 8, 4, 201, "b.exe");
    assert_string_equal(image_at(table, 8, 150), "a.exe");
    assert_string_equal(image_at(table, 8, 200), "a.exe");
    assert_string_equal(image_at(table, 8, 201), "b.exe");
    assert_int_equal(eg_process_table_size(table), 2);
}

static void find__of_a_reused_pid_whose_end_was_missed__ends_the_first(void **state)
{
    eg_process_table *table = *state;
    start(table, 8, 4, 100, "a.exe");
    start(table, 8, 4, 300, "a.exe");
    stop(table, 8, 300, 400);
    const eg_process *first = eg_process_table_find(table, 8, DAY_1 + 200 * SECOND);
    assert_non_null(first);
    assert_true(first->create_time == DAY_1 + 100 * SECOND);
    assert_true(first->exit_time == DAY_1 + 300 * SECOND);
    assert_string_equal(image_at(table, 8, 500), "nobody");
}

static void learn__of_the_older_of_two_late__puts_it_before_the_newer(void **state)
{
    eg_process_table *table = *state;
    start(table, 8, 4, 300, "new.exe");
    start(table, 8, 4, 100, "old.exe");
    assert_string_equal(image_at(table, 8, 299), "old.exe");
    assert_string_equal(image_at(table, 8, 301), "new.exe");
    assert_string_equal(image_at(table, 8, 9999), "new.exe");
    const eg_process *old = eg_process_table_find(table, 8, DAY_1 + 200 * SECOND);
    assert_non_null(old);
    assert_true(old->exit_time == DAY_1 + 300 * SECOND);
}

static void learn__of_a_stop_before_its_start__knows_it_has_ended(void **state)
{
    eg_process_table *table = *state;
    stop(table, 8, 100, 200);
    start(table, 8, 4, 100, "a.exe");
    assert_int_equal(eg_process_table_size(table), 1);
    assert_string_equal(image_at(table, 8, 150), "a.exe");
    assert_string_equal(image_at(table, 8, 300), "nobody");
}

static void learn__of_one_process_from_two_sources__keeps_what_each_knows(void **state)
{
    eg_process_table *table = *state;
    eg_event poor = start_event(8, 0, 0, 150, "C:\\x\\a.exe");
    eg_event exact = start_event(8, 4, 100, 160, "\\Device\\x\\a.exe");
    exact.field[EG_FIELD_IMAGE] = EG_STR_NONE;
    exact.field[EG_FIELD_COMMAND_LINE] = EG_STR("a.exe -x");
    assert_int_equal(eg_process_table_learn(table, &poor), EG_OK);
    assert_int_equal(eg_process_table_learn(table, &exact), EG_OK);
    assert_int_equal(eg_process_table_learn(table, &poor), EG_OK);
    assert_int_equal(eg_process_table_size(table), 1);
    const eg_process *process = eg_process_table_find(table, 8, DAY_1 + 100 * SECOND);
    assert_non_null(process);
    assert_true(process->create_time == DAY_1 + 100 * SECOND);
    assert_int_equal(process->parent_pid, 4);
    assert_true(eg_str_equal(process->image, EG_STR("C:\\x\\a.exe")));
    assert_true(eg_str_equal(process->command_line, EG_STR("a.exe -x")));
}

static void learn__of_another_image_without_a_start_time__is_another_process(void **state)
{
    eg_process_table *table = *state;
    eg_event first = start_event(8, 0, 0, 100, "a.exe");
    eg_event second = start_event(8, 0, 0, 200, "b.exe");
    assert_int_equal(eg_process_table_learn(table, &first), EG_OK);
    assert_int_equal(eg_process_table_learn(table, &second), EG_OK);
    assert_int_equal(eg_process_table_size(table), 2);
    assert_string_equal(image_at(table, 8, 150), "a.exe");
    assert_string_equal(image_at(table, 8, 250), "b.exe");
}

static void table__when_full__forgets_the_longest_ended_first(void **state)
{
    EG_UNUSED(state);
    eg_process_table *table = NULL;
    assert_int_equal(eg_process_table_create(&table, 3), EG_OK);
    start(table, 4, 0, 100, "a.exe");
    start(table, 8, 0, 101, "b.exe");
    start(table, 12, 0, 102, "c.exe");
    stop(table, 12, 102, 110);
    stop(table, 8, 101, 120);
    start(table, 16, 0, 130, "d.exe");
    assert_string_equal(image_at(table, 12, 105), "nobody");
    assert_string_equal(image_at(table, 8, 105), "b.exe");
    start(table, 20, 0, 140, "e.exe");
    assert_string_equal(image_at(table, 8, 105), "nobody");
    start(table, 24, 0, 150, "f.exe"); /* only running ones are left: the oldest goes */
    assert_string_equal(image_at(table, 4, 150), "nobody");
    assert_string_equal(image_at(table, 24, 150), "f.exe");
    assert_int_equal(eg_process_table_size(table), 3);
    eg_process_table_destroy(table);
}

static void table__of_huge_command_lines__stays_bounded(void **state)
{
    EG_UNUSED(state);
    eg_process_table *table = NULL;
    char *line = eg_alloc(32000);
    memset(line, 'x', 32000);
    assert_int_equal(eg_process_table_create(&table, 100), EG_OK);
    for (uint32_t i = 1; i <= 100; i++) {
        eg_event event = start_event(i * 4, 0, i, i, "a.exe");
        event.field[EG_FIELD_COMMAND_LINE] = (eg_str){line, 32000};
        assert_int_equal(eg_process_table_learn(table, &event), EG_OK);
    }
    assert_in_range(eg_process_table_size(table), 10, 13); /* 100 times 4 KiB of text */
    assert_string_equal(image_at(table, 400, 100), "a.exe");
    eg_process_table_destroy(table);
    eg_free(line);
}

static void assert_field(const eg_event *event, eg_field field, const char *expected)
{
    eg_str value = event->field[field];
    assert_int_equal(value.len, strlen(expected));
    assert_memory_equal(value.ptr, expected, value.len);
}

static void complete__of_a_start__names_parent_and_grandparent(void **state)
{
    eg_process_table *table = *state;
    start(table, 4, 0, 10, "explorer.exe");
    start(table, 8, 4, 20, "winword.exe");
    stop(table, 8, 20, 31); /* the parent's end may come first */
    eg_event event = start_event(12, 8, 30, 32, "powershell.exe");
    assert_int_equal(eg_process_table_learn(table, &event), EG_OK);
    eg_process_table_complete(table, &event);
    assert_field(&event, EG_FIELD_PARENT_IMAGE, "winword.exe");
    assert_field(&event, EG_FIELD_PARENT_COMMAND_LINE, "command");
    assert_field(&event, EG_FIELD_PARENT_USER, "user");
    assert_field(&event, EG_FIELD_GRANDPARENT_IMAGE, "explorer.exe");
}

static void complete__of_a_start__keeps_what_the_source_said(void **state)
{
    eg_process_table *table = *state;
    start(table, 8, 4, 20, "winword.exe");
    eg_event event = start_event(12, 8, 30, 30, "powershell.exe");
    event.field[EG_FIELD_PARENT_IMAGE] = EG_STR("excel.exe");
    eg_process_table_complete(table, &event);
    assert_field(&event, EG_FIELD_PARENT_IMAGE, "excel.exe");
    assert_field(&event, EG_FIELD_PARENT_COMMAND_LINE, "command");
}

static void complete__of_a_start__never_takes_a_younger_process_for_the_parent(void **state)
{
    eg_process_table *table = *state;
    start(table, 8, 4, 31, "winword.exe");
    eg_event event = start_event(12, 8, 30, 40, "powershell.exe");
    assert_int_equal(eg_process_table_learn(table, &event), EG_OK);
    eg_process_table_complete(table, &event);
    assert_null(event.field[EG_FIELD_PARENT_IMAGE].ptr);
    eg_event itself = start_event(16, 16, 50, 50, "loop.exe");
    assert_int_equal(eg_process_table_learn(table, &itself), EG_OK);
    eg_process_table_complete(table, &itself);
    assert_null(itself.field[EG_FIELD_PARENT_IMAGE].ptr);
}

static void complete__of_a_registry_event__names_the_writer(void **state)
{
    eg_process_table *table = *state;
    start(table, 8, 4, 20, "C:\\reg.exe");
    eg_event event;
    eg_event_init(&event, EG_KIND_REGISTRY_SET);
    event.pid = 8;
    event.time = DAY_1 + 25 * SECOND;
    eg_process_table_complete(table, &event);
    assert_field(&event, EG_FIELD_IMAGE, "C:\\reg.exe");
    assert_field(&event, EG_FIELD_USER, "user");
    assert_null(event.field[EG_FIELD_COMMAND_LINE].ptr);
    eg_event nobody;
    eg_event_init(&nobody, EG_KIND_REGISTRY_SET);
    eg_process_table_complete(table, &nobody);
    assert_null(nobody.field[EG_FIELD_IMAGE].ptr);
}

static void complete__of_a_process__names_it_the_same_from_start_to_stop(void **state)
{
    eg_process_table *table = *state;
    eg_event parent = start_event(0x8, 0, 20, 20, "winword.exe");
    eg_event child = start_event(0xABCD, 0x8, 30, 30, "powershell.exe");
    eg_event gone = start_event(0xABCD, 0, 30, 90, NULL);
    assert_int_equal(eg_process_table_learn(table, &parent), EG_OK);
    assert_int_equal(eg_process_table_learn(table, &child), EG_OK);
    eg_process_table_complete(table, &parent);
    eg_process_table_complete(table, &child);
    gone.kind = EG_KIND_PROCESS_STOP;
    eg_process_table_complete(table, &gone);
    char guid[EG_PROCESS_GUID_SIZE];
    eg_process_guid_format(0xABCD, DAY_1 + 30 * SECOND, guid);
    assert_field(&child, EG_FIELD_PROCESS_GUID, guid);
    assert_field(&gone, EG_FIELD_PROCESS_GUID, guid);
    assert_true(eg_str_equal(child.field[EG_FIELD_PARENT_PROCESS_GUID],
                             parent.field[EG_FIELD_PROCESS_GUID]));
    assert_null(parent.field[EG_FIELD_PARENT_PROCESS_GUID].ptr);
}

static void guid__of_pid_and_time__can_be_read_back(void **state)
{
    char guid[EG_PROCESS_GUID_SIZE];
    EG_UNUSED(state);
    eg_process_guid_format(0x1A2B, UINT64_C(0x01DC7B3E40D1A3F5), guid);
    assert_string_equal(guid, "{454D4F47-01DC-7B3E-40D1-A3F500001A2B}");
    eg_process_guid_format(UINT32_MAX, UINT64_MAX, guid);
    assert_string_equal(guid, "{454D4F47-FFFF-FFFF-FFFF-FFFFFFFFFFFF}");
}

static void parent__again_and_again__leads_to_the_root(void **state)
{
    eg_process_table *table = *state;
    start(table, 4, 0, 10, "root.exe");
    for (uint32_t pid = 8; pid <= 24; pid += 4) {
        start(table, pid, pid - 4, 10 + pid, "x.exe");
    }
    stop(table, 16, 26, 35); /* one in the middle has ended since */
    const eg_process *at = eg_process_table_find(table, 24, DAY_1 + 100 * SECOND);
    for (uint32_t pid = 24; pid >= 4; pid -= 4) {
        assert_non_null(at);
        assert_int_equal(at->pid, pid);
        at = eg_process_table_parent(table, at);
    }
    assert_null(at);
}

/* Windows' own numbers tell that the parent's pid has gone to another process. */
static void parent__of_another_sequence_number__is_unknown(void **state)
{
    eg_process_table *table = *state;
    eg_event other = start_event(8, 4, 20, 20, "other.exe");
    eg_event child = start_event(12, 8, 30, 30, "powershell.exe");
    other.field[EG_FIELD_PROCESS_SEQUENCE_NUMBER] = EG_STR("77");
    child.field[EG_FIELD_PARENT_PROCESS_SEQUENCE_NUMBER] = EG_STR("76");
    assert_int_equal(eg_process_table_learn(table, &other), EG_OK);
    assert_int_equal(eg_process_table_learn(table, &child), EG_OK);
    eg_process_table_complete(table, &child);
    assert_null(child.field[EG_FIELD_PARENT_IMAGE].ptr);
    child.field[EG_FIELD_PARENT_PROCESS_SEQUENCE_NUMBER] = EG_STR("77");
    eg_process_table_complete(table, &child);
    assert_field(&child, EG_FIELD_PARENT_IMAGE, "other.exe");
}

static void learn__of_other_events__learns_nothing(void **state)
{
    eg_process_table *table = *state;
    eg_event event = start_event(8, 0, 1, 1, "a.exe");
    event.kind = EG_KIND_IMAGE_LOAD;
    assert_int_equal(eg_process_table_learn(table, &event), EG_OK);
    event.kind = EG_KIND_PROCESS_START;
    event.pid = 0;
    assert_int_equal(eg_process_table_learn(table, &event), EG_OK);
    assert_int_equal(eg_process_table_size(table), 0);
}

static void table__without_memory__fails_cleanly(void **state)
{
    EG_UNUSED(state);
    int status = EG_E_NOMEM;
    for (long n = 0; status != EG_OK; n++) {
        eg_process_table *table = NULL;
        assert_in_range(n, 0, 50);
        eg_event event = start_event(8, 4, 10, 10, "a.exe");
        eg_mem_fail_after(n);
        status = eg_process_table_create(&table, 4);
        if (status == EG_OK) {
            status = eg_process_table_learn(table, &event);
        }
        eg_mem_fail_after(-1);
        if (status != EG_OK) {
            assert_int_equal(status, EG_E_NOMEM);
        }
        if (table) { /* goes on as if nothing had happened */
            assert_int_equal(eg_process_table_learn(table, &event), EG_OK);
            assert_string_equal(image_at(table, 8, 10), "a.exe");
        }
        eg_process_table_destroy(table);
    }
}

#define WITH_TABLE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int eg_test_process_table(void)
{
    const struct CMUnitTest tests[] = {
        WITH_TABLE(find__of_a_running_process__gives_it_from_its_start_on),
        WITH_TABLE(find__of_an_ended_process__gives_it_until_a_moment_after),
        WITH_TABLE(find__of_a_reused_pid__tells_the_two_apart),
        WITH_TABLE(find__of_a_reused_pid_whose_end_was_missed__ends_the_first),
        WITH_TABLE(learn__of_the_older_of_two_late__puts_it_before_the_newer),
        WITH_TABLE(learn__of_a_stop_before_its_start__knows_it_has_ended),
        WITH_TABLE(learn__of_one_process_from_two_sources__keeps_what_each_knows),
        WITH_TABLE(learn__of_another_image_without_a_start_time__is_another_process),
        WITH_TABLE(table__when_full__forgets_the_longest_ended_first),
        WITH_TABLE(table__of_huge_command_lines__stays_bounded),
        WITH_TABLE(complete__of_a_start__names_parent_and_grandparent),
        WITH_TABLE(complete__of_a_start__keeps_what_the_source_said),
        WITH_TABLE(complete__of_a_start__never_takes_a_younger_process_for_the_parent),
        WITH_TABLE(complete__of_a_registry_event__names_the_writer),
        WITH_TABLE(complete__of_a_process__names_it_the_same_from_start_to_stop),
        cmocka_unit_test(guid__of_pid_and_time__can_be_read_back),
        WITH_TABLE(parent__again_and_again__leads_to_the_root),
        WITH_TABLE(parent__of_another_sequence_number__is_unknown),
        WITH_TABLE(learn__of_other_events__learns_nothing),
        WITH_TABLE(table__without_memory__fails_cleanly),
    };
    return cmocka_run_group_tests_name("process_table", tests, NULL, NULL);
}
