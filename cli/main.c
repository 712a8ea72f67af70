/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/version.h"

#include <stdarg.h>
#include <string.h>

typedef struct command {
    const char *name;
    const char *summary;
    int (*run)(int argc, char **argv);
} command;

static const command commands[] = {
#define COMMAND(name, summary) {#name, summary, eg_command_##name},
#include "cli/commands.def"
#undef COMMAND
};

static void print_help(FILE *stream)
{
    fprintf(stream,
            "EmoGuard %s: watches this PC for the steps of Emotet and its kin.\n\n"
            "usage: emoguard COMMAND [options]\n\ncommands:\n",
            EG_VERSION_STRING);
    for (size_t i = 0; i < EG_COUNT(commands); i++) {
        fprintf(stream, "  %-10s %s\n", commands[i].name, commands[i].summary);
    }
    fprintf(stream,
            "\n`emoguard COMMAND --help` explains one command; --version prints the version.\n"
            "exit codes: 0 done or nothing found, 1 something found, 2 wrong usage, "
            "3 not everything could be done.\n");
}

int eg_cli_main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : NULL;
    if (!name) {
        print_help(stderr);
        return EG_EXIT_USAGE;
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        print_help(stdout);
        return EG_EXIT_OK;
    }
    if (strcmp(name, "--version") == 0) {
        printf("emoguard %s\n", EG_VERSION_STRING);
        return EG_EXIT_OK;
    }
    for (size_t i = 0; i < EG_COUNT(commands); i++) {
        if (strcmp(name, commands[i].name) == 0) {
            return commands[i].run(argc - 1, argv + 1);
        }
    }
    eg_cli_error("no command '%s'. Try `emoguard --help`.", name);
    return EG_EXIT_USAGE;
}

void eg_cli_error(const char *format, ...)
{
    eg_buf text;
    va_list args;

    eg_buf_init(&text, 8192);
    va_start(args, format);
    eg_buf_appendv(&text, format, args);
    va_end(args);
    fputs("emoguard: ", stderr);
    eg_cli_print(stderr, eg_buf_str(&text));
    fputc('\n', stderr);
    eg_buf_done(&text);
}

void eg_cli_print(FILE *stream, eg_str text)
{
    eg_buf safe;
    eg_buf_init(&safe, 1024 * 1024);
    /* What does not fit is cut: better a part of a hostile megabyte than none of the line. */
    eg_utf8_append_safe(&safe, text);
    fwrite(eg_buf_cstr(&safe), 1, safe.len, stream);
    eg_buf_done(&safe);
}

/* Terminals give East Asian wide characters two cells: the main blocks are enough for a table. */
static size_t cell_width(uint32_t code)
{
    bool wide = (code >= 0x1100 && code <= 0x115F) || (code >= 0x2E80 && code <= 0xA4CF) ||
                (code >= 0xAC00 && code <= 0xD7A3) || (code >= 0xF900 && code <= 0xFAFF) ||
                (code >= 0xFE30 && code <= 0xFE6F) || (code >= 0xFF01 && code <= 0xFF60) ||
                (code >= 0xFFE0 && code <= 0xFFE6) || (code >= 0x1F300 && code <= 0x1FAFF) ||
                (code >= 0x20000 && code <= 0x3FFFD);
    return wide ? 2 : 1;
}

/* Returns the columns used. */
static size_t append_cut(eg_buf *out, eg_str text, size_t width)
{
    size_t used = 0;
    for (size_t at = 0; at < text.len;) {
        char shown[EG_UTF8_SAFE_MAX];
        size_t next = at;
        size_t start = at;
        size_t length = eg_utf8_safe_next(text, &at, shown);
        uint32_t code = eg_utf8_next(text, &next);
        bool plain = length == next - start && memcmp(shown, text.ptr + start, length) == 0;
        size_t cells = plain ? cell_width(code) : length;
        if (used + cells > width) {
            break;
        }
        used += cells;
        eg_buf_append(out, shown, length);
    }
    return used;
}

void eg_cli_append_cut(eg_buf *out, eg_str text, size_t width)
{
    (void)append_cut(out, text, width);
}

void eg_cli_append_column(eg_buf *out, eg_str text, size_t width)
{
    for (size_t used = append_cut(out, text, width); used < width; used++) {
        eg_buf_append_char(out, ' ');
    }
}

void eg_cli_print_column(FILE *stream, eg_str text, size_t width)
{
    eg_buf column;
    eg_buf_init(&column, 64 * 1024);
    eg_cli_append_column(&column, text, width);
    fwrite(eg_buf_cstr(&column), 1, column.len, stream);
    eg_buf_done(&column);
}

int eg_cli_open_database(const char *path, eg_store **out)
{
    eg_buf own, notice;
    eg_buf_init(&own, 8192);
    eg_buf_init(&notice, 4096);
    int status = path ? eg_buf_append_cstr(&own, path) : eg_cli_default_database(&own);
    if (status == EG_OK) {
        status = eg_store_open(eg_buf_cstr(&own), EG_STORE_READ_ONLY, &notice, out);
    }
    eg_buf_done(&notice);
    eg_buf_done(&own);
    return status;
}
