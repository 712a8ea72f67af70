/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/decode/service_event.h"

#include "core/base/compiler.h"
#include "driverless-hooks/decode/registry_text.h"

#include <string.h>

/* Of winnt.h, which native builds do not have. */
enum {
    TYPE_DWORD = 4, /* of a registry value */
    KERNEL_DRIVER = 0x01,
    FILE_SYSTEM_DRIVER = 0x02,
    ADAPTER = 0x04,
    RECOGNIZER_DRIVER = 0x08,
    SHARE_PROCESS = 0x20,
    NO_NUMBER = -1,
};

static const eg_str image_path = EG_STR_INIT("\\ImagePath");
static const eg_str service_type = EG_STR_INIT("\\Type");

eg_str eg_service_of(eg_str value_name)
{
    const char *end = value_name.len > 0 ? memchr(value_name.ptr, '\\', value_name.len) : NULL;
    return end ? (eg_str){value_name.ptr, (size_t)(end - value_name.ptr)} : value_name;
}

static int64_t number_of(const eg_value_list *values, eg_str service, eg_str rest)
{
    const eg_value *value = eg_value_list_find(values, service, rest);
    if (!value || value->type != TYPE_DWORD || value->data.len != 4) {
        return NO_NUMBER;
    }
    const unsigned char *at = (const unsigned char *)value->data.ptr;
    return (int64_t)at[0] | (int64_t)at[1] << 8 | (int64_t)at[2] << 16 | (int64_t)at[3] << 24;
}

bool eg_service_is_hosted(const eg_value_list *values, eg_str service)
{
    int64_t type = number_of(values, service, service_type);
    return (type != NO_NUMBER && (type & SHARE_PROCESS)) ||
           eg_value_list_find(values, service, EG_STR("\\Parameters\\ServiceDll"));
}

static bool is_value(const eg_value *value, eg_str service, eg_str rest)
{
    return value && value->name.len == service.len + rest.len &&
           memcmp(value->name.ptr + service.len, rest.ptr, rest.len) == 0;
}

bool eg_service_is_installed_by(const eg_value_list *old_values, const eg_value_list *new_values,
                                const eg_value *before, const eg_value *now)
{
    if (!now) {
        return false;
    }
    eg_str service = eg_service_of(now->name);
    if (is_value(now, service, image_path)) {
        return true;
    }
    if (before || !is_value(now, service, service_type)) {
        return false;
    }
    /* the type came later than the program, which was told already unless it changed as well */
    const eg_value *had = eg_value_list_find(old_values, service, image_path);
    const eg_value *has = eg_value_list_find(new_values, service, image_path);
    return had && has && eg_value_same(had, has);
}

static eg_str type_text(int64_t type)
{
    if (type == NO_NUMBER) {
        return EG_STR_NONE;
    }
    if (type & (FILE_SYSTEM_DRIVER | RECOGNIZER_DRIVER)) {
        return EG_STR("file system driver");
    }
    return type & (KERNEL_DRIVER | ADAPTER) ? EG_STR("kernel mode driver")
                                            : EG_STR("user mode service");
}

static eg_str start_text(int64_t start)
{
    static const eg_str names[] = {EG_STR_INIT("boot start"), EG_STR_INIT("system start"),
                                   EG_STR_INIT("auto start"), EG_STR_INIT("demand start"),
                                   EG_STR_INIT("disabled")};
    return start >= 0 && start < (int64_t)EG_COUNT(names) ? names[start] : EG_STR_NONE;
}

void eg_service_event(eg_event *event, eg_event_text *text, uint64_t time,
                      const eg_value_list *values, eg_str service)
{
    int64_t type = number_of(values, service, service_type);
    const eg_value *image = eg_value_list_find(values, service, image_path);
    const eg_value *account = eg_value_list_find(values, service, EG_STR("\\ObjectName"));
    bool driver = type != NO_NUMBER &&
                  (type & (KERNEL_DRIVER | FILE_SYSTEM_DRIVER | ADAPTER | RECOGNIZER_DRIVER));
    eg_event_text_reset(text);
    eg_event_init(event, EG_KIND_SERVICE_INSTALLED);
    event->time = time;
    event->field[EG_FIELD_UTC_TIME] = eg_event_text_time(text, time);
    event->field[EG_FIELD_SERVICE_NAME] = eg_event_text_copy(text, service);
    if (image) {
        event->field[EG_FIELD_IMAGE_PATH] = eg_registry_details(text, image);
    }
    event->field[EG_FIELD_SERVICE_TYPE] = type_text(type);
    event->field[EG_FIELD_START_TYPE] = start_text(number_of(values, service, EG_STR("\\Start")));
    if (driver) {
        event->field[EG_FIELD_ACCOUNT_NAME] = EG_STR("");
    } else if (account) {
        event->field[EG_FIELD_ACCOUNT_NAME] = eg_registry_details(text, account);
    } else {
        event->field[EG_FIELD_ACCOUNT_NAME] = EG_STR("LocalSystem");
    }
}
