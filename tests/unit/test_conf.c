/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/conf.h"
#include "core/base/mem.h"
#include "core/base/status.h"
#include "tests/unit/unit.h"

#include <string.h>

#include "tests/unit/alloc.h"

typedef struct settings {
    eg_buf server;
    uint64_t days;
    bool enabled;
    eg_buf label;
} settings;

static const eg_conf_key keys[] = {
    {"", "enabled", EG_CONF_BOOL, offsetof(settings, enabled), 0, 0},
    {"store", "days", EG_CONF_NUMBER, offsetof(settings, days), 1, 3650},
    {"uplink", "server", EG_CONF_TEXT, offsetof(settings, server), 1, 20},
    {"uplink", "label", EG_CONF_TEXT, offsetof(settings, label), 0, 20},
};

static int make_settings(void **state)
{
    settings *s = eg_alloc_zero(1, sizeof(*s));
    if (!s) {
        return -1;
    }
    eg_buf_init(&s->server, 20);
    eg_buf_init(&s->label, 20);
    s->days = 90;
    *state = s;
    return eg_buf_append_cstr(&s->server, "default");
}

static int drop_settings(void **state)
{
    settings *s = *state;
    eg_buf_done(&s->server);
    eg_buf_done(&s->label);
    eg_free(s);
    return 0;
}

static int read_text(settings *s, eg_str text)
{
    return eg_conf_read(text, "emoguard.ini", keys, EG_COUNT(keys), s);
}

static void read__of_a_full_file__fills_the_settings(void **state)
{
    settings *s = *state;
    const eg_str text = EG_STR("\xEF\xBB\xBF; comment\r\n# and another\r\n enabled = Yes \r\n\r\n"
                               "[store]\r\ndays=0x10\r\n[ uplink ]\r\nserver = a = b ; c \r\n"
                               "label =\r\n");
    assert_int_equal(read_text(s, text), EG_OK);
    assert_true(s->enabled);
    assert_true(s->days == 16);
    assert_string_equal(eg_buf_cstr(&s->server), "a = b ; c");
    assert_int_equal(s->label.len, 0);
    assert_int_equal(eg_buf_append_cstr(&s->server, "!"), EG_OK);
}

static void read__of_nothing__keeps_the_defaults(void **state)
{
    settings *s = *state;
    const eg_str texts[] = {EG_STR_INIT(""), EG_STR_INIT("\n\n# x"), {NULL, 0}};
    for (size_t i = 0; i < EG_COUNT(texts); i++) {
        assert_int_equal(read_text(s, texts[i]), EG_OK);
    }
    assert_string_equal(eg_buf_cstr(&s->server), "default");
    assert_true(s->days == 90);
}

static void read__of_a_wrong_line__names_it_and_changes_nothing(void **state)
{
    settings *s = *state;
    const struct {
        const char *text, *want;
    } rows[] = {
        {"enabled=yes\nunknown=1\n", "line 2: unknown key: \"unknown\""},
        {"days=5\n", "line 1: unknown key"},
        {"enabled=yes\nenabled=no\n", "line 2: this key stands here a second time"},
        {"[nothing]\n", "line 1: unknown section: \"nothing\""},
        {"[]\n", "unknown section"},
        {"[\n", "heading without ]"},
        {"[store\n", "heading without ]"},
        {"\n\nenabled\n", "line 3: neither a heading nor key = value"},
        {"=x\n", "unknown key"},
        {"enabled=maybe\n", "neither true nor false"},
        {"[store]\ndays=many\n", "line 2: not a number"},
        {"[store]\ndays=\n", "not a number"},
        {"[store]\ndays=0\n", "days is 0, but must be 1 to 3650"},
        {"[store]\ndays=3651\n", "must be 1 to 3650"},
        {"[uplink]\nserver=\n", "server has 0 bytes"},
        {"[uplink]\nserver=123456789012345678901\n", "has 21 bytes"},
        {"enabled=\xFF\n", "line 1: not valid UTF-8"},
        {"x\x1B[2J=1\n", "\\u{1B}"},
        {"enabled=yes\n[store]\ndays=9\n[uplink]\nserver=x\noops\n", "line 6"},
    };
    for (size_t i = 0; i < EG_COUNT(rows); i++) {
        assert_int_equal(read_text(s, eg_str_from(rows[i].text)), EG_E_INVALID);
        if (!strstr(eg_error_message(), rows[i].want) ||
            !strstr(eg_error_message(), "emoguard.ini")) {
            fail_msg("\"%s\" is not in: %s", rows[i].want, eg_error_message());
        }
        assert_false(s->enabled);
        assert_true(s->days == 90);
        assert_string_equal(eg_buf_cstr(&s->server), "default");
    }
    assert_int_equal(read_text(s, EG_STR("enabled=yes\0\n")), EG_E_INVALID);
}

static int read_settings(void *arg)
{
    settings *s = arg;
    int status = read_text(s, EG_STR("enabled=on\n[uplink]\nserver=new\nlabel=l\n"));
    if (status != EG_OK && (s->enabled || strcmp(eg_buf_cstr(&s->server), "default") != 0)) {
        return EG_E_CORRUPT;
    }
    return status;
}

static void read__without_memory__changes_nothing(void **state)
{
    settings *s = *state;
    assert_int_equal(eg_test_each_allocation_fails(read_settings, s), 4);
    assert_string_equal(eg_buf_cstr(&s->server), "new");
    assert_string_equal(eg_buf_cstr(&s->label), "l");
}

int eg_test_conf(void)
{
#define WITH_SETTINGS(test) cmocka_unit_test_setup_teardown(test, make_settings, drop_settings)
    const struct CMUnitTest tests[] = {
        WITH_SETTINGS(read__of_a_full_file__fills_the_settings),
        WITH_SETTINGS(read__of_nothing__keeps_the_defaults),
        WITH_SETTINGS(read__of_a_wrong_line__names_it_and_changes_nothing),
        WITH_SETTINGS(read__without_memory__changes_nothing),
    };
    return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
