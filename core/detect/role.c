/* SPDX-License-Identifier: Apache-2.0 */
#include "core/detect/role.h"

typedef struct known_name {
    const char *name;
    eg_role role;
} known_name;

static const char *const names[EG_ROLE_COUNT] = {
#define ROLE(id, name) name,
#include "core/detect/roles.def"
#undef ROLE
};

static const known_name programs[] = {
#define PROGRAM(name, role) {name, EG_ROLE_##role},
#include "core/detect/programs.def"
};

static const known_name extensions[] = {
#define EXTENSION(name, role) {name, EG_ROLE_##role},
#include "core/detect/programs.def"
};

const char *eg_role_name(eg_role role)
{
    return (unsigned)role < EG_ROLE_COUNT ? names[role] : "other";
}

bool eg_role_from_name(eg_str name, eg_role *out)
{
    for (int i = 0; i < EG_ROLE_COUNT; i++) {
        if (eg_str_equal(name, eg_str_from(names[i]))) {
            *out = (eg_role)i;
            return true;
        }
    }
    return false;
}

static const known_name *find_program(eg_str base)
{
    for (size_t i = 0; i < EG_COUNT(programs); i++) {
        if (eg_str_equal_nocase(base, eg_str_from(programs[i].name))) {
            return &programs[i];
        }
    }
    return NULL;
}

static const known_name *find_extension(eg_str path)
{
    for (size_t i = 0; i < EG_COUNT(extensions); i++) {
        if (eg_str_ends_nocase(path, eg_str_from(extensions[i].name))) {
            return &extensions[i];
        }
    }
    return NULL;
}

eg_role eg_role_of_file(eg_str path)
{
    eg_str base = eg_path_base(path);
    const known_name *known = find_program(base);
    if (!known) {
        known = find_extension(base);
    }
    return known ? known->role : EG_ROLE_PROGRAM;
}

eg_role eg_role_of_place(eg_kind kind, eg_str target)
{
    switch (kind) {
    case EG_KIND_REGISTRY_SET:
    case EG_KIND_WMI_SUBSCRIPTION: return EG_ROLE_AUTOSTART;
    case EG_KIND_TASK_REGISTERED:
    case EG_KIND_TASK_UPDATED:
    case EG_KIND_TASK_STARTED: return EG_ROLE_TASK;
    case EG_KIND_SERVICE_INSTALLED: return EG_ROLE_SERVICE;
    case EG_KIND_REGISTRY_DELETE:
    case EG_KIND_TASK_REMOVED: return EG_ROLE_REMOVED;
    case EG_KIND_FILE_CREATED:
    case EG_KIND_IMAGE_LOAD: return eg_role_of_file(target);
    default: return EG_ROLE_OTHER;
    }
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The next argument, without its quotes; moves *rest behind it. False at the end. */
static bool next_argument(eg_str *rest, eg_str *argument)
{
    eg_str text = eg_str_trim(*rest);
    size_t length = 0;
    bool quoted = text.len > 0 && text.ptr[0] == '"';

    if (text.len == 0) {
        return false;
    }
    if (quoted) {
        text.ptr++;
        text.len--;
    }
    while (length < text.len && (quoted ? text.ptr[length] != '"' : !is_blank(text.ptr[length]))) {
        length++;
    }
    *argument = (eg_str){text.ptr, length};
    rest->ptr = text.ptr + length;
    rest->len = text.len - length;
    if (quoted && rest->len > 0) {
        rest->ptr++;
        rest->len--;
    }
    return true;
}

/* "%COMSPEC% /c ..." and "start x.exe": what follows the blank is an argument of the first word. */
static bool ends_at_blank(eg_str command, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        char c = command.ptr[i];
        if (c == '\\' || c == '/' || c == ':' || c == '%') {
            char next = at + 1 < command.len ? command.ptr[at + 1] : ' ';
            return next == '/' || next == '-';
        }
    }
    return true;
}

/*
 * An unquoted path may hold blanks: it ends behind ".exe" and the like, not at its first blank; 0
 * when it has no such ending.
 */
static size_t unquoted_program_length(eg_str command)
{
    static const char *const endings[] = {".exe", ".com", ".scr", ".bat", ".cmd"};

    for (size_t at = 1; at <= command.len; at++) {
        if (at < command.len && !is_blank(command.ptr[at]) && command.ptr[at] != ',') {
            continue;
        }
        for (size_t i = 0; i < EG_COUNT(endings); i++) {
            if (eg_str_ends_nocase((eg_str){command.ptr, at}, eg_str_from(endings[i]))) {
                return at;
            }
        }
        if (ends_at_blank(command, at)) {
            return 0;
        }
    }
    return 0;
}

static size_t first_word_length(eg_str command)
{
    size_t at = 1;

    while (at < command.len && !is_blank(command.ptr[at]) && command.ptr[at] != ',') {
        at++;
    }
    return at;
}

static bool is_path(eg_str text)
{
    return text.len > 2 && text.ptr[1] == ':' && (text.ptr[2] == '\\' || text.ptr[2] == '/');
}

eg_str eg_command_program(eg_str command)
{
    eg_str rest = eg_str_trim(command), program;

    if (rest.len == 0) {
        return EG_STR("");
    }
    if (rest.ptr[0] == '"') {
        return next_argument(&rest, &program) ? program : EG_STR("");
    }
    size_t length = unquoted_program_length(rest);
    if (length == 0 && is_path(rest) && find_extension(rest)) {
        return rest; /* a document or DLL with blanks in its path, and nothing behind it */
    }
    return (eg_str){rest.ptr, length > 0 ? length : first_word_length(rest)};
}

/* What stands behind the program in a command line. */
static eg_str arguments_of(eg_str command)
{
    eg_str rest = eg_str_trim(command);
    eg_str program = eg_command_program(rest);
    const char *end = program.len > 0 ? program.ptr + program.len : rest.ptr;

    rest.len -= (size_t)(end - rest.ptr);
    rest.ptr = end;
    if (rest.len > 0 && rest.ptr[0] == '"') {
        rest.ptr++;
        rest.len--;
    }
    return rest;
}

/* "x.dll,Entry" names x.dll. */
static eg_str without_entry_point(eg_str argument)
{
    for (size_t i = argument.len; i > 1; i--) {
        if (argument.ptr[i - 1] == ',') {
            return (eg_str){argument.ptr, i - 1};
        }
    }
    return argument;
}

static bool loads_libraries(eg_str program)
{
    eg_str base = eg_path_base(program);

    return eg_str_equal_nocase(base, EG_STR("rundll32.exe")) ||
           eg_str_equal_nocase(base, EG_STR("regsvr32.exe")) ||
           eg_str_equal_nocase(base, EG_STR("rundll32")) ||
           eg_str_equal_nocase(base, EG_STR("regsvr32"));
}

eg_str eg_command_file(eg_str command)
{
    eg_str rest = arguments_of(command), argument;
    bool any_extension = loads_libraries(eg_command_program(command));

    while (next_argument(&rest, &argument)) {
        eg_str file = without_entry_point(argument);

        if (file.len == 0 || file.ptr[0] == '/' || file.ptr[0] == '-') {
            continue;
        }
        if (any_extension || find_extension(file)) {
            return file;
        }
    }
    return EG_STR_NONE;
}
