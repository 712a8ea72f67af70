/* SPDX-License-Identifier: Apache-2.0 */
#include "tray/chain.h"

#include "tray/resource.h"

typedef struct known_name {
    const char *name;
    unsigned kind_text;
    eg_symbol symbol;
} known_name;

static const known_name programs[] = {
#define PROGRAM(name, kind, symbol) {name, EG_TEXT_KIND_##kind, EG_SYMBOL_##symbol},
#include "tray/programs.def"
};

static const known_name extensions[] = {
#define EXTENSION(name, kind, symbol) {name, EG_TEXT_KIND_##kind, EG_SYMBOL_##symbol},
#include "tray/programs.def"
};

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

/* An unquoted path may hold blanks: it ends behind ".exe" and the like, not at its first blank. */
static size_t unquoted_program_length(eg_str command)
{
    static const char *const endings[] = {".exe", ".com", ".scr", ".bat", ".cmd"};
    size_t first_blank = command.len;

    for (size_t at = 1; at <= command.len; at++) {
        if (at < command.len && !is_blank(command.ptr[at]) && command.ptr[at] != ',') {
            continue;
        }
        for (size_t i = 0; i < EG_COUNT(endings); i++) {
            if (eg_str_ends_nocase((eg_str){command.ptr, at}, eg_str_from(endings[i]))) {
                return at;
            }
        }
        if (at < first_blank) {
            first_blank = at;
        }
    }
    return first_blank;
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
    if (is_path(rest) && find_extension(rest)) {
        return rest; /* a document or DLL with blanks in its path, and nothing behind it */
    }
    return (eg_str){rest.ptr, unquoted_program_length(rest)};
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

static bool is_task_kind(eg_kind kind)
{
    return kind == EG_KIND_TASK_REGISTERED || kind == EG_KIND_TASK_UPDATED ||
           kind == EG_KIND_TASK_STARTED;
}

static void describe_file(eg_str path, eg_chain_box *box)
{
    eg_str base = eg_path_base(path);
    const known_name *known = find_program(base);

    if (!known) {
        known = find_extension(base);
    }
    *box = (eg_chain_box){known ? known->symbol : EG_SYMBOL_PROGRAM,
                          known ? known->kind_text : EG_TEXT_KIND_PROGRAM, base, false, false};
}

static void describe_target(const eg_hit_notice *hit, eg_chain_box *box)
{
    *box = (eg_chain_box){EG_SYMBOL_UNKNOWN, EG_TEXT_KIND_OTHER, eg_path_base(hit->target), true,
                          true};
    if (hit->kind == EG_KIND_REGISTRY_SET) {
        box->symbol = EG_SYMBOL_AUTOSTART;
        box->kind_text = EG_TEXT_KIND_AUTOSTART;
    } else if (is_task_kind(hit->kind)) {
        box->symbol = EG_SYMBOL_TASK;
        box->kind_text = EG_TEXT_KIND_TASK;
    } else if (hit->kind == EG_KIND_SERVICE_INSTALLED) {
        box->symbol = EG_SYMBOL_AUTOSTART;
        box->kind_text = EG_TEXT_KIND_SERVICE;
    } else if (hit->kind == EG_KIND_REGISTRY_DELETE || hit->kind == EG_KIND_TASK_REMOVED) {
        box->kind_text = EG_TEXT_KIND_REMOVED;
    } else if (hit->kind == EG_KIND_FILE_CREATED || hit->kind == EG_KIND_IMAGE_LOAD) {
        describe_file(hit->target, box);
        box->suspicious = true;
        box->timed = true;
    }
}

size_t eg_chain_from_notice(const eg_hit_notice *hit, eg_chain_box boxes[EG_CHAIN_MAX])
{
    size_t count = 0;
    bool process = hit->target.len == 0;
    eg_str command = process && hit->command_line.len > 0 ? hit->command_line : hit->program;
    eg_str program = eg_command_program(hit->program);
    eg_str file = eg_command_file(command);

    if (hit->parent.len > 0) {
        describe_file(eg_command_program(hit->parent), &boxes[count++]);
    }
    if (program.len > 0) {
        describe_file(program, &boxes[count]);
        boxes[count].timed = process;
        boxes[count].suspicious = file.len == 0;
        count++;
    }
    if (file.len > 0) {
        describe_file(file, &boxes[count]);
        if (boxes[count].symbol == EG_SYMBOL_PROGRAM) {
            boxes[count].symbol = EG_SYMBOL_UNKNOWN;
            boxes[count].kind_text = EG_TEXT_KIND_FILE;
        }
        boxes[count].suspicious = true;
        count++;
    }
    if (!process) {
        describe_target(hit, &boxes[count++]);
    }
    return count;
}
