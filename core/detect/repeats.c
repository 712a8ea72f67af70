/* SPDX-License-Identifier: Apache-2.0 */
#include "core/detect/repeats.h"

#include "core/base/clock.h"
#include "core/base/str.h"

/* How far apart two sources tell of one thing: the event log is late by seconds. */
#define APART_MAX (10 * EG_TICKS_PER_SECOND)
/* Of a process by its pid alone: pids are used again. */
#define APART_MAX_PROCESS (3 * EG_TICKS_PER_SECOND)

#define FNV_BASIS UINT64_C(0xCBF29CE484222325)
#define FNV_PRIME UINT64_C(0x100000001B3)

/* Sources differ in case, and Sysmon puts what WMI names into quotes and escapes it. */
static uint64_t mix(uint64_t hash, eg_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c == '"' || c == '\\' || c == ' ') {
            continue;
        }
        if (c >= 'A' && c <= 'Z') {
            c = (unsigned char)(c + ('a' - 'A'));
        }
        hash = (hash ^ c) * FNV_PRIME;
    }
    return (hash ^ 0xFFu) * FNV_PRIME;
}

static eg_str either(const eg_event *event, eg_field field, eg_field other)
{
    eg_str value = event->field[field];
    return value.len > 0 ? value : event->field[other];
}

/* The fields that name the thing, in `names`; false when what names it is missing. */
static bool name_of(const eg_event *event, eg_str names[3])
{
    names[0] = names[1] = names[2] = EG_STR_NONE;
    switch (event->kind) {
    case EG_KIND_PROCESS_START:
        names[0] = eg_path_base(event->field[EG_FIELD_IMAGE]);
        return event->pid != 0 && names[0].len > 0;
    case EG_KIND_REGISTRY_SET:
    case EG_KIND_REGISTRY_DELETE:
        names[0] = event->field[EG_FIELD_TARGET_OBJECT];
        names[1] = event->field[EG_FIELD_DETAILS];
        break;
    case EG_KIND_TASK_REGISTERED:
    case EG_KIND_TASK_UPDATED:
    case EG_KIND_TASK_REMOVED: names[0] = event->field[EG_FIELD_TASK_NAME]; break;
    case EG_KIND_SERVICE_INSTALLED:
        names[0] = event->field[EG_FIELD_SERVICE_NAME];
        names[1] = either(event, EG_FIELD_IMAGE_PATH, EG_FIELD_SERVICE_FILE_NAME);
        break;
    case EG_KIND_WMI_SUBSCRIPTION:
        names[0] = either(event, EG_FIELD_NAME, EG_FIELD_CONSUMER);
        names[1] = event->field[EG_FIELD_FILTER];
        names[2] = event->field[EG_FIELD_OPERATION];
        break;
    case EG_KIND_SCRIPT_BLOCK: names[0] = event->field[EG_FIELD_SCRIPT_BLOCK_ID]; break;
    default: break;
    }
    return names[0].len > 0;
}

/* A script is told as a block and as what was handed to AMSI: the same text in one process. */
static uint64_t script_of(uint64_t rule, const eg_event *event)
{
    eg_str text = event->field[EG_FIELD_SCRIPT_BLOCK_TEXT];
    bool is_script = event->kind == EG_KIND_SCRIPT_BLOCK || event->kind == EG_KIND_AMSI_CONTENT;
    if (!is_script || text.len == 0 || event->pid == 0) {
        return 0;
    }
    return mix((FNV_BASIS ^ rule ^ event->pid) * FNV_PRIME, text) | 1;
}

static eg_told told_of(eg_str rule_id, const eg_event *event)
{
    eg_told told = {.time = event->time};
    eg_str names[3];
    uint64_t rule = eg_str_hash(rule_id);
    if (event->kind == EG_KIND_PROCESS_START && event->create_time != 0) {
        told.process = (((rule ^ event->create_time) * FNV_PRIME) + event->pid) | 1;
    }
    if (name_of(event, names)) {
        uint64_t hash = FNV_BASIS ^ rule ^ (uint64_t)event->kind;
        if (event->kind == EG_KIND_PROCESS_START) {
            hash = (hash ^ event->pid) * FNV_PRIME;
        }
        for (size_t i = 0; i < 3; i++) {
            hash = mix(hash, names[i]);
        }
        told.thing = hash | 1;
    }
    told.script = script_of(rule, event);
    told.source = eg_str_hash(event->source);
    told.any_time = event->flags & (EG_EVENT_EXISTING | EG_EVENT_CHANGED_WHILE_DOWN);
    return told;
}

static bool are_close(const eg_told *a, const eg_told *b, uint64_t apart)
{
    return (a->time > b->time ? a->time - b->time : b->time - a->time) <= apart;
}

static bool is_same(const eg_told *before, const eg_told *now, eg_kind kind)
{
    if (now->process != 0 && before->process != 0) {
        return now->process == before->process;
    }
    if (now->script != 0 && now->script == before->script) {
        return now->source != before->source && are_close(before, now, APART_MAX);
    }
    if (now->thing == 0 || now->thing != before->thing || now->source == before->source) {
        return false;
    }
    if (kind == EG_KIND_PROCESS_START) {
        return are_close(before, now, APART_MAX_PROCESS);
    }
    return before->any_time || now->any_time || are_close(before, now, APART_MAX);
}

bool eg_repeats_has(const eg_repeats *repeats, eg_str rule_id, const eg_event *event)
{
    eg_told now = told_of(rule_id, event);
    if (now.process == 0 && now.thing == 0 && now.script == 0) {
        return false;
    }
    for (size_t i = 0; i < repeats->count && i < EG_REPEATS_MAX; i++) {
        if (is_same(&repeats->told[i], &now, event->kind)) {
            return true;
        }
    }
    return false;
}

void eg_repeats_add(eg_repeats *repeats, eg_str rule_id, const eg_event *event)
{
    eg_told told = told_of(rule_id, event);
    if (told.process != 0 || told.thing != 0 || told.script != 0) {
        repeats->told[repeats->count++ % EG_REPEATS_MAX] = told;
    }
}
