/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/decode/path_map.h"

#include "core/base/mem.h"
#include "core/base/status.h"

enum {
    LINES_MAX = 512, /* 26 drives and every volume of a large server */
    DEPTH_MAX = 8,   /* prefixes within prefixes, drives that stand for folders of such drives */
};

#define DEVICE EG_STR("\\Device\\")

typedef struct line {
    char *from, *to; /* owned */
} line;

struct eg_path_map {
    line lines[LINES_MAX];
    size_t count;
};

int eg_path_map_create(eg_path_map **out)
{
    eg_path_map *map = eg_alloc_zero(1, sizeof(*map));
    if (!map) {
        return EG_E_NOMEM;
    }
    *out = map;
    return EG_OK;
}

void eg_path_map_destroy(eg_path_map *map)
{
    if (map) {
        for (size_t i = 0; i < map->count; i++) {
            eg_free(map->lines[i].from);
            eg_free(map->lines[i].to);
        }
        eg_free(map);
    }
}

int eg_path_map_add(eg_path_map *map, eg_str from, eg_str to)
{
    if (from.len == 0 || to.len == 0) {
        return eg_fail(EG_E_INVALID, "a device or drive without a name");
    }
    if (map->count == LINES_MAX) {
        return eg_fail(EG_E_LIMIT, "more than %d devices", LINES_MAX);
    }
    line made = {eg_copy_bytes(from.ptr, from.len), eg_copy_bytes(to.ptr, to.len)};
    if (!made.from || !made.to) {
        eg_free(made.from);
        eg_free(made.to);
        return EG_E_NOMEM;
    }
    map->lines[map->count++] = made;
    return EG_OK;
}

static eg_str skip(eg_str text, size_t count)
{
    return (eg_str){text.ptr + count, text.len - count};
}

/* Takes `prefix` away when `path` begins with it and goes on with a new component, or ends. */
static bool take_folder(eg_str *path, eg_str prefix)
{
    if (!eg_str_starts_nocase(*path, prefix) ||
        (path->len > prefix.len && path->ptr[prefix.len] != '\\')) {
        return false;
    }
    *path = skip(*path, prefix.len);
    return true;
}

/* The same for a prefix that ends with its backslash. */
static bool take_prefix(eg_str *path, eg_str prefix)
{
    if (!eg_str_starts_nocase(*path, prefix)) {
        return false;
    }
    *path = skip(*path, prefix.len);
    return true;
}

static int append_two(eg_buf *out, eg_str head, eg_str rest)
{
    eg_buf_append_str(out, head);
    return eg_buf_append_str(out, rest);
}

/* The line whose `from` begins the path: `rest` is what follows it. */
static const line *find(const eg_path_map *map, eg_str path, eg_str *rest)
{
    for (size_t i = 0; i < map->count; i++) {
        *rest = path;
        if (take_folder(rest, eg_str_from(map->lines[i].from))) {
            return &map->lines[i];
        }
    }
    return NULL;
}

/*
 * "\server\share\x", with what a redirector keeps in front of it: "\;LanmanRedirector" and the
 * drive and logon session "\;Z:0000000000012345". False when no server is left.
 */
static bool append_server(eg_str rest, eg_buf *out)
{
    while (rest.len > 1 && rest.ptr[1] == ';') {
        size_t end = 1;
        while (end < rest.len && rest.ptr[end] != '\\') {
            end++;
        }
        rest = skip(rest, end);
    }
    if (rest.len < 2 || rest.ptr[1] == '\\') {
        return false;
    }
    append_two(out, EG_STR("\\"), rest);
    return true;
}

/* A device that is no disk: the way to a server. */
static bool append_redirected(eg_str path, eg_buf *out)
{
    static const eg_str redirectors[] = {EG_STR_INIT("\\Device\\Mup"),
                                         EG_STR_INIT("\\Device\\LanmanRedirector"),
                                         EG_STR_INIT("\\Device\\WebDavRedirector")};
    for (size_t i = 0; i < EG_COUNT(redirectors); i++) {
        eg_str rest = path;
        if (take_folder(&rest, redirectors[i])) {
            return append_server(rest, out);
        }
    }
    /* others are known by the form: "\Device\<name>\;Z:...\server\share" */
    eg_str rest = path;
    if (!take_prefix(&rest, DEVICE)) {
        return false;
    }
    size_t end = 0;
    while (end < rest.len && rest.ptr[end] != '\\') {
        end++;
    }
    rest = skip(rest, end);
    return rest.len > 1 && rest.ptr[1] == ';' && append_server(rest, out);
}

static bool is_drive(eg_str path)
{
    return path.len >= 2 && path.ptr[1] == ':' && (path.len == 2 || path.ptr[2] == '\\') &&
           ((path.ptr[0] >= 'A' && path.ptr[0] <= 'Z') ||
            (path.ptr[0] >= 'a' && path.ptr[0] <= 'z'));
}

static int rewrite(const eg_path_map *map, eg_str path, int depth, eg_buf *out);

/* Writes what stands below a drive that is a folder of another drive. */
static int rewrite_drive(const eg_path_map *map, eg_str path, int depth, eg_buf *out)
{
    eg_str rest;
    const line *found = depth < DEPTH_MAX ? find(map, path, &rest) : NULL;
    if (!found) {
        return eg_buf_append_str(out, path);
    }
    eg_buf below;
    eg_buf_init(&below, out->max);
    int status = append_two(&below, eg_str_from(found->to), rest);
    if (status == EG_OK) {
        status = rewrite(map, eg_buf_str(&below), depth + 1, out);
    }
    eg_buf_done(&below);
    return status;
}

static bool take_dos_namespace(eg_str *path)
{
    static const eg_str prefixes[] = {EG_STR_INIT("\\??\\"), EG_STR_INIT("\\\\?\\"),
                                      EG_STR_INIT("\\\\.\\"), EG_STR_INIT("\\DosDevices\\"),
                                      EG_STR_INIT("\\GLOBAL??\\")};
    for (size_t i = 0; i < EG_COUNT(prefixes); i++) {
        if (take_prefix(path, prefixes[i])) {
            return true;
        }
    }
    return false;
}

/* A device by the short name that it has among the drives: "HarddiskVolume3\x". */
static const line *find_short(const eg_path_map *map, eg_str name, eg_str *rest)
{
    for (size_t i = 0; i < map->count; i++) {
        eg_str from = eg_str_from(map->lines[i].from);
        *rest = name;
        if (take_prefix(&from, DEVICE) && from.len > 0 && take_folder(rest, from)) {
            return &map->lines[i];
        }
    }
    return NULL;
}

/* `name` is what followed "\??\" or its like in `path`. */
static int rewrite_dos(const eg_path_map *map, eg_str path, eg_str name, int depth, eg_buf *out)
{
    eg_str rest = name;
    if (is_drive(name)) {
        return rewrite(map, name, depth + 1, out);
    }
    if (take_folder(&rest, EG_STR("GLOBALROOT"))) {
        return rest.len > 0 ? rewrite(map, rest, depth + 1, out) : eg_buf_append_str(out, path);
    }
    if (take_folder(&rest, EG_STR("UNC"))) {
        return append_server(rest, out) ? out->status : eg_buf_append_str(out, path);
    }
    const line *found = find_short(map, name, &rest);
    if (found) {
        return append_two(out, eg_str_from(found->to), rest);
    }
    /* a volume's name, written in any of the ways, and what we do not know: pipes, consoles */
    for (size_t i = 0; i < map->count; i++) {
        eg_str volume = eg_str_from(map->lines[i].from);
        rest = name;
        if (take_prefix(&volume, EG_STR("\\\\?\\")) && take_folder(&rest, volume)) {
            return append_two(out, eg_str_from(map->lines[i].to), rest);
        }
    }
    return eg_str_starts_nocase(name, EG_STR("Volume{")) ? append_two(out, EG_STR("\\\\?\\"), name)
                                                         : eg_buf_append_str(out, path);
}

static int rewrite(const eg_path_map *map, eg_str path, int depth, eg_buf *out)
{
    eg_str rest = path;
    if (is_drive(path)) {
        return rewrite_drive(map, path, depth, out);
    }
    if (depth < DEPTH_MAX && take_dos_namespace(&rest)) {
        return rewrite_dos(map, path, rest, depth, out);
    }
    const line *found = find(map, path, &rest);
    if (found) {
        return append_two(out, eg_str_from(found->to), rest);
    }
    if (append_redirected(path, out)) {
        return out->status;
    }
    return eg_str_starts_nocase(path, DEVICE) ? EG_E_NOTFOUND : eg_buf_append_str(out, path);
}

int eg_path_map_rewrite(const eg_path_map *map, eg_str path, eg_buf *out)
{
    return rewrite(map, path, 0, out);
}
