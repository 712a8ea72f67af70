/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "cli/exception_proposal.c"

#include "core/base/clock.h"
#include "tests/unit/store_fixture.h"

#define NOW (UINT64_C(13411699300) * EG_TICKS_PER_SECOND)
#define WITH_STORE(test) \
    cmocka_unit_test_setup_teardown(test, eg_store_fixture_set_up, eg_store_fixture_tear_down)

static eg_proposal_wish wish(void)
{
    return (eg_proposal_wish){.reason = "ours", .now = NOW, .expires = NOW + 1};
}

static int64_t add_hit(eg_store_fixture *fix, int number, int64_t incident, const char *fields)
{
    eg_hit hit;
    eg_event event;
    int64_t id = 0;
    bool is_new = false;
    char json[512];
    eg_sample_hit(number, &hit, &event);
    snprintf(json, sizeof(json),
             "{\"channel\":\"Microsoft-Windows-Sysmon/Operational\",\"event_id\":1,\"fields\":%s}",
             fields);
    hit.event_json = eg_str_from(json);
    hit.incident_id = incident;
    hit.incident_json = EG_STR("{\"absorbed\":[]}");
    hit.incident_memory = EG_STR("{}");
    assert_int_equal(eg_store_add_hit(fix->store, &hit, &event, &id, &is_new), EG_OK);
    return id;
}

static const char hashed[] =
    "{\"Hashes\":\"SHA256=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\","
    "\"CommandLine\":\"x\\n/y\"}";
static const char signed_well[] = "{\"Signed\":\"true\",\"Signature\":\"Example Ltd\","
                                  "\"SignatureStatus\":\"Valid\"}";

static eg_exception_list *of_hit(eg_store_fixture *fix, int64_t id, const eg_proposal_wish *wished)
{
    eg_exception_list *list = NULL;
    assert_int_equal(eg_exception_list_create(&list), EG_OK);
    assert_int_equal(eg_proposals_of_hit(fix->store, id, wished, list), EG_OK);
    assert_int_equal(eg_exception_list_count(list), 1);
    return list;
}

static void proposal__of_a_hit__is_the_narrowest(void **state)
{
    eg_store_fixture *fix = *state;
    eg_proposal_wish wished = wish();
    eg_exception_list *list = of_hit(fix, add_hit(fix, 1, 0, hashed), &wished);
    const eg_exception *made = eg_exception_list_at(list, 0);
    assert_true(eg_str_equal(made->rule_id, EG_STR("0b5a0000-0000-4000-8000-000000000001")));
    assert_true(
        eg_str_equal(made->wanted[EG_EXCEPTION_PATH], EG_STR("C:\\Users\\Public\\thing1.exe")));
    assert_true(
        eg_str_equal(made->wanted[EG_EXCEPTION_PARENT], EG_STR("C:\\Windows\\explorer.exe")));
    assert_int_equal(made->wanted[EG_EXCEPTION_HASH].len, 64);
    assert_int_equal(made->wanted[EG_EXCEPTION_SIGNER].len, 0);
    assert_int_equal(made->wanted[EG_EXCEPTION_USER].len, 0);
    eg_exception_list_destroy(list);
    list = of_hit(fix, add_hit(fix, 2, 0, signed_well), &wished);
    made = eg_exception_list_at(list, 0);
    assert_true(eg_str_equal(made->wanted[EG_EXCEPTION_SIGNER], EG_STR("Example Ltd")));
    assert_int_equal(made->wanted[EG_EXCEPTION_HASH].len, 0);
    eg_exception_list_destroy(list);
}

static void proposal__with_wishes__keeps_and_replaces(void **state)
{
    eg_store_fixture *fix = *state;
    eg_proposal_wish wished = wish();
    int64_t id = add_hit(fix, 1, 0, hashed);
    wished.keep = "command_line, user";
    eg_exception_list *list = of_hit(fix, id, &wished);
    const eg_exception *made = eg_exception_list_at(list, 0);
    assert_true(eg_str_equal(made->wanted[EG_EXCEPTION_COMMAND_LINE], EG_STR("x?/y")));
    assert_true(eg_str_equal(made->wanted[EG_EXCEPTION_USER], EG_STR("PC\\田中")));
    assert_int_equal(made->wanted[EG_EXCEPTION_PATH].len, 0);
    eg_exception_list_destroy(list);
    wished.keep = NULL;
    wished.any_rule = true;
    wished.wanted[EG_EXCEPTION_PATH] = "C:\\Users\\Public\\*";
    list = of_hit(fix, id, &wished);
    made = eg_exception_list_at(list, 0);
    assert_int_equal(made->rule_id.len, 0);
    assert_true(eg_str_equal(made->wanted[EG_EXCEPTION_PATH], EG_STR("C:\\Users\\Public\\*")));
    eg_exception_list_destroy(list);
    assert_int_equal(eg_exception_list_create(&list), EG_OK);
    wished.keep = "signer";
    assert_int_equal(eg_proposals_of_hit(fix->store, id, &wished, list), EG_E_INVALID);
    wished.keep = "pth";
    assert_int_equal(eg_proposals_of_hit(fix->store, id, &wished, list), EG_E_INVALID);
    assert_int_equal(eg_proposals_of_hit(fix->store, 99, &wished, list), EG_E_NOTFOUND);
    eg_exception_list_destroy(list);
}

static void proposal__of_an_incident__is_one_for_each_thing(void **state)
{
    eg_store_fixture *fix = *state;
    eg_exception_list *list = NULL;
    eg_proposal_wish wished = wish();
    add_hit(fix, 1, 4, hashed);
    add_hit(fix, 1, 4, hashed);
    add_hit(fix, 2, 4, hashed);
    add_hit(fix, 3, 5, hashed);
    assert_int_equal(eg_exception_list_create(&list), EG_OK);
    assert_int_equal(eg_proposals_of_incident(fix->store, 4, &wished, list), EG_OK);
    assert_int_equal(eg_exception_list_count(list), 2);
    assert_int_equal(eg_proposals_of_incident(fix->store, 9, &wished, list), EG_E_NOTFOUND);
    for (int number = 10; number < 30; number++) {
        add_hit(fix, number, 6, hashed);
    }
    assert_int_equal(eg_proposals_of_incident(fix->store, 6, &wished, list), EG_E_LIMIT);
    eg_exception_list_destroy(list);
}

static void proposal__text_too_long__ends_with_a_wildcard(void **state)
{
    EG_UNUSED(state);
    static char text[3000];
    eg_arena *arena = NULL;
    eg_str pattern;
    memset(text, 'a', sizeof(text));
    memcpy(text, "\xED\xA0\x80", 3); /* a lone surrogate */
    assert_int_equal(eg_arena_create(&arena, 4096), EG_OK);
    assert_int_equal(take_pattern(arena, (eg_str){text, sizeof(text)}, &pattern), EG_OK);
    assert_true(pattern.len <= EG_EXCEPTION_TEXT_MAX);
    assert_int_equal(pattern.ptr[0], '?');
    assert_int_equal(pattern.ptr[pattern.len - 1], '*');
    assert_true(eg_exception_pattern_matches(pattern, (eg_str){text, sizeof(text)}));
    eg_arena_destroy(arena);
}

typedef struct counts {
    size_t hidden, all;
} counts;

static int count(void *user, const eg_hit *hit, bool hidden)
{
    counts *to = user;
    EG_UNUSED(hit);
    to->hidden += hidden;
    to->all++;
    return EG_OK;
}

static void preview__of_a_proposal__finds_the_hits_it_would_hide(void **state)
{
    eg_store_fixture *fix = *state;
    counts got = {0, 0};
    eg_proposal_wish wished = wish();
    add_hit(fix, 1, 0, hashed);
    add_hit(fix, 1, 0, signed_well); /* no hash is known of it */
    add_hit(fix, 2, 0, hashed);
    add_hit(fix, 3, 0, "not even JSON");
    eg_exception_list *list = of_hit(fix, add_hit(fix, 1, 0, hashed), &wished);
    assert_int_equal(eg_exceptions_preview(fix->store, list, count, &got), EG_OK);
    assert_int_equal(got.hidden, 2);
    assert_int_equal(got.all, 5);
    eg_exception_list_destroy(list);
}

int eg_test_exception_proposal(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(proposal__of_a_hit__is_the_narrowest),
        WITH_STORE(proposal__with_wishes__keeps_and_replaces),
        WITH_STORE(proposal__of_an_incident__is_one_for_each_thing),
        cmocka_unit_test(proposal__text_too_long__ends_with_a_wildcard),
        WITH_STORE(preview__of_a_proposal__finds_the_hits_it_would_hide),
    };
    return cmocka_run_group_tests_name("exception_proposal", tests, NULL, NULL);
}
