/* SPDX-License-Identifier: Apache-2.0 */
#include "core/event/logsource.h"

#include "core/base/log.h"
#include "core/base/status.h"
#include "core/event/task_xml.h"

#include <string.h>

typedef struct view_list {
    eg_event *views;
    size_t count;
} view_list;

/* A copy of the event as another log would have it, appended to the list. */
static eg_event *add_view(view_list *list, const char *channel, const char *provider,
                          uint32_t event_id, eg_str event_id_text)
{
    eg_event *view = &list->views[list->count++];
    *view = list->views[0];
    view->channel = eg_str_from(channel);
    view->provider = eg_str_from(provider);
    view->event_id = event_id;
    view->field[EG_FIELD_CHANNEL] = view->channel;
    view->field[EG_FIELD_PROVIDER_NAME] = view->provider;
    view->field[EG_FIELD_EVENT_ID] = event_id_text;
    return view;
}

static void default_field(eg_event *event, eg_field field, eg_str value)
{
    if (!event->field[field].ptr) {
        event->field[field] = value;
    }
}

typedef struct task_ids {
    eg_kind kind;
    uint32_t task;
    eg_str task_text;
    uint32_t security;
    eg_str security_text;
} task_ids;

static const task_ids tasks[] = {
    {EG_KIND_TASK_REGISTERED, 106, EG_STR_INIT("106"), 4698, EG_STR_INIT("4698")},
    {EG_KIND_TASK_UPDATED, 140, EG_STR_INIT("140"), 4702, EG_STR_INIT("4702")},
    {EG_KIND_TASK_REMOVED, 141, EG_STR_INIT("141"), 4699, EG_STR_INIT("4699")},
};

/* What a sensor of ours saw of a task, as the two logs of Windows would tell it. */
static void add_windows_task_views(view_list *list, const task_ids *ids)
{
    eg_event *view = add_view(list, EG_CHANNEL_TASK, EG_PROVIDER_TASK, ids->task, ids->task_text);
    eg_str user = view->field[EG_FIELD_USER];
    /* 106 calls who did it UserContext, 140 and 141 call it UserName. */
    default_field(view, ids->task == 106 ? EG_FIELD_USER_CONTEXT : EG_FIELD_USER_NAME, user);
    view = add_view(list, EG_CHANNEL_SECURITY, EG_PROVIDER_SECURITY, ids->security,
                    ids->security_text);
    if (ids->security == 4702) {
        default_field(view, EG_FIELD_TASK_CONTENT_NEW, view->field[EG_FIELD_TASK_CONTENT]);
        view->field[EG_FIELD_TASK_CONTENT] = EG_STR_NONE;
    }
}

/* A recorded 4698, 4702 or 4699 as our scheduled_task: the definition is in its TaskContent. */
static void add_our_task_view(view_list *list, const task_ids *ids, eg_arena *arena)
{
    eg_event *view = add_view(list, EG_CHANNEL_AGENT, EG_PROVIDER_AGENT, ids->task, ids->task_text);
    eg_str xml = view->field[EG_FIELD_TASK_CONTENT_NEW];
    if (!xml.ptr) {
        xml = view->field[EG_FIELD_TASK_CONTENT];
    }
    if (xml.len == 0) {
        return;
    }
    eg_task_xml task;
    eg_task_xml_init(&task);
    if (eg_task_xml_parse(xml.ptr, xml.len, &task) == EG_OK) {
        eg_task_xml_fill(&task, arena, view);
    } else {
        eg_log(EG_LOG_DEBUG, "event", "task definition of event %u: %s", (unsigned)ids->security,
               eg_error_message());
    }
    eg_task_xml_done(&task);
}

static void add_task_views(view_list *list, eg_arena *arena)
{
    const eg_event *event = &list->views[0];
    for (size_t i = 0; i < EG_COUNT(tasks); i++) {
        if (tasks[i].kind != event->kind) {
            continue;
        }
        if (eg_str_equal(event->channel, EG_STR(EG_CHANNEL_AGENT))) {
            add_windows_task_views(list, &tasks[i]);
        } else {
            add_our_task_view(list, &tasks[i], arena);
        }
    }
}

/* A service a sensor of ours saw is also what Security 4697 tells; a recorded one stands alone. */
static void add_service_view(view_list *list)
{
    if (list->views[0].source.len == 0) {
        return;
    }
    eg_event *view =
        add_view(list, EG_CHANNEL_SECURITY, EG_PROVIDER_SECURITY, 4697, EG_STR("4697"));
    default_field(view, EG_FIELD_SERVICE_FILE_NAME, view->field[EG_FIELD_IMAGE_PATH]);
    /* 4697 gives it as a number */
    view->field[EG_FIELD_SERVICE_TYPE] = EG_STR_NONE;
}

void eg_event_add_sysmon_names(eg_event *event)
{
    if (event->kind != EG_KIND_PROCESS_START || event->event_id != 4688) {
        return;
    }
    if (!event->field[EG_FIELD_IMAGE].ptr) {
        event->field[EG_FIELD_IMAGE] = eg_event_get_named(event, EG_STR("NewProcessName"));
    }
    if (!event->field[EG_FIELD_PARENT_IMAGE].ptr) {
        event->field[EG_FIELD_PARENT_IMAGE] =
            eg_event_get_named(event, EG_STR("ParentProcessName"));
    }
}

/*
 * PowerShell hands each script to AMSI, also where script block logging is not switched on: rules
 * for script blocks are to see it.
 */
static void add_script_view(view_list *list)
{
    if (!eg_str_starts_nocase(list->views[0].field[EG_FIELD_APP_NAME], EG_STR("PowerShell"))) {
        return;
    }
    eg_event *view =
        add_view(list, EG_CHANNEL_POWERSHELL, EG_PROVIDER_POWERSHELL, 4104, EG_STR("4104"));
    default_field(view, EG_FIELD_PATH, view->field[EG_FIELD_CONTENT_NAME]);
}

size_t eg_event_views(const eg_event *event, eg_arena *arena, eg_event views[EG_EVENT_VIEWS_MAX])
{
    view_list list = {.views = views, .count = 1};
    views[0] = *event;
    switch (event->kind) {
    case EG_KIND_PROCESS_START: eg_event_add_sysmon_names(&views[0]); break;
    case EG_KIND_TASK_REGISTERED:
    case EG_KIND_TASK_UPDATED:
    case EG_KIND_TASK_REMOVED: add_task_views(&list, arena); break;
    case EG_KIND_SERVICE_INSTALLED:
        if (event->event_id == 7045) {
            add_service_view(&list);
        }
        break;
    case EG_KIND_AMSI_CONTENT: add_script_view(&list); break;
    default: break;
    }
    return list.count;
}
