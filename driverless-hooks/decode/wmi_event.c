/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/decode/wmi_event.h"

#include "core/base/mem.h"
#include "core/base/status.h"

#include <string.h>

enum { TABLE_MAX = 1024 };

/* ---- the event ---- */

static const struct {
    uint32_t id;
    eg_str id_text, type;
} parts[] = {
    {19, EG_STR_INIT("19"), EG_STR_INIT("WmiFilterEvent")},
    {20, EG_STR_INIT("20"), EG_STR_INIT("WmiConsumerEvent")},
    {21, EG_STR_INIT("21"), EG_STR_INIT("WmiBindingEvent")},
};

/* What Sysmon calls the classes of consumers that Windows has. */
static const struct {
    eg_str class_name, type;
} consumers[] = {
    {EG_STR_INIT("CommandLineEventConsumer"), EG_STR_INIT("Command Line")},
    {EG_STR_INIT("ActiveScriptEventConsumer"), EG_STR_INIT("Script")},
    {EG_STR_INIT("LogFileEventConsumer"), EG_STR_INIT("Log File")},
    {EG_STR_INIT("NTEventLogEventConsumer"), EG_STR_INIT("NT Event Log")},
    {EG_STR_INIT("SMTPEventConsumer"), EG_STR_INIT("SMTP")},
};

static void begin(eg_event *event, size_t part)
{
    eg_event_init(event, EG_KIND_WMI_SUBSCRIPTION);
    event->event_id = parts[part].id;
    event->field[EG_FIELD_EVENT_ID] = parts[part].id_text;
    event->field[EG_FIELD_EVENT_TYPE] = parts[part].type;
}

/* A class of somebody's own keeps its name as type. */
static eg_str type_of(eg_str class_name)
{
    for (size_t i = 0; i < EG_COUNT(consumers); i++) {
        if (eg_str_equal_nocase(class_name, consumers[i].class_name)) {
            return consumers[i].type;
        }
    }
    return class_name;
}

/* With a program and a command line, the one runs and the other says how: both are told. */
static eg_str destination_of(eg_event_text *text, const eg_wmi_instance *instance)
{
    if (instance->executable.len > 0 && instance->command_line.len > 0) {
        return eg_event_text_format(text, "%.*s %.*s", EG_STR_ARGS(instance->executable),
                                    EG_STR_ARGS(instance->command_line));
    }
    const eg_str candidates[] = {instance->command_line, instance->executable, instance->script,
                                 instance->script_file, instance->target};
    for (size_t i = 0; i < EG_COUNT(candidates); i++) {
        if (candidates[i].len > 0) {
            return candidates[i];
        }
    }
    return EG_STR("");
}

/* A reference may begin with server and namespace, which Sysmon leaves away. */
static eg_str without_place(eg_str reference)
{
    const char *quote = reference.len > 0 ? memchr(reference.ptr, '"', reference.len) : NULL;
    size_t size = quote ? (size_t)(quote - reference.ptr) : reference.len;
    for (size_t i = size; i > 0; i--) {
        if (reference.ptr[i - 1] == ':') {
            return (eg_str){reference.ptr + i, reference.len - i};
        }
    }
    return reference;
}

void eg_wmi_event_change(eg_event *event, eg_wmi_change change)
{
    static const eg_str names[] = {EG_STR_INIT("Created"), EG_STR_INIT("Modified"),
                                   EG_STR_INIT("Deleted")};
    event->field[EG_FIELD_OPERATION] = names[change];
}

bool eg_wmi_event(eg_event *event, eg_event_text *text, uint64_t time, eg_wmi_change change,
                  const eg_wmi_instance *instance)
{
    if (eg_str_equal_nocase(instance->class_name, EG_STR("__EventFilter"))) {
        begin(event, 0);
        event->field[EG_FIELD_EVENT_NAMESPACE] = instance->event_namespace;
        event->field[EG_FIELD_NAME] = instance->name;
        event->field[EG_FIELD_QUERY] = instance->query;
    } else if (eg_str_equal_nocase(instance->class_name, EG_STR("__FilterToConsumerBinding"))) {
        begin(event, 2);
        event->field[EG_FIELD_CONSUMER] = without_place(instance->consumer);
        event->field[EG_FIELD_FILTER] = without_place(instance->filter);
    } else if (instance->name.ptr) {
        begin(event, 1);
        event->field[EG_FIELD_NAME] = instance->name;
        event->field[EG_FIELD_TYPE] = type_of(instance->class_name);
        event->field[EG_FIELD_DESTINATION] = destination_of(text, instance);
    } else {
        return false;
    }
    event->time = time;
    event->source = EG_STR("wmi");
    event->field[EG_FIELD_UTC_TIME] = eg_event_text_time(text, time);
    event->field[EG_FIELD_USER] = instance->user;
    eg_wmi_event_change(event, change);
    return true;
}

/* ---- the table ---- */

typedef struct known {
    int place;
    bool seen;
    eg_event *event; /* NULL: free */
} known;

struct eg_wmi_table {
    known entries[TABLE_MAX];
};

int eg_wmi_table_create(eg_wmi_table **out)
{
    eg_wmi_table *table = eg_alloc_zero(1, sizeof(*table));
    if (!table) {
        return EG_E_NOMEM;
    }
    *out = table;
    return EG_OK;
}

void eg_wmi_table_destroy(eg_wmi_table *table)
{
    for (size_t i = 0; table && i < TABLE_MAX; i++) {
        eg_free(table->entries[i].event);
    }
    eg_free(table);
}

static bool have_same(const eg_event *a, const eg_event *b, const eg_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!eg_str_equal(a->field[fields[i]], b->field[fields[i]])) {
            return false;
        }
    }
    return true;
}

/* What names a subscription, and what else is worth telling when it changes. */
static const eg_field names[] = {EG_FIELD_EVENT_ID, EG_FIELD_NAME, EG_FIELD_TYPE, EG_FIELD_CONSUMER,
                                 EG_FIELD_FILTER};
static const eg_field contents[] = {EG_FIELD_EVENT_NAMESPACE, EG_FIELD_QUERY, EG_FIELD_DESTINATION};

static known *find(eg_wmi_table *table, int place, const eg_event *event)
{
    for (size_t i = 0; i < TABLE_MAX; i++) {
        known *entry = &table->entries[i];
        if (event ? entry->event && entry->place == place &&
                        have_same(entry->event, event, names, EG_COUNT(names))
                  : !entry->event) {
            return entry;
        }
    }
    return NULL;
}

bool eg_wmi_table_put(eg_wmi_table *table, int place, const eg_event *event, eg_wmi_change *change)
{
    eg_event *copy = NULL;
    known *entry = find(table, place, event);
    *change = entry ? EG_WMI_MODIFIED : EG_WMI_CREATED;
    if (entry) {
        entry->seen = true;
        if (have_same(entry->event, event, contents, EG_COUNT(contents))) {
            return false;
        }
    } else {
        entry = find(table, place, NULL);
    }
    if (entry && eg_event_clone(event, &copy) == EG_OK) {
        eg_free(entry->event);
        *entry = (known){place, true, copy};
    }
    return true;
}

bool eg_wmi_table_remove(eg_wmi_table *table, int place, const eg_event *event)
{
    known *entry = find(table, place, event);
    if (entry) {
        eg_free(entry->event);
        entry->event = NULL;
    }
    return entry;
}

void eg_wmi_table_begin(eg_wmi_table *table, int place)
{
    for (size_t i = 0; i < TABLE_MAX; i++) {
        if (table->entries[i].place == place) {
            table->entries[i].seen = false;
        }
    }
}

void eg_wmi_table_end(eg_wmi_table *table, int place,
                      void (*gone)(void *user, const eg_event *event), void *user)
{
    for (size_t i = 0; i < TABLE_MAX; i++) {
        known *entry = &table->entries[i];
        if (entry->event && entry->place == place && !entry->seen) {
            gone(user, entry->event);
            eg_free(entry->event);
            entry->event = NULL;
        }
    }
}
