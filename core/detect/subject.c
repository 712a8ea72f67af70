/* SPDX-License-Identifier: Apache-2.0 */
#include "core/detect/subject.h"

#include "core/base/status.h"

#include <string.h>

/* Fields in order of preference; EG_FIELD_COUNT ends a list. */
static const eg_field program_fields[] = {EG_FIELD_IMAGE,
                                          EG_FIELD_COMMAND,
                                          EG_FIELD_IMAGE_PATH,
                                          EG_FIELD_SERVICE_FILE_NAME,
                                          EG_FIELD_DETAILS,
                                          EG_FIELD_PATH,
                                          EG_FIELD_TARGET_FILENAME,
                                          EG_FIELD_DESTINATION,
                                          EG_FIELD_IMAGE_LOADED,
                                          EG_FIELD_APP_NAME,
                                          EG_FIELD_COUNT};
static const eg_field registry_fields[] = {EG_FIELD_DETAILS, EG_FIELD_NEW_NAME, EG_FIELD_COUNT};
static const eg_field service_fields[] = {EG_FIELD_IMAGE_PATH, EG_FIELD_SERVICE_FILE_NAME,
                                          EG_FIELD_COUNT};
static const eg_field user_fields[] = {EG_FIELD_USER,         EG_FIELD_USER_ID,
                                       EG_FIELD_USER_CONTEXT, EG_FIELD_USER_NAME,
                                       EG_FIELD_ACCOUNT_NAME, EG_FIELD_COUNT};
static const eg_field target_fields[] = {
    EG_FIELD_TARGET_OBJECT,   EG_FIELD_TASK_NAME,    EG_FIELD_SERVICE_NAME, EG_FIELD_NAME,
    EG_FIELD_TARGET_FILENAME, EG_FIELD_IMAGE_LOADED, EG_FIELD_QUERY_NAME,   EG_FIELD_COUNT};

static eg_str first_of(const eg_event *event, const eg_field *fields)
{
    for (; *fields != EG_FIELD_COUNT; fields++) {
        eg_str value = eg_event_get(event, *fields);
        if (value.len > 0) {
            return value;
        }
    }
    return EG_STR("");
}

static eg_str text_of(const eg_event *event, eg_field field)
{
    eg_str value = eg_event_get(event, field);
    return value.len > 0 ? value : EG_STR("");
}

static bool is_task(eg_kind kind)
{
    return kind == EG_KIND_TASK_REGISTERED || kind == EG_KIND_TASK_UPDATED ||
           kind == EG_KIND_TASK_REMOVED || kind == EG_KIND_TASK_STARTED;
}

static bool is_process(eg_kind kind)
{
    return kind == EG_KIND_PROCESS_START || kind == EG_KIND_PROCESS_STOP;
}

/* "command arguments"; the command alone when there are no arguments. */
static int join_command(const eg_event *event, eg_arena *arena, eg_str *out)
{
    eg_str command = text_of(event, EG_FIELD_COMMAND);
    eg_str arguments = text_of(event, EG_FIELD_ARGUMENTS);
    if (command.len == 0 || arguments.len == 0) {
        *out = command;
        return EG_OK;
    }
    size_t length = command.len + 1 + arguments.len;
    char *text = eg_arena_alloc(arena, length + 1);
    if (!text) {
        return EG_E_NOMEM;
    }
    memcpy(text, command.ptr, command.len);
    text[command.len] = ' ';
    memcpy(text + command.len + 1, arguments.ptr, arguments.len);
    *out = (eg_str){text, length};
    return EG_OK;
}

static int find_program(const eg_event *event, eg_arena *arena, eg_subject *out)
{
    out->program = EG_STR("");
    if (is_task(event->kind)) {
        int status = join_command(event, arena, &out->program);
        if (status != EG_OK) {
            return status;
        }
    } else if (event->kind == EG_KIND_REGISTRY_SET || event->kind == EG_KIND_REGISTRY_DELETE) {
        out->program = first_of(event, registry_fields);
    } else if (event->kind == EG_KIND_SERVICE_INSTALLED) {
        out->program = first_of(event, service_fields);
    }
    if (out->program.len == 0) {
        out->program = first_of(event, program_fields);
    }
    return EG_OK;
}

int eg_subject_of(const eg_event *event, eg_arena *arena, eg_subject *out)
{
    eg_subject subject;
    int status = find_program(event, arena, &subject);
    if (status != EG_OK) {
        return status;
    }
    subject.command_line = text_of(event, EG_FIELD_COMMAND_LINE);
    subject.user = first_of(event, user_fields);
    subject.parent = text_of(event, EG_FIELD_PARENT_IMAGE);
    subject.target = EG_STR("");
    if (!is_process(event->kind)) {
        eg_str writer = text_of(event, EG_FIELD_IMAGE);
        if (subject.parent.len == 0 && !eg_str_equal(writer, subject.program)) {
            subject.parent = writer;
        }
        subject.target = first_of(event, target_fields);
    }
    *out = subject;
    return EG_OK;
}
