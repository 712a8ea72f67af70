/* SPDX-License-Identifier: Apache-2.0 */
/* Services as event 7045 tells them, from registry values that may hold anything. */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "driverless-hooks/decode/registry_event.h"
#include "driverless-hooks/decode/service_event.h"

#include <string.h>

enum { TYPE_SZ = 1, TYPE_DWORD = 4 };

static void add(eg_value_list *list, const char *name, uint32_t type, const void *data, size_t size)
{
    eg_value value = {eg_str_from(name), type, {data, size}, size};
    assert_int_equal(eg_value_list_add(list, &value), EG_OK);
}

static void add_text(eg_value_list *list, const char *name, const char *text)
{
    char units[256] = {0};
    size_t size = 2 * strlen(text) + 2;
    assert_true(size <= sizeof(units));
    for (size_t i = 0; text[i]; i++) {
        units[2 * i] = text[i];
    }
    add(list, name, TYPE_SZ, units, size);
}

static void add_number(eg_value_list *list, const char *name, unsigned char number)
{
    unsigned char bytes[4] = {number, 0, 0, 0};
    add(list, name, TYPE_DWORD, bytes, sizeof(bytes));
}

static eg_value_list *make_list(void)
{
    eg_value_list *list = NULL;
    assert_int_equal(eg_value_list_create(&list), EG_OK);
    return list;
}

static void assert_field(const eg_event *event, eg_field field, const char *expected)
{
    if (!eg_str_equal(event->field[field], eg_str_from(expected))) {
        fail_msg("%s: \"%.*s\", expected \"%s\"", eg_field_name(field),
                 EG_STR_ARGS(event->field[field]), expected);
    }
}

static void service_event__of_ordinary_services__has_the_texts_of_7045(void **state)
{
    static const struct {
        unsigned char type, start;
        const char *account;
        const char *type_text;
        const char *start_text;
        const char *account_text;
    } cases[] = {
        {0x10, 2, "LocalSystem", "user mode service", "auto start", "LocalSystem"},
        {0x20, 3, "NT AUTHORITY\\LocalService", "user mode service", "demand start",
         "NT AUTHORITY\\LocalService"},
        {0x10, 4, NULL, "user mode service", "disabled", "LocalSystem"},
        {0x01, 0, NULL, "kernel mode driver", "boot start", ""},
        {0x01, 1, "LocalSystem", "kernel mode driver", "system start", ""},
        {0x02, 3, NULL, "file system driver", "demand start", ""},
    };
    eg_event_text text;
    EG_UNUSED(state);
    assert_int_equal(eg_event_text_init(&text), EG_OK);
    for (size_t i = 0; i < EG_COUNT(cases); i++) {
        eg_value_list *list = make_list();
        eg_event event;
        add_text(list, "svc\\ImagePath", "C:\\svc.exe");
        add_number(list, "svc\\Type", cases[i].type);
        add_number(list, "svc\\Start", cases[i].start);
        if (cases[i].account) {
            add_text(list, "svc\\ObjectName", cases[i].account);
        }
        add_text(list, "sv\\ImagePath", "other");
        add_text(list, "svc2\\ImagePath", "other");
        eg_value_list_seal(list);
        eg_service_event(&event, &text, 1, list, EG_STR("svc"));
        assert_int_equal(event.kind, EG_KIND_SERVICE_INSTALLED);
        assert_int_equal(event.event_id, 7045);
        assert_field(&event, EG_FIELD_SERVICE_NAME, "svc");
        assert_field(&event, EG_FIELD_IMAGE_PATH, "C:\\svc.exe");
        assert_field(&event, EG_FIELD_SERVICE_TYPE, cases[i].type_text);
        assert_field(&event, EG_FIELD_START_TYPE, cases[i].start_text);
        assert_field(&event, EG_FIELD_ACCOUNT_NAME, cases[i].account_text);
        eg_value_list_destroy(list);
    }
    eg_event_text_done(&text);
}

static void service_event__of_hostile_values__leaves_the_fields_out(void **state)
{
    eg_value_list *list = make_list();
    eg_event_text text;
    eg_event event;
    EG_UNUSED(state);
    assert_int_equal(eg_event_text_init(&text), EG_OK);
    add(list, "a\\Type", TYPE_DWORD, "\x10\0\0", 3);
    add(list, "a\\Start", TYPE_SZ, "\x02\0\0\0", 4);
    add(list, "b\\Type", TYPE_DWORD, "\xFF\xFF\xFF\xFF", 4);
    add(list, "b\\Start", TYPE_DWORD, "\xFF\xFF\xFF\xFF", 4);
    eg_value_list_seal(list);
    eg_service_event(&event, &text, 1, list, EG_STR("a"));
    assert_null(event.field[EG_FIELD_SERVICE_TYPE].ptr);
    assert_null(event.field[EG_FIELD_START_TYPE].ptr);
    assert_null(event.field[EG_FIELD_IMAGE_PATH].ptr);
    assert_false(eg_service_is_hosted(list, EG_STR("a")));
    eg_service_event(&event, &text, 1, list, EG_STR("b"));
    assert_field(&event, EG_FIELD_SERVICE_TYPE, "file system driver");
    assert_null(event.field[EG_FIELD_START_TYPE].ptr);
    eg_service_event(&event, &text, 1, list, EG_STR("nobody"));
    assert_field(&event, EG_FIELD_SERVICE_NAME, "nobody");
    eg_value_list_destroy(list);
    eg_event_text_done(&text);
}

typedef struct counting {
    const eg_value_list *before, *now;
    int changes, installed;
} counting;

static void count(void *user, const eg_value *before, const eg_value *now)
{
    counting *c = user;
    c->changes++;
    c->installed += eg_service_is_installed_by(c->before, c->now, before, now);
}

static void assert_installed(eg_value_list *before, eg_value_list *now, int installed, int changes)
{
    counting c = {before, now, 0, 0};
    eg_value_list_seal(before);
    eg_value_list_seal(now);
    eg_value_diff(before, now, count, &c);
    assert_int_equal(c.installed, installed);
    assert_int_equal(c.changes, changes);
    eg_value_list_destroy(before);
    eg_value_list_destroy(now);
}

static eg_value_list *service(const char *image, unsigned char type, unsigned char start)
{
    eg_value_list *list = make_list();
    if (image) {
        add_text(list, "svc\\ImagePath", image);
    }
    if (type) {
        add_number(list, "svc\\Type", type);
    }
    if (start) {
        add_number(list, "svc\\Start", start);
    }
    return list;
}

static void installed__by_new_services_and_programs__once_each(void **state)
{
    EG_UNUSED(state);
    assert_installed(make_list(), service("a.exe", 16, 2), 1, 3);
    assert_installed(service("a.exe", 16, 2), service("b.exe", 16, 2), 1, 1);
    assert_installed(service("a.exe", 16, 2), service("a.exe", 16, 4), 0, 1);
    assert_installed(service("a.exe", 16, 2), make_list(), 0, 3);
    assert_installed(service("a.exe", 0, 0), service("a.exe", 16, 2), 1, 2);
    assert_installed(service("a.exe", 0, 0), service("b.exe", 16, 2), 1, 3);
    assert_installed(service("a.exe", 16, 2), service("a.exe", 32, 2), 0, 1);
    assert_installed(make_list(), service(NULL, 16, 2), 0, 2);
    assert_installed(service(NULL, 16, 2), service("a.exe", 16, 2), 1, 1);
}

static void hosted__by_type_or_library__is_known(void **state)
{
    eg_value_list *list = make_list();
    EG_UNUSED(state);
    add_number(list, "own\\Type", 0x10);
    add_number(list, "shared\\Type", 0x20);
    add_text(list, "library\\Parameters\\ServiceDll", "x.dll");
    eg_value_list_seal(list);
    assert_false(eg_service_is_hosted(list, EG_STR("own")));
    assert_true(eg_service_is_hosted(list, EG_STR("shared")));
    assert_true(eg_service_is_hosted(list, EG_STR("library")));
    assert_false(eg_service_is_hosted(list, EG_STR("librar")));
    assert_true(
        eg_str_equal(eg_service_of(EG_STR("library\\Parameters\\ServiceDll")), EG_STR("library")));
    assert_true(eg_str_equal(eg_service_of(EG_STR("alone")), EG_STR("alone")));
    assert_int_equal(eg_service_of(EG_STR("\\x")).len, 0);
    eg_value_list_destroy(list);
}

static void registry_event__set_and_deleted__shows_both_sides(void **state)
{
    eg_value one = {EG_STR_INIT("Start"), TYPE_DWORD, {"\x02\0\0\0", 4}, 4};
    eg_value two = {EG_STR_INIT("Start"), TYPE_DWORD, {"\x04\0\0\0", 4}, 4};
    eg_value unnamed = {EG_STR_INIT(""), TYPE_SZ, {"a\0", 2}, 2};
    eg_event_text text;
    eg_event event;
    EG_UNUSED(state);
    assert_int_equal(eg_event_text_init(&text), EG_OK);
    eg_registry_event(&event, &text, 1, EG_STR("HKLM\\Key"), &one, &two);
    assert_int_equal(event.event_id, 13);
    assert_field(&event, EG_FIELD_TARGET_OBJECT, "HKLM\\Key\\Start");
    assert_field(&event, EG_FIELD_DETAILS, "DWORD (0x00000004)");
    assert_field(&event, EG_FIELD_PREVIOUS_DETAILS, "DWORD (0x00000002)");
    eg_registry_event(&event, &text, 1, EG_STR("HKLM\\Key"), &unnamed, NULL);
    assert_int_equal(event.event_id, 12);
    assert_field(&event, EG_FIELD_TARGET_OBJECT, "HKLM\\Key\\(Default)");
    assert_field(&event, EG_FIELD_EVENT_TYPE, "DeleteValue");
    assert_null(event.field[EG_FIELD_DETAILS].ptr);
    eg_event_text_done(&text);
}

int eg_test_service_event(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(service_event__of_ordinary_services__has_the_texts_of_7045),
        cmocka_unit_test(service_event__of_hostile_values__leaves_the_fields_out),
        cmocka_unit_test(installed__by_new_services_and_programs__once_each),
        cmocka_unit_test(hosted__by_type_or_library__is_known),
        cmocka_unit_test(registry_event__set_and_deleted__shows_both_sides),
    };
    return cmocka_run_group_tests_name("service_event", tests, NULL, NULL);
}
