/* SPDX-License-Identifier: Apache-2.0 */
#include "core/event/task_xml.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/event/xml.h"

#include <string.h>

#define TEXT_MAX ((size_t)EG_TASK_XML_MAX * 2) /* UTF-8 of a UTF-16 document */
#define PATH_MAX_BYTES ((size_t)4096)

void eg_task_xml_init(eg_task_xml *task)
{
    memset(task, 0, sizeof(*task));
    eg_buf *texts[] = {
        &task->command,   &task->arguments, &task->working_directory,
        &task->com_class, &task->triggers,  &task->user_id,
        &task->run_level, &task->author,    &task->uri,
    };
    for (size_t i = 0; i < EG_COUNT(texts); i++) {
        eg_buf_init(texts[i], TEXT_MAX);
    }
    task->enabled = true;
}

void eg_task_xml_done(eg_task_xml *task)
{
    eg_buf_done(&task->command);
    eg_buf_done(&task->arguments);
    eg_buf_done(&task->working_directory);
    eg_buf_done(&task->com_class);
    eg_buf_done(&task->triggers);
    eg_buf_done(&task->user_id);
    eg_buf_done(&task->run_level);
    eg_buf_done(&task->author);
    eg_buf_done(&task->uri);
}

typedef struct reading {
    eg_task_xml *task;
    eg_buf path; /* "Task/Actions/Exec" */
    eg_buf text; /* of the innermost element, so far */
    int status;
} reading;

static void keep_failure(reading *r, int status)
{
    if (r->status == EG_OK) {
        r->status = status;
    }
}

static void append_listed(reading *r, eg_buf *list, const char *separator, eg_str item)
{
    if (list->len > 0) {
        eg_buf_append_cstr(list, separator);
    }
    keep_failure(r, eg_buf_append_str(list, item));
}

static void replace(reading *r, eg_buf *target, eg_str text)
{
    eg_buf_clear(target);
    keep_failure(r, eg_buf_append_str(target, text));
}

static bool is_true(eg_str text)
{
    return eg_str_equal(text, EG_STR("true")) || eg_str_equal(text, EG_STR("1"));
}

static bool path_is(const reading *r, const char *path)
{
    return strcmp(eg_buf_cstr(&r->path), path) == 0;
}

/* An element has ended: r->path names it and r->text is what it held. */
static void take_element(reading *r)
{
    eg_task_xml *task = r->task;
    eg_str text = eg_str_trim(eg_buf_str(&r->text));
    if (path_is(r, "Task/Actions/Exec/Command")) {
        append_listed(r, &task->command, "; ", text);
    } else if (path_is(r, "Task/Actions/Exec/Arguments")) {
        append_listed(r, &task->arguments, "; ", text);
    } else if (path_is(r, "Task/Actions/Exec/WorkingDirectory")) {
        append_listed(r, &task->working_directory, "; ", text);
    } else if (path_is(r, "Task/Actions/ComHandler/ClassId")) {
        append_listed(r, &task->com_class, "; ", text);
    } else if (path_is(r, "Task/Principals/Principal/UserId") ||
               path_is(r, "Task/Principals/Principal/GroupId")) {
        replace(r, &task->user_id, text);
    } else if (path_is(r, "Task/Principals/Principal/RunLevel")) {
        replace(r, &task->run_level, text);
    } else if (path_is(r, "Task/RegistrationInfo/Author")) {
        replace(r, &task->author, text);
    } else if (path_is(r, "Task/RegistrationInfo/URI")) {
        replace(r, &task->uri, text);
    } else if (path_is(r, "Task/Settings/Hidden")) {
        task->hidden = is_true(text);
    } else if (path_is(r, "Task/Settings/Enabled")) {
        task->enabled = is_true(text);
    }
}

/* ---- what the reader calls ---- */

static int on_start(void *user, eg_str name, const char *const *attributes)
{
    EG_UNUSED(attributes);
    reading *r = user;
    if (path_is(r, "Task/Triggers")) {
        append_listed(r, &r->task->triggers, ", ", name);
    }
    eg_buf_clear(&r->text);
    if (r->path.len > 0) {
        eg_buf_append_char(&r->path, '/');
    }
    keep_failure(r, eg_buf_append_str(&r->path, name));
    return r->status;
}

static int on_end(void *user)
{
    reading *r = user;
    take_element(r);
    eg_buf_clear(&r->text);
    char *slash = strrchr(r->path.data, '/');
    r->path.len = slash ? (size_t)(slash - r->path.data) : 0;
    r->path.data[r->path.len] = '\0';
    return r->status;
}

static int on_text(void *user, eg_str text)
{
    reading *r = user;
    return eg_buf_append_str(&r->text, text);
}

int eg_task_xml_parse(const void *xml, size_t size, eg_task_xml *task)
{
    if (size > EG_TASK_XML_MAX) {
        return eg_fail(EG_E_LIMIT, "task definition larger than %u bytes", EG_TASK_XML_MAX);
    }
    eg_task_xml found;
    eg_task_xml_init(&found);
    reading r = {.task = &found};
    eg_buf_init(&r.path, PATH_MAX_BYTES);
    eg_buf_init(&r.text, TEXT_MAX);
    const eg_xml_handler handler = {"task definition", &r, on_start, on_end, on_text};
    int status = eg_xml_read(xml, size, &handler);
    eg_buf_done(&r.path);
    eg_buf_done(&r.text);
    if (status != EG_OK) {
        eg_task_xml_done(&found);
        return status;
    }
    eg_task_xml_done(task);
    *task = found;
    return EG_OK;
}

void eg_task_xml_fill(const eg_task_xml *task, eg_arena *arena, eg_event *event)
{
    const struct {
        eg_field field;
        const eg_buf *text;
    } texts[] = {
        {EG_FIELD_COMMAND, &task->command},
        {EG_FIELD_ARGUMENTS, &task->arguments},
        {EG_FIELD_WORKING_DIRECTORY, &task->working_directory},
        {EG_FIELD_TRIGGERS, &task->triggers},
        {EG_FIELD_USER_ID, &task->user_id},
        {EG_FIELD_RUN_LEVEL, &task->run_level},
        {EG_FIELD_AUTHOR, &task->author},
        {EG_FIELD_CLASS_ID, &task->com_class},
    };
    for (size_t i = 0; i < EG_COUNT(texts); i++) {
        eg_str *field = &event->field[texts[i].field];
        if (!field->ptr && texts[i].text->len > 0) {
            char *copy = eg_arena_copy(arena, eg_buf_cstr(texts[i].text), texts[i].text->len);
            *field = copy ? (eg_str){copy, texts[i].text->len} : EG_STR_NONE;
        }
    }
    if (!event->field[EG_FIELD_HIDDEN].ptr) {
        event->field[EG_FIELD_HIDDEN] = task->hidden ? EG_STR("true") : EG_STR("false");
    }
}
