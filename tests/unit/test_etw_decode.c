/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ETW decoders on hand-made payloads: every version, both pointer sizes, every way in which a
 * payload can contradict its layout. Recorded payloads are compared by tests/check_etw.py.
 */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "driverless-hooks/decode/etw_event.h"

#include <string.h>

static const uint8_t kernel_process[EG_ETW_GUID_SIZE] = {
    0xd0, 0xa8, 0x6f, 0x3d, 0x05, 0xfe, 0xd0, 0x11, 0x9d, 0xda, 0x00, 0xc0, 0x4f, 0xd7, 0xba, 0x7c};
static const uint8_t manifest_process[EG_ETW_GUID_SIZE] = {
    0xd6, 0x2c, 0xfb, 0x22, 0x7b, 0x0e, 0x2b, 0x42, 0xa0, 0xc7, 0x2f, 0xad, 0x1f, 0xd0, 0xe7, 0x16};
static const uint8_t task_scheduler[EG_ETW_GUID_SIZE] = {
    0xea, 0x24, 0x7b, 0xde, 0xc8, 0x73, 0x09, 0x4a, 0x98, 0x5d, 0x5b, 0xda, 0xdc, 0xfa, 0x90, 0x17};
static const uint8_t powershell[EG_ETW_GUID_SIZE] = {
    0x3b, 0x85, 0xc1, 0xa0, 0x40, 0x5c, 0x15, 0x4b, 0x87, 0x66, 0x3c, 0xf1, 0xc5, 0x8f, 0x98, 0x5a};

/* S-1-5-18 and S-1-16-8192 */
static const uint8_t system_sid[] = {1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0};
static const uint8_t medium_label[] = {1, 1, 0, 0, 0, 0, 0, 16, 0, 0x20, 0, 0};

/* A payload under construction. */
typedef struct payload {
    uint8_t bytes[8192];
    size_t size;
} payload;

static void put(payload *p, const void *bytes, size_t size)
{
    assert_true(p->size + size <= sizeof(p->bytes));
    memcpy(p->bytes + p->size, bytes, size);
    p->size += size;
}

static void put_number(payload *p, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = (uint8_t)(value >> (8 * i));
        put(p, &byte, 1);
    }
}

static void put_wide(payload *p, const char *text)
{
    for (size_t i = 0; i <= strlen(text); i++) {
        put_number(p, (unsigned char)text[i], 2);
    }
}

static void put_user(payload *p, size_t pointer)
{
    put_number(p, 0xa0f8ff12, pointer);
    put_number(p, 7, pointer);
    put(p, system_sid, sizeof(system_sid));
}

/* A Process_TypeGroup1 payload as Windows of that version writes it. */
static void make_kernel_process(payload *p, uint8_t version, size_t pointer)
{
    p->size = 0;
    put_number(p, 0x1234, pointer);
    put_number(p, 4321, 4);
    put_number(p, 999, 4);
    put_number(p, 1, 4);
    put_number(p, 0xC000013A, 4);
    if (version >= 3) {
        put_number(p, 0x187000, pointer);
    }
    if (version >= 4) {
        put_number(p, 0, 4);
    }
    put_user(p, pointer);
    put(p, "cmd.exe", 8);
    if (version >= 2) {
        put_wide(p, "cmd /c dir");
    }
    if (version >= 4) {
        put_wide(p, "Package_1");
        put_wide(p, "App");
    }
}

static eg_etw_record make_record(const uint8_t *provider, uint16_t id, uint8_t version,
                                 const payload *p)
{
    eg_etw_record record = {.id = id, .version = version, .flags = EG_ETW_FLAG_64_BIT};
    memcpy(record.provider, provider, EG_ETW_GUID_SIZE);
    record.pid = 777;
    record.time = UINT64_C(133000000000000000);
    record.payload = p->bytes;
    record.size = p->size;
    return record;
}

static eg_etw_record kernel_record(uint8_t version, uint8_t opcode, size_t pointer,
                                   const payload *p)
{
    eg_etw_record record = make_record(kernel_process, 0, version, p);
    record.opcode = opcode;
    record.flags = pointer == 4 ? EG_ETW_FLAG_32_BIT : EG_ETW_FLAG_64_BIT;
    return record;
}

static void assert_span(eg_etw_span span, const void *bytes, size_t size)
{
    assert_non_null(span.bytes);
    assert_int_equal(span.size, size);
    assert_memory_equal(span.bytes, bytes, size);
}

static void kernel_process__every_version_and_pointer_size__decodes(void **state)
{
    static const size_t pointers[] = {4, 8};
    EG_UNUSED(state);
    for (uint8_t version = 1; version <= 7; version++) {
        for (size_t i = 0; i < 2; i++) {
            payload p;
            eg_etw_decoded decoded;
            make_kernel_process(&p, version, pointers[i]);
            eg_etw_record record = kernel_record(version, 1, pointers[i], &p);
            assert_int_equal(eg_etw_decode(&record, &decoded), EG_ETW_EVENT);
            const eg_etw_process *process = &decoded.as.process;
            assert_int_equal(decoded.role, EG_ETW_ROLE_PROCESS_START);
            assert_int_equal(process->pid, 4321);
            assert_int_equal(process->parent_pid, 999);
            assert_int_equal((int64_t)process->exit_status, -1073741510);
            assert_span(process->user_sid, system_sid, sizeof(system_sid));
            assert_span(process->image_name, "cmd.exe", 7);
            assert_int_equal(process->command_line.size, version >= 2 ? 20 : 0);
            assert_int_equal(process->package_name.size, version >= 4 ? 18 : 0);
        }
    }
}

static void kernel_process__every_opcode__has_its_role(void **state)
{
    static const struct {
        uint8_t opcode;
        eg_etw_role role;
    } cases[] = {
        {1, EG_ETW_ROLE_PROCESS_START},   {2, EG_ETW_ROLE_PROCESS_STOP},
        {3, EG_ETW_ROLE_PROCESS_RUNNING}, {4, EG_ETW_ROLE_PROCESS_LEFT},
        {39, EG_ETW_ROLE_PROCESS_GONE},
    };
    payload p;
    EG_UNUSED(state);
    make_kernel_process(&p, 4, 8);
    for (size_t i = 0; i < EG_COUNT(cases); i++) {
        eg_etw_decoded decoded;
        eg_etw_record record = kernel_record(4, cases[i].opcode, 8, &p);
        assert_int_equal(eg_etw_decode(&record, &decoded), EG_ETW_EVENT);
        assert_int_equal(decoded.role, cases[i].role);
    }
    eg_etw_decoded decoded;
    eg_etw_record thread = kernel_record(4, 5, 8, &p);
    assert_int_equal(eg_etw_decode(&thread, &decoded), EG_ETW_IGNORED);
}

static void kernel_process__cut_at_any_byte__is_malformed_or_shorter(void **state)
{
    payload p;
    EG_UNUSED(state);
    for (uint8_t version = 1; version <= 5; version++) {
        make_kernel_process(&p, version, 8);
        put_number(&p, 1, 8); /* ExitTime of opcode 39 */
        size_t before_name = 52u + (version >= 3 ? 8 : 0) + (version >= 4 ? 4 : 0);
        for (size_t size = 0; size < p.size; size++) {
            uint8_t *exact = (uint8_t *)eg_copy_bytes((const char *)p.bytes, size);
            eg_etw_record record = kernel_record(version, version == 5 ? 39 : 1, 8, &p);
            eg_etw_decoded decoded;
            record.payload = exact;
            record.size = size;
            eg_etw_result result = eg_etw_decode(&record, &decoded);
            assert_int_not_equal(result, EG_ETW_IGNORED);
            if (size <= before_name) {
                assert_int_equal(result, EG_ETW_MALFORMED);
            }
            eg_free(exact);
        }
    }
}

static void kernel_process__trailing_bytes__are_ignored(void **state)
{
    payload p;
    eg_etw_decoded decoded;
    EG_UNUSED(state);
    make_kernel_process(&p, 4, 8);
    put_number(&p, 0xFFFF, 2);
    eg_etw_record record = kernel_record(4, 1, 8, &p);
    assert_int_equal(eg_etw_decode(&record, &decoded), EG_ETW_EVENT);
}

/* Everything up to the user of a version 4 record. */
static void make_head(payload *p)
{
    p->size = 0;
    put_number(p, 0x1234, 8);
    put_number(p, 10, 4);
    put_number(p, 20, 4);
    put_number(p, 1, 4);
    put_number(p, 259, 4);
    put_number(p, 0, 8);
    put_number(p, 0, 4);
}

static void put_tail(payload *p)
{
    put(p, "x.exe", 6);
    put_wide(p, "x");
    put_wide(p, "");
    put_wide(p, "");
}

static void user_sid__zero_word__is_absent_and_four_bytes(void **state)
{
    payload p;
    eg_etw_decoded decoded;
    EG_UNUSED(state);
    make_head(&p);
    put_number(&p, 0, 4);
    put_tail(&p);
    eg_etw_record record = kernel_record(4, 1, 8, &p);
    assert_int_equal(eg_etw_decode(&record, &decoded), EG_ETW_EVENT);
    assert_null(decoded.as.process.user_sid.bytes);
    assert_span(decoded.as.process.image_name, "x.exe", 5);
}

static void user_sid__zero_token_user_before_a_sid__is_taken(void **state)
{
    payload p;
    eg_etw_decoded decoded;
    EG_UNUSED(state);
    make_head(&p);
    put_number(&p, 0, 8);
    put_number(&p, 0, 8);
    put(&p, system_sid, sizeof(system_sid));
    put_tail(&p);
    eg_etw_record record = kernel_record(4, 1, 8, &p);
    assert_int_equal(eg_etw_decode(&record, &decoded), EG_ETW_EVENT);
    assert_span(decoded.as.process.user_sid, system_sid, sizeof(system_sid));
    assert_span(decoded.as.process.image_name, "x.exe", 5);
}

static void user_sid__too_many_sub_authorities__is_malformed(void **state)
{
    payload p;
    eg_etw_decoded decoded;
    EG_UNUSED(state);
    make_head(&p);
    put_number(&p, 1, 8);
    put_number(&p, 0, 8);
    put_number(&p, 0x1001, 2); /* revision 1, 16 sub-authorities */
    for (int i = 0; i < 16; i++) {
        put_number(&p, 0, 4);
    }
    put_tail(&p);
    eg_etw_record record = kernel_record(4, 1, 8, &p);
    assert_int_equal(eg_etw_decode(&record, &decoded), EG_ETW_MALFORMED);
}

static void command_line__without_nul__ends_with_the_payload(void **state)
{
    payload p;
    eg_etw_decoded decoded;
    EG_UNUSED(state);
    make_kernel_process(&p, 3, 8);
    p.size -= 2;
    eg_etw_record record = kernel_record(3, 1, 8, &p);
    assert_int_equal(eg_etw_decode(&record, &decoded), EG_ETW_EVENT);
    assert_int_equal(decoded.as.process.command_line.size, 20);
}

static void make_event__long_command_line__is_flagged_as_cut(void **state)
{
    char command[1100];
    eg_event_text text;
    EG_UNUSED(state);
    assert_int_equal(eg_event_text_init(&text), EG_OK);
    for (size_t length = 1023; length <= 1024; length++) {
        payload p;
        eg_etw_decoded decoded;
        eg_event event;
        memset(command, 'a', length);
        command[length] = '\0';
        make_head(&p);
        put_user(&p, 8);
        put(&p, "x.exe", 6);
        put_wide(&p, command);
        put_wide(&p, "");
        put_wide(&p, "");
        eg_etw_record record = kernel_record(4, 1, 8, &p);
        assert_int_equal(eg_etw_decode(&record, &decoded), EG_ETW_EVENT);
        eg_event_text_reset(&text);
        assert_int_equal(eg_etw_make_event(&record, &decoded, &text, &event), EG_OK);
        assert_int_equal(event.field[EG_FIELD_COMMAND_LINE].len, length);
        assert_int_equal(event.flags & EG_EVENT_COMMAND_LINE_CUT,
                         length == 1024 ? EG_EVENT_COMMAND_LINE_CUT : 0);
    }
    eg_event_text_done(&text);
}

static void assert_field(const eg_event *event, eg_field field, const char *expected)
{
    eg_str value = event->field[field];
    assert_non_null(value.ptr);
    assert_int_equal(value.len, strlen(expected));
    assert_memory_equal(value.ptr, expected, value.len);
}

static void make_event__process_start__has_sysmon_fields(void **state)
{
    payload p;
    eg_etw_decoded decoded;
    eg_event event;
    eg_event_text text;
    EG_UNUSED(state);
    assert_int_equal(eg_event_text_init(&text), EG_OK);
    make_kernel_process(&p, 4, 8);
    eg_etw_record record = kernel_record(4, 1, 8, &p);
    assert_int_equal(eg_etw_decode(&record, &decoded), EG_ETW_EVENT);
    assert_int_equal(eg_etw_make_event(&record, &decoded, &text, &event), EG_OK);
    assert_int_equal(event.kind, EG_KIND_PROCESS_START);
    assert_int_equal(event.event_id, 1);
    assert_int_equal(event.pid, 4321);
    assert_int_equal(event.parent_pid, 999);
    assert_int_equal(event.time, record.time);
    assert_field(&event, EG_FIELD_PROCESS_ID, "4321");
    assert_field(&event, EG_FIELD_PARENT_PROCESS_ID, "999");
    assert_field(&event, EG_FIELD_CREATOR_PROCESS_ID, "777");
    assert_field(&event, EG_FIELD_COMMAND_LINE, "cmd /c dir");
    assert_field(&event, EG_FIELD_IMAGE, "cmd.exe");
    assert_field(&event, EG_FIELD_USER, "S-1-5-18");
    assert_field(&event, EG_FIELD_PACKAGE_FULL_NAME, "Package_1");
    assert_null(event.field[EG_FIELD_EXIT_STATUS].ptr);
    eg_event_text_done(&text);
}

static void make_event__without_memory__fails_cleanly(void **state)
{
    payload p;
    eg_etw_decoded decoded;
    EG_UNUSED(state);
    make_kernel_process(&p, 4, 8);
    eg_etw_record record = kernel_record(4, 1, 8, &p);
    assert_int_equal(eg_etw_decode(&record, &decoded), EG_ETW_EVENT);
    int status = EG_E_NOMEM;
    for (long allowed = 0; status != EG_OK; allowed++) {
        eg_event event = {.pid = 5};
        eg_event_text text;
        assert_true(allowed < 100);
        eg_mem_fail_after(allowed);
        status = eg_event_text_init(&text);
        if (status == EG_OK) {
            status = eg_etw_make_event(&record, &decoded, &text, &event);
            eg_event_text_done(&text);
        }
        eg_mem_fail_after(-1);
        if (status != EG_OK) {
            assert_int_equal(status, EG_E_NOMEM);
            assert_int_equal(event.pid, 5);
        }
    }
}

/* Kernel-Process 1 from version 3 on. */
static void make_manifest_start(payload *p, uint8_t version)
{
    p->size = 0;
    put_number(p, 100, 4);
    put_number(p, 5000, 8);
    put_number(p, 133, 8);
    put_number(p, 90, 4);
    put_number(p, 4999, 8);
    put_number(p, 2, 4);
    put_number(p, 0, 4);
    put_number(p, 3, 4);
    put_number(p, 0, 4);
    put(p, medium_label, sizeof(medium_label));
    put_wide(p, "\\Device\\x.exe");
    put_number(p, 0xAB, 4);
    put_number(p, 0xCD, 4);
    put_wide(p, "");
    put_wide(p, "");
    if (version >= 4) {
        put_number(p, 0x11, 4);
    }
    if (version >= 5) {
        put_number(p, 6, 4);
        put_number(p, 0x8664, 2);
    }
}

static void manifest_start__versions_3_to_6__decode(void **state)
{
    EG_UNUSED(state);
    for (uint8_t version = 3; version <= 6; version++) {
        payload p;
        eg_etw_decoded decoded;
        make_manifest_start(&p, version);
        eg_etw_record record = make_record(manifest_process, 1, version, &p);
        assert_int_equal(eg_etw_decode(&record, &decoded), EG_ETW_EVENT);
        const eg_etw_process *process = &decoded.as.process;
        assert_int_equal(process->pid, 100);
        assert_int_equal(process->sequence, 5000);
        assert_int_equal(process->parent_pid, 90);
        assert_span(process->mandatory_label, medium_label, sizeof(medium_label));
        assert_int_equal(process->mitigations, version >= 4 ? 0x11 : 0);
        assert_int_equal(process->machine, version >= 5 ? 0x8664 : 0);
    }
}

static void manifest_rundown__version__is_two_behind_start(void **state)
{
    payload p;
    eg_etw_decoded decoded;
    eg_event event;
    eg_event_text text;
    EG_UNUSED(state);
    assert_int_equal(eg_event_text_init(&text), EG_OK);
    make_manifest_start(&p, 5);
    eg_etw_record record = make_record(manifest_process, 15, 3, &p);
    assert_int_equal(eg_etw_decode(&record, &decoded), EG_ETW_EVENT);
    assert_int_equal(decoded.as.process.machine, 0x8664);
    assert_int_equal(eg_etw_make_event(&record, &decoded, &text, &event), EG_OK);
    assert_true(event.flags & EG_EVENT_EXISTING);
    assert_int_equal(event.create_time, 133);
    assert_field(&event, EG_FIELD_INTEGRITY_LEVEL, "Medium");
    assert_field(&event, EG_FIELD_IMAGE, "\\Device\\x.exe");
    eg_event_text_done(&text);
}

static void manifest_stop__version_2__has_the_sequence_number(void **state)
{
    payload p = {.size = 0};
    eg_etw_decoded decoded;
    EG_UNUSED(state);
    put_number(&p, 100, 4);
    put_number(&p, 5000, 8);
    put_number(&p, 133, 8);
    put_number(&p, 134, 8);
    put_number(&p, 1, 4);
    put_number(&p, 1, 4);
    put_number(&p, 7, 4);
    put_number(&p, 0, 8);
    put_number(&p, 0, 8);
    put_number(&p, 0, 8);
    for (int i = 0; i < 5; i++) {
        put_number(&p, 0, 4);
    }
    put(&p, "x.exe", 6);
    eg_etw_record record = make_record(manifest_process, 2, 2, &p);
    assert_int_equal(eg_etw_decode(&record, &decoded), EG_ETW_EVENT);
    assert_int_equal(decoded.kind, EG_KIND_PROCESS_STOP);
    assert_int_equal(decoded.as.process.sequence, 5000);
    assert_int_equal(decoded.as.process.exit_time, 134);
    assert_span(decoded.as.process.image_name, "x.exe", 5);
}

static void task_action__order_of_fields__depends_on_the_version(void **state)
{
    static const uint8_t instance[EG_ETW_GUID_SIZE] = {1, 2,  3,  4,  5,  6,  7,  8,
                                                       9, 10, 11, 12, 13, 14, 15, 16};
    EG_UNUSED(state);
    for (uint8_t version = 0; version <= 2; version++) {
        payload p = {.size = 0};
        eg_etw_decoded decoded;
        put_wide(&p, "\\T");
        if (version == 0) {
            put_wide(&p, "act");
        }
        put(&p, instance, sizeof(instance));
        if (version > 0) {
            put_wide(&p, "act");
            put_number(&p, 5, 4);
        }
        if (version > 1) {
            put_number(&p, 66, 4);
        }
        eg_etw_record record = make_record(task_scheduler, 201, version, &p);
        assert_int_equal(eg_etw_decode(&record, &decoded), EG_ETW_EVENT);
        assert_int_equal(decoded.as.task.action.size, 6);
        assert_span(decoded.as.task.instance, instance, sizeof(instance));
        assert_int_equal(decoded.as.task.result, version > 0 ? 5 : 0);
        assert_int_equal(decoded.as.task.engine_pid, version > 1 ? 66 : 0);
    }
}

static void task_registered__names__become_an_event(void **state)
{
    payload p = {.size = 0};
    eg_etw_decoded decoded;
    eg_event event;
    eg_event_text text;
    EG_UNUSED(state);
    assert_int_equal(eg_event_text_init(&text), EG_OK);
    put_wide(&p, "\\Folder\\Task");
    put_wide(&p, "PC\\user");
    eg_etw_record record = make_record(task_scheduler, 106, 0, &p);
    assert_int_equal(eg_etw_decode(&record, &decoded), EG_ETW_EVENT);
    assert_int_equal(eg_etw_make_event(&record, &decoded, &text, &event), EG_OK);
    assert_int_equal(event.kind, EG_KIND_TASK_REGISTERED);
    assert_int_equal(event.pid, 777);
    assert_field(&event, EG_FIELD_TASK_NAME, "\\Folder\\Task");
    assert_field(&event, EG_FIELD_USER_CONTEXT, "PC\\user");
    eg_event_text_done(&text);
}

static void script_block__lone_surrogate_in_the_text__is_kept(void **state)
{
    payload p = {.size = 0};
    eg_etw_decoded decoded;
    eg_event event;
    eg_event_text text;
    EG_UNUSED(state);
    assert_int_equal(eg_event_text_init(&text), EG_OK);
    put_number(&p, 1, 4);
    put_number(&p, 1, 4);
    put_number(&p, 0xD800, 2);
    put_wide(&p, "x");
    put_wide(&p, "id");
    put_wide(&p, "C:\\a.ps1");
    eg_etw_record record = make_record(powershell, 4104, 1, &p);
    assert_int_equal(eg_etw_decode(&record, &decoded), EG_ETW_EVENT);
    assert_int_equal(eg_etw_make_event(&record, &decoded, &text, &event), EG_OK);
    assert_field(&event, EG_FIELD_SCRIPT_BLOCK_TEXT, "\xED\xA0\x80x");
    assert_field(&event, EG_FIELD_PATH, "C:\\a.ps1");
    eg_event_text_done(&text);
}

static void decode__unknown_provider_id_or_version__is_ignored(void **state)
{
    payload p;
    eg_etw_decoded decoded;
    EG_UNUSED(state);
    make_kernel_process(&p, 4, 8);
    eg_etw_record record = kernel_record(0, 1, 8, &p);
    assert_int_equal(eg_etw_decode(&record, &decoded), EG_ETW_IGNORED);
    record.version = 4;
    record.id = 1;
    assert_int_equal(eg_etw_decode(&record, &decoded), EG_ETW_IGNORED);
    record.id = 0;
    record.provider[0] ^= 1;
    assert_int_equal(eg_etw_decode(&record, &decoded), EG_ETW_IGNORED);
}

int eg_test_etw_decode(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kernel_process__every_version_and_pointer_size__decodes),
        cmocka_unit_test(kernel_process__every_opcode__has_its_role),
        cmocka_unit_test(kernel_process__cut_at_any_byte__is_malformed_or_shorter),
        cmocka_unit_test(kernel_process__trailing_bytes__are_ignored),
        cmocka_unit_test(user_sid__zero_word__is_absent_and_four_bytes),
        cmocka_unit_test(user_sid__zero_token_user_before_a_sid__is_taken),
        cmocka_unit_test(user_sid__too_many_sub_authorities__is_malformed),
        cmocka_unit_test(command_line__without_nul__ends_with_the_payload),
        cmocka_unit_test(make_event__long_command_line__is_flagged_as_cut),
        cmocka_unit_test(make_event__process_start__has_sysmon_fields),
        cmocka_unit_test(make_event__without_memory__fails_cleanly),
        cmocka_unit_test(manifest_start__versions_3_to_6__decode),
        cmocka_unit_test(manifest_rundown__version__is_two_behind_start),
        cmocka_unit_test(manifest_stop__version_2__has_the_sequence_number),
        cmocka_unit_test(task_action__order_of_fields__depends_on_the_version),
        cmocka_unit_test(task_registered__names__become_an_event),
        cmocka_unit_test(script_block__lone_surrogate_in_the_text__is_kept),
        cmocka_unit_test(decode__unknown_provider_id_or_version__is_ignored),
    };
    return cmocka_run_group_tests_name("etw_decode", tests, NULL, NULL);
}
