/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/decode/dropped_file.h"

#include "core/base/compiler.h"

#include <string.h>

#define DROPPED(extension, kind) {EG_STR_INIT(extension), EG_DROPPED_##kind},
static const struct {
    eg_str extension;
    eg_dropped_class kind;
} dropped[] = {
#include "driverless-hooks/decode/dropped.def"
};

#define PLACE(root, path, levels) {EG_DROPPED_##root, EG_STR_INIT(path), levels},
static const struct {
    eg_dropped_root root;
    eg_str path;
    int levels;
} places[] = {
#include "driverless-hooks/decode/places.def"
};

eg_dropped_class eg_dropped_class_of(eg_str name)
{
    size_t end = name.len;
    while (end > 0 && (name.ptr[end - 1] == '.' || name.ptr[end - 1] == ' ')) {
        end--;
    }
    size_t start = end;
    while (start > 0 && name.ptr[start - 1] != '.' && name.ptr[start - 1] != '\\') {
        start--;
    }
    if (start == 0 || name.ptr[start - 1] != '.') {
        return EG_DROPPED_NONE;
    }
    eg_str extension = {name.ptr + start, end - start};
    for (size_t i = 0; i < EG_COUNT(dropped); i++) {
        if (eg_str_equal_nocase(extension, dropped[i].extension)) {
            return dropped[i].kind;
        }
    }
    return EG_DROPPED_NONE;
}

/* True when `path` is `folder` or lies below it; `*rest` is then what comes behind. */
static bool is_below(eg_str path, eg_str folder, eg_str *rest)
{
    if (folder.len == 0) {
        *rest = path;
        return true;
    }
    if (!eg_str_starts_nocase(path, folder) ||
        (path.len > folder.len && path.ptr[folder.len] != '\\')) {
        return false;
    }
    size_t skip = path.len > folder.len ? folder.len + 1 : folder.len;
    *rest = (eg_str){path.ptr + skip, path.len - skip};
    return true;
}

static int parts_of(eg_str path)
{
    int parts = path.len > 0;
    for (size_t i = 0; i < path.len; i++) {
        parts += path.ptr[i] == '\\';
    }
    return parts;
}

/* Levels that are left in the place that `path` belongs to; negative when too deep, or in none. */
static int levels_left(eg_dropped_root root, eg_str path)
{
    size_t best = 0;
    int left = -1;
    for (size_t i = 0; i < EG_COUNT(places); i++) {
        eg_str rest;
        if (places[i].root == root && places[i].path.len >= best &&
            is_below(path, places[i].path, &rest)) {
            best = places[i].path.len;
            left = places[i].levels - parts_of(rest);
        }
    }
    return left;
}

bool eg_dropped_in_place(eg_dropped_root root, eg_str path)
{
    return path.len > 0 && levels_left(root, path) >= 0;
}

bool eg_dropped_may_hold(eg_dropped_root root, eg_str folder)
{
    bool holds = levels_left(root, folder) > 0;
    /* a place may begin deeper than the one around it goes */
    for (size_t i = 0; !holds && i < EG_COUNT(places); i++) {
        eg_str rest;
        holds = places[i].root == root && places[i].levels > 0 &&
                is_below(places[i].path, folder, &rest);
    }
    return holds;
}

void eg_zone_identifier_parse(eg_str text, eg_zone_identifier *out)
{
    bool in_section = false;
    eg_str line;
    *out = (eg_zone_identifier){EG_STR_NONE, EG_STR_NONE, EG_STR_NONE};
    while (eg_str_split(&text, '\n', &line)) {
        eg_str key;
        line = eg_str_trim(line);
        if (line.len > 0 && line.ptr[0] == '[') {
            in_section = eg_str_equal_nocase(line, EG_STR("[ZoneTransfer]"));
            continue;
        }
        if (!in_section || !memchr(line.len > 0 ? line.ptr : "", '=', line.len) ||
            !eg_str_split(&line, '=', &key)) {
            continue;
        }
        key = eg_str_trim(key);
        line = eg_str_trim(line.ptr ? line : EG_STR(""));
        if (eg_str_equal_nocase(key, EG_STR("ZoneId"))) {
            out->zone_id = line;
        } else if (eg_str_equal_nocase(key, EG_STR("HostUrl"))) {
            out->host_url = line;
        } else if (eg_str_equal_nocase(key, EG_STR("ReferrerUrl"))) {
            out->referrer_url = line;
        }
    }
}
