/* SPDX-License-Identifier: Apache-2.0 */
/* Decoded records under Windows' own names, as etw_replay prints them: what no recording has. */
#include "tests/unit/unit.h"

#include "core/base/status.h"
#include "driverless-hooks/decode/etw_event.h"
#include "driverless-hooks/decode/etw_providers.h"
#include "tests/unit/etw_payload.h"

#include <stdio.h>

static const uint8_t dns[] = EG_ETW_PROVIDER_DNS_CLIENT;
static const uint8_t wmi[] = EG_ETW_PROVIDER_WMI_ACTIVITY;
static const uint8_t registry[] = EG_ETW_PROVIDER_KERNEL_REGISTRY;

#define HASH_AB "abababababababababababababababababababababababababababababababab"
#define HASH_CD "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"

static void assert_fields(const eg_etw_record *record, const char *expected)
{
    eg_etw_decoded decoded;
    eg_buf out;
    eg_json json;
    assert_int_equal(eg_etw_decode(record, &decoded), EG_ETW_EVENT);
    eg_buf_init(&out, 64 * 1024);
    eg_json_begin(&json, &out);
    eg_etw_write_fields(&decoded, &json);
    assert_int_equal(out.status, EG_OK);
    assert_string_equal(eg_buf_cstr(&out), expected);
    eg_buf_done(&out);
}

static void amsi__of_a_32_bit_process__has_short_pointers(void **state)
{
    payload p = {.size = 0};
    EG_UNUSED(state);
    put_amsi(&p, 0, 4, "a\0b\0", 4, 10);
    eg_etw_record record = make_record(amsi, 1101, 0, &p);
    record.flags = EG_ETW_FLAG_32_BIT;
    assert_fields(&record, "{\"session\":\"0x1d0\",\"scanStatus\":1,\"scanResult\":1,"
                           "\"appname\":\"VBScript\",\"contentname\":\"C:\\\\a.vbs\","
                           "\"contentsize\":4,\"originalsize\":10,\"content\":\"61006200\","
                           "\"content_text\":\"ab\",\"hash\":\"" HASH_AB "\","
                           "\"contentFiltered\":0}");
}

static void amsi__version_1__has_the_hash_of_the_original(void **state)
{
    payload p = {.size = 0};
    EG_UNUSED(state);
    put_amsi(&p, 1, 8, "MZ", 2, 2);
    eg_etw_record record = make_record(amsi, 1101, 1, &p);
    assert_fields(&record, "{\"session\":\"0x1d0\",\"scanStatus\":1,\"scanResult\":1,"
                           "\"appname\":\"VBScript\",\"contentname\":\"C:\\\\a.vbs\","
                           "\"contentsize\":2,\"originalsize\":2,\"content\":\"4d5a\","
                           "\"hash\":\"" HASH_AB "\",\"contentFiltered\":0,"
                           "\"hashoriginalcontent\":\"" HASH_CD "\"}");
}

static void amsi__content_larger_than_the_record__is_malformed(void **state)
{
    static const uint32_t sizes[] = {5, 0x7FFFFFFF, 0xFFFFFFFF};
    EG_UNUSED(state);
    for (size_t i = 0; i < EG_COUNT(sizes); i++) {
        payload p = {.size = 0};
        eg_etw_decoded decoded;
        put_number(&p, 1, 8);
        put_number(&p, 1, 1);
        put_number(&p, 1, 4);
        put_wide(&p, "");
        put_wide(&p, "");
        put_number(&p, sizes[i], 4);
        put_number(&p, 4, 4);
        put_number(&p, 0, 4);
        eg_etw_record record = make_record(amsi, 1101, 0, &p);
        assert_int_equal(eg_etw_decode(&record, &decoded), EG_ETW_MALFORMED);
    }
}

static void content__is_text__only_as_utf_16(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
        bool wide;
    } cases[] = {
        {"a\0b\0", 4, true},         {"a\0b\0\0\0", 6, true}, {"\x42\x30 \0", 4, true},
        {"a\0b\0\0\0c\0", 8, false}, {"ab", 2, false},        {"a\0b", 3, false},
        {"MZ\0\0", 4, false},        {"", 0, false},          {"\x42\x30", 2, false},
    };
    EG_UNUSED(state);
    for (size_t i = 0; i < EG_COUNT(cases); i++) {
        eg_etw_span span = {(const uint8_t *)cases[i].bytes, cases[i].size};
        assert_int_equal(eg_etw_content_is_wide(span), cases[i].wide);
    }
}

static void script_block__without_a_path__has_none(void **state)
{
    payload p = {.size = 0};
    EG_UNUSED(state);
    put_number(&p, 1, 4);
    put_number(&p, 1, 4);
    put_wide(&p, "prompt");
    put_wide(&p, "63d67bc9");
    eg_etw_record record = make_record(powershell, 4104, 1, &p);
    assert_fields(&record, "{\"MessageNumber\":1,\"MessageTotal\":1,\"ScriptBlockText\":\"prompt\","
                           "\"ScriptBlockId\":\"63d67bc9\",\"Path\":null}");
}

static void powershell__texts_without_names__are_a_list(void **state)
{
    payload p = {.size = 0};
    EG_UNUSED(state);
    eg_etw_record record = make_record(powershell, 40961, 1, &p);
    assert_fields(&record, "{\"strings\":[]}");
    put_wide(&p, "4984");
    put_wide(&p, "");
    put_wide(&p, "DefaultAppDomain");
    p.size -= 2; /* the last without its NUL */
    record = make_record(powershell, 53504, 1, &p);
    assert_fields(&record, "{\"strings\":[\"4984\",\"\",\"DefaultAppDomain\"]}");
}

static void dns__of_the_service__names_the_client(void **state)
{
    EG_UNUSED(state);
    for (uint8_t version = 0; version <= 2; version++) {
        static const char *const ends[] = {"}", ",\"ClientPID\":77}",
                                           ",\"ClientPID\":77,\"QueryBlob\":\"0x9\"}"};
        payload p = {.size = 0};
        char expected[512];
        put_wide(&p, "a.example");
        put_number(&p, 28, 4);
        put_number(&p, 1, 4);
        put_number(&p, 2, 4);
        put_number(&p, 1460, 4);
        put_wide(&p, "::1;");
        put_number(&p, 77, 4);
        put_number(&p, 9, 8);
        eg_etw_record record = make_record(dns, 3020, version, &p);
        snprintf(expected, sizeof(expected),
                 "{\"QueryName\":\"a.example\",\"QueryType\":28,\"NetworkIndex\":1,"
                 "\"InterfaceIndex\":2,\"Status\":1460,\"QueryResults\":\"::1;\"%s",
                 ends[version]);
        assert_fields(&record, expected);
    }
}

static void wmi__binding__becomes_an_event(void **state)
{
    payload p = {.size = 0};
    eg_etw_decoded decoded;
    eg_event_text text;
    eg_event event;
    EG_UNUSED(state);
    put_wide(&p, "//./root/subscription");
    put_wide(&p, "Updater");
    put_wide(&p, "CommandLineEventConsumer=\"Updater\"");
    put_wide(&p, "Binding EventFilter: ...");
    eg_etw_record record = make_record(wmi, 5861, 0, &p);
    assert_fields(&record, "{\"Namespace\":\"//./root/subscription\",\"ESS\":\"Updater\","
                           "\"CONSUMER\":\"CommandLineEventConsumer=\\\"Updater\\\"\","
                           "\"PossibleCause\":\"Binding EventFilter: ...\"}");
    assert_int_equal(eg_event_text_init(&text), EG_OK);
    assert_int_equal(eg_etw_decode(&record, &decoded), EG_ETW_EVENT);
    assert_int_equal(eg_etw_make_event(&record, &decoded, &text, &event), EG_OK);
    assert_int_equal(event.kind, EG_KIND_WMI_SUBSCRIPTION);
    assert_int_equal(event.event_id, 21);
    assert_true(eg_str_equal(event.field[EG_FIELD_FILTER], EG_STR("Updater")));
    eg_event_text_done(&text);
}

static void registry__keys__are_told_by_their_objects(void **state)
{
    payload p = {.size = 0};
    EG_UNUSED(state);
    put_number(&p, 0xA, 4);
    put_number(&p, 0xB, 4);
    put_number(&p, 0xC0000034, 4);
    put_number(&p, 1, 4);
    put_wide(&p, "");
    put_wide(&p, "Software\\Run");
    eg_etw_record record = make_record(registry, 1, 0, &p);
    record.flags = EG_ETW_FLAG_32_BIT;
    assert_fields(&record,
                  "{\"BaseObject\":\"0xa\",\"KeyObject\":\"0xb\",\"Status\":\"0xc0000034\","
                  "\"Disposition\":1,\"BaseName\":\"\",\"RelativeName\":\"Software\\\\Run\"}");
}

static void lost__records_of_the_session__need_no_data(void **state)
{
    static const uint8_t lost[] = EG_ETW_PROVIDER_LOST_GROUP;
    payload p = {.size = 0};
    eg_etw_decoded decoded;
    EG_UNUSED(state);
    for (uint8_t opcode = 32; opcode <= 34; opcode++) {
        eg_etw_record record = make_record(lost, 0, 0, &p);
        record.opcode = opcode;
        assert_int_equal(eg_etw_decode(&record, &decoded), EG_ETW_EVENT);
        assert_int_equal(decoded.role, EG_ETW_ROLE_LOST);
        assert_fields(&record, "{}");
    }
}

int eg_test_etw_fields(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(amsi__of_a_32_bit_process__has_short_pointers),
        cmocka_unit_test(amsi__version_1__has_the_hash_of_the_original),
        cmocka_unit_test(amsi__content_larger_than_the_record__is_malformed),
        cmocka_unit_test(content__is_text__only_as_utf_16),
        cmocka_unit_test(script_block__without_a_path__has_none),
        cmocka_unit_test(powershell__texts_without_names__are_a_list),
        cmocka_unit_test(dns__of_the_service__names_the_client),
        cmocka_unit_test(wmi__binding__becomes_an_event),
        cmocka_unit_test(registry__keys__are_told_by_their_objects),
        cmocka_unit_test(lost__records_of_the_session__need_no_data),
    };
    return cmocka_run_group_tests_name("etw_fields", tests, NULL, NULL);
}
