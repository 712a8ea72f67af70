/* SPDX-License-Identifier: Apache-2.0 */
/* Script blocks that come in parts: any order, twice, some missing, too many, too large. */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "driverless-hooks/decode/script_parts.h"
#include "tests/unit/etw_payload.h"

#include <stdio.h>

enum { TEXTS_MAX = 2048, SHOWN = 64 };

typedef struct told {
    char text[SHOWN]; /* the beginning, as ASCII */
    size_t size;      /* bytes of UTF-16 */
    char id[SHOWN], path[SHOWN];
    uint32_t pid, parts, came, number, total;
} told;

static struct {
    eg_script_parts *parts;
    told texts[TEXTS_MAX];
    size_t count;
} world;

static void show(char *out, eg_etw_span span)
{
    size_t i = 0;
    for (; i + 1 < SHOWN && 2 * i < span.size; i++) {
        out[i] = (char)span.bytes[2 * i];
    }
    out[i] = '\0';
}

static void keep(void *user, const eg_script_text *text)
{
    const eg_etw_script_block *block = &text->decoded.as.script_block;
    assert_ptr_equal(user, &world);
    assert_true(world.count < TEXTS_MAX);
    told *t = &world.texts[world.count++];
    show(t->text, block->text);
    show(t->id, block->id);
    show(t->path, block->path);
    t->size = block->text.size;
    t->pid = text->record.pid;
    t->parts = text->parts;
    t->came = text->came;
    t->number = (uint32_t)block->number;
    t->total = (uint32_t)block->total;
}

static int begin(void **state)
{
    EG_UNUSED(state);
    memset(&world, 0, sizeof(world));
    return eg_script_parts_create(&world.parts, keep, &world) == EG_OK ? 0 : -1;
}

static int end(void **state)
{
    EG_UNUSED(state);
    eg_script_parts_destroy(world.parts);
    return 0;
}

/* `text` is repeated until it has `size` bytes of UTF-16; 0 takes it as it is. */
static int add_sized(uint32_t pid, const char *id, uint32_t number, uint32_t total,
                     const char *text, size_t size, uint64_t now)
{
    static uint8_t wide[64 * 1024];
    uint8_t wide_id[2 * SHOWN] = {0};
    eg_etw_decoded decoded = {.kind = EG_KIND_SCRIPT_BLOCK};
    eg_etw_script_block *block = &decoded.as.script_block;
    eg_etw_record record = {.pid = pid, .time = 133};
    size_t length = strlen(text);
    size = size > 0 ? size : 2 * length;
    assert_true(size <= sizeof(wide));
    for (size_t i = 0; i < size / 2; i++) {
        wide[2 * i] = (uint8_t)text[i % length];
    }
    for (size_t i = 0; i < strlen(id); i++) {
        wide_id[2 * i] = (uint8_t)id[i];
    }
    block->number = number;
    block->total = total;
    block->text = (eg_etw_span){wide, size};
    block->id = (eg_etw_span){wide_id, 2 * strlen(id)};
    block->path = (eg_etw_span){(const uint8_t *)"p\0", 2};
    return eg_script_parts_add(world.parts, &record, &decoded, now);
}

static void add(uint32_t pid, const char *id, uint32_t number, uint32_t total, const char *text)
{
    assert_int_equal(add_sized(pid, id, number, total, text, 0, 1000), EG_OK);
}

static void assert_told(size_t index, const char *text, uint32_t parts, uint32_t total)
{
    assert_true(index < world.count);
    assert_string_equal(world.texts[index].text, text);
    assert_int_equal(world.texts[index].parts, parts);
    assert_int_equal(world.texts[index].total, total);
}

static void script__of_one_part__is_told_at_once(void **state)
{
    EG_UNUSED(state);
    add(5, "id", 1, 1, "Get-Date");
    assert_int_equal(world.count, 1);
    assert_told(0, "Get-Date", 1, 1);
    assert_string_equal(world.texts[0].id, "id");
    assert_string_equal(world.texts[0].path, "p");
    assert_int_equal(eg_script_parts_waiting(world.parts), 0);
}

static void script__in_any_order_and_twice__is_joined_once(void **state)
{
    static const uint32_t orders[][6] = {
        {1, 2, 3, 4, 0, 0},
        {4, 3, 2, 1, 0, 0},
        {2, 4, 1, 3, 0, 0},
        {3, 3, 1, 1, 4, 2},
    };
    static const char *const texts[] = {"aa", "bb", "cc", "dd"};
    EG_UNUSED(state);
    for (size_t i = 0; i < EG_COUNT(orders); i++) {
        for (size_t k = 0; k < 6 && orders[i][k] > 0; k++) {
            assert_int_equal(world.count, i);
            add(5, "id", orders[i][k], 4, texts[orders[i][k] - 1]);
        }
        assert_told(i, "aabbccdd", 4, 4);
        assert_string_equal(world.texts[i].id, "id");
        assert_string_equal(world.texts[i].path, "p");
        assert_int_equal(world.texts[i].number, 1);
    }
}

static void script__told_twice_with_another_text__keeps_the_first(void **state)
{
    EG_UNUSED(state);
    add(5, "id", 1, 2, "evil");
    add(5, "id", 1, 2, "kind");
    add(5, "id", 2, 2, "!");
    assert_int_equal(world.count, 1);
    assert_told(0, "evil!", 2, 2);
}

static void scripts__of_two_writers__are_kept_apart(void **state)
{
    EG_UNUSED(state);
    add(5, "id", 1, 2, "one-");
    add(6, "id", 2, 2, "other");
    add(5, "jd", 2, 2, "third");
    assert_int_equal(world.count, 0);
    add(5, "id", 2, 2, "two");
    assert_told(0, "one-two", 2, 2);
    assert_int_equal(world.texts[0].pid, 5);
    assert_int_equal(eg_script_parts_waiting(world.parts), 2);
}

static void script__with_a_missing_part__is_told_when_overdue(void **state)
{
    EG_UNUSED(state);
    assert_int_equal(add_sized(5, "id", 3, 3, "end", 0, 1000), EG_OK);
    assert_int_equal(add_sized(5, "id", 1, 3, "begin-", 0, 3000), EG_OK);
    eg_script_parts_expire(world.parts, 3000 + EG_SCRIPT_PARTS_WAIT_MS - 1);
    assert_int_equal(world.count, 0);
    eg_script_parts_expire(world.parts, 3000 + EG_SCRIPT_PARTS_WAIT_MS);
    assert_int_equal(world.count, 1);
    assert_told(0, "begin-end", 2, 3);
    assert_int_equal(world.texts[0].came, 2);
    assert_int_equal(eg_script_parts_waiting(world.parts), 0);
}

static void script__with_impossible_numbers__is_told_alone(void **state)
{
    EG_UNUSED(state);
    add(5, "id", 0, 3, "zero");
    add(5, "id", 4, 3, "beyond");
    add(5, "id", UINT32_MAX, UINT32_MAX, "minus one");
    assert_int_equal(world.count, 3);
    assert_told(1, "beyond", 1, 3);
    assert_int_equal(eg_script_parts_waiting(world.parts), 0);
}

static void script__longer_than_the_limit__comes_as_several_texts(void **state)
{
    const uint32_t total = 40;
    size_t size = 0;
    EG_UNUSED(state);
    for (uint32_t i = 1; i <= total; i++) {
        assert_int_equal(add_sized(5, "id", i, total, "x", 60000, 1000), EG_OK);
    }
    assert_int_equal(world.count, 3);
    for (size_t i = 0; i < world.count; i++) {
        assert_true(world.texts[i].size <= EG_SCRIPT_TEXT_MAX);
        assert_int_equal(world.texts[i].came, total);
        size += world.texts[i].size;
    }
    assert_int_equal(size, 60000 * total);
    assert_int_equal(world.texts[1].number, world.texts[0].parts + 1);
}

static void scripts__more_than_wait__push_the_oldest_out(void **state)
{
    char id[16];
    EG_UNUSED(state);
    for (uint32_t i = 0; i < EG_SCRIPT_PARTS_SCRIPTS + 3; i++) {
        snprintf(id, sizeof(id), "id%u", (unsigned)i);
        assert_int_equal(add_sized(5, id, 1, 2, id, 0, 1000 + i), EG_OK);
    }
    assert_int_equal(eg_script_parts_waiting(world.parts), EG_SCRIPT_PARTS_SCRIPTS);
    assert_int_equal(world.count, 3);
    assert_told(2, "id2", 1, 2);
}

static void scripts__more_bytes_than_wait__push_the_oldest_out(void **state)
{
    uint32_t added = 0;
    size_t size = 0;
    EG_UNUSED(state);
    for (; added < 3 * EG_SCRIPT_PARTS_BYTES / 60000; added++) {
        char id[16];
        snprintf(id, sizeof(id), "%u", (unsigned)(added / 20));
        assert_int_equal(add_sized(5, id, added % 20 + 1, 1000, "x", 60000, 1000 + added), EG_OK);
    }
    assert_true(world.count > 0);
    eg_script_parts_flush(world.parts);
    for (size_t i = 0; i < world.count; i++) {
        size += world.texts[i].size;
    }
    assert_int_equal(size, 60000 * (size_t)added);
    assert_int_equal(eg_script_parts_waiting(world.parts), 0);
}

static void script__of_more_parts_than_are_kept__is_told_in_pieces(void **state)
{
    EG_UNUSED(state);
    for (uint32_t i = 2 * EG_SCRIPT_PARTS_EACH; i > 0; i--) {
        add(5, "id", i, INT32_MAX, "x");
    }
    assert_int_equal(world.count, 2);
    assert_int_equal(world.texts[0].parts, EG_SCRIPT_PARTS_EACH);
    assert_int_equal(world.texts[1].number, 1);
}

static void script__without_memory__is_handed_on_in_parts(void **state)
{
    EG_UNUSED(state);
    for (long allowed = 0; allowed < 8; allowed++) {
        world.count = 0;
        eg_mem_fail_after(allowed);
        int first = add_sized(5, "id", 1, 2, "aa", 0, 1000);
        int second = add_sized(5, "id", 2, 2, "bb", 0, 1000);
        eg_mem_fail_after(-1);
        assert_true(first == EG_OK || first == EG_E_NOMEM);
        assert_true(second == EG_OK || second == EG_E_NOMEM);
        eg_script_parts_flush(world.parts);
        assert_int_equal(eg_script_parts_waiting(world.parts), 0);
    }
    assert_told(0, "aabb", 2, 2);
}

int eg_test_script_parts(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(script__of_one_part__is_told_at_once, begin, end),
        cmocka_unit_test_setup_teardown(script__in_any_order_and_twice__is_joined_once, begin, end),
        cmocka_unit_test_setup_teardown(script__told_twice_with_another_text__keeps_the_first,
                                        begin, end),
        cmocka_unit_test_setup_teardown(scripts__of_two_writers__are_kept_apart, begin, end),
        cmocka_unit_test_setup_teardown(script__with_a_missing_part__is_told_when_overdue, begin,
                                        end),
        cmocka_unit_test_setup_teardown(script__with_impossible_numbers__is_told_alone, begin, end),
        cmocka_unit_test_setup_teardown(script__longer_than_the_limit__comes_as_several_texts,
                                        begin, end),
        cmocka_unit_test_setup_teardown(scripts__more_than_wait__push_the_oldest_out, begin, end),
        cmocka_unit_test_setup_teardown(scripts__more_bytes_than_wait__push_the_oldest_out, begin,
                                        end),
        cmocka_unit_test_setup_teardown(script__of_more_parts_than_are_kept__is_told_in_pieces,
                                        begin, end),
        cmocka_unit_test_setup_teardown(script__without_memory__is_handed_on_in_parts, begin, end),
    };
    return cmocka_run_group_tests_name("script_parts", tests, NULL, NULL);
}
