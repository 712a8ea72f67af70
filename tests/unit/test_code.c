/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ipc/code.h"
#include "tests/unit/unit.h"

#include <string.h>

static void incident_code__of_any_number__finds_the_number_again(void **state)
{
    EG_UNUSED(state);
    const int64_t numbers[] = {0, 1, 2, 3, 1000, 28629150};
    for (size_t i = 0; i < EG_COUNT(numbers); i++) {
        char code[EG_INCIDENT_CODE_SIZE];
        int64_t back = -1;
        eg_incident_code(numbers[i], code);
        assert_int_equal(strlen(code), EG_INCIDENT_CODE_SIZE - 1);
        assert_int_equal(code[3], '-');
        assert_true(eg_incident_from_code(eg_str_from(code), &back));
        assert_true(back == numbers[i]);
    }
}

static void incident_code__of_neighbours__differs_in_more_than_one_place(void **state)
{
    EG_UNUSED(state);
    for (int64_t id = 1; id < 2000; id++) {
        char a[EG_INCIDENT_CODE_SIZE], b[EG_INCIDENT_CODE_SIZE];
        int differences = 0;
        eg_incident_code(id, a);
        eg_incident_code(id + 1, b);
        for (int i = 0; i < EG_INCIDENT_CODE_SIZE - 1; i++) {
            differences += a[i] != b[i];
        }
        assert_true(differences >= 2);
    }
}

static void hit_id_from_code__as_people_type_it__accepts_case_and_missing_dash(void **state)
{
    EG_UNUSED(state);
    char code[EG_INCIDENT_CODE_SIZE];
    char typed[6];
    int64_t id = 0;
    eg_incident_code(4711, code);
    for (int i = 0, j = 0; i < EG_INCIDENT_CODE_SIZE - 1; i++) {
        if (code[i] != '-') {
            typed[j++] = (char)(code[i] >= 'A' ? code[i] + 32 : code[i]);
        }
    }
    typed[5] = '\0';
    assert_true(eg_incident_from_code(eg_str_from(typed), &id));
    assert_true(id == 4711);
}

static void hit_id_from_code__wrong_text__is_refused_and_leaves_the_output(void **state)
{
    EG_UNUSED(state);
    const char *const wrong[] = {"",       "7K3",    "7K3-Q",  "7K3-Q99",
                                 "7K3-O9", "7K-3Q9", "7K3 Q9", "７K3-Q9"};
    for (size_t i = 0; i < EG_COUNT(wrong); i++) {
        int64_t id = 42;
        assert_false(eg_incident_from_code(eg_str_from(wrong[i]), &id));
        assert_true(id == 42);
    }
}

int eg_test_code(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(incident_code__of_any_number__finds_the_number_again),
        cmocka_unit_test(incident_code__of_neighbours__differs_in_more_than_one_place),
        cmocka_unit_test(hit_id_from_code__as_people_type_it__accepts_case_and_missing_dash),
        cmocka_unit_test(hit_id_from_code__wrong_text__is_refused_and_leaves_the_output),
    };
    return cmocka_run_group_tests_name("code", tests, NULL, NULL);
}
