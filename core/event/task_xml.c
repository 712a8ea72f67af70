/* SPDX-License-Identifier: Apache-2.0 */
#include "core/event/task_xml.h"

#include "core/base/mem.h"
#include "core/base/status.h"

#include <expat.h>

#include <string.h>

#define DEPTH_MAX 32
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
    XML_Parser parser;
    eg_task_xml *task;
    eg_buf path; /* "Task/Actions/Exec" */
    eg_buf text; /* of the innermost element, so far */
    size_t depth;
    int status;
} reading;

static void stop(reading *r, int status)
{
    if (r->status == EG_OK) {
        r->status = status;
    }
    XML_StopParser(r->parser, XML_FALSE);
}

static void stop_on_failure(reading *r, int status)
{
    if (status != EG_OK) {
        stop(r, status);
    }
}

static void append_listed(reading *r, eg_buf *list, const char *separator, eg_str item)
{
    if (list->len > 0) {
        eg_buf_append_cstr(list, separator);
    }
    stop_on_failure(r, eg_buf_append_str(list, item));
}

static void replace(reading *r, eg_buf *target, eg_str text)
{
    eg_buf_clear(target);
    stop_on_failure(r, eg_buf_append_str(target, text));
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

/* ---- what expat calls ---- */

/* Prefixes of namespaces do not matter here. */
static const char *local_name(const char *name)
{
    const char *colon = strrchr(name, ':');
    return colon ? colon + 1 : name;
}

static void XMLCALL on_start(void *user, const XML_Char *name, const XML_Char **attributes)
{
    EG_UNUSED(attributes);
    reading *r = user;
    if (r->status != EG_OK) {
        return;
    }
    if (++r->depth > DEPTH_MAX) {
        stop(r, eg_fail(EG_E_INVALID, "task definition: nested more than %d deep", DEPTH_MAX));
        return;
    }
    if (path_is(r, "Task/Triggers")) {
        append_listed(r, &r->task->triggers, ", ", eg_str_from(local_name(name)));
    }
    eg_buf_clear(&r->text);
    if (r->depth > 1) {
        eg_buf_append_char(&r->path, '/');
    }
    stop_on_failure(r, eg_buf_append_cstr(&r->path, local_name(name)));
}

static void XMLCALL on_end(void *user, const XML_Char *name)
{
    EG_UNUSED(name);
    reading *r = user;
    if (r->status != EG_OK) {
        return;
    }
    take_element(r);
    eg_buf_clear(&r->text);
    char *slash = strrchr(r->path.data, '/');
    r->path.len = slash ? (size_t)(slash - r->path.data) : 0;
    r->path.data[r->path.len] = '\0';
    r->depth--;
}

static void XMLCALL on_text(void *user, const XML_Char *text, int length)
{
    reading *r = user;
    if (r->status == EG_OK) {
        stop_on_failure(r, eg_buf_append(&r->text, text, (size_t)length));
    }
}

static void XMLCALL on_doctype(void *user, const XML_Char *name, const XML_Char *system_id,
                               const XML_Char *public_id, int has_internal_subset)
{
    EG_UNUSED(name);
    EG_UNUSED(system_id);
    EG_UNUSED(public_id);
    EG_UNUSED(has_internal_subset);
    stop(user, eg_fail(EG_E_INVALID, "task definition: a document type is not accepted"));
}

/*
 * The form of the bytes counts, not what the XML declaration says: texts that were copied out of
 * event logs are UTF-8 but still declare UTF-16.
 */
static const char *encoding_of(const unsigned char *bytes, size_t size)
{
    if (size < 2) {
        return "UTF-8";
    }
    if ((bytes[0] == 0xFF && bytes[1] == 0xFE) || (bytes[0] == 0xFE && bytes[1] == 0xFF)) {
        return "UTF-16";
    }
    return bytes[0] == '<' && bytes[1] == 0 ? "UTF-16LE" : "UTF-8";
}

static int parse(reading *r, const void *xml, size_t size)
{
    static const XML_Memory_Handling_Suite memory = {eg_alloc, eg_realloc, eg_free};
    r->parser = XML_ParserCreate_MM(encoding_of(xml, size), &memory, NULL);
    if (!r->parser) {
        return eg_fail(EG_E_NOMEM, "task definition: out of memory");
    }
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, on_start, on_end);
    XML_SetCharacterDataHandler(r->parser, on_text);
    XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
    enum XML_Status result = XML_Parse(r->parser, xml, (int)size, XML_TRUE);
    if (r->status == EG_OK && result != XML_STATUS_OK) {
        enum XML_Error code = XML_GetErrorCode(r->parser);
        if (code == XML_ERROR_NO_MEMORY) {
            r->status = eg_fail(EG_E_NOMEM, "task definition: out of memory");
        } else {
            r->status =
                eg_fail(EG_E_INVALID, "task definition line %lu: %s",
                        (unsigned long)XML_GetCurrentLineNumber(r->parser), XML_ErrorString(code));
        }
    }
    XML_ParserFree(r->parser);
    return r->status;
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
    int status = parse(&r, xml, size);
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
