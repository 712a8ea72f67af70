/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stands in the place of emoguard.exe when the service checks this PC. The value of --rules says
 * how it behaves; what is written goes into the folder of --output. For tests only.
 */
#include <windows.h>

#include <shellapi.h>

#include <stdio.h>
#include <string.h>

#define REPORT "{\"verdict\":\"%s\",\"areas\":[{\"suspicious\":%d,\"not_looked\":%d}]}"

static const wchar_t *value_of(const wchar_t *option)
{
    int count = 0;
    wchar_t **words = CommandLineToArgvW(GetCommandLineW(), &count);
    for (int i = 1; words && i + 1 < count; i++) {
        if (wcscmp(words[i], option) == 0) {
            return words[i + 1];
        }
    }
    return L"";
}

static void write_file(const wchar_t *name, const char *text)
{
    FILE *file = NULL;
    if (SetCurrentDirectoryW(value_of(L"--output"))) {
        file = _wfopen(name, L"wb");
    }
    if (file) {
        fputs(text, file);
        fclose(file);
    }
}

static void write_report(const char *verdict, int findings, int gaps)
{
    char text[256];
    (void)snprintf(text, sizeof(text), REPORT, verdict, findings, gaps);
    write_file(L"PC_20261123101112_emoguard.json", text);
    write_file(L"PC_20261123101112_emoguard.html", "<!doctype html>");
}

static void tell(int percent)
{
    fprintf(stderr,
            "{\"percent\":%d,\"phase\":\"files\",\"item\":\"C:\\\\x.exe\",\"left_seconds\":9}\n",
            percent);
    fflush(stderr);
}

/* Until whoever started it closes its standard input. */
static void wait_for_input_end(void)
{
    char byte;
    while (fread(&byte, 1, 1, stdin) == 1) {
    }
}

static int flood(void)
{
    static char block[65536];
    memset(block, 'x', sizeof(block));
    while (fwrite(block, 1, sizeof(block), stderr) == sizeof(block)) {
    }
    return 0;
}

static int check(const char *verdict, int findings, int gaps, int code)
{
    tell(42);
    Sleep(600);
    write_report(verdict, findings, gaps);
    return code;
}

int main(void)
{
    const wchar_t *how = value_of(L"--rules");
    if (wcscmp(how, L"clean") == 0) {
        return check("nothing_found", 0, 0, 0);
    }
    if (wcscmp(how, L"suspicious") == 0) {
        return check("suspicious", 2, 1, 1);
    }
    if (wcscmp(how, L"gaps") == 0) {
        return check("could_not_look", 0, 3, 3);
    }
    if (wcscmp(how, L"lies") == 0) {
        return check("nothing_found", 0, 0, 1);
    }
    if (wcscmp(how, L"flood") == 0) {
        return flood();
    }
    if (wcscmp(how, L"dies") == 0) {
        tell(10);
        fputs("emoguard: the rules are broken\n", stderr);
        return 77;
    }
    if (wcscmp(how, L"nonsense") == 0) {
        fputs("\x01\xff{\"percent\":\n", stderr);
        write_file(L"PC_1_emoguard.json", "{\"verdict\":");
        return 0;
    }
    tell(10);
    if (wcscmp(how, L"patient") == 0) {
        wait_for_input_end();
        return 3;
    }
    Sleep(INFINITE); /* hangs, whatever it is asked */
    return 0;
}
