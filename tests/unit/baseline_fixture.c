/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "tests/unit/baseline_fixture.h"

#include <stdio.h>
#include <string.h>

static eg_disk_row *find_row(eg_baseline_fixture *fix, eg_kind kind, eg_str name)
{
    for (size_t i = 0; i < fix->rows; i++) {
        if (fix->disk[i].kind == kind && eg_str_equal(eg_str_from(fix->disk[i].name), name)) {
            return &fix->disk[i];
        }
    }
    return NULL;
}

void eg_baseline_keep_row(void *user, const eg_baseline_row *row)
{
    eg_baseline_fixture *fix = user;
    eg_disk_row *at = find_row(fix, row->kind, row->name);
    if (fix->disk_full) {
        return;
    }
    assert_true(eg_str_equal(row->sensor, EG_STR("registry")));
    if (row->gone) {
        assert_non_null(at);
        *at = fix->disk[--fix->rows];
        return;
    }
    if (!at) {
        assert_in_range(fix->rows, 0, EG_DISK_ROWS - 1);
        at = &fix->disk[fix->rows++];
    }
    at->kind = row->kind;
    at->state = row->state;
    snprintf(at->name, sizeof(at->name), "%.*s", EG_STR_ARGS(row->name));
    snprintf(at->details, sizeof(at->details), "%.*s", EG_STR_ARGS(row->details));
}

void begin_run(eg_baseline_fixture *fix)
{
    eg_baseline_destroy(fix->baseline);
    fix->baseline = NULL;
    assert_int_equal(eg_baseline_create(eg_baseline_keep_row, fix, &fix->baseline), EG_OK);
    for (size_t i = 0; i < fix->rows; i++) {
        const eg_disk_row *at = &fix->disk[i];
        eg_baseline_row row = {.sensor = EG_STR("registry"),
                               .kind = at->kind,
                               .name = eg_str_from(at->name),
                               .state = at->state,
                               .details = eg_str_from(at->details)};
        assert_int_equal(eg_baseline_load(fix->baseline, &row), EG_OK);
    }
    fix->told[0] = '\0';
}

int eg_baseline_fixture_set_up(void **state)
{
    static eg_baseline_fixture fix;
    memset(&fix, 0, sizeof(fix));
    fix.now = 1000 * MS;
    begin_run(&fix);
    *state = &fix;
    return 0;
}

int eg_baseline_fixture_tear_down(void **state)
{
    eg_baseline_fixture *fix = *state;
    eg_baseline_destroy(fix->baseline);
    return 0;
}

static void write_down(eg_baseline_fixture *fix, const eg_event *event)
{
    size_t used = strlen(fix->told);
    eg_str previous = eg_event_get(event, EG_FIELD_PREVIOUS_DETAILS);
    eg_str name = eg_event_get(event, EG_FIELD_TARGET_OBJECT);
    snprintf(fix->told + used, sizeof(fix->told) - used, "%s%s %.*s%s%.*s%s%.*s; ",
             event->flags & EG_EVENT_EXISTING             ? "existing "
             : event->flags & EG_EVENT_CHANGED_WHILE_DOWN ? "down "
             : event->flags & EG_EVENT_MISSED             ? "missed "
                                                          : "",
             event->kind == EG_KIND_REGISTRY_DELETE ? "delete" : "set",
             EG_STR_ARGS(eg_path_base(name)), event->kind == EG_KIND_REGISTRY_SET ? "=" : "",
             EG_STR_ARGS(eg_event_get(event, EG_FIELD_DETAILS)), previous.len > 0 ? " was " : "",
             EG_STR_ARGS(previous));
}

void assert_told(eg_baseline_fixture *fix, const char *expected)
{
    assert_string_equal(fix->told, expected);
    fix->told[0] = '\0';
}

static void take_due(eg_baseline_fixture *fix)
{
    eg_event *event = NULL;
    while (eg_baseline_take(fix->baseline, fix->now, &event) == EG_OK) {
        write_down(fix, event);
        eg_free(event);
    }
}

void pass_time(eg_baseline_fixture *fix, uint32_t milliseconds)
{
    fix->now += milliseconds * MS;
    take_due(fix);
}

int judge(eg_baseline_fixture *fix, eg_event *event)
{
    bool pass = false;
    int status = eg_baseline_judge(fix->baseline, event, fix->now, &pass);
    take_due(fix);
    if (pass) {
        write_down(fix, event);
    }
    return status;
}

void mark_with_losses(eg_baseline_fixture *fix, eg_snapshot_step step, const char *prefix,
                      const char *losses)
{
    eg_event event;
    eg_snapshot_mark(&event, step, EG_STR("registry"), eg_str_from(prefix));
    event.field[EG_FIELD_EVENT_COUNT] = eg_str_from(losses);
    assert_int_equal(judge(fix, &event), EG_OK);
}

void mark(eg_baseline_fixture *fix, eg_snapshot_step step, const char *prefix)
{
    mark_with_losses(fix, step, prefix, "0");
}

eg_event value_event(uint32_t flags, const char *name, const char *details)
{
    eg_event event;
    eg_event_init(&event, details ? EG_KIND_REGISTRY_SET : EG_KIND_REGISTRY_DELETE);
    event.flags = flags;
    event.source = EG_STR("registry");
    event.field[EG_FIELD_TARGET_OBJECT] = eg_str_from(name);
    event.field[EG_FIELD_DETAILS] = eg_str_from(details);
    return event;
}

void tell(eg_baseline_fixture *fix, uint32_t flags, const char *name, const char *details)
{
    eg_event event = value_event(flags, name, details);
    assert_int_equal(judge(fix, &event), EG_OK);
}

void snapshot(eg_baseline_fixture *fix, eg_snapshot_step begin, const char *a, const char *b)
{
    mark(fix, begin, "");
    if (a) {
        tell(fix, EXISTING, MACHINE "a", a);
    }
    if (b) {
        tell(fix, EXISTING, MACHINE "b", b);
    }
    mark(fix, EG_SNAPSHOT_LISTED, MACHINE);
    mark(fix, EG_SNAPSHOT_END, "");
}

void first_start(eg_baseline_fixture *fix)
{
    snapshot(fix, EG_SNAPSHOT_BEGIN, "1", "1");
    assert_told(fix, "existing set a=1; existing set b=1; ");
    pass_time(fix, HOLD);
    assert_told(fix, "");
}
