/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Check reports for tests: a clean one, one of a user without rights, the story of an infection
 * with Japanese names, and one in which every text is hostile. Include after unit.h.
 */
#ifndef EG_TESTS_REPORT_SAMPLES_H
#define EG_TESTS_REPORT_SAMPLES_H

#include "cli/check_report.h"
#include "core/base/clock.h"
#include "core/base/status.h"
#include "core/base/utf.h"

#include <stdio.h>
#include <string.h>

#define SAMPLE_TIME UINT64_C(134399130123456789) /* 2026-11-23 22:10:12 in Japan, 13:10 UTC */

typedef enum eg_sample {
    SAMPLE_CLEAN,
    SAMPLE_NO_RIGHTS,
    SAMPLE_INFECTED,
    SAMPLE_HOSTILE,
    SAMPLE_COUNT,
} eg_sample;

#define DLL "C:\\Users\\山田 花子\\AppData\\Local\\Kqzvw\\請求書の控え.dll"

static const char infected_story[] =
    "{\"id\":1,\"first_time\":\"2026-11-23T12:40:01.0000000Z\",\"level\":\"high\",\"hits\":3,"
    "\"text\":{\"en\":{\"title\":\"Document started a hidden command\",\"meaning\":\"m\","
    "\"advice\":\"a\"},\"ja\":{\"title\":\"文書から隠れた命令が実行されました\",\"meaning\":"
    "\"m\",\"advice\":\"a\"}},\"steps\":["
    "{\"role\":\"mail\",\"name\":\"outlook.exe\",\"detail\":\"\",\"suspicious\":false},"
    "{\"role\":\"document\",\"name\":\"請求書 2026-11.docm\",\"detail\":"
    "\"C:\\\\Users\\\\山田 花子\\\\Downloads\\\\請求書 2026-11.docm\",\"suspicious\":false},"
    "{\"role\":\"commands\",\"name\":\"powershell.exe\",\"detail\":"
    "\"powershell -w hidden -enc SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoAZQBjAHQA\",\"suspicious\":true},"
    "{\"role\":\"part\",\"name\":\"請求書の控え.dll\",\"detail\":"
    "\"C:\\\\Users\\\\山田 花子\\\\AppData\\\\Local\\\\Kqzvw\\\\請求書の控え.dll\","
    "\"suspicious\":true},"
    "{\"role\":\"autostart\",\"name\":\"Kqzvw\",\"detail\":"
    "\"HKU\\\\S-1-5-21-1-2-3-1001\\\\Software\\\\Microsoft\\\\Windows\\\\CurrentVersion\\\\Run\","
    "\"suspicious\":true}]}";

static inline void sample_head(eg_check_report *report)
{
    report->started = SAMPLE_TIME;
    report->pack_serial = 2026112003;
    report->rules_sigma = 214;
    report->rules_yara = 31;
    report->age_known = true;
    report->rule_age_days = 3;
    report->elevated = true;
    assert_int_equal(eg_check_report_set_text(report, &report->computer, EG_STR("PC-0123")), EG_OK);
    assert_int_equal(eg_check_report_set_text(report, &report->user, EG_STR("SOUMU\\管理者 田中")),
                     EG_OK);
    assert_int_equal(eg_check_report_set_text(report, &report->pack, EG_STR("EmoGuard")), EG_OK);
    eg_check_report_looked(report, EG_CHECK_PROCESS, 187);
    eg_check_report_looked(report, EG_CHECK_AUTOSTART, 64);
    eg_check_report_looked(report, EG_CHECK_TASK, 211);
    eg_check_report_looked(report, EG_CHECK_SERVICE, 290);
    eg_check_report_looked(report, EG_CHECK_FILE, 4312);
    eg_check_report_looked(report, EG_CHECK_EMOCHECK, 5);
}

static inline void sample_gap(eg_check_report *report, eg_check_area_id area,
                              eg_check_reason reason, const char *what, const char *why)
{
    const eg_check_gap gap = {
        .area = area,
        .reason = reason,
        .what = eg_str_from(what),
        .why = eg_str_from(why),
        .how = {EG_STR("Run the check as administrator: right-click, \"Run as administrator\"."),
                EG_STR("管理者として検査してください（右クリックして「管理者として実行」）。")}};
    assert_int_equal(eg_check_report_add_gap(report, &gap), EG_OK);
}

static inline void sample_no_rights(eg_check_report *report)
{
    report->elevated = false;
    report->rule_age_days = 71;
    for (int i = 0; i < 14; i++) {
        char what[64];
        (void)snprintf(what, sizeof(what), "svchost.exe (%d)", 700 + 16 * i);
        sample_gap(report, EG_CHECK_PROCESS, EG_CHECK_REASON_PROGRAM, what,
                   "open the process: Access is denied (5)");
    }
    sample_gap(report, EG_CHECK_TASK, EG_CHECK_REASON_FOLDER, "C:\\Windows\\System32\\Tasks",
               "read the folder: Access is denied (5)");
    assert_int_equal(
        eg_check_report_add_gap(
            report, &(eg_check_gap){.area = EG_CHECK_FILE,
                                    .reason = EG_CHECK_REASON_UNREADABLE,
                                    .what = EG_STR("D:\\共有\\住所録.xlsx"),
                                    .why = EG_STR("another program holds it open (32)"),
                                    .how = {EG_STR("Close the program that has it open."),
                                            EG_STR("開いているプログラムを閉じてください。")}}),
        EG_OK);
}

static inline void sample_infected(eg_check_report *report)
{
    eg_check_finding dll = {
        .area = EG_CHECK_FILE,
        .level = EG_LEVEL_CRITICAL,
        .rule_id = EG_STR("emotet_2022_loader"),
        .rule_title = EG_STR("Emotet loader, 2022"),
        .rule_author = EG_STR("EmoGuard"),
        .subject = EG_STR(DLL),
        .program = EG_STR("C:\\Windows\\System32\\regsvr32.exe"),
        .parent = EG_STR("C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe"),
        .user = EG_STR("SOUMU\\山田 花子"),
        .time = SAMPLE_TIME - 1800 * EG_TICKS_PER_SECOND,
        .evidence = EG_STR("{\"strings\":[{\"name\":\"$code\",\"offset\":4096,\"length\":16,"
                           "\"bytes\":\"558bec83ec0c\"}],\"size\":421888}")};
    dll.text[EG_LANGUAGE_EN] =
        (eg_text){EG_STR("A file like the malware Emotet"),
                  EG_STR("This file has the marks of Emotet, which steals mail and passwords."),
                  EG_STR("Unplug the network cable, turn Wi-Fi off, and phone your IT staff.")};
    dll.text[EG_LANGUAGE_JA] = (eg_text){
        EG_STR("ウイルス Emotet に似たファイル"),
        EG_STR("このファイルには、メールやパスワードを盗むウイルス Emotet の特徴があります。"),
        EG_STR("LAN ケーブルを抜き、Wi-Fi を切ってください。電源は切らずに、情報システム担当へ"
               "電話してください。")};
    eg_check_finding run = {.area = EG_CHECK_AUTOSTART,
                            .level = EG_LEVEL_MEDIUM,
                            .rule_id = EG_STR("4f0cda0c-8ffa-4edb-b9d2-94a4ae6a9e6a"),
                            .rule_title = EG_STR("Run value starts a DLL of a user's folder"),
                            .rule_author = EG_STR("EmoGuard"),
                            .subject = EG_STR("HKU\\S-1-5-21-1-2-3-1001\\Software\\Microsoft\\"
                                              "Windows\\CurrentVersion\\Run\\Kqzvw"),
                            .program = EG_STR("regsvr32.exe /s \"" DLL "\"")};
    run.text[EG_LANGUAGE_EN] = (eg_text){EG_STR("A hidden program starts by itself"),
                                         EG_STR("It starts whenever you sign in."), EG_STR("")};
    run.text[EG_LANGUAGE_JA] = (eg_text){
        EG_STR("隠れたプログラムの自動起動"),
        EG_STR("サインインするたびに、利用者のフォルダーにあるプログラムの部品が動きます。"),
        EG_STR("")};
    assert_int_equal(eg_check_report_add_finding(report, &run), EG_OK);
    assert_int_equal(eg_check_report_add_finding(report, &dll), EG_OK);
    assert_int_equal(eg_check_report_add_story(report, eg_str_from(infected_story)), EG_OK);
    sample_gap(report, EG_CHECK_MEMORY, EG_CHECK_REASON_UNREADABLE, "MsMpEng.exe (3120)",
               "open the process: Access is denied (5)");
}

/* Tries to end an element, an attribute, a script, the style; to run; to fetch; to turn round. */
#define HOSTILE \
    "</script></style></title></code><script>document.title='PWNED'</script>" \
    "<img src=http://127.0.0.1:9/x onerror=\"document.title='PWNED'\">'\"&amp;&#60;" \
    "\xE2\x80\xAE" \
    "gpj.exe\xE2\x80\xAC \xE2\x80\x8F\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D" \
    "\x1b[2J\r\n\t\x7f\xED\xA0\x80" \
    "\xFF\xE2\x80\xA8 javascript:alert(1)"

static inline void sample_hostile(eg_check_report *report)
{
    static char path[32 * 1024];
    memset(path, 'W', sizeof(path));
    memcpy(path, "C:\\start", 8);
    memcpy(path + sizeof(path) - 8, "\\end.dll", 8);
    const eg_str name = EG_STR(HOSTILE);
    const eg_str long_path = {path, sizeof(path)};
    const eg_text text = {name, name, name};
    eg_check_finding finding = {.area = EG_CHECK_FILE,
                                .level = EG_LEVEL_HIGH,
                                .rule_id = name,
                                .rule_title = name,
                                .rule_author = name,
                                .text = {text, text},
                                .subject = name,
                                .program = long_path,
                                .parent = name,
                                .user = name,
                                .time = UINT64_MAX,
                                .evidence = EG_STR("{\"<b>\":{\"</dd>\":\"<script>\",\"b\":[1,{}]},"
                                                   "\"n\":null}")};
    const eg_check_gap gap = {
        .area = EG_CHECK_WMI, .what = name, .why = long_path, .how = {name, name}};
    report->cancelled = true;
    assert_int_equal(eg_check_report_set_text(report, &report->computer, name), EG_OK);
    assert_int_equal(eg_check_report_set_text(report, &report->user, name), EG_OK);
    assert_int_equal(eg_check_report_set_text(report, &report->pack, long_path), EG_OK);
    for (int i = 0; i < 30; i++) {
        assert_int_equal(eg_check_report_add_finding(report, &finding), EG_OK);
        finding.subject = i % 2 ? name : long_path;
        finding.evidence = i % 2 ? EG_STR("not JSON") : EG_STR("[1,2,{\"a\":\"<i>\"}]");
    }
    assert_int_equal(eg_check_report_add_gap(report, &gap), EG_OK);
    assert_int_equal(
        eg_check_report_add_story(
            report, EG_STR("{\"text\":{\"ja\":{\"title\":\"</h3><script>1</script>\"}},\"steps\":"
                           "[{\"role\":\"<x>\",\"name\":\"<script>2</script>\\ud800\\u202e\","
                           "\"detail\":7},null,5]}")),
        EG_OK);
    assert_int_equal(eg_check_report_add_story(report, EG_STR("not JSON")), EG_OK);
    assert_int_equal(eg_check_report_add_story(report, EG_STR("[]")), EG_OK);
}

static inline eg_check_report *make_sample(eg_sample sample)
{
    static void (*const fill[])(eg_check_report *) = {NULL, sample_no_rights, sample_infected,
                                                      sample_hostile};
    eg_check_report *report = NULL;
    assert_int_equal(eg_check_report_create(&report), EG_OK);
    sample_head(report);
    if (fill[sample]) {
        fill[sample](report);
    }
    eg_check_report_finish(report, SAMPLE_TIME + 41 * EG_TICKS_PER_SECOND);
    return report;
}

#endif
