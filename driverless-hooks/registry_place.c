/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/registry_place.h"

#include "core/base/compiler.h"
#include "core/base/status.h"
#include "core/base/utf.h"

#include <stdio.h>
#include <wchar.h>

enum { PATH_UNITS = 512, KEY_NAME_UNITS = 256 /* a key's own name has at most 255 */ };

/* Where a key of autostart.def is looked for; a place may have several. */
enum { SOFTWARE = 1, SOFTWARE_32 = 2, SYSTEM = 4, USER_SOFTWARE = 8, USER = 16 };

#define ALL NULL
#define PLACE(where, key, values, depth) {where, key, values, depth},

static const struct {
    unsigned where;
    const WCHAR *key;
    const WCHAR *values;
    int depth;
} places[] = {
#include "driverless-hooks/autostart.def"
};

/* Visits the places of one kind below one key; its names end with a backslash. */
static int visit_below(HKEY root, const char *shown_prefix, const WCHAR *prefix, unsigned where,
                       eg_registry_visit visit, void *user)
{
    int status = EG_OK;
    eg_buf shown;
    eg_buf_init(&shown, 4 * PATH_UNITS);
    for (size_t i = 0; status == EG_OK && i < EG_COUNT(places); i++) {
        WCHAR path[PATH_UNITS];
        if (!(places[i].where & where)) {
            continue;
        }
        int units = _snwprintf(path, PATH_UNITS, L"%ls%ls", prefix, places[i].key);
        if (units < 0 || units >= PATH_UNITS) {
            continue;
        }
        eg_buf_clear(&shown);
        eg_buf_append_cstr(&shown, shown_prefix);
        eg_utf8_from_utf16(&shown, (const uint16_t *)places[i].key, wcslen(places[i].key));
        status = shown.status;
        if (status == EG_OK) {
            eg_registry_place place = {root, path, eg_buf_cstr(&shown), places[i].values,
                                       places[i].depth};
            status = visit(user, &place);
        }
    }
    eg_buf_done(&shown);
    return status;
}

/* People, local or from a domain or Azure; services and class hives have no autostart of theirs. */
static bool is_user_hive(const WCHAR *name)
{
    static const WCHAR classes[] = L"_Classes";
    size_t length = wcslen(name);
    size_t suffix = EG_COUNT(classes) - 1;
    if (wcsncmp(name, L"S-1-5-21-", 9) != 0 && wcsncmp(name, L"S-1-12-1-", 9) != 0) {
        return false;
    }
    return length < suffix || _wcsicmp(name + length - suffix, classes) != 0;
}

/* Calls `user_hive` with the name of each user's hive that is loaded. */
static int each_user(int (*user_hive)(void *context, const WCHAR *name), void *context)
{
    int status = EG_OK;
    for (DWORD i = 0; status == EG_OK; i++) {
        WCHAR name[KEY_NAME_UNITS];
        DWORD units = KEY_NAME_UNITS;
        LSTATUS error = RegEnumKeyExW(HKEY_USERS, i, name, &units, NULL, NULL, NULL, NULL);
        if (error != ERROR_SUCCESS) {
            return error == ERROR_NO_MORE_ITEMS
                       ? EG_OK
                       : eg_fail_os((uint32_t)error, "list the loaded user hives");
        }
        if (is_user_hive(name)) {
            status = user_hive(context, name);
        }
    }
    return status;
}

typedef struct visiting {
    eg_registry_visit visit;
    void *user;
} visiting;

int eg_registry_places_of(const WCHAR *name, const char *sid, eg_registry_visit visit, void *user)
{
    WCHAR prefix[KEY_NAME_UNITS + 16];
    char shown[4 * KEY_NAME_UNITS + 32];
    (void)_snwprintf(prefix, EG_COUNT(prefix), L"%ls\\Software\\", name);
    (void)snprintf(shown, sizeof(shown), "HKU\\%s\\Software\\", sid);
    int status = visit_below(HKEY_USERS, shown, prefix, USER_SOFTWARE, visit, user);
    if (status == EG_OK) {
        (void)_snwprintf(prefix, EG_COUNT(prefix), L"%ls\\", name);
        (void)snprintf(shown, sizeof(shown), "HKU\\%s\\", sid);
        status = visit_below(HKEY_USERS, shown, prefix, USER, visit, user);
    }
    return status;
}

static int visit_user(void *context, const WCHAR *name)
{
    const visiting *v = context;
    eg_buf sid;
    eg_buf_init(&sid, 4 * KEY_NAME_UNITS);
    int status = eg_utf8_from_utf16(&sid, (const uint16_t *)name, wcslen(name));
    if (status == EG_OK) {
        status = eg_registry_places_of(name, eg_buf_cstr(&sid), v->visit, v->user);
    }
    eg_buf_done(&sid);
    return status;
}

int eg_registry_places(eg_registry_visit visit, void *user)
{
    static const struct {
        const WCHAR *prefix;
        const char *shown;
        unsigned where;
    } machine[] = {
        {L"SOFTWARE\\", "HKLM\\SOFTWARE\\", SOFTWARE},
        {L"SOFTWARE\\WOW6432Node\\", "HKLM\\SOFTWARE\\WOW6432Node\\", SOFTWARE_32},
        {L"System\\CurrentControlSet\\", "HKLM\\System\\CurrentControlSet\\", SYSTEM},
    };
    visiting v = {visit, user};
    for (size_t i = 0; i < EG_COUNT(machine); i++) {
        int status = visit_below(HKEY_LOCAL_MACHINE, machine[i].shown, machine[i].prefix,
                                 machine[i].where, visit, user);
        if (status != EG_OK) {
            return status;
        }
    }
    return each_user(visit_user, &v);
}

static int append_user(void *context, const WCHAR *name)
{
    eg_buf *out = context;
    eg_utf8_from_utf16(out, (const uint16_t *)name, wcslen(name));
    return eg_buf_append_char(out, '\n');
}

int eg_registry_users(eg_buf *out)
{
    return each_user(append_user, out);
}
