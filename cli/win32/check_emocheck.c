/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/win32/check_emocheck.h"

#include "cli/win32/emocheck_files.h"
#include "core/base/json.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/detect/emocheck.h"
#include "driverless-hooks/process_info.h"

#include <windows.h>

#include <tlhelp32.h>
#include <string.h>
#include <wchar.h>

#define RUN L"Software\\Microsoft\\Windows\\CurrentVersion\\Run"
#define EXPLORER L"Software\\Microsoft\\Windows\\CurrentVersion\\Explorer"
#define SERVICES L"SYSTEM\\CurrentControlSet\\Services"
#define NAME_UNITS 512
#define COMMAND_UNITS 32768
#define VALUE_BYTES 1024
#define USERS_MAX 1000
#define TEXT_MAX_BYTES ((size_t)256 * 1024)

typedef struct emocheck {
    eg_check_pc *pc;
    eg_emocheck_files files;
    eg_account_cache *accounts;
    eg_event_text text;
    uint32_t serial;
    char program[EG_EMOCHECK_NAME_MAX];
    wchar_t value[EG_EMOCHECK_NAME_MAX];
    uint64_t unseen; /* programs whose path Windows does not tell */
    wchar_t *command;
} emocheck;

static int add(emocheck *e, eg_emocheck_sign sign, eg_str subject, eg_str program, eg_str evidence)
{
    const eg_emocheck_rule *rule = eg_emocheck_rule_of(sign);
    eg_check_finding finding = {.area = EG_CHECK_EMOCHECK,
                                .level = EG_LEVEL_HIGH,
                                .rule_id = eg_str_from(rule->id),
                                .rule_title = eg_str_from(rule->title),
                                .rule_author = EG_STR("EmoGuard, after EmoCheck of JPCERT/CC"),
                                .subject = subject,
                                .program = program,
                                .evidence = evidence};
    for (int i = 0; i < EG_LANGUAGE_COUNT; i++) { /* in English where a language has none */
        finding.text[i] = rule->text[rule->text[i].title.ptr ? i : EG_LANGUAGE_EN];
    }
    eg_mutex_lock(e->pc->lock);
    int status = eg_check_report_add_finding(e->pc->report, &finding);
    eg_mutex_unlock(e->pc->lock);
    return status;
}

/* One finding for each of these signs, each told once a file. */
static int add_signs(emocheck *e, eg_emocheck_candidate *file, unsigned signs, eg_str program)
{
    int status = EG_OK;
    for (int sign = 0; sign < EG_EMOCHECK_SIGN_COUNT && status == EG_OK; sign++) {
        if ((file->signs & signs & 1u << sign) != 0) {
            status = add(e, (eg_emocheck_sign)sign, file->path, program, EG_STR_NONE);
        }
    }
    file->signs &= ~signs;
    return status;
}

/* ---- the serial number ---- */

static int find_serial(emocheck *e)
{
    wchar_t windows[MAX_PATH + 1], root[MAX_PATH + 1];
    DWORD serial = 0;
    UINT units = GetSystemWindowsDirectoryW(windows, EG_COUNT(windows));
    if (units == 0 || units >= EG_COUNT(windows) ||
        !GetVolumePathNameW(windows, root, EG_COUNT(root)) ||
        !GetVolumeInformationW(root, NULL, 0, &serial, NULL, NULL, NULL, 0)) {
        return eg_fail_os(GetLastError(), "read the serial number of the volume of Windows");
    }
    char name[EG_EMOCHECK_NAME_MAX];
    e->serial = serial;
    eg_emocheck_program_name(serial, e->program);
    eg_emocheck_value_name(serial, name);
    for (size_t i = 0; i < sizeof(name); i++) {
        e->value[i] = (wchar_t)name[i];
    }
    return EG_OK;
}

/* ---- the hidden name ---- */

static int tell_value(emocheck *e, eg_str place, const void *data, DWORD size)
{
    eg_buf hidden, subject;
    eg_buf_init(&hidden, TEXT_MAX_BYTES);
    eg_buf_init(&subject, TEXT_MAX_BYTES);
    int status = eg_emocheck_decode_value(e->serial, data, size, &hidden);
    if (status == EG_OK) {
        status =
            eg_buf_appendf(&subject, "%.*s\\%lx", EG_STR_ARGS(place), (unsigned long)e->serial);
    }
    if (status == EG_OK) {
        status = add(e, EG_EMOCHECK_VALUE, eg_buf_str(&subject), eg_buf_str(&hidden), EG_STR_NONE);
    }
    eg_buf_done(&subject);
    eg_buf_done(&hidden);
    return status == EG_E_INVALID || status == EG_E_LIMIT ? EG_OK : status;
}

static int look_for_value(emocheck *e, HKEY root, const wchar_t *path, DWORD view, eg_str place)
{
    unsigned char data[VALUE_BYTES];
    DWORD size = sizeof(data);
    HKEY key;
    LSTATUS error = RegOpenKeyExW(root, path, 0, KEY_QUERY_VALUE | view, &key);
    eg_check_pc_looked(e->pc, EG_CHECK_EMOCHECK, 1);
    if (error == ERROR_SUCCESS) {
        error = RegGetValueW(key, NULL, e->value, RRF_RT_REG_BINARY, NULL, data, &size);
        RegCloseKey(key);
    }
    if (error == ERROR_ACCESS_DENIED) {
        (void)eg_fail_os((uint32_t)error, "read the key");
        return eg_emocheck_add_gap(e->pc, place, EG_CHECK_REASON_SETTING);
    }
    return error == ERROR_SUCCESS ? tell_value(e, place, data, size) : EG_OK;
}

/* ---- what starts by itself ---- */

static int look_at_start(emocheck *e, eg_str place, const wchar_t *entry, const wchar_t *command)
{
    eg_event_text_reset(&e->text);
    eg_str name = eg_event_text_utf16le(&e->text, entry, wcslen(entry) * sizeof(*entry));
    eg_str line = eg_event_text_utf16le(&e->text, command, wcslen(command) * sizeof(*command));
    int status = e->text.status;
    eg_check_pc_looked(e->pc, EG_CHECK_EMOCHECK, 1);
    for (size_t i = 0; i < e->files.count && status == EG_OK; i++) {
        eg_emocheck_candidate *file = &e->files.items[i];
        unsigned signs = eg_emocheck_started_signs(file->signs, file->path, name, line);
        if (signs != 0) {
            eg_str from = eg_event_text_path(&e->text, place, name);
            status = add_signs(
                e, file, signs,
                eg_event_text_format(&e->text, "%.*s: %.*s", EG_STR_ARGS(from), EG_STR_ARGS(line)));
        }
    }
    return status;
}

static int look_at_run(emocheck *e, HKEY root, const wchar_t *path, eg_str place)
{
    HKEY key;
    int status = EG_OK;
    if (RegOpenKeyExW(root, path, 0, KEY_QUERY_VALUE, &key) != ERROR_SUCCESS) {
        return EG_OK; /* there is none, or the gap of the other value has told it */
    }
    for (DWORD i = 0; status == EG_OK; i++) {
        wchar_t name[NAME_UNITS];
        DWORD units = EG_COUNT(name), size = (COMMAND_UNITS - 1) * sizeof(*e->command), type = 0;
        LSTATUS error = RegEnumValueW(key, i, name, &units, NULL, &type, (BYTE *)e->command, &size);
        if (error == ERROR_NO_MORE_ITEMS) {
            break;
        }
        if (error == ERROR_SUCCESS && (type == REG_SZ || type == REG_EXPAND_SZ)) {
            e->command[size / sizeof(*e->command)] = L'\0';
            status = look_at_start(e, place, name, e->command);
        }
    }
    RegCloseKey(key);
    return status;
}

static int look_at_services(emocheck *e)
{
    HKEY services;
    int status = EG_OK;
    LSTATUS error = RegOpenKeyExW(HKEY_LOCAL_MACHINE, SERVICES, 0, KEY_READ, &services);
    if (error != ERROR_SUCCESS) {
        (void)eg_fail_os((uint32_t)error, "read the key");
        return eg_emocheck_add_gap(e->pc, EG_STR("HKLM\\SYSTEM\\CurrentControlSet\\Services"),
                                   EG_CHECK_REASON_SETTING);
    }
    for (DWORD i = 0; status == EG_OK; i++) {
        wchar_t name[NAME_UNITS];
        DWORD units = EG_COUNT(name), size = COMMAND_UNITS * sizeof(*e->command);
        if (RegEnumKeyExW(services, i, name, &units, NULL, NULL, NULL, NULL) != ERROR_SUCCESS) {
            break;
        }
        if (RegGetValueW(services, name, L"ImagePath", RRF_RT_REG_SZ | RRF_RT_REG_EXPAND_SZ, NULL,
                         e->command, &size) == ERROR_SUCCESS) {
            status = look_at_start(e, EG_STR("Services"), name, e->command);
        }
    }
    RegCloseKey(services);
    return status;
}

/* ---- the hives ---- */

static int look_at_user(emocheck *e, const wchar_t *sid)
{
    wchar_t path[NAME_UNITS];
    eg_buf place;
    eg_buf_init(&place, TEXT_MAX_BYTES);
    eg_buf_append_cstr(&place, "HKU\\");
    int status = eg_utf8_from_utf16(&place, (const uint16_t *)sid, wcslen(sid));
    int units = _snwprintf(path, NAME_UNITS, L"%ls\\" EXPLORER, sid);
    if (status == EG_OK && units > 0 && units < NAME_UNITS) {
        status = look_for_value(e, HKEY_USERS, path, 0, eg_buf_str(&place));
    }
    units = _snwprintf(path, NAME_UNITS, L"%ls\\" RUN, sid);
    if (status == EG_OK && units > 0 && units < NAME_UNITS) {
        status = look_at_run(e, HKEY_USERS, path, eg_buf_str(&place));
    }
    eg_buf_done(&place);
    return status;
}

static int look_at_registry(emocheck *e)
{
    const eg_str machine = EG_STR("HKLM\\"
                                  "Software\\Microsoft\\Windows\\CurrentVersion\\Explorer");
    int status = look_for_value(e, HKEY_LOCAL_MACHINE, EXPLORER, KEY_WOW64_64KEY, machine);
    if (status == EG_OK) {
        status = look_for_value(e, HKEY_LOCAL_MACHINE, EXPLORER, KEY_WOW64_32KEY, machine);
    }
    if (status == EG_OK) {
        status = look_at_run(e, HKEY_LOCAL_MACHINE, RUN, EG_STR("HKLM"));
    }
    for (DWORD i = 0; i < USERS_MAX && status == EG_OK; i++) {
        wchar_t sid[256];
        DWORD units = EG_COUNT(sid);
        if (RegEnumKeyExW(HKEY_USERS, i, sid, &units, NULL, NULL, NULL, NULL) != ERROR_SUCCESS) {
            break;
        }
        if (!wcsstr(sid, L"_Classes")) {
            status = look_at_user(e, sid);
        }
    }
    return status == EG_OK ? look_at_services(e) : status;
}

/* ---- what runs ---- */

static int look_at_process(emocheck *e, const PROCESSENTRY32W *entry)
{
    eg_process_info info = {.image = EG_STR_NONE};
    eg_event_text_reset(&e->text);
    eg_str name = eg_event_text_utf16le(&e->text, entry->szExeFile,
                                        wcslen(entry->szExeFile) * sizeof(wchar_t));
    (void)eg_process_info_query(entry->th32ProcessID, e->accounts, &e->text, &info);
    int status = e->text.status;
    eg_check_pc_looked(e->pc, EG_CHECK_EMOCHECK, 1);
    e->unseen += info.image.len == 0;
    if (status == EG_OK && eg_str_equal_nocase(name, eg_str_from(e->program))) {
        eg_str path = info.image.len > 0 ? info.image : name;
        status = add(e, EG_EMOCHECK_NAME, path, info.command_line, EG_STR_NONE);
    }
    for (size_t i = 0; i < e->files.count && status == EG_OK; i++) {
        eg_emocheck_candidate *file = &e->files.items[i];
        if (eg_emocheck_is_run(file->signs, file->path, info.image, info.command_line)) {
            status = add_signs(e, file, file->signs, info.command_line);
        }
    }
    return status;
}

static int look_at_processes(emocheck *e)
{
    PROCESSENTRY32W entry = {.dwSize = sizeof(entry)};
    HANDLE list = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    int status = EG_OK;
    if (list == INVALID_HANDLE_VALUE || !Process32FirstW(list, &entry)) {
        (void)eg_fail_os(GetLastError(), "list the running programs");
        status = eg_emocheck_add_gap(e->pc, EG_STR_NONE, EG_CHECK_REASON_LIST_DENIED);
    } else {
        do {
            if (entry.th32ProcessID > 4) { /* not the idle process and the system itself */
                status = look_at_process(e, &entry);
            }
        } while (status == EG_OK && Process32NextW(list, &entry));
    }
    if (list != INVALID_HANDLE_VALUE) {
        CloseHandle(list);
    }
    /* That matters only where there is a file that one of them may run. */
    if (status == EG_OK && e->unseen > 0 && e->files.count > 0) {
        (void)eg_fail(EG_E_DENIED, "the paths of %llu programs are not told",
                      (unsigned long long)e->unseen);
        status = eg_emocheck_add_gap(e->pc, EG_STR_NONE, EG_CHECK_REASON_PROGRAM_PLACES);
    }
    return status;
}

/* ---- all of it ---- */

static int prepare(emocheck *e)
{
    e->command = eg_alloc_zero(COMMAND_UNITS, sizeof(*e->command));
    int status = e->command ? eg_event_text_init(&e->text) : EG_E_NOMEM;
    return status == EG_OK ? eg_account_cache_create(&e->accounts) : status;
}

static int look(emocheck *e)
{
    int status = eg_emocheck_files_find(e->pc, &e->files);
    if (status == EG_OK) {
        status = look_at_processes(e);
    }
    return status == EG_OK ? look_at_registry(e) : status;
}

int eg_emocheck_run(eg_check_pc *pc)
{
    emocheck *e = eg_alloc_zero(1, sizeof(*e));
    if (!e) {
        return EG_E_NOMEM;
    }
    e->pc = pc;
    int status = prepare(e);
    if (status == EG_OK) {
        status = find_serial(e) == EG_OK
                     ? look(e)
                     : eg_emocheck_add_gap(pc, EG_STR_NONE, EG_CHECK_REASON_DISK_NUMBER);
    }
    eg_account_cache_destroy(e->accounts);
    eg_event_text_done(&e->text);
    eg_emocheck_files_done(&e->files);
    eg_free(e->command);
    eg_free(e);
    return status;
}
