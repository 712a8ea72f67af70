/* SPDX-License-Identifier: Apache-2.0 */
/* The text behind the import hash: programs made byte by byte, whole, odd and cut. */
#include "tests/unit/unit.h"

#include "core/base/compiler.h"
#include "core/base/status.h"
#include "core/detect/pe_imports.h"

#include <string.h>

enum {
    FILE_SIZE = 0x600,
    PE_AT = 0x80,
    OPTIONAL_AT = PE_AT + 24,
    SECTION_ADDRESS = 0x1000, /* in memory; in the file at RAW_AT */
    RAW_AT = 0x200,
    RAW_SIZE = 0x400,
};

typedef struct program {
    uint8_t bytes[FILE_SIZE];
    bool is_64;
    size_t section_at; /* its header */
    size_t reads, fail_after;
} program;

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, value & 0xFFFF);
    put16(at + 2, value >> 16);
}

/* Where in the file a memory address of the section lies. */
static uint8_t *at(program *p, uint32_t address)
{
    return p->bytes + RAW_AT + (address - SECTION_ADDRESS);
}

static void put_text(program *p, uint32_t address, const char *text)
{
    memcpy(at(p, address), text, strlen(text) + 1);
}

static void put_thunk(program *p, uint32_t address, uint32_t value, bool ordinal)
{
    put32(at(p, address), p->is_64 || !ordinal ? value : value | 0x80000000u);
    if (p->is_64) {
        put32(at(p, address) + 4, ordinal ? 0x80000000u : 0);
    }
}

static void put_library(program *p, uint32_t index, uint32_t lookup, uint32_t name, uint32_t bound)
{
    uint8_t *descriptor = at(p, SECTION_ADDRESS + index * 20);
    put32(descriptor, lookup);
    put32(descriptor + 12, name);
    put32(descriptor + 16, bound);
}

static void make_headers(program *p, bool is_64)
{
    memset(p, 0, sizeof(*p));
    p->is_64 = is_64;
    p->fail_after = SIZE_MAX;
    size_t optional = is_64 ? 240 : 224;
    p->section_at = OPTIONAL_AT + optional;
    memcpy(p->bytes, "MZ", 2);
    put32(p->bytes + 0x3C, PE_AT);
    memcpy(p->bytes + PE_AT, "PE\0", 4);
    put16(p->bytes + PE_AT + 6, 1);
    put16(p->bytes + PE_AT + 20, (unsigned)optional);
    put16(p->bytes + OPTIONAL_AT, is_64 ? 0x20B : 0x10B);
    uint8_t *directories = p->bytes + OPTIONAL_AT + (is_64 ? 108 : 92);
    put32(directories, 16);
    put32(directories + 12, SECTION_ADDRESS);
    uint8_t *section = p->bytes + p->section_at;
    put32(section + 8, RAW_SIZE);
    put32(section + 12, SECTION_ADDRESS);
    put32(section + 16, RAW_SIZE);
    put32(section + 20, RAW_AT);
}

/* Three libraries: functions by name, by known and unknown numbers, only a bound table. */
static void make(program *p, bool is_64)
{
    uint32_t step = is_64 ? 8 : 4;
    make_headers(p, is_64);
    put_library(p, 0, 0x1100, 0x1200, 0x1300);
    put_library(p, 1, 0x1140, 0x1220, 0x1340);
    put_library(p, 2, 0, 0x1240, 0x1180);
    put_text(p, 0x1200, "KERNEL32.dll");
    put_text(p, 0x1220, "WS2_32.DLL");
    put_text(p, 0x1240, "My.Driver.sys");
    put_text(p, 0x1282, "CreateFileW");
    put_text(p, 0x12A2, "lstrcmpA");
    put_thunk(p, 0x1100, 0x1280, false);
    put_thunk(p, 0x1100 + step, 0x12A0, false);
    put_thunk(p, 0x1140, 23, true);
    put_thunk(p, 0x1140 + step, 115, true);
    put_thunk(p, 0x1140 + 2 * step, 9999, true);
    put_thunk(p, 0x1180, 7, true);
}

static const char expected[] = "kernel32.createfilew,kernel32.lstrcmpa,ws2_32.socket,"
                               "ws2_32.wsastartup,ws2_32.ord9999,my.driver.ord7";

static int read_program(void *user, uint64_t offset, void *out, size_t size)
{
    program *p = user;
    assert_true(offset <= FILE_SIZE && size <= FILE_SIZE - offset);
    if (p->reads++ >= p->fail_after) {
        return eg_fail(EG_E_IO, "a broken disk");
    }
    memcpy(out, p->bytes + offset, size);
    return EG_OK;
}

static int text_of(program *p, uint64_t size, eg_buf *out)
{
    const eg_pe_source source = {p, size, read_program};
    eg_buf_init(out, EG_PE_IMPORTS_TEXT_MAX);
    return eg_pe_imports_text(&source, out);
}

static void check(program *p, int expected_status, const char *expected_text)
{
    eg_buf out;
    assert_int_equal(text_of(p, FILE_SIZE, &out), expected_status);
    assert_string_equal(eg_buf_cstr(&out), expected_text);
    eg_buf_done(&out);
}

static void imports__of_both_widths__are_written_in_order(void **state)
{
    program p;
    EG_UNUSED(state);
    make(&p, false);
    check(&p, EG_OK, expected);
    make(&p, true);
    check(&p, EG_OK, expected);
}

static void imports__numbers_of_known_libraries__have_names(void **state)
{
    static const struct {
        const char *library;
        uint32_t number;
        const char *text;
    } cases[] = {
        {"OLEAUT32.dll", 2, "oleaut32.sysallocstring"},
        {"oleaut32.dll", 1, "oleaut32.ord1"},
        {"wsock32.dll", 116, "wsock32.wsacleanup"},
        {"ws2_32.dll", 24, "ws2_32.ord24"}, /* another function in each Windows */
        {"ws2_32", 1, "ws2_32.ord1"},       /* without its extension it is not that library */
        {"comctl32.ocx", 17, "comctl32.ord17"},
        {"a.exe", 1, "a.exe.ord1"},
        {".dll", 1, ".ord1"},
    };
    EG_UNUSED(state);
    for (size_t i = 0; i < EG_COUNT(cases); i++) {
        program p;
        make_headers(&p, true);
        put_library(&p, 0, 0x1100, 0x1200, 0);
        put_text(&p, 0x1200, cases[i].library);
        put_thunk(&p, 0x1100, cases[i].number, true);
        check(&p, EG_OK, cases[i].text);
    }
}

static void imports__none__is_empty(void **state)
{
    program p;
    EG_UNUSED(state);
    make_headers(&p, true);
    check(&p, EG_OK, ""); /* a table that ends at once */
    put32(p.bytes + OPTIONAL_AT + 108 + 12, 0);
    check(&p, EG_OK, "");
    put32(p.bytes + OPTIONAL_AT + 108, 1); /* no directory of imports */
    put32(p.bytes + OPTIONAL_AT + 108 + 12, 0x77777777);
    check(&p, EG_OK, "");
}

/* A section may claim to begin anywhere in its 512 bytes: Windows rounds down. */
static void imports__section_at_an_odd_offset__is_rounded_down(void **state)
{
    program p;
    EG_UNUSED(state);
    make(&p, false);
    put32(p.bytes + p.section_at + 20, RAW_AT + 0x1FF);
    check(&p, EG_OK, expected);
}

static void imports__damage__is_told(void **state)
{
    program p;
    EG_UNUSED(state);
    static const struct {
        size_t at;
        uint32_t value;
    } damages[] = {
        {0, 0x5A4E},                      /* NZ */
        {0x3C, FILE_SIZE - 4},            /* the header leaves the file */
        {0x3C, 0xFFFFFFF0},               /* and memory */
        {PE_AT, 0x00004551},              /* QE */
        {PE_AT + 4, 0xFFFF0000},          /* 65535 sections */
        {OPTIONAL_AT, 0x107},             /* a ROM image */
        {OPTIONAL_AT + 108 + 12, 0x5000}, /* imports outside of all sections */
        {RAW_AT, 0x90000000},             /* functions outside */
        {RAW_AT + 12, 0x13FF},            /* a name without an end */
        {RAW_AT + 0x100, 0x7FFFFFFE},     /* a function's name outside */
    };
    for (size_t i = 0; i < EG_COUNT(damages); i++) {
        make(&p, true);
        put32(p.bytes + damages[i].at, damages[i].value);
        p.bytes[FILE_SIZE - 1] = 'x';
        check(&p, EG_E_INVALID, "");
    }
}

/* Behind the headers of the program the file is numbers of functions to its end. */
static int read_endless(void *user, uint64_t offset, void *out, size_t size)
{
    static const uint8_t function[] = {7, 0, 0, 0x80};
    const program *p = user;
    for (size_t i = 0; i < size; i++) {
        uint64_t from = offset + i;
        ((uint8_t *)out)[i] = from < FILE_SIZE ? p->bytes[from] : function[from % sizeof(function)];
    }
    return EG_OK;
}

static void imports__without_end__are_a_limit(void **state)
{
    program p;
    eg_buf out;
    EG_UNUSED(state);
    make_headers(&p, false);
    put32(p.bytes + p.section_at + 8, 0x40000000);
    put32(p.bytes + p.section_at + 16, 0x40000000);
    put_library(&p, 0, 0x2000, 0x1200, 0);
    put_text(&p, 0x1200, "a.dll");
    const eg_pe_source source = {&p, 0x40000000, read_endless};
    eg_buf_init(&out, EG_PE_IMPORTS_TEXT_MAX);
    assert_int_equal(eg_pe_imports_text(&source, &out), EG_E_LIMIT);
    assert_int_equal(out.len, 0);
    /* the same library again and again, each time with one function */
    for (uint32_t i = 0; i < 40; i++) {
        put_library(&p, i, 0x1380, 0x13C0, 0);
    }
    put_thunk(&p, 0x1380, 7, true);
    put_text(&p, 0x13C0, "a.dll");
    assert_int_equal(eg_pe_imports_text(&source, &out), EG_OK);
    assert_int_equal(out.len, 40 * strlen("a.ord7,") - 1);
    eg_buf_done(&out);
}

static void imports__cut_anywhere__never_read_outside(void **state)
{
    program p;
    EG_UNUSED(state);
    make(&p, true);
    for (uint64_t size = 0; size < FILE_SIZE; size++) {
        eg_buf out;
        int status = text_of(&p, size, &out);
        assert_true(status == EG_E_INVALID || (status == EG_OK && size >= RAW_AT + 0x2AB));
        eg_buf_done(&out);
    }
}

static void imports__file_that_cannot_be_read__is_an_error(void **state)
{
    program p;
    EG_UNUSED(state);
    for (size_t reads = 0;; reads++) {
        make(&p, true);
        p.fail_after = reads;
        eg_buf out;
        int status = text_of(&p, FILE_SIZE, &out);
        eg_buf_done(&out);
        if (status == EG_OK) {
            assert_true(reads > 0);
            break;
        }
        assert_int_equal(status, EG_E_IO);
    }
}

int eg_test_pe_imports(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(imports__of_both_widths__are_written_in_order),
        cmocka_unit_test(imports__numbers_of_known_libraries__have_names),
        cmocka_unit_test(imports__none__is_empty),
        cmocka_unit_test(imports__section_at_an_odd_offset__is_rounded_down),
        cmocka_unit_test(imports__damage__is_told),
        cmocka_unit_test(imports__without_end__are_a_limit),
        cmocka_unit_test(imports__cut_anywhere__never_read_outside),
        cmocka_unit_test(imports__file_that_cannot_be_read__is_an_error),
    };
    return cmocka_run_group_tests_name("pe_imports", tests, NULL, NULL);
}
