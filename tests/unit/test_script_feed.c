/* SPDX-License-Identifier: Apache-2.0 */
/* Records of PowerShell and AMSI as the events that rules see. */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "driverless-hooks/decode/content_seen.h"
#include "driverless-hooks/decode/script_feed.h"
#include "driverless-hooks/decode/script_parts.h"
#include "tests/unit/etw_payload.h"

#include <stdio.h>

enum { EVENTS_MAX = 64 };

static const uint8_t powershell_core[EG_ETW_GUID_SIZE] = {
    0xa8, 0x14, 0x07, 0xf9, 0x09, 0x55, 0x4a, 0x43, 0xbf, 0x6d, 0xb1, 0x62, 0x4c, 0x8a, 0x19, 0xa2};

static struct {
    eg_script_feed *feed;
    eg_event *events[EVENTS_MAX];
    size_t count;
} world;

static void keep(void *user, const eg_event *event)
{
    assert_ptr_equal(user, &world);
    assert_true(world.count < EVENTS_MAX);
    if (eg_event_clone(event, &world.events[world.count]) == EG_OK) {
        world.count++;
    }
}

static int begin(void **state)
{
    eg_sink sink = {.user = &world, .emit = keep};
    EG_UNUSED(state);
    memset(&world, 0, sizeof(world));
    return eg_script_feed_create(&world.feed, &sink) == EG_OK ? 0 : -1;
}

static void drop_events(void)
{
    for (size_t i = 0; i < world.count; i++) {
        eg_free(world.events[i]);
    }
    world.count = 0;
}

static int end(void **state)
{
    EG_UNUSED(state);
    eg_script_feed_destroy(world.feed);
    drop_events();
    return 0;
}

static void assert_text(size_t index, const char *name, const char *expected)
{
    assert_true(index < world.count);
    eg_str value = eg_event_get_named(world.events[index], eg_str_from(name));
    assert_non_null(value.ptr);
    assert_int_equal(value.len, strlen(expected));
    assert_memory_equal(value.ptr, expected, value.len);
}

static void assert_absent(size_t index, const char *name)
{
    assert_null(eg_event_get_named(world.events[index], eg_str_from(name)).ptr);
}

static void feed_script(const uint8_t *provider, uint32_t number, uint32_t total, const char *text,
                        uint64_t now)
{
    payload p = {.size = 0};
    put_number(&p, number, 4);
    put_number(&p, total, 4);
    put_wide(&p, text);
    put_wide(&p, "e3f076be");
    put_wide(&p, "C:\\a.ps1");
    eg_etw_record record = make_record(provider, 4104, 1, &p);
    eg_script_feed_record(world.feed, &record, now);
}

static void feed_content(uint32_t pid, uint8_t version, const void *content, size_t size,
                         uint32_t original, uint64_t now)
{
    payload p = {.size = 0};
    put_amsi(&p, version, 4, content, size, original);
    eg_etw_record record = make_record(amsi, 1101, version, &p);
    record.flags = EG_ETW_FLAG_32_BIT;
    record.pid = pid;
    eg_script_feed_record(world.feed, &record, now);
}

static void script_block__in_two_parts__is_one_event(void **state)
{
    EG_UNUSED(state);
    feed_script(powershell, 2, 2, "Expression", 10);
    assert_int_equal(world.count, 0);
    feed_script(powershell, 1, 2, "Invoke-", 20);
    assert_int_equal(world.count, 1);
    assert_int_equal(world.events[0]->kind, EG_KIND_SCRIPT_BLOCK);
    assert_int_equal(world.events[0]->pid, 777);
    assert_text(0, "ScriptBlockText", "Invoke-Expression");
    assert_text(0, "ScriptBlockId", "e3f076be");
    assert_text(0, "Path", "C:\\a.ps1");
    assert_text(0, "ProcessId", "777");
    assert_text(0, "MessageNumber", "1");
    assert_text(0, "MessageTotal", "2");
    assert_text(0, "Channel", "Microsoft-Windows-PowerShell/Operational");
    assert_absent(0, "Incomplete");
}

static void script_block__with_a_missing_part__is_told_late_and_marked(void **state)
{
    EG_UNUSED(state);
    feed_script(powershell, 2, 3, "middle", 10);
    eg_script_feed_tick(world.feed, 10 + EG_SCRIPT_PARTS_WAIT_MS);
    assert_int_equal(world.count, 1);
    assert_text(0, "ScriptBlockText", "middle");
    assert_text(0, "MessageNumber", "2");
    assert_text(0, "Incomplete", "1 of 3 parts are here, 1 came");
}

static void script_block__of_powershell_7__names_its_own_log(void **state)
{
    EG_UNUSED(state);
    feed_script(powershell_core, 1, 1, "Get-Date", 10);
    assert_int_equal(world.count, 1);
    assert_text(0, "Channel", "PowerShellCore/Operational");
    assert_text(0, "Provider_Name", "PowerShellCore");
    assert_text(0, "EventID", "4104");
}

static void script_block__at_the_end__is_told(void **state)
{
    EG_UNUSED(state);
    feed_script(powershell, 1, 2, "half", 10);
    eg_script_feed_destroy(world.feed);
    world.feed = NULL;
    assert_int_equal(world.count, 1);
    assert_text(0, "ScriptBlockText", "half");
}

static void content__as_text_and_as_bytes__becomes_readable(void **state)
{
    static const uint8_t wide[] = {'d', 0, 'i', 0, 'm', 0, 0x42, 0x30, 0, 0};
    static const uint8_t program[] = {'M', 'Z', 0, 0, 0x90, 'R', 'u', 'b', 'e', 'u', 's', 0};
    EG_UNUSED(state);
    feed_content(9, 0, wide, sizeof(wide), sizeof(wide), 10);
    feed_content(9, 1, program, sizeof(program), 100, 10);
    feed_content(9, 1, "Sub Auto_Open()", 15, 15, 10);
    assert_int_equal(world.count, 3);
    assert_int_equal(world.events[0]->kind, EG_KIND_AMSI_CONTENT);
    assert_int_equal(world.events[0]->pid, 9);
    assert_text(0, "ScriptBlockText", "dim\xE3\x81\x82");
    assert_text(0, "AppName", "VBScript");
    assert_text(0, "ContentName", "C:\\a.vbs");
    assert_text(0, "ScanResult", "1");
    assert_text(0, "ProcessId", "9");
    assert_text(0, "Hashes",
                "SHA256=ABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABAB");
    assert_absent(0, "Incomplete");
    assert_text(1, "ScriptBlockText", "MZ...Rubeus.");
    assert_text(1, "Incomplete", "12 of 100 bytes are here");
    assert_text(2, "ScriptBlockText", "Sub Auto_Open()");
}

static void content__repeated__is_counted_and_told_again_later(void **state)
{
    static const uint8_t wide[] = {'x', 0};
    EG_UNUSED(state);
    for (uint64_t now = 1000; now < 2000; now++) {
        feed_content(9, 0, wide, sizeof(wide), 2, now);
    }
    assert_int_equal(world.count, 1);
    assert_absent(0, "Count");
    feed_content(10, 0, wide, sizeof(wide), 2, 2000); /* another process is another story */
    assert_int_equal(world.count, 2);
    feed_content(9, 0, wide, sizeof(wide), 2, 1000 + EG_CONTENT_SEEN_MS);
    assert_int_equal(world.count, 3);
    assert_text(2, "Count", "1000");
}

static void content__of_other_bytes_with_the_same_claimed_hash__is_told(void **state)
{
    EG_UNUSED(state);
    feed_content(9, 0, "harmless", 8, 8, 10);
    feed_content(9, 0, "mimikatz", 8, 8, 10);
    assert_int_equal(world.count, 2);
}

static void content_seen__more_than_it_holds__forgets_the_oldest(void **state)
{
    static eg_content_seen seen;
    uint64_t repeated;
    EG_UNUSED(state);
    for (uint32_t i = 0; i < 100 * EG_CONTENT_SEEN_ENTRIES; i++) {
        assert_true(eg_content_seen_is_news(&seen, 1, 1, (const uint8_t *)&i, sizeof(i), i / 1000,
                                            &repeated));
        assert_int_equal(repeated, 0);
        assert_false(eg_content_seen_is_news(&seen, 1, 1, (const uint8_t *)&i, sizeof(i), i / 1000,
                                             &repeated));
        assert_true(seen.repeated == i + 1);
    }
}

static void record__malformed_or_foreign__is_dropped(void **state)
{
    payload p = {.size = 0};
    EG_UNUSED(state);
    put_number(&p, 1, 4);
    eg_etw_record record = make_record(powershell, 4104, 1, &p);
    eg_script_feed_record(world.feed, &record, 10);
    record = make_record(amsi, 1101, 0, &p);
    eg_script_feed_record(world.feed, &record, 10);
    record = make_record(task_scheduler, 106, 0, &p);
    eg_script_feed_record(world.feed, &record, 10);
    assert_int_equal(world.count, 0);
}

static void feed__without_memory__loses_one_record_only(void **state)
{
    EG_UNUSED(state);
    for (long allowed = 0; allowed < 40; allowed++) {
        drop_events();
        eg_mem_fail_after(allowed);
        eg_sink sink = {.user = &world, .emit = keep};
        eg_script_feed *other = NULL;
        int status = eg_script_feed_create(&other, &sink);
        eg_mem_fail_after(-1);
        assert_true(status == EG_OK || status == EG_E_NOMEM);
        eg_script_feed_destroy(other);
        eg_mem_fail_after(allowed);
        feed_script(powershell, 1, 2, "a", 10);
        feed_script(powershell, 2, 2, "b", 10);
        feed_content(9, 0, &allowed, sizeof(allowed), sizeof(allowed), 10);
        eg_mem_fail_after(-1);
        eg_script_feed_tick(world.feed, 10 + EG_SCRIPT_PARTS_WAIT_MS);
    }
    drop_events();
    feed_script(powershell, 1, 1, "works", 10);
    assert_int_equal(world.count, 1);
}

int eg_test_script_feed(void)
{
#define WITH_FEED(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        WITH_FEED(script_block__in_two_parts__is_one_event),
        WITH_FEED(script_block__with_a_missing_part__is_told_late_and_marked),
        WITH_FEED(script_block__of_powershell_7__names_its_own_log),
        WITH_FEED(script_block__at_the_end__is_told),
        WITH_FEED(content__as_text_and_as_bytes__becomes_readable),
        WITH_FEED(content__repeated__is_counted_and_told_again_later),
        WITH_FEED(content__of_other_bytes_with_the_same_claimed_hash__is_told),
        WITH_FEED(content_seen__more_than_it_holds__forgets_the_oldest),
        WITH_FEED(record__malformed_or_foreign__is_dropped),
        WITH_FEED(feed__without_memory__loses_one_record_only),
    };
    return cmocka_run_group_tests_name("script_feed", tests, NULL, NULL);
}
