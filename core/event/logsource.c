/* SPDX-License-Identifier: Apache-2.0 */
#include "core/event/logsource.h"

#include "core/base/status.h"

#define SYSMON EG_STR_INIT(EG_CHANNEL_SYSMON)
#define SECURITY EG_STR_INIT(EG_CHANNEL_SECURITY)
#define AGENT EG_STR_INIT(EG_CHANNEL_AGENT)
#define POWERSHELL EG_STR_INIT(EG_CHANNEL_POWERSHELL)
#define POWERSHELL_CORE EG_STR_INIT(EG_CHANNEL_POWERSHELL_CORE)
#define POWERSHELL_CLASSIC EG_STR_INIT(EG_CHANNEL_POWERSHELL_CLASSIC)

typedef enum row_type { ROW_ANY, ROW_CATEGORY, ROW_SERVICE, ROW_BOTH } row_type;

/* A channel and the event ids in it; no ids: all of them. */
typedef struct clause {
    eg_str channel;
    uint32_t ids[4];
} clause;

typedef struct row {
    row_type type;
    eg_str name;
    clause clauses[4];
    eg_str event_types[2]; /* when there is one, EventType must be among them */
} row;

#define CATEGORY(name, ...) {ROW_CATEGORY, EG_STR_INIT(name), {{SYSMON, {__VA_ARGS__}}}, {{0}}},
#define CATEGORY_TYPED(name, id, type1, type2) \
    {ROW_CATEGORY, EG_STR_INIT(name), {{SYSMON, {id}}}, {EG_STR_INIT(type1), EG_STR_INIT(type2)}},
#define CATEGORY_POWERSHELL(name, id) \
    {ROW_CATEGORY, EG_STR_INIT(name), {{POWERSHELL, {id}}, {POWERSHELL_CORE, {id}}}, {{0}}},
#define CATEGORY_CLASSIC(name, id) \
    {ROW_CATEGORY, EG_STR_INIT(name), {{POWERSHELL_CLASSIC, {id}}}, {{0}}},
#define CATEGORY_OURS(name, ...) {ROW_CATEGORY, EG_STR_INIT(name), {{AGENT, {__VA_ARGS__}}}, {{0}}},
#define SERVICE(name, channel) \
    {ROW_SERVICE, EG_STR_INIT(name), {{EG_STR_INIT(channel), {0}}}, {{0}}},
#define SERVICE_2(name, channel1, channel2) \
    {ROW_SERVICE, \
     EG_STR_INIT(name), \
     {{EG_STR_INIT(channel1), {0}}, {EG_STR_INIT(channel2), {0}}}, \
     {{0}}},
#define SERVICE_4(name, channel1, channel2, channel3, channel4) \
    {ROW_SERVICE, \
     EG_STR_INIT(name), \
     {{EG_STR_INIT(channel1), {0}}, \
      {EG_STR_INIT(channel2), {0}}, \
      {EG_STR_INIT(channel3), {0}}, \
      {EG_STR_INIT(channel4), {0}}}, \
     {{0}}},

static const row rows[] = {
    {ROW_ANY, EG_STR_INIT("any"), {{{0}, {0}}}, {{0}}},
    {ROW_CATEGORY, EG_STR_INIT("process_creation"), {{SYSMON, {1}}, {SECURITY, {4688}}}, {{0}}},
    {ROW_BOTH, EG_STR_INIT("process_creation/sysmon"), {{SYSMON, {1}}}, {{0}}},
    {ROW_BOTH, EG_STR_INIT("process_creation/security"), {{SECURITY, {4688}}}, {{0}}},
#include "core/event/logsource.def"
};

_Static_assert(EG_COUNT(rows) < UINT16_MAX, "eg_logsource is too small");

size_t eg_logsource_count(void)
{
    return EG_COUNT(rows);
}

const char *eg_logsource_name(eg_logsource logsource)
{
    return rows[logsource].name.ptr;
}

static bool has_id(const clause *c, uint32_t event_id)
{
    if (c->ids[0] == 0) {
        return true;
    }
    for (size_t i = 0; i < EG_COUNT(c->ids) && c->ids[i] != 0; i++) {
        if (c->ids[i] == event_id) {
            return true;
        }
    }
    return false;
}

static bool has_event_type(const row *r, const eg_event *event)
{
    if (!r->event_types[0].ptr) {
        return true;
    }
    eg_str type = event->field[EG_FIELD_EVENT_TYPE];
    return type.ptr &&
           (eg_str_equal(type, r->event_types[0]) || eg_str_equal(type, r->event_types[1]));
}

bool eg_logsource_covers(eg_logsource logsource, const eg_event *event)
{
    const row *r = &rows[logsource];
    if (r->type == ROW_ANY) {
        return true;
    }
    /* The id first: it is cheap and rules out nearly everything. */
    for (size_t i = 0; i < EG_COUNT(r->clauses) && r->clauses[i].channel.ptr; i++) {
        if (has_id(&r->clauses[i], event->event_id) &&
            eg_str_equal(r->clauses[i].channel, event->channel)) {
            return has_event_type(r, event);
        }
    }
    return false;
}

/* ---- from a rule's words ---- */

static const row *find_row(row_type type, eg_str name)
{
    for (size_t i = 0; i < EG_COUNT(rows); i++) {
        if (rows[i].type == type && eg_str_equal(rows[i].name, name)) {
            return &rows[i];
        }
    }
    return NULL;
}

static bool carries_channel(const row *service, eg_str channel)
{
    for (size_t i = 0; i < EG_COUNT(service->clauses); i++) {
        if (channel.ptr && eg_str_equal(service->clauses[i].channel, channel)) {
            return true;
        }
    }
    return false;
}

/* What both cover; NULL when nothing. Only process_creation is in the logs of two services. */
static const row *both(const row *category, const row *service)
{
    size_t clauses = 0;
    size_t shared = 0;
    for (; clauses < EG_COUNT(category->clauses) && category->clauses[clauses].channel.ptr;
         clauses++) {
        shared += carries_channel(service, category->clauses[clauses].channel) ? 1 : 0;
    }
    if (shared == clauses) {
        return category;
    }
    for (size_t i = 0; i < EG_COUNT(rows) && shared > 0; i++) {
        if (rows[i].type == ROW_BOTH && eg_str_starts_nocase(rows[i].name, category->name) &&
            carries_channel(service, rows[i].clauses[0].channel)) {
            return &rows[i];
        }
    }
    return NULL;
}

int eg_logsource_find(eg_str product, eg_str category, eg_str service, eg_logsource *out)
{
    if (product.ptr && !eg_str_equal(product, EG_STR("windows"))) {
        return eg_fail(EG_E_UNSUPPORTED, "log source of product \"%.*s\", not windows",
                       EG_STR_ARGS(product));
    }
    const row *found = &rows[EG_LOGSOURCE_ANY];
    const row *by_category = category.ptr ? find_row(ROW_CATEGORY, category) : NULL;
    const row *by_service = service.ptr ? find_row(ROW_SERVICE, service) : NULL;
    if (category.ptr && !by_category) {
        return eg_fail(EG_E_NOTFOUND, "no event log carries category \"%.*s\"",
                       EG_STR_ARGS(category));
    }
    if (service.ptr && !by_service) {
        return eg_fail(EG_E_NOTFOUND, "no event log is known for service \"%.*s\"",
                       EG_STR_ARGS(service));
    }
    if (by_category && by_service) {
        found = both(by_category, by_service);
    } else if (by_category || by_service) {
        found = by_category ? by_category : by_service;
    }
    if (!found) {
        return eg_fail(EG_E_NOTFOUND, "service \"%.*s\" never carries category \"%.*s\"",
                       EG_STR_ARGS(service), EG_STR_ARGS(category));
    }
    *out = (eg_logsource)(found - rows);
    return EG_OK;
}

/* ---- kinds ---- */

typedef struct kind_source {
    eg_str channel;
    uint32_t event_id;
    eg_kind kind;
} kind_source;

static const kind_source kind_sources[] = {
#define KIND(id, name, channel, provider, event_id) {EG_STR_INIT(channel), event_id, EG_KIND_##id},
#include "core/event/kinds.def"
#undef KIND
    /* the same things in the logs of Windows */
    {SYSMON, 19, EG_KIND_WMI_SUBSCRIPTION},
    {SYSMON, 21, EG_KIND_WMI_SUBSCRIPTION},
    {SECURITY, 4688, EG_KIND_PROCESS_START},
    {SECURITY, 4689, EG_KIND_PROCESS_STOP},
    {SECURITY, 4697, EG_KIND_SERVICE_INSTALLED},
    {SECURITY, 4698, EG_KIND_TASK_REGISTERED},
    {SECURITY, 4702, EG_KIND_TASK_UPDATED},
    {SECURITY, 4699, EG_KIND_TASK_REMOVED},
    {EG_STR_INIT(EG_CHANNEL_TASK), 106, EG_KIND_TASK_REGISTERED},
    {EG_STR_INIT(EG_CHANNEL_TASK), 140, EG_KIND_TASK_UPDATED},
    {EG_STR_INIT(EG_CHANNEL_TASK), 141, EG_KIND_TASK_REMOVED},
    {POWERSHELL_CORE, 4104, EG_KIND_SCRIPT_BLOCK},
};

eg_kind eg_logsource_kind(eg_str channel, uint32_t event_id)
{
    for (size_t i = 0; i < EG_COUNT(kind_sources) && channel.len > 0; i++) {
        if (kind_sources[i].event_id == event_id &&
            eg_str_equal(kind_sources[i].channel, channel)) {
            return kind_sources[i].kind;
        }
    }
    return EG_KIND_OTHER;
}
