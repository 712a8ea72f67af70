/* SPDX-License-Identifier: Apache-2.0 */
#include "core/detect/windows_path.h"

#include "core/base/compiler.h"
#include "core/base/status.h"

#include <string.h>

const eg_windows_folders eg_windows_usual_folders = {
    .system_root = EG_STR_INIT("C:\\Windows"),
    .program_files = EG_STR_INIT("C:\\Program Files"),
    .program_files_x86 = EG_STR_INIT("C:\\Program Files (x86)"),
    .program_data = EG_STR_INIT("C:\\ProgramData"),
    .profiles = EG_STR_INIT("C:\\Users"),
};

typedef enum base { ROOT, DRIVE, FILES, FILES_X86, DATA, PROFILES, USER } base;

/* What Windows and PowerShell put in the place of a name. */
static const struct {
    const char *name;
    base base;
    const char *below;
} variables[] = {
    {"SystemRoot", ROOT, ""},
    {"windir", ROOT, ""},
    {"ComSpec", ROOT, "\\System32\\cmd.exe"},
    {"SystemDrive", DRIVE, ""},
    {"HOMEDRIVE", DRIVE, ""},
    {"ProgramFiles", FILES, ""},
    {"ProgramW6432", FILES, ""},
    {"ProgramFiles(x86)", FILES_X86, ""},
    {"CommonProgramFiles", FILES, "\\Common Files"},
    {"CommonProgramFiles(x86)", FILES_X86, "\\Common Files"},
    {"ProgramData", DATA, ""},
    {"ALLUSERSPROFILE", DATA, ""},
    {"PUBLIC", PROFILES, "\\Public"},
    {"USERPROFILE", USER, ""},
    {"APPDATA", USER, "\\AppData\\Roaming"},
    {"LOCALAPPDATA", USER, "\\AppData\\Local"},
    {"TEMP", USER, "\\AppData\\Local\\Temp"},
    {"TMP", USER, "\\AppData\\Local\\Temp"},
};

/* A text that grows within its room; `full` once something did not fit. */
typedef struct writer {
    char *text;
    size_t length;
    bool full;
} writer;

static void put(writer *to, eg_str text)
{
    if (text.len > EG_WINDOWS_PATH_MAX - to->length) {
        to->full = true;
    } else if (text.len > 0) {
        memcpy(to->text + to->length, text.ptr, text.len);
        to->length += text.len;
    }
}

static eg_str from(eg_str text, size_t start)
{
    return (eg_str){text.ptr + start, text.len - start};
}

static bool is_separator(char c)
{
    return c == '\\' || c == '/';
}

static bool has_drive(eg_str text)
{
    return text.len > 1 && text.ptr[1] == ':' && (text.ptr[0] | 0x20) >= 'a' &&
           (text.ptr[0] | 0x20) <= 'z';
}

static eg_str folder_of(const eg_path_context *context, base which)
{
    const eg_windows_folders *folders = context->folders;
    switch (which) {
    case ROOT: return folders->system_root;
    case DRIVE: return (eg_str){folders->system_root.ptr, has_drive(folders->system_root) ? 2 : 0};
    case FILES: return folders->program_files;
    case FILES_X86: return folders->program_files_x86;
    case DATA: return folders->program_data;
    case PROFILES: return folders->profiles;
    default: return context->user_folder;
    }
}

/* False when nobody knows what the name stands for. */
static bool put_variable(const eg_path_context *context, eg_str name, writer *to)
{
    for (size_t i = 0; i < EG_COUNT(variables); i++) {
        eg_str folder = folder_of(context, variables[i].base);
        if (eg_str_equal_nocase(name, eg_str_from(variables[i].name)) && folder.len > 0) {
            put(to, folder);
            put(to, eg_str_from(variables[i].below));
            return true;
        }
    }
    return false;
}

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/*
 * "%NAME%", "${env:NAME}" or "$env:NAME" at the beginning of `text`: the name, and how long all of
 * it is; 0 when there is none.
 */
static size_t variable_at(eg_str text, eg_str *name)
{
    eg_str prefix = EG_STR("%");
    char end = '%';
    size_t length = 0;
    if (eg_str_starts_nocase(text, EG_STR("$env:"))) {
        prefix = EG_STR("$env:");
        end = '\0';
    } else if (eg_str_starts_nocase(text, EG_STR("${env:"))) {
        prefix = EG_STR("${env:");
        end = '}';
    } else if (text.ptr[0] != '%') {
        return 0;
    }
    eg_str rest = from(text, prefix.len);
    while (length < rest.len && (end ? rest.ptr[length] != end : is_name(rest.ptr[length]))) {
        length++;
    }
    if (length == 0 || (end && length == rest.len)) {
        return 0;
    }
    *name = (eg_str){rest.ptr, length};
    return prefix.len + length + (end ? 1 : 0);
}

static bool put_expanded(const eg_path_context *context, eg_str text, writer *to)
{
    for (size_t at = 0; at < text.len;) {
        eg_str name;
        size_t length = variable_at(from(text, at), &name);
        if (length == 0) {
            put(to, (eg_str){text.ptr + at, 1});
            at++;
        } else if (put_variable(context, name, to)) {
            at += length;
        } else {
            return false;
        }
    }
    return !to->full;
}

/* The ways in which the kernel, the service manager and browsers begin a path. */
static eg_str put_prefix(const eg_path_context *context, eg_str text, writer *to)
{
    static const char *const unc[] = {"\\\\?\\UNC\\", "\\??\\UNC\\"};
    static const char *const plain[] = {"\\\\?\\", "\\??\\", "file:///"};
    for (size_t i = 0; i < EG_COUNT(unc); i++) {
        if (eg_str_starts_nocase(text, eg_str_from(unc[i]))) {
            put(to, EG_STR("\\\\"));
            return from(text, strlen(unc[i]));
        }
    }
    for (size_t i = 0; i < EG_COUNT(plain); i++) {
        if (eg_str_starts_nocase(text, eg_str_from(plain[i])) &&
            has_drive(from(text, strlen(plain[i])))) {
            return from(text, strlen(plain[i]));
        }
    }
    if (eg_str_starts_nocase(text, EG_STR("file://"))) {
        put(to, EG_STR("\\\\"));
        return from(text, 7);
    }
    if (eg_str_starts_nocase(text, EG_STR("\\SystemRoot\\"))) {
        put(to, context->folders->system_root);
        return from(text, 11);
    }
    return text;
}

/* Copies part by part into `to`, behind the root that no ".." leaves. */
static void put_normal(eg_str text, size_t root, writer *to)
{
    put(to, (eg_str){text.ptr, root});
    for (size_t at = root; at <= text.len;) {
        size_t end = at;
        while (end < text.len && !is_separator(text.ptr[end])) {
            end++;
        }
        eg_str part = {text.ptr + at, end - at};
        if (eg_str_equal(part, EG_STR(".."))) {
            while (to->length > root && to->text[to->length - 1] != '\\') {
                to->length--;
            }
            to->length -= to->length > root ? 1 : 0;
        } else if (part.len > 0 && !eg_str_equal(part, EG_STR("."))) {
            if (to->length > root) {
                put(to, EG_STR("\\"));
            }
            put(to, part);
        }
        at = end + 1;
    }
}

/* How many bytes of an absolute path are its root, its backslash included; 0: not absolute. */
static size_t root_length(eg_str text, bool *is_network)
{
    *is_network = false;
    if (has_drive(text)) {
        return text.len > 3 && is_separator(text.ptr[2]) ? 3 : 0;
    }
    if (text.len < 5 || !is_separator(text.ptr[0]) || !is_separator(text.ptr[1]) ||
        text.ptr[2] == '?' || text.ptr[2] == '.') {
        return 0;
    }
    *is_network = true;
    size_t at = 2, parts = 0;
    while (at < text.len && parts < 2) { /* server and share */
        parts += is_separator(text.ptr[at]) ? 1 : 0;
        at++;
    }
    return parts == 2 && at < text.len ? at : 0;
}

/* Puts what a path that is not absolute starts from before it. */
static bool make_absolute(const eg_path_context *context, writer *to)
{
    eg_str text = {to->text, to->length}, start = context->current;
    bool is_network;
    if (root_length(text, &is_network) > 0) {
        return true;
    }
    bool rooted = text.len > 1 && is_separator(text.ptr[0]) && !is_separator(text.ptr[1]);
    if (text.len == 0 || has_drive(text) || (!rooted && is_separator(text.ptr[0]))) {
        return false;
    }
    if (rooted) {
        start = has_drive(start) ? (eg_str){start.ptr, 2} : folder_of(context, DRIVE);
    }
    if (start.len == 0 || start.len + 1 + text.len > EG_WINDOWS_PATH_MAX) {
        return false;
    }
    memmove(to->text + start.len + 1, text.ptr, text.len);
    memcpy(to->text, start.ptr, start.len);
    to->text[start.len] = '\\';
    to->length += start.len + 1;
    return true;
}

int eg_windows_path_resolve(const eg_path_context *context, eg_str written, eg_arena *arena,
                            eg_windows_path *out)
{
    char *first = eg_arena_alloc(arena, EG_WINDOWS_PATH_MAX);
    char *second = eg_arena_alloc(arena, EG_WINDOWS_PATH_MAX);
    bool is_network = false;
    size_t root = 0;
    if (!first || !second) {
        return EG_E_NOMEM;
    }
    writer whole = {first, 0, false}, normal = {second, 0, false};
    eg_str rest = put_prefix(context, written, &whole);
    if (put_expanded(context, rest, &whole) && !memchr(first, '\0', whole.length) &&
        make_absolute(context, &whole)) {
        for (size_t i = 0; i < whole.length; i++) {
            first[i] = first[i] == '/' ? '\\' : first[i];
        }
        root = root_length((eg_str){first, whole.length}, &is_network);
    }
    if (root > 0) {
        put_normal((eg_str){first, whole.length}, root, &normal);
    }
    if (root == 0 || normal.full || normal.length <= root) {
        *out = (eg_windows_path){EG_PATH_UNRESOLVED, written};
    } else {
        *out = (eg_windows_path){is_network ? EG_PATH_NETWORK : EG_PATH_LOCAL,
                                 {second, normal.length}};
    }
    return EG_OK;
}

static bool lies_below(eg_str path, eg_str folder)
{
    return folder.len > 0 && path.len > folder.len + 1 && path.ptr[folder.len] == '\\' &&
           eg_str_starts_nocase(path, folder);
}

eg_str eg_windows_user_folder(const eg_windows_folders *folders, eg_str user, eg_str path)
{
    for (size_t i = 0; user.len > 0 && i < folders->user_count; i++) {
        const eg_user_folder *known = &folders->users[i];
        if (eg_str_equal_nocase(user, known->sid) || eg_str_equal_nocase(user, known->account)) {
            return known->folder;
        }
    }
    for (size_t i = 0; i < folders->user_count; i++) {
        if (lies_below(path, folders->users[i].folder)) {
            return folders->users[i].folder;
        }
    }
    if (!lies_below(path, folders->profiles)) {
        return EG_STR("");
    }
    size_t end = folders->profiles.len + 1;
    while (end < path.len && path.ptr[end] != '\\') {
        end++;
    }
    eg_str folder = {path.ptr, end};
    return eg_str_equal_nocase(eg_path_base(folder), EG_STR("Public")) ? EG_STR("") : folder;
}
