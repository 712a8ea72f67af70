/* SPDX-License-Identifier: Apache-2.0 */
#include "tray/text.h"

#include "core/base/status.h"
#include "core/base/utf.h"

#include <windows.h>

#include <stdio.h>
#include <string.h>

#define FORMAT_VALUES_MAX 8
#define FORMAT_UNITS_MAX (256u * 1024)

static HMODULE text_module;
static eg_language text_language = EG_LANGUAGE_EN;
static wchar_t text_locale[16] = L"en"; /* its name for Windows: "ja" */
static LANGID text_langid = MAKELANGID(LANG_ENGLISH, SUBLANG_DEFAULT);

static wchar_t *copy_units(eg_arena *arena, const wchar_t *units, size_t count)
{
    wchar_t *copy = eg_arena_alloc(arena, (count + 1) * sizeof(wchar_t));

    if (copy && count > 0) {
        memcpy(copy, units, count * sizeof(wchar_t));
    }
    return copy;
}

void eg_tray_text_use(void *module, eg_language language)
{
    const char *code = eg_language_code(language);
    size_t i = 0;

    for (; code[i] && i + 1 < EG_COUNT(text_locale); i++) {
        text_locale[i] = (wchar_t)code[i];
    }
    text_locale[i] = L'\0';
    text_module = module;
    text_language = language;
    text_langid = MAKELANGID(PRIMARYLANGID(LANGIDFROMLCID(LocaleNameToLCID(text_locale, 0))),
                             SUBLANG_DEFAULT);
}

eg_language eg_tray_text_language(void)
{
    return text_language;
}

/*
 * LoadString follows the language of Windows; a language of our own choice means walking the block
 * of sixteen length-prefixed strings ourselves.
 */
static const wchar_t *find_string(unsigned id, size_t *length)
{
    HRSRC found = FindResourceExW(text_module, MAKEINTRESOURCEW(6), /* RT_STRING */
                                  MAKEINTRESOURCEW(id / 16 + 1), text_langid);
    HGLOBAL loaded = found ? LoadResource(text_module, found) : NULL;
    const wchar_t *at = loaded ? LockResource(loaded) : NULL;
    const wchar_t *end = at ? at + SizeofResource(text_module, found) / sizeof(wchar_t) : NULL;

    for (unsigned i = 0; at && at < end; i++) {
        size_t size = (uint16_t)*at++;

        if (size > (size_t)(end - at)) {
            break;
        }
        if (i == id % 16) {
            *length = size;
            return at;
        }
        at += size;
    }
    *length = 0;
    return L"";
}

const wchar_t *eg_tray_text(eg_arena *arena, unsigned id)
{
    size_t length;
    const wchar_t *found = find_string(id, &length);
    const wchar_t *copy = copy_units(arena, found, length);

    return copy ? copy : L"";
}

const wchar_t *eg_tray_text_format(eg_arena *arena, unsigned id, const wchar_t *const *values,
                                   size_t count)
{
    const wchar_t *format = eg_tray_text(arena, id);
    DWORD_PTR inserts[FORMAT_VALUES_MAX];
    wchar_t *formatted = NULL;
    DWORD length;

    for (size_t i = 0; i < FORMAT_VALUES_MAX; i++) {
        inserts[i] = (DWORD_PTR)(i < count ? values[i] : L"");
    }
    length = FormatMessageW(FORMAT_MESSAGE_ALLOCATE_BUFFER | FORMAT_MESSAGE_FROM_STRING |
                                FORMAT_MESSAGE_ARGUMENT_ARRAY,
                            format, 0, 0, (wchar_t *)&formatted, 0, (va_list *)inserts);
    if (length == 0 || length > FORMAT_UNITS_MAX) {
        LocalFree(formatted);
        return format;
    }
    const wchar_t *copy = copy_units(arena, formatted, length);
    LocalFree(formatted);
    return copy ? copy : L"";
}

const wchar_t *eg_tray_text_format1(eg_arena *arena, unsigned id, const wchar_t *value)
{
    return eg_tray_text_format(arena, id, &value, 1);
}

const wchar_t *eg_tray_text_format2(eg_arena *arena, unsigned id, const wchar_t *first,
                                    const wchar_t *second)
{
    const wchar_t *values[2] = {first, second};

    return eg_tray_text_format(arena, id, values, 2);
}

const wchar_t *eg_tray_text_join(eg_arena *arena, const wchar_t *const *parts, size_t count,
                                 const wchar_t *between)
{
    size_t length = 0, at = 0, gap = wcslen(between);
    wchar_t *out;

    for (size_t i = 0; i < count; i++) {
        length += wcslen(parts[i]) + gap;
    }
    out = eg_arena_alloc(arena, (length + 1) * sizeof(wchar_t));
    if (!out) {
        return L"";
    }
    for (size_t i = 0; i < count; i++) {
        if (parts[i][0] == L'\0') {
            continue;
        }
        for (size_t k = 0; at > 0 && k < gap; k++) {
            out[at++] = between[k];
        }
        for (size_t k = 0; parts[i][k]; k++) {
            out[at++] = parts[i][k];
        }
    }
    return out;
}

const wchar_t *eg_tray_text_unmarked(eg_arena *arena, const wchar_t *text)
{
    wchar_t *out = eg_arena_alloc(arena, (2 * wcslen(text) + 1) * sizeof(wchar_t));
    size_t at = 0;

    for (; out && *text; text++) {
        if (*text == L'&') {
            out[at++] = L'&';
        }
        out[at++] = *text;
    }
    return out ? out : L"";
}

/* One line of the text, without its end; moves *rest behind it. */
static eg_str take_line(eg_str *rest)
{
    eg_str line = {rest->ptr, 0};
    size_t skip;

    while (line.len < rest->len && rest->ptr[line.len] != '\n') {
        line.len++;
    }
    skip = line.len < rest->len ? line.len + 1 : line.len;
    rest->ptr += skip;
    rest->len -= skip;
    if (line.len > 0 && line.ptr[line.len - 1] == '\r') {
        line.len--;
    }
    return line;
}

const wchar_t *eg_tray_text_safe(eg_arena *arena, eg_str text, bool lines, size_t limit)
{
    eg_buf safe;
    wchar_t *wide = NULL;
    size_t count;

    if (!text.ptr || text.len == 0) {
        return L"";
    }
    eg_buf_init(&safe, 8u * EG_COUNT("\\u{10FFFF}") * 64u * 1024);
    for (eg_str rest = text; rest.len > 0;) {
        eg_utf8_append_safe(&safe, take_line(&rest));
        if (rest.len > 0) {
            eg_buf_append_cstr(&safe, lines ? "\r\n" : " ");
        }
    }
    count = eg_utf16_length(eg_buf_str(&safe));
    if (safe.status == EG_OK) {
        wide = eg_arena_alloc(arena, (count + 1) * sizeof(wchar_t));
    }
    if (wide &&
        eg_utf16_from_utf8((uint16_t *)wide, count + 1, eg_buf_str(&safe), &count) != EG_OK) {
        wide = NULL;
    }
    eg_buf_done(&safe);
    if (wide && count > limit) {
        eg_tray_text_cut(wide, limit + 1, wide);
    }
    return wide ? wide : L"";
}

const wchar_t *eg_tray_text_number(eg_arena *arena, uint64_t number)
{
    wchar_t digits[24];
    int length = swprintf(digits, EG_COUNT(digits), L"%llu", (unsigned long long)number);
    const wchar_t *copy = copy_units(arena, digits, length > 0 ? (size_t)length : 0);

    return copy ? copy : L"";
}

static bool local_time(uint64_t filetime, SYSTEMTIME *out)
{
    FILETIME file = {(DWORD)(filetime & UINT32_MAX), (DWORD)(filetime >> 32)};
    SYSTEMTIME utc;

    return FileTimeToSystemTime(&file, &utc) && SystemTimeToTzSpecificLocalTime(NULL, &utc, out);
}

static const wchar_t *copy_text(eg_arena *arena, const wchar_t *text, int length)
{
    const wchar_t *copy = length > 0 ? copy_units(arena, text, (size_t)length) : NULL;

    return copy ? copy : L"?";
}

/* "11月23日 ", or "" for today. */
static void format_date(eg_arena *arena, const SYSTEMTIME *at, wchar_t *out, int size)
{
    SYSTEMTIME now;

    out[0] = L'\0';
    GetLocalTime(&now);
    if (at->wDay == now.wDay && at->wMonth == now.wMonth && at->wYear == now.wYear) {
        return;
    }
    if (GetDateFormatEx(text_locale, 0, at, eg_tray_text(arena, EG_TEXT_DATE_PICTURE), out, size,
                        NULL) <= 0) {
        out[0] = L'\0';
    }
}

const wchar_t *eg_tray_text_time(eg_arena *arena, uint64_t filetime)
{
    SYSTEMTIME at;
    wchar_t date[64];
    wchar_t text[96];

    if (!local_time(filetime, &at)) {
        return L"?";
    }
    format_date(arena, &at, date, (int)EG_COUNT(date));
    return copy_text(arena, text,
                     swprintf(text, EG_COUNT(text), L"%ls%u:%02u", date, (unsigned)at.wHour,
                              (unsigned)at.wMinute));
}

const wchar_t *eg_tray_text_clock(eg_arena *arena, uint64_t filetime)
{
    SYSTEMTIME at;
    wchar_t text[32];

    if (!local_time(filetime, &at)) {
        return L"?";
    }
    return copy_text(arena, text,
                     swprintf(text, EG_COUNT(text), L"%u:%02u:%02u", (unsigned)at.wHour,
                              (unsigned)at.wMinute, (unsigned)at.wSecond));
}

void eg_tray_text_cut(wchar_t *out, size_t size, const wchar_t *text)
{
    size_t length = wcslen(text);

    if (size == 0) {
        return;
    }
    if (length < size) {
        memmove(out, text, (length + 1) * sizeof(wchar_t));
        return;
    }
    length = size - 1;
    if (length > 0) {
        length--; /* room for the ellipsis */
    }
    if (length > 0 && IS_HIGH_SURROGATE(text[length - 1])) {
        length--;
    }
    memmove(out, text, length * sizeof(wchar_t));
    if (size > 1) {
        out[length++] = L'\u2026';
    }
    out[length] = L'\0';
}
