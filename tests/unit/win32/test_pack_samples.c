/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "service/pack_samples.c"

#include <string.h>

#define RULE \
    "title: Reading a name\nid: 7c0e7a51-94a3-4b0a-8f7e-0d9e6a1b2c3d\nstatus: stable\n" \
    "logsource:\n    product: windows\n    category: process_creation\n" \
    "detection:\n    selection:\n        Image|endswith: '\\bad.exe'\n    condition: selection\n" \
    "level: high\n"
#define EVENT(image) \
    "{\"channel\":\"Microsoft-Windows-Sysmon/Operational\"," \
    "\"provider\":\"Microsoft-Windows-Sysmon\",\"event_id\":1," \
    "\"fields\":{\"Image\":\"" image "\"}}\n"
#define BAD EVENT("C:\\\\bad.exe")
#define GOOD EVENT("C:\\\\good.exe")

/* Two bad programs on one PC within a minute. */
#define PAIR \
    "title: Reading two names\nid: 7c0e7a51-94a3-4b0a-8f7e-0d9e6a1b2c3e\nstatus: stable\n" \
    "correlation:\n    type: event_count\n    rules:\n" \
    "        - 7c0e7a51-94a3-4b0a-8f7e-0d9e6a1b2c3d\n" \
    "    group-by:\n        - Computer\n    timespan: 1m\n    condition:\n        gte: 2\n" \
    "    generate: true\n" \
    "level: high\n"
#define AT(second, image) \
    "{\"channel\":\"Microsoft-Windows-Sysmon/Operational\"," \
    "\"provider\":\"Microsoft-Windows-Sysmon\",\"event_id\":1," \
    "\"time\":\"2026-11-23T12:00:" second "Z\"," \
    "\"fields\":{\"Computer\":\"PC\",\"Image\":\"" image "\"}}\n"
#define BAD_AT(second) AT(second, "C:\\\\bad.exe")

/* A pack of a rule, a correlation of it, and this sample. */
static int run_with(const char *name, const char *text)
{
    const eg_pack_file files[] = {
        {EG_STR("pack.json"), EG_STR("{\"name\":\"x\",\"serial\":2026112301}")},
        {eg_str_from(name), eg_str_from(text)},
        {EG_STR("sigma/a.yml"), EG_STR(RULE)},
        {EG_STR("sigma/pair.yml"), EG_STR(PAIR)},
    };
    const eg_ruleset_source source = {"pack", files, EG_COUNT(files), 0};
    const eg_report silent = {NULL, NULL};
    eg_ruleset *ruleset = NULL;
    eg_buf archive;
    eg_bundle bundle;
    eg_str last = EG_STR_NONE;
    eg_bundle_init(&bundle);
    eg_buf_init(&archive, 64 * 1024);
    for (size_t i = 0; i < EG_COUNT(files); i++) {
        assert_int_equal(eg_tar_append(&archive, last, &files[i]), EG_OK);
        last = files[i].name;
    }
    assert_int_equal(eg_tar_end(&archive), EG_OK);
    assert_int_equal(eg_bundle_open(&archive, &bundle), EG_OK);
    assert_int_equal(eg_ruleset_load_from(&source, 1, false, &silent, &ruleset), EG_OK);
    int status = eg_pack_samples_run(ruleset, &bundle);
    eg_ruleset_unref(ruleset);
    eg_bundle_done(&bundle);
    return status;
}

static void samples__that_do_what_they_must__pass(void **state)
{
    EG_UNUSED(state);
    assert_int_equal(run_with("samples/a/hit.jsonl", BAD "\n" BAD), EG_OK);
    assert_int_equal(run_with("samples/pair/hit.jsonl", BAD_AT("01") BAD_AT("02")), EG_OK);
    assert_int_equal(run_with("samples/pair/miss.jsonl", BAD_AT("01")), EG_OK);
    assert_int_equal(run_with("samples/a/miss.jsonl", GOOD), EG_OK);
    assert_int_equal(run_with("samples/office.jsonl", GOOD), EG_OK);
    assert_int_equal(run_with("samples/unknown/hit.jsonl", GOOD), EG_OK);
    assert_int_equal(run_with("samples/a/readme.txt", "x"), EG_OK);
}

static void assert_fails(const char *name, const char *text, const char *why)
{
    assert_int_equal(run_with(name, text), EG_E_INVALID);
    if (!strstr(eg_error_message(), name) || !strstr(eg_error_message(), why)) {
        fail_msg("\"%s\" is not in \"%s\"", why, eg_error_message());
    }
}

static void samples__that_do_not__are_named(void **state)
{
    EG_UNUSED(state);
    assert_fails("samples/a/hit.jsonl", BAD GOOD, ":2: does not hit: Reading a name");
    assert_fails("samples/a/miss.jsonl", GOOD BAD, ":2: hits: Reading a name");
    assert_fails("samples/office.jsonl", GOOD BAD, ":2: hits: Reading a name");
    assert_fails("samples/pair/hit.jsonl", BAD_AT("01"), ":1: does not complete");
    assert_fails("samples/pair/hit.jsonl", BAD_AT("01") BAD_AT("02") AT("03", "C:\\\\good.exe"),
                 ":3: completes early: Reading two names");
    assert_fails("samples/pair/miss.jsonl", BAD_AT("01") BAD_AT("02") BAD_AT("03"),
                 ":2: completes: Reading two names");
    assert_fails("samples/pair/hit.jsonl", "{", "samples/pair/hit.jsonl:1: ");
}

int eg_test_pack_samples(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples__that_do_what_they_must__pass),
        cmocka_unit_test(samples__that_do_not__are_named),
    };
    return cmocka_run_group_tests_name("pack_samples", tests, NULL, NULL);
}
