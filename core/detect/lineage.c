/* SPDX-License-Identifier: Apache-2.0 */
#include "core/detect/lineage.h"

static eg_str first_of(eg_str a, eg_str b)
{
    return a.len > 0 ? a : b;
}

/* What the event says of its own process, where the table does not say it. */
static eg_process own_process(const eg_event *event, const eg_process *known)
{
    eg_process process = known ? *known : (eg_process){.pid = event->pid};
    if (event->kind == EG_KIND_PROCESS_START) {
        process.create_time = event->create_time != 0 ? event->create_time : event->time;
        process.command_line =
            first_of(eg_event_get(event, EG_FIELD_COMMAND_LINE), process.command_line);
    }
    process.image = first_of(eg_event_get(event, EG_FIELD_IMAGE), process.image);
    process.parent_pid = event->parent_pid != 0 ? event->parent_pid : process.parent_pid;
    return process;
}

/* A parent that the table has never heard of; its start is unknown. */
static eg_process told_parent(const eg_event *event)
{
    return (eg_process){
        .pid = event->parent_pid,
        .image = eg_event_get(event, EG_FIELD_PARENT_IMAGE),
        .command_line = eg_event_get(event, EG_FIELD_PARENT_COMMAND_LINE),
    };
}

static const eg_process *parent_of(const eg_process_table *table, const eg_process *child)
{
    if (child->parent_pid == 0 || child->parent_pid == child->pid || child->create_time == 0) {
        return NULL;
    }
    return eg_process_table_find(table, child->parent_pid, child->create_time);
}

void eg_lineage_of(const eg_process_table *table, const eg_event *event, eg_lineage *out)
{
    bool start = event->kind == EG_KIND_PROCESS_START;
    uint64_t when = start && event->create_time != 0 ? event->create_time : event->time;
    const eg_process *known = event->pid ? eg_process_table_find(table, event->pid, when) : NULL;
    eg_process process = own_process(event, known);
    out->count = 0;
    if (process.image.len == 0) {
        return;
    }
    out->process[out->count++] = process;
    const eg_process *parent = parent_of(table, &process);
    if (!parent && start && eg_event_get(event, EG_FIELD_PARENT_IMAGE).len > 0) {
        out->process[out->count++] = told_parent(event);
    }
    while (parent && out->count < EG_LINEAGE_MAX) {
        out->process[out->count++] = *parent;
        parent = parent_of(table, parent);
    }
}
