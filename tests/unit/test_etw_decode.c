/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ETW decoders on hand-made payloads: every version, both pointer sizes, every way in which a
 * payload can contradict its layout. Recorded payloads are compared by tests/check_etw.py.
 */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "tests/unit/etw_payload.h"

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

int eg_fuzz_etw(const uint8_t *data, size_t size);

/* The fuzz target aborts when a decoded part lies outside the payload. */
static void decode__mutated_payloads__stay_within_bounds(void **state)
{
    uint32_t random = 12345;
    EG_UNUSED(state);
    for (int round = 0; round < 20000; round++) {
        payload p;
        uint8_t head[EG_ETW_GUID_SIZE + 5] = {0};
        uint8_t version = (uint8_t)(1 + round % 5);
        make_kernel_process(&p, version, round % 2 ? 4 : 8);
        memcpy(head, kernel_process, EG_ETW_GUID_SIZE);
        head[18] = version;
        head[19] = 1;
        head[20] = round % 2 ? EG_ETW_FLAG_32_BIT : EG_ETW_FLAG_64_BIT;
        for (int i = 0; i < 4; i++) {
            random = random * 1664525 + 1013904223;
            p.bytes[(random >> 8) % p.size] = (uint8_t)(random >> 24);
        }
        size_t size = p.size - (random >> 16) % 16;
        uint8_t *exact = eg_alloc(sizeof(head) + size);
        assert_non_null(exact);
        memcpy(exact, head, sizeof(head));
        memcpy(exact + sizeof(head), p.bytes, size);
        assert_int_equal(eg_fuzz_etw(exact, sizeof(head) + size), 0);
        eg_free(exact);
    }
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
        cmocka_unit_test(manifest_start__versions_3_to_6__decode),
        cmocka_unit_test(manifest_stop__version_2__has_the_sequence_number),
        cmocka_unit_test(task_action__order_of_fields__depends_on_the_version),
        cmocka_unit_test(decode__unknown_provider_id_or_version__is_ignored),
        cmocka_unit_test(decode__mutated_payloads__stay_within_bounds),
    };
    return cmocka_run_group_tests_name("etw_decode", tests, NULL, NULL);
}
