/* SPDX-License-Identifier: Apache-2.0 */
#include "tray/attention_text.h"

#include "core/base/status.h"

#define VALUE_MAX 60u

static const unsigned texts[EG_ATTENTION_COUNT] = {
    [EG_ATTENTION_CHECK_SUSPICIOUS] = EG_TEXT_ATTENTION_CHECK_SUSPICIOUS,
    [EG_ATTENTION_NO_RULES] = EG_TEXT_ATTENTION_NO_RULES,
    [EG_ATTENTION_SENSOR_BLIND] = EG_TEXT_ATTENTION_SENSOR_BLIND,
    [EG_ATTENTION_DISK_FULL] = EG_TEXT_ATTENTION_DISK_FULL,
    [EG_ATTENTION_SCANNER_DOWN] = EG_TEXT_ATTENTION_SCANNER_DOWN,
    [EG_ATTENTION_PACK_REJECTED] = EG_TEXT_ATTENTION_PACK_REJECTED,
    [EG_ATTENTION_RULES_REJECTED] = EG_TEXT_ATTENTION_RULES_REJECTED,
    [EG_ATTENTION_RULES_STALE] = EG_TEXT_ATTENTION_RULES_STALE,
    [EG_ATTENTION_SENSOR_DEGRADED] = EG_TEXT_ATTENTION_SENSOR_DEGRADED,
    [EG_ATTENTION_DATABASE] = EG_TEXT_ATTENTION_DATABASE,
    [EG_ATTENTION_SETTINGS] = EG_TEXT_ATTENTION_SETTINGS,
};

/* Sensors whose names say little to the person at the PC; others stand as they are called. */
static const struct {
    const char *name;
    unsigned text;
} sensors[] = {
    {"process", EG_TEXT_SENSOR_PROCESS},   {"registry", EG_TEXT_SENSOR_REGISTRY},
    {"service", EG_TEXT_SENSOR_SERVICE},   {"task", EG_TEXT_SENSOR_TASK},
    {"file", EG_TEXT_SENSOR_FILE},         {"wmi", EG_TEXT_SENSOR_WMI},
    {"eventlog", EG_TEXT_SENSOR_EVENTLOG}, {"script", EG_TEXT_SENSOR_SCRIPT},
    {"dns", EG_TEXT_SENSOR_DNS},
};

static const wchar_t *value_of(eg_arena *arena, const eg_attention *attention)
{
    switch (attention->id) {
    case EG_ATTENTION_CHECK_SUSPICIOUS:
    case EG_ATTENTION_DISK_FULL:
    case EG_ATTENTION_RULES_REJECTED:
    case EG_ATTENTION_RULES_STALE: return eg_tray_text_number(arena, attention->number);
    default: break;
    }
    for (size_t i = 0; i < EG_COUNT(sensors); i++) {
        if (eg_str_equal(attention->text, eg_str_from(sensors[i].name))) {
            return eg_tray_text(arena, sensors[i].text);
        }
    }
    return eg_tray_text_safe(arena, attention->text, false, VALUE_MAX);
}

const wchar_t *eg_attention_text(eg_arena *arena, const eg_attention *attention)
{
    return eg_tray_text_format1(arena, texts[attention->id], value_of(arena, attention));
}
