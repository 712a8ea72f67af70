/* SPDX-License-Identifier: Apache-2.0 */
#include "core/detect/command_files.h"

#include "core/base/status.h"
#include "core/detect/role.h"

#include <string.h>

enum {
    ARGUMENTS_MAX = 64,
    DEPTH_MAX = 4, /* cmd /c "powershell -c ..." and so on */
};

typedef enum host_kind { NONE, LIBRARY, FILES, OPENS, SHELL, SCRIPT, STARTS } host_kind;

static const struct {
    eg_str name;
    host_kind kind;
} hosts[] = {
#define HOST(name, kind) {EG_STR_INIT(name), kind},
#include "core/detect/command_hosts.def"
#undef HOST
};

typedef struct reader {
    eg_arena *arena;
    eg_named_files *out;
    int status;
} reader;

typedef struct arguments {
    eg_str items[ARGUMENTS_MAX];
    size_t count;
} arguments;

static void read_command(reader *to, eg_str command, int depth);

static eg_str from(eg_str text, size_t start)
{
    return (eg_str){text.ptr + start, text.len - start};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_separator(char c)
{
    return c == '\\' || c == '/';
}

/* ---- what looks like a file ---- */

/* "https:" and "javascript:" name no file; "C:" and "file:" may. */
static bool is_address(eg_str text)
{
    size_t letters = 0;
    while (letters < text.len && is_letter(text.ptr[letters])) {
        letters++;
    }
    return letters > 1 && letters < text.len && text.ptr[letters] == ':' &&
           !eg_str_starts_nocase(text, EG_STR("file:"));
}

static bool is_rooted(eg_str text)
{
    static const char *const starts[] = {"\\\\", "..\\", "../", ".\\", "%", "$env:", "${env:"};
    for (size_t i = 0; i < EG_COUNT(starts); i++) {
        if (eg_str_starts_nocase(text, eg_str_from(starts[i]))) {
            return true;
        }
    }
    return text.len > 2 && is_letter(text.ptr[0]) && text.ptr[1] == ':' &&
           is_separator(text.ptr[2]);
}

static bool is_code(eg_str path)
{
    eg_role role = eg_role_of_file(path);
    return role == EG_ROLE_PART || role == EG_ROLE_SCRIPT;
}

static bool has_known_ending(eg_str path)
{
    static const char *const endings[] = {".exe", ".scr", ".com", ".msi", ".sct", ".inf",
                                          ".chm", ".zip", ".rsp", ".jar", ".xll", ".xml"};
    for (size_t i = 0; i < EG_COUNT(endings); i++) {
        if (eg_str_ends_nocase(path, eg_str_from(endings[i]))) {
            return true;
        }
    }
    return eg_role_of_file(path) != EG_ROLE_PROGRAM;
}

static bool looks_like_file(eg_str text)
{
    return text.len > 2 && !is_address(text) && (is_rooted(text) || has_known_ending(text));
}

static eg_str without_braces(eg_str text)
{
    while (text.len > 0 && (text.ptr[0] == '{' || text.ptr[0] == '(')) {
        text = from(text, 1);
    }
    while (text.len > 0 && strchr("});,", text.ptr[text.len - 1])) {
        text.len--;
    }
    return text;
}

static void add(reader *to, eg_str path, eg_str ending, bool is_program)
{
    eg_named_files *out = to->out;
    for (size_t i = 0; i < out->count; i++) {
        if (eg_str_equal_nocase(out->items[i].path, path)) {
            return;
        }
    }
    if (out->count == EG_NAMED_FILES_MAX) {
        out->cut = true;
    } else if (path.len > 0 && !is_address(path)) {
        out->items[out->count++] = (eg_named_file){path, ending, is_program};
    }
}

static void add_likely(reader *to, eg_str text)
{
    eg_str path = without_braces(text);
    if (looks_like_file(path)) {
        add(to, path, EG_STR(""), false);
    }
}

/* ---- arguments ---- */

/*
 * One argument by the rules of Microsoft's C runtime: quotes group, a backslash before a quote
 * makes it an ordinary character. In scripts of PowerShell single quotes group as well. Writes it
 * to `copy` unless that is NULL; returns how far in `text` it goes.
 */
static size_t take_argument(eg_str text, bool is_script, char *copy, size_t *length)
{
    char quote = '\0';
    size_t at = 0, used = 0;
    for (; at < text.len; at++) {
        char c = text.ptr[at];
        bool escaped = c == '\\' && at + 1 < text.len && text.ptr[at + 1] == '"';
        if (!escaped && (quote ? c == quote : c == '"' || (is_script && c == '\''))) {
            quote = quote ? '\0' : c;
            continue;
        }
        if (!quote && (is_blank(c) || (is_script && c && strchr(";|&(),", c)))) {
            break;
        }
        at += escaped ? 1 : 0;
        if (copy) {
            copy[used] = text.ptr[at];
        }
        used++;
    }
    *length = used;
    return at;
}

static bool next_argument(reader *to, eg_str *rest, bool is_script, eg_str *argument)
{
    eg_str text = eg_str_trim(*rest);
    size_t length;
    if (text.len == 0 || to->status != EG_OK) {
        return false;
    }
    size_t end = take_argument(text, is_script, NULL, &length);
    char *copy = eg_arena_alloc(to->arena, length + 1);
    if (!copy) {
        to->status = EG_E_NOMEM;
        return false;
    }
    take_argument(text, is_script, copy, &length);
    *argument = (eg_str){copy, length};
    *rest = from(text, end < text.len ? end + 1 : end);
    return true;
}

static void read_arguments(reader *to, eg_str text, arguments *out)
{
    out->count = 0;
    while (out->count < ARGUMENTS_MAX && next_argument(to, &text, false, &out->items[out->count])) {
        out->count++;
    }
    to->out->cut = to->out->cut || eg_str_trim(text).len > 0;
}

static bool is_switch(eg_str argument)
{
    return argument.len > 0 && (argument.ptr[0] == '/' || argument.ptr[0] == '-');
}

/* "/i:C:\x.sct", "-out=x.dll", "/yC:\x.dll": a switch may carry its file. */
static void read_switch(reader *to, eg_str argument)
{
    for (size_t at = 1; at < argument.len && at < 32; at++) {
        eg_str value = from(argument, at);
        bool parted = argument.ptr[at - 1] == ':' || argument.ptr[at - 1] == '=';
        if (is_rooted(value) || (parted && looks_like_file(value))) {
            add_likely(to, value);
            return;
        }
    }
}

static void read_likely(reader *to, const arguments *all, size_t start)
{
    for (size_t i = start; i < all->count; i++) {
        if (is_switch(all->items[i])) {
            read_switch(to, all->items[i]);
        } else {
            add_likely(to, all->items[i]);
        }
    }
}

/* "x.dll,Entry" names x.dll; a comma in the path itself is none of those. */
static eg_str without_entry_point(eg_str argument)
{
    for (size_t i = argument.len; i > 1; i--) {
        char c = argument.ptr[i - 1];
        if (c == ',') {
            return (eg_str){argument.ptr, i - 1};
        }
        if (is_separator(c) || c == '.') {
            break;
        }
    }
    return argument;
}

static void read_files(reader *to, const arguments *all, bool is_library, eg_str ending)
{
    for (size_t i = 0; i < all->count; i++) {
        eg_str argument = all->items[i];
        if (is_switch(argument)) {
            read_switch(to, argument);
        } else {
            add(to, is_library ? without_entry_point(argument) : argument, ending, false);
            read_likely(to, all, i + 1);
            return;
        }
    }
}

/* ---- commands within commands ---- */

/* What a person types at a prompt: commands between & and |, ^ before characters means nothing. */
static void read_shell(reader *to, eg_str text, int depth)
{
    text = eg_str_trim(text);
    char *line = eg_arena_alloc(to->arena, text.len + 1);
    bool quoted = false;
    size_t length = 0;
    if (!line) {
        to->status = EG_E_NOMEM;
        return;
    }
    if (text.len > 1 && text.ptr[0] == '"' && text.ptr[text.len - 1] == '"') {
        text = (eg_str){text.ptr + 1, text.len - 2}; /* as cmd.exe does with /s or without */
    }
    for (size_t i = 0; i <= text.len && to->status == EG_OK; i++) {
        char c = i < text.len ? text.ptr[i] : '&';
        if (c == '"') {
            quoted = !quoted;
        }
        if (c == '^' && !quoted) {
            continue;
        }
        if (i == text.len || (!quoted && (c == '&' || c == '|' || c == '\n'))) {
            read_command(to, (eg_str){line, length}, depth);
            line += length; /* what was read borrows from it */
            length = 0;
        } else {
            line[length++] = c;
        }
    }
}

/* The text behind the first switch of cmd.exe that begins the commands. */
static eg_str behind_shell_switch(eg_str text)
{
    for (size_t i = 0; i + 1 < text.len; i++) {
        char c = (char)(text.ptr[i + 1] | 0x20);
        if (text.ptr[i] == '/' && (c == 'c' || c == 'k' || c == 'r')) {
            return from(text, i + 2);
        }
    }
    return EG_STR("");
}

static int digit_of(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = c ? strchr(digits, c) : NULL;
    return found ? (int)(found - digits) : -1;
}

/* Base64 of UTF-16; paths that are not ASCII are given up, the script block is scanned anyway. */
static eg_str decode_script(reader *to, eg_str text)
{
    char *out = eg_arena_alloc(to->arena, text.len + 1);
    uint32_t bits = 0;
    size_t count = 0, bytes = 0, length = 0;
    if (!out) {
        to->status = EG_E_NOMEM;
        return EG_STR("");
    }
    for (size_t i = 0; i < text.len && digit_of(text.ptr[i]) >= 0; i++) {
        bits = bits << 6 | (uint32_t)digit_of(text.ptr[i]);
        count += 6;
        if (count >= 8) {
            count -= 8;
            unsigned char byte = (unsigned char)(bits >> count);
            if (bytes++ % 2 == 0) {
                out[length++] = byte < 0x80 && byte > 0 ? (char)byte : '?';
            }
        }
    }
    return (eg_str){out, length};
}

static void read_script(reader *to, eg_str text)
{
    eg_str word;
    for (size_t i = 0; i < ARGUMENTS_MAX * 4 && next_argument(to, &text, true, &word); i++) {
        add_likely(to, word);
    }
}

/* PowerShell takes any beginning of a parameter's name. */
static bool is_parameter(eg_str argument, eg_str name)
{
    return argument.len > 1 && is_switch(argument) && argument.len <= name.len + 1 &&
           eg_str_starts_nocase(name, from(argument, 1));
}

static void read_powershell(reader *to, eg_str text, int depth)
{
    eg_str rest = text, argument, value;
    while (next_argument(to, &rest, false, &argument)) {
        if (is_parameter(argument, EG_STR("file")) && next_argument(to, &rest, false, &value)) {
            add(to, value, EG_STR(""), false);
        } else if ((is_parameter(argument, EG_STR("encodedcommand")) ||
                    eg_str_equal_nocase(argument, EG_STR("-ec"))) &&
                   next_argument(to, &rest, false, &value)) {
            read_script(to, decode_script(to, value));
        } else if (is_parameter(argument, EG_STR("command"))) {
            break;
        } else if (!is_switch(argument)) {
            add_likely(to, argument);
            if (memchr(argument.ptr, ' ', argument.len)) {
                read_command(to, argument, depth);
            }
        }
    }
    rest = eg_str_trim(rest);
    if (rest.len > 0 && rest.ptr[0] == '"' && next_argument(to, &rest, false, &argument)) {
        read_script(to, argument);
    }
    read_script(to, rest);
}

static void read_starts(reader *to, const arguments *all, int depth)
{
    for (size_t i = 0; i < all->count; i++) {
        if (!is_switch(all->items[i]) && all->items[i].len > 0 &&
            memchr(all->items[i].ptr, ' ', all->items[i].len)) {
            read_command(to, all->items[i], depth);
        }
    }
    read_likely(to, all, 0);
}

/* ---- one command ---- */

static host_kind find_host(eg_str program)
{
    eg_str base = eg_path_base(program);
    for (size_t i = 0; i < EG_COUNT(hosts); i++) {
        eg_str name = hosts[i].name;
        if (eg_str_equal_nocase(base, name) ||
            eg_str_equal_nocase(base, (eg_str){name.ptr, name.len - 4})) {
            return hosts[i].kind;
        }
    }
    switch (eg_role_of_file(program)) {
    case EG_ROLE_OFFICE:
    case EG_ROLE_READER:
    case EG_ROLE_ARCHIVER: return OPENS;
    default: return NONE;
    }
}

/* start ["title"] [/b ...] command, and call: builtins of cmd.exe that run what follows. */
static eg_str without_builtin(eg_str command)
{
    static const char *const builtins[] = {"start", "call", "@"};
    eg_str text = eg_str_trim(command);
    for (size_t i = 0; i < EG_COUNT(builtins); i++) {
        eg_str name = eg_str_from(builtins[i]);
        if (eg_str_starts_nocase(text, name) &&
            (name.len == 1 || (text.len > name.len && is_blank(text.ptr[name.len])))) {
            text = eg_str_trim(from(text, name.len));
        }
    }
    if (eg_str_starts_nocase(text, EG_STR("\"\""))) {
        text = eg_str_trim(from(text, 2));
    }
    while (text.len > 0 && text.ptr[0] == '/') {
        size_t end = 0;
        while (end < text.len && !is_blank(text.ptr[end])) {
            end++;
        }
        text = eg_str_trim(from(text, end));
    }
    return text;
}

static void read_other(reader *to, const arguments *all)
{
    for (size_t i = 0; i < all->count; i++) {
        if (!is_switch(all->items[i]) && is_code(all->items[i])) {
            add_likely(to, all->items[i]);
        }
    }
}

static void read_host(reader *to, host_kind kind, eg_str text, int depth)
{
    arguments *all = eg_arena_alloc(to->arena, sizeof(*all));
    if (!all) {
        to->status = EG_E_NOMEM;
        return;
    }
    if (kind == SHELL) {
        read_shell(to, behind_shell_switch(text), depth + 1);
        return;
    }
    if (kind == SCRIPT) {
        read_powershell(to, text, depth + 1);
        return;
    }
    read_arguments(to, text, all);
    switch (kind) {
    case LIBRARY: read_files(to, all, true, EG_STR(".dll")); break;
    case FILES: read_files(to, all, false, EG_STR("")); break;
    case OPENS: read_likely(to, all, 0); break;
    case STARTS: read_starts(to, all, depth + 1); break;
    default: read_other(to, all); break;
    }
}

static void read_command(reader *to, eg_str command, int depth)
{
    eg_str text = depth > 0 ? without_builtin(command) : eg_str_trim(command);
    eg_str program = eg_command_program(text);
    if (depth > DEPTH_MAX) {
        to->out->cut = true;
        return;
    }
    if (to->status != EG_OK || program.len == 0) {
        return;
    }
    if (depth == 0) {
        add(to, program, EG_STR(".exe"), true);
    } else {
        add_likely(to, program);
    }
    size_t behind = (size_t)(program.ptr + program.len - text.ptr);
    if (behind < text.len && text.ptr[behind] == '"') {
        behind++;
    }
    read_host(to, find_host(program), from(text, behind), depth);
}

int eg_command_files(eg_str command, eg_arena *arena, eg_named_files *out)
{
    reader to = {arena, out, EG_OK};
    *out = (eg_named_files){.count = 0};
    if (command.len > EG_COMMAND_LENGTH_MAX) {
        command.len = EG_COMMAND_LENGTH_MAX;
        out->cut = true;
    }
    read_command(&to, command, 0);
    return to.status;
}
