#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Functions, words and sizes that are not allowed in the source."""

import re

from checklib import code_only, edit, files, line_of, main, read

MAX_FILE_LINES = 600
MAX_FUNCTION_LINES = 80
MAX_COLUMNS = 100

BANNED_CALLS = re.compile(
    r"(?<![\w.>])(strcpy|strcat|stpcpy|sprintf|vsprintf|strtok|strtok_r|atoi|atol|atoll|"
    r"atof|scanf|sscanf|fscanf|alloca|_alloca|gets|system|popen|_popen|mktemp|tmpnam|wcscpy|wcscat|"
    r"lstrcpyW|lstrcatW|lstrcpynW|wsprintfW|wvsprintfW|"
    r"LoadLibraryW|LoadLibrary|WinExec|TerminateThread|IsBadReadPtr|IsBadWritePtr)\s*\(")
HEAP_CALLS = re.compile(r"(?<![\w.>])(malloc|calloc|realloc|free|strdup|_strdup|_wcsdup|strndup)\s*\(")
ANSI_CALLS = re.compile(r"(?<![\w.>])[A-Z][A-Za-z0-9]*[a-z0-9]A\s*\(")
# Names without A or W are macros that choose by UNICODE.
GENERIC_CALLS = re.compile(
    r"(?<![\w.>])(CreateFile|CreateProcess|CreateNamedPipe|CreateEvent|CreateMutex|MessageBox|LoadString|"
    r"RegOpenKeyEx|RegSetValueEx|RegQueryValueEx|RegCreateKeyEx|GetModuleHandle|GetModuleFileName|"
    r"CreateWindow|CreateWindowEx|DefWindowProc|SendMessage|PostMessage|RegisterClass|GetMessage|"
    r"Shell_NotifyIcon|StartService|OpenService|CreateService|OpenSCManager|ExpandEnvironmentStrings)\s*\(")
TCHAR_WORDS = re.compile(
    r"\b(TCHAR|LPTSTR|LPCTSTR|PTSTR|_tmain|_tWinMain|_tcs[a-z]+)\b|\b_T\s*\(\s*\"")
EXTENSIONS = re.compile(r"__attribute__|\b__builtin_\w+|\btypeof\b|\bssize_t\b|#\s*pragma\s+(GCC|clang)")
# A library is named by what it is for, a program by its path; see docs on DLL planting.
LOAD_LIBRARY = re.compile(r"\bLoadLibraryExW\s*\((?:[^();]|\([^()]*\))*\)")
SAFE_LOAD = ("LOAD_LIBRARY_SEARCH_SYSTEM32", "LOAD_LIBRARY_AS_DATAFILE")
NO_PROGRAM = re.compile(r"\bCreateProcess(AsUser|WithTokenW|)W?\s*\(\s*(NULL|token,\s*NULL)\s*,")

SHOUTED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
PHRASES = re.compile(r"not implemented|for now\b|\bissue #?\d+\b", re.IGNORECASE)
MACHINE_PATHS = re.compile(r"(?<![\w.])/(work/(main|shared)|tmp/plan|root/|home/\w+/)")
SOURCE = (".c", ".h", ".def", ".rc", ".rc2", ".py", ".sh", ".cmake", "CMakeLists.txt", "Makefile",
          "windows.yml", "tools/setup")
TEXT = SOURCE + (".md", ".yml", ".json", ".wxs", ".vcxproj", ".props", ".yar", ".mc", ".manifest", ".admx",
                 ".adml", "CMakePresets.json", "run")
OWN_NAME = "tests/check_banned.py"


def check_calls(path, code, problems):
    def say(match, why):
        problems.append(f"{path}:{line_of(code, match.start())}: {match.group(0).strip('( ')}: {why}")

    in_tests = path.startswith("tests/")
    for match in BANNED_CALLS.finditer(code):
        say(match, "banned function")
    if path != "core/base/mem.c" and not in_tests:
        for match in HEAP_CALLS.finditer(code):
            say(match, "memory comes from core/base/mem.h")
    for match in ANSI_CALLS.finditer(code):
        say(match, "call the ...W function")
    for match in GENERIC_CALLS.finditer(code):
        say(match, "call the ...W function by its name")
    for match in TCHAR_WORDS.finditer(code):
        say(match, "no TCHAR macros")
    for match in LOAD_LIBRARY.finditer(code):
        if not any(word in match.group(0) for word in SAFE_LOAD):
            say(match, "load from System32 only, or by full path as data")
    for match in NO_PROGRAM.finditer(code):
        say(match, "name the program")
    if path != "core/base/compiler.h":
        for match in EXTENSIONS.finditer(code):
            if match.group(0) == "ssize_t" and path.endswith("_posix.c"):
                continue
            say(match, "compiler extensions live in core/base/compiler.h")


def check_functions(path, code, problems):
    start = None
    for number, line in enumerate(code.split("\n"), 1):
        if line == "{":
            start = number
        elif line.startswith("}") and start is not None:
            if number - start + 1 > MAX_FUNCTION_LINES:
                problems.append(f"{path}:{start}: function of {number - start + 1} lines, "
                                f"at most {MAX_FUNCTION_LINES}")
            start = None


def check_lines(path, text, problems):
    lines = text.split("\n")
    if len(lines) - 1 > MAX_FILE_LINES:
        problems.append(f"{path}: {len(lines) - 1} lines, at most {MAX_FILE_LINES}")
    first = lines[1] if lines[0].startswith("#!") and len(lines) > 1 else lines[0]
    if "SPDX-License-Identifier: Apache-2.0" not in first:
        problems.append(f"{path}:1: the SPDX line is missing")
    if not path.endswith((".c", ".h")):
        return
    for number, line in enumerate(lines, 1):
        line = line.rstrip("\r")
        if len(line) > MAX_COLUMNS:
            problems.append(f"{path}:{number}: {len(line)} columns, at most {MAX_COLUMNS}")
        if "\t" in line:
            problems.append(f"{path}:{number}: a tab")


def check_words(path, text, problems):
    if path == OWN_NAME:
        return
    found = list(SHOUTED.finditer(text))
    if path.endswith(SOURCE):
        found += PHRASES.finditer(text)
    for match in found:
        problems.append(f"{path}:{line_of(text, match.start())}: '{match.group(0)}'")
    for match in MACHINE_PATHS.finditer(text):
        problems.append(f"{path}:{line_of(text, match.start())}: a path of the build machine")


def find_problems(root):
    problems = []
    for relative in files(root):
        path = relative.as_posix()
        if not path.endswith(TEXT) or path == "LICENSE":
            continue
        text = read(root, relative)
        check_words(path, text, problems)
        if path.endswith(SOURCE):
            check_lines(path, text, problems)
        if path.endswith((".c", ".h")):
            code = code_only(text)
            check_calls(path, code, problems)
            check_functions(path, code, problems)
    return problems


def plant(body, name="core/base/planted.c", spdx=True):
    head = "/* SPDX-License-Identifier: Apache-2.0 */\n" if spdx else ""
    return lambda root: edit(root, name, lambda old: head + body)


PLANTED = [
    ("strcpy", plant("void f(void)\n{\n    strcpy(a, b);\n}\n"), "planted.c:4: strcpy: banned"),
    ("an_ansi_call", plant("void f(void)\n{\n    CreateFileA(b);\n}\n"), "CreateFileA: call the ...W"),
    ("malloc", plant("void f(void)\n{\n    p = malloc(1);\n}\n"), "malloc: memory comes from"),
    ("a_bare_library_name", plant('void f(void)\n{\n    LoadLibraryExW(L"x", NULL, 0);\n}\n'),
     "load from System32"),
    ("a_process_without_a_name", plant("void f(void)\n{\n    CreateProcessW(NULL, line);\n}\n"),
     "name the program"),
    ("a_long_file", plant("int x;\n" * 700), "701 lines"),
    ("a_long_function", plant("void f(void)\n{\n" + "    x();\n" * 90 + "}\n"), "function of 92 lines"),
    ("a_missing_licence_line", plant("int x;\n", spdx=False), "the SPDX line is missing"),
    ("an_unfinished_place", plant("/* TO" + "DO: later */\n"), "'TO" + "DO'"),
    ("a_machine_path", plant('const char *p = "/ro' + 'ot/x";\n'), "a path of the build machine"),
    ("an_attribute", plant("int x __attribute__((unused));\n"), "compiler extensions"),
    ("a_wide_line", plant("int x; /* " + "x" * 100 + " */\n"), "columns, at most"),
]

if __name__ == "__main__":
    main("check_banned", find_problems, PLANTED, alone=True)
