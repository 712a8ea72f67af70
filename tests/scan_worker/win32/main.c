/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scan worker with an engine that fails on demand: what it is given to look at or to compile
 * tells it to crash, to hang, to take memory, or to answer nonsense. For tests only.
 */
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "worker/win32/serve.h"

#include <stdlib.h>
#include <string.h>

static HANDLE answers; /* the pipe, to write nonsense into */

static bool contains(eg_str text, const char *word)
{
    size_t length = strlen(word);
    for (size_t i = 0; i + length <= text.len && i < 4096; i++) {
        if (memcmp(text.ptr + i, word, length) == 0) {
            return true;
        }
    }
    return false;
}

static void write_nonsense(const char *bytes, DWORD size)
{
    DWORD moved = 0;
    WriteFile(answers, bytes, size, &moved, NULL);
}

static void take_memory(void)
{
    for (;;) {
        char *block = malloc((size_t)16 * 1024 * 1024);
        if (!block) {
            ExitProcess(ERROR_NOT_ENOUGH_MEMORY);
        }
        memset(block, 1, (size_t)16 * 1024 * 1024);
        Sleep(20);
    }
}

static void obey(eg_str text)
{
    if (contains(text, "please crash")) {
        TerminateProcess(GetCurrentProcess(), 0xC0000005);
    } else if (contains(text, "please hang")) {
        Sleep(INFINITE);
    } else if (contains(text, "please take memory")) {
        take_memory();
    } else if (contains(text, "please be slow")) {
        Sleep(2000);
    } else if (contains(text, "please answer too much")) {
        write_nonsense("\xFF\xFF\xFF\x7F", 4);
    } else if (contains(text, "please answer nonsense")) {
        write_nonsense("\x08\0\0\0\x03\0garbage", 12);
    } else if (contains(text, "please answer half")) {
        write_nonsense("\x08\0\0\0\x03", 5);
        ExitProcess(0);
    }
}

static int compile(const eg_yara_source *sources, size_t count, const eg_yara_report *report,
                   eg_yara_rules **out)
{
    for (size_t i = 0; i < count; i++) {
        obey(sources[i].text);
    }
    return eg_yara_engine.compile(sources, count, report, out);
}

static int scan(eg_yara_scanner *scanner, eg_str bytes, const eg_yara_facts *facts, int seconds,
                eg_yara_result *out)
{
    obey(bytes);
    return eg_yara_engine.scan(scanner, bytes, facts, seconds, out);
}

int main(int argc, char **argv)
{
    eg_yara_ops engine = eg_yara_engine;
    engine.compile = compile;
    engine.scan = scan;
    answers = argc == 3 ? (HANDLE)(uintptr_t)strtoull(argv[2], NULL, 10) : NULL;
    return eg_worker_main(argc, argv, &engine);
}
