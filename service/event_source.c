/* SPDX-License-Identifier: Apache-2.0 */
#include "service/event_source.h"

#include "core/base/log.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/ipc/code.h"
#include "service/wide.h"

#include <windows.h>

#include <stdio.h>

#define LOG_NAME L"EmoGuard"
#define LOG_KEY L"SYSTEM\\CurrentControlSet\\Services\\EventLog\\" LOG_NAME
#define SOURCE_KEY LOG_KEY L"\\" LOG_NAME
/*
 * A record has to stay below 64 KB as a whole, or it is refused: 27000 bytes of UTF-8 are at most
 * 54000 of UTF-16. The text comes first, the evidence of a hit last.
 */
#define RECORD_MAX 27000u
#define TEXT_MAX 9000u
#define LOG_BYTES_MAX (64u * 1024 * 1024)

/*
 * Who may write decides who may forge a hit. SY: the service writes. BA: reads and clears.
 * Event log readers (S-1-5-32-573), which forwarding uses: read. Users: nothing.
 */
#define LOG_SDDL L"O:BAG:SYD:(A;;0x7;;;SY)(A;;0x5;;;BA)(A;;0x1;;;S-1-5-32-573)"

static const WORD types[] = {
#define MESSAGE(number, id, type) [number] = (type),
#include "service/event_messages.def"
#undef MESSAGE
};

static const char *const texts[EG_LANGUAGE_COUNT][EG_COUNT(types)] = {
#define EVENT_TEXT(id, text) [LANGUAGE_ID][EG_EVENT_MESSAGE_##id] = (text),
#define ALARM_TEXT(part, text)
#define SERVICE_TEXT(part, text)
/* Blanks would be part of the name. */
/* clang-format off */
#define LANGUAGE_TEXTS(code) EG_QUOTE(service/texts.code.def)
/* clang-format on */
#include "core/detect/languages.def"
#undef LANGUAGE_TEXTS
#undef SERVICE_TEXT
#undef ALARM_TEXT
#undef EVENT_TEXT
};

struct eg_event_source {
    HANDLE handle;
    eg_language language;
    eg_atomic refused;
};

eg_language eg_event_source_system_language(void)
{
    eg_language language = EG_LANGUAGE_EN;
    eg_buf chosen;
    eg_buf_init(&chosen, 64);
    if (eg_env_get("EMOGUARD_LANG", &chosen) != EG_OK ||
        !eg_language_from_code(eg_buf_str(&chosen), &language)) {
        wchar_t name[LOCALE_NAME_MAX_LENGTH];
        LCID system = MAKELCID(GetSystemDefaultUILanguage(), SORT_DEFAULT);
        int size = LCIDToLocaleName(system, name, EG_COUNT(name), 0);

        eg_buf_clear(&chosen);
        if (size > 1) {
            eg_utf8_from_utf16(&chosen, (const uint16_t *)name, (size_t)size - 1);
            (void)eg_language_from_code(eg_buf_str(&chosen), &language);
        }
    }
    eg_buf_done(&chosen);
    return language;
}

int eg_event_source_create(eg_language language, eg_event_source **out)
{
    HANDLE handle = RegisterEventSourceW(NULL, LOG_NAME);
    if (!handle) {
        return eg_fail_os(GetLastError(), "open the event log");
    }
    eg_event_source *source = eg_alloc_zero(1, sizeof(*source));
    if (!source) {
        DeregisterEventSource(handle);
        return EG_E_NOMEM;
    }
    source->handle = handle;
    source->language = language;
    *out = source;
    return EG_OK;
}

void eg_event_source_destroy(eg_event_source *source)
{
    if (source) {
        DeregisterEventSource(source->handle);
        eg_free(source);
    }
}

int eg_event_source_format(eg_buf *out, eg_event_message id, eg_language language,
                           const eg_str *values, size_t count)
{
    const char *text = texts[language][id];
    for (const char *at = text; *at; at++) {
        if (at[0] == '%' && at[1] >= '1' && at[1] <= '9') {
            size_t index = (size_t)(at[1] - '1');
            if (index < count) {
                eg_utf8_append_safe(out, values[index]);
            }
            at++;
        } else {
            eg_buf_append_char(out, *at);
        }
    }
    return out->status;
}

/* `strings` gets heap copies; what could not be copied stays NULL and ends the list. */
static WORD copy_strings(wchar_t **strings, eg_str text, const eg_str *values, size_t count)
{
    WORD made = 0;
    size_t left = RECORD_MAX - text.len;
    strings[made] = eg_wide_copy(text);
    if (!strings[made]) {
        return 0;
    }
    made++;
    for (size_t i = 0; i < count; i++) {
        eg_buf safe;
        eg_buf_init(&safe, left);
        eg_utf8_append_safe(&safe, values[i]); /* an embedded NUL would end the string early */
        strings[made] = eg_wide_copy(eg_buf_str(&safe));
        left -= safe.len;
        eg_buf_done(&safe);
        if (!strings[made]) {
            break;
        }
        made++;
    }
    return made;
}

void eg_event_source_report(eg_event_source *source, eg_event_message id, const eg_str *values,
                            size_t count)
{
    if (!source) {
        return;
    }
    wchar_t *strings[1 + EG_EVENT_VALUES_MAX] = {NULL};
    eg_buf text;
    eg_buf_init(&text, TEXT_MAX);
    if (count > EG_EVENT_VALUES_MAX) {
        count = EG_EVENT_VALUES_MAX;
    }
    eg_event_source_format(&text, id, source->language, values, count);
    WORD made = copy_strings(strings, eg_buf_str(&text), values, count);
    BOOL written = ReportEventW(source->handle, types[id], 0, (DWORD)id, NULL, made, 0,
                                (LPCWSTR *)strings, NULL);
    if (!written && eg_atomic_add(&source->refused, 1) == 1) {
        eg_log(EG_LOG_WARNING, "eventlog", "the event log refuses entries (%lu)",
               (unsigned long)GetLastError());
    }
    for (size_t i = 0; i < EG_COUNT(strings); i++) {
        eg_free(strings[i]);
    }
    eg_buf_done(&text);
}

void eg_event_source_report_hit(eg_event_source *source, const eg_hit *hit)
{
    if (!source) {
        return;
    }
    char code[EG_INCIDENT_CODE_SIZE];
    char number[80];
    eg_incident_code(hit->incident_id > 0 ? hit->incident_id : hit->id, code);
    snprintf(number, sizeof(number), "%s (incident %lld, hit %lld)", code,
             (long long)hit->incident_id, (long long)hit->id);
    const eg_text *text = &hit->text[source->language];
    const eg_str values[] = {
        eg_str_from(eg_level_name(hit->level)),
        text->title,
        text->meaning,
        hit->program,
        hit->parent,
        hit->user,
        hit->rule_id,
        hit->rule_title,
        eg_str_from(number),
        hit->event_json,
    };
    eg_event_source_report(source, EG_EVENT_MESSAGE_HIT, values, EG_COUNT(values));
}

static LSTATUS set_text(HKEY key, const wchar_t *name, DWORD type, const wchar_t *text)
{
    return RegSetValueExW(key, name, 0, type, (const BYTE *)text,
                          (DWORD)((wcslen(text) + 1) * sizeof(wchar_t)));
}

static LSTATUS set_number(HKEY key, const wchar_t *name, DWORD number)
{
    return RegSetValueExW(key, name, 0, REG_DWORD, (const BYTE *)&number, sizeof(number));
}

static LSTATUS register_log(void)
{
    HKEY key = NULL;
    LSTATUS error = RegCreateKeyExW(HKEY_LOCAL_MACHINE, LOG_KEY, 0, NULL, REG_OPTION_NON_VOLATILE,
                                    KEY_SET_VALUE, NULL, &key, NULL);
    if (error != ERROR_SUCCESS) {
        return error;
    }
    error = set_text(key, L"CustomSD", REG_SZ, LOG_SDDL);
    if (error == ERROR_SUCCESS) {
        error = set_number(key, L"MaxSize", LOG_BYTES_MAX);
    }
    RegCloseKey(key);
    return error;
}

static LSTATUS register_source(const wchar_t *program)
{
    HKEY key = NULL;
    LSTATUS error = RegCreateKeyExW(HKEY_LOCAL_MACHINE, SOURCE_KEY, 0, NULL,
                                    REG_OPTION_NON_VOLATILE, KEY_SET_VALUE, NULL, &key, NULL);
    if (error != ERROR_SUCCESS) {
        return error;
    }
    error = set_text(key, L"EventMessageFile", REG_EXPAND_SZ, program);
    if (error == ERROR_SUCCESS) {
        error = set_number(key, L"TypesSupported",
                           EVENTLOG_ERROR_TYPE | EVENTLOG_WARNING_TYPE | EVENTLOG_INFORMATION_TYPE);
    }
    RegCloseKey(key);
    return error;
}

int eg_event_source_register(const char *program)
{
    wchar_t *wide = eg_wide_copy(eg_str_from(program));
    if (!wide) {
        return EG_E_NOMEM;
    }
    LSTATUS error = register_log();
    if (error == ERROR_SUCCESS) {
        error = register_source(wide);
    }
    eg_free(wide);
    if (error != ERROR_SUCCESS) {
        return eg_fail_os((uint32_t)error, "register the event log source");
    }
    return EG_OK;
}

int eg_event_source_remove(void)
{
    LSTATUS error = RegDeleteKeyExW(HKEY_LOCAL_MACHINE, SOURCE_KEY, KEY_WOW64_64KEY, 0);
    if (error == ERROR_SUCCESS || error == ERROR_FILE_NOT_FOUND) {
        error = RegDeleteKeyExW(HKEY_LOCAL_MACHINE, LOG_KEY, KEY_WOW64_64KEY, 0);
    }
    if (error != ERROR_SUCCESS && error != ERROR_FILE_NOT_FOUND) {
        return eg_fail_os((uint32_t)error, "remove the event log source");
    }
    return EG_OK;
}
