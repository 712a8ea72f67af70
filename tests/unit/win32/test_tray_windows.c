/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tray's windows as somebody meets them who has no mouse, or does not see: opened for real,
 * keys go the way the message loop sends them, and names are those that a screen reader gets.
 */
#include "tests/unit/unit.h"

#include "tests/unit/win32/tray_resources.h"
#include "tray/alert_window.h"
#include "tray/panel_window.c"

#include <oleacc.h>

#define CONTROLS_MAX 64

typedef struct fixture {
    eg_alert_window *alert;
    eg_panel_window panel;
    eg_icon_state icon;
    bool shown, closed;
    int answered, pressed; /* -1: none */
} fixture;

/* ---- what the windows report ---- */

static void on_shown(void *user, const eg_alert_content *content)
{
    EG_UNUSED(content);
    ((fixture *)user)->shown = true;
}

static void on_answered(void *user, int64_t story, eg_answer_kind answer)
{
    EG_UNUSED(story);
    ((fixture *)user)->answered = (int)answer;
}

static void on_next(void *user)
{
    EG_UNUSED(user);
}

static void on_closed(void *user)
{
    ((fixture *)user)->closed = true;
}

static void make_panel(void *user, eg_arena *arena, eg_panel *out)
{
    out->icon = ((fixture *)user)->icon;
    out->title = L"EmoGuard panel";
    out->headline = L"Headline";
    out->detail = L"Detail & more";
    out->rows = 2;
    out->row[0] = (eg_panel_row){L"Rules", L"46"};
    out->row[1] = (eg_panel_row){L"Sensors", L"8 of 9"};
    out->button[EG_PANEL_OTHER] = eg_tray_text(arena, EG_TEXT_STATUS_COPY);
    out->button[EG_PANEL_MAIN] = eg_tray_text(arena, EG_TEXT_CLOSE);
}

static void on_pressed(void *user, eg_panel_button button)
{
    ((fixture *)user)->pressed = (int)button;
}

/* ---- opening, and keys ---- */

static bool translate(fixture *fix, MSG *message)
{
    return eg_alert_window_translate(fix->alert, message) ||
           eg_panel_window_translate(&fix->panel, message);
}

static void pump(fixture *fix)
{
    MSG message;

    while (PeekMessageW(&message, NULL, 0, 0, PM_REMOVE)) {
        if (!translate(fix, &message)) {
            TranslateMessage(&message);
            DispatchMessageW(&message);
        }
    }
}

static void press(fixture *fix, WPARAM key)
{
    PostMessageW(GetFocus(), WM_KEYDOWN, key, 1);
    PostMessageW(GetFocus(), WM_KEYUP, key, (LPARAM)0xC0000001);
    pump(fix);
}

static void press_alt(fixture *fix, wchar_t letter)
{
    PostMessageW(GetFocus(), WM_SYSCHAR, (WPARAM)letter, 0x20000001);
    pump(fix);
}

static int set_up(void **state)
{
    static fixture fix;
    HMODULE module = eg_test_tray_resources();
    const eg_alert_events events = {&fix, on_shown, on_answered, on_next, on_closed};

    if (!module) {
        skip();
    }
    memset(&fix, 0, sizeof(fix));
    fix.answered = fix.pressed = -1;
    eg_tray_text_use(module, EG_LANGUAGE_EN);
    assert_int_equal(eg_alert_window_create(module, 100, &events, &fix.alert), EG_OK);
    fix.panel = (eg_panel_window){
        .user = &fix, .make = make_panel, .pressed = on_pressed, .closed = on_closed};
    eg_panel_window_init(&fix.panel, module, 100);
    *state = &fix;
    return 0;
}

static int tear_down(void **state)
{
    fixture *fix = *state;

    eg_alert_window_destroy(fix->alert);
    eg_panel_window_close(&fix->panel);
    pump(fix);
    return 0;
}

static eg_alert_content *make_content(void)
{
    static const eg_given_answer none = {EG_ANSWER_NONE, EG_ANSWER_UNKNOWN};
    const eg_hit_notice hit = {
        .id = 7,
        .time = UINT64_C(134116992000000000),
        .level = EG_LEVEL_CRITICAL,
        .text = {EG_STR("Headline"), EG_STR("Meaning."), EG_STR("Note this.")},
        .rule_id = EG_STR("r-1"),
        .rule_title = EG_STR("Rule"),
        .program = EG_STR("C:\\a.exe"),
        .incident_id = 12,
        .steps = {2,
                  {{EG_ROLE_DOCUMENT, 5, false, EG_STR("R&D.docm")},
                   {EG_ROLE_COMMANDS, 6, true, EG_STR("powershell.exe")}}},
    };
    eg_alert_content *content = NULL;

    assert_int_equal(eg_alert_content_create(&hit, &none, NULL, &content), EG_OK);
    return content;
}

/* The window of the tray with this beginning of its title. */
static HWND window_of(const wchar_t *title)
{
    HWND window = NULL;
    wchar_t text[64];

    while ((window = FindWindowExW(NULL, window, MAKEINTRESOURCEW(32770), NULL)) != NULL) {
        DWORD process = 0;

        GetWindowThreadProcessId(window, &process);
        if (process == GetCurrentProcessId() && GetWindowTextW(window, text, 64) > 0 &&
            wcsncmp(text, title, wcslen(title)) == 0) {
            return window;
        }
    }
    fail_msg("there is no window \"%ls\"", title);
    return NULL;
}

static HWND open_alert(fixture *fix)
{
    assert_int_equal(eg_alert_window_show(fix->alert, make_content(), 0), EG_OK);
    eg_alert_window_raise(fix->alert);
    pump(fix);
    assert_true(fix->shown);
    return window_of(L"EmoGuard: Headline");
}

/* ---- names ---- */

typedef struct names {
    wchar_t name[CONTROLS_MAX][512];
    size_t count;
} names;

/* Found at run time: MinGW's libraries for it and for GUIDs do not go together. */
static IAccessible *object_of(HWND control)
{
    typedef HRESULT(WINAPI * from_window)(HWND, DWORD, REFIID, void **);
    HMODULE library = LoadLibraryExW(L"oleacc.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
    from_window find =
        (from_window)(void (*)(void))GetProcAddress(library, "AccessibleObjectFromWindow");
    void *object = NULL;

    assert_non_null(find);
    assert_int_equal(find(control, (DWORD)OBJID_CLIENT, &IID_IAccessible, &object), S_OK);
    return object;
}

static BOOL CALLBACK note_name(HWND control, LPARAM to)
{
    names *all = (names *)to;
    VARIANT self = {.vt = VT_I4};
    IAccessible *object;
    BSTR name = NULL;

    if (!IsWindowVisible(control) || all->count == CONTROLS_MAX) {
        return TRUE;
    }
    object = object_of(control);
    if (object->lpVtbl->get_accName(object, self, &name) == S_OK && name) {
        wcsncpy(all->name[all->count], name, 511);
    }
    SysFreeString(name);
    object->lpVtbl->Release(object);
    all->count++;
    return TRUE;
}

static const names *names_in(HWND window)
{
    static names all;

    memset(&all, 0, sizeof(all));
    EnumChildWindows(window, note_name, (LPARAM)&all);
    return &all;
}

static void assert_named(const names *all, const wchar_t *part)
{
    for (size_t i = 0; i < all->count; i++) {
        if (wcsstr(all->name[i], part)) {
            return;
        }
    }
    for (size_t i = 0; i < all->count; i++) {
        printf("# %ls\n", all->name[i]);
    }
    fail_msg("nothing is called \"%ls\"", part);
}

static void alert__painted_parts__have_names_that_say_all_of_it(void **state)
{
    HWND window = open_alert(*state);
    const names *all = names_in(window);

    assert_named(all, L"Headline");
    assert_named(all, L"Meaning.");
    assert_named(all, L"1 of 2: Document R&D.docm"); /* where the picture has it, and as it is */
    assert_named(all, L"2 of 2: Commands run powershell.exe");
    assert_named(all, L"(suspicious)"); /* which the picture says by colour */
    assert_named(all, L"1. Unplug");
    assert_named(all, L"3. Phone");
    assert_named(all, L"Note this.");
    assert_named(all, L"Do you know what this was?");
}

static void alert__by_tab__every_button_has_its_turn_in_order(void **state)
{
    static const unsigned wanted[] = {EG_TEXT_ANSWER_DID_IT, EG_TEXT_ANSWER_UNKNOWN,
                                      EG_TEXT_ANSWER_CALL, EG_TEXT_DETAILS_SHOW, EG_TEXT_CLOSE};
    fixture *fix = *state;
    wchar_t text[128];
    eg_arena *arena = NULL;

    assert_int_equal(eg_arena_create(&arena, 4096), EG_OK);
    open_alert(fix);
    for (size_t i = 0; i < EG_COUNT(wanted); i++) { /* it begins at the last */
        const wchar_t *button = eg_tray_text(arena, wanted[i]);

        press(fix, VK_TAB);
        GetWindowTextW(GetFocus(), text, 128);
        if (wcscmp(text, button) != 0) {
            fail_msg("Tab %zu goes to \"%ls\", not to \"%ls\"", i, text, button);
        }
    }
    eg_arena_destroy(arena);
}

static void alert__letter_of_an_answer__gives_it(void **state)
{
    fixture *fix = *state;

    open_alert(fix);
    press_alt(fix, L'k');
    assert_int_equal(fix->answered, EG_ANSWER_UNKNOWN);
}

static void alert__enter_or_esc__closes_it(void **state)
{
    fixture *fix = *state;

    open_alert(fix);
    press(fix, VK_ESCAPE);
    assert_true(fix->closed);
    fix->closed = fix->shown = false;
    open_alert(fix);
    press(fix, VK_RETURN);
    assert_true(fix->closed);
}

/* An edit field of several lines takes Tab and Esc for itself, and its parent for the dialog. */
static void alert__keys_in_the_details__leave_them_and_close_the_window(void **state)
{
    fixture *fix = *state;
    wchar_t class_name[16] = L"";

    open_alert(fix);
    press_alt(fix, L'd');
    for (int i = 0; i < 8 && _wcsicmp(class_name, L"EDIT") != 0; i++) {
        press(fix, VK_TAB);
        GetClassNameW(GetFocus(), class_name, 16);
    }
    assert_int_equal(_wcsicmp(class_name, L"EDIT"), 0);
    HWND details = GetFocus();
    press(fix, VK_TAB);
    assert_ptr_not_equal(GetFocus(), details);
    SetFocus(details);
    press(fix, VK_ESCAPE);
    assert_true(fix->closed);
}

/* At a size that no screen has room for. */
static void alert__focus_out_of_sight__is_scrolled_into_it(void **state)
{
    fixture *fix = *state;
    const eg_alert_events events = {fix, on_shown, on_answered, on_next, on_closed};
    RECT button, body;

    eg_alert_window_destroy(fix->alert);
    assert_int_equal(eg_alert_window_create(eg_test_tray_resources(), 400, &events, &fix->alert),
                     EG_OK);
    open_alert(fix);
    press(fix, VK_TAB);
    GetWindowRect(GetFocus(), &button);
    GetWindowRect(GetParent(GetFocus()), &body);
    assert_true(button.top >= body.top && button.bottom <= body.bottom);
}

static void panel__painted_rows__have_names_with_label_and_value(void **state)
{
    fixture *fix = *state;
    const names *all;

    assert_int_equal(eg_panel_window_show(&fix->panel), EG_OK);
    pump(fix);
    all = names_in(fix->panel.frame.dialog);
    assert_named(all, L"Headline");
    assert_named(all, L"Detail & more");
    assert_named(all, L"Rules: 46");
    assert_named(all, L"Sensors: 8 of 9");
}

static LRESULT title_icon(const fixture *fix)
{
    return SendMessageW(fix->panel.frame.dialog, WM_GETICON, ICON_SMALL, 0);
}

static void panel__icon__follows_in_the_title(void **state)
{
    fixture *fix = *state;
    LRESULT fine;

    assert_int_equal(eg_panel_window_show(&fix->panel), EG_OK);
    fine = title_icon(fix);
    assert_int_not_equal(fine, 0);
    eg_panel_window_update(&fix->panel);
    assert_int_equal(title_icon(fix), fine);
    fix->icon = EG_ICON_STATE_ALERT;
    eg_panel_window_update(&fix->panel);
    assert_int_not_equal(title_icon(fix), fine);
}

static void panel__keys__press_its_buttons_copy_and_close(void **state)
{
    fixture *fix = *state;

    assert_int_equal(eg_panel_window_show(&fix->panel), EG_OK);
    pump(fix);
    press(fix, VK_RETURN);
    assert_int_equal(fix->pressed, EG_PANEL_MAIN);
    press_alt(fix, L'o');
    assert_int_equal(fix->pressed, EG_PANEL_OTHER);
    press(fix, VK_ESCAPE);
    assert_true(fix->closed && !eg_panel_window_is_open(&fix->panel));
}

static void panel__copied__is_on_the_clipboard(void **state)
{
    fixture *fix = *state;
    HANDLE block;

    assert_int_equal(eg_panel_window_show(&fix->panel), EG_OK);
    eg_panel_window_copy(&fix->panel);
    assert_true(OpenClipboard(NULL));
    block = GetClipboardData(CF_UNICODETEXT);
    assert_non_null(block);
    assert_int_equal(wcscmp(GlobalLock(block), L"Headline\r\nDetail & more\r\nRules: 46\r\n"
                                               L"Sensors: 8 of 9"),
                     0);
    GlobalUnlock(block);
    CloseClipboard();
}

static int open_accessibility(void **state)
{
    EG_UNUSED(state);
    return FAILED(CoInitializeEx(NULL, COINIT_APARTMENTTHREADED));
}

static int close_accessibility(void **state)
{
    EG_UNUSED(state);
    CoUninitialize();
    return 0;
}

int eg_test_tray_windows(void)
{
#define WINDOW_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WINDOW_TEST(alert__painted_parts__have_names_that_say_all_of_it),
        WINDOW_TEST(alert__by_tab__every_button_has_its_turn_in_order),
        WINDOW_TEST(alert__letter_of_an_answer__gives_it),
        WINDOW_TEST(alert__enter_or_esc__closes_it),
        WINDOW_TEST(alert__keys_in_the_details__leave_them_and_close_the_window),
        WINDOW_TEST(alert__focus_out_of_sight__is_scrolled_into_it),
        WINDOW_TEST(panel__painted_rows__have_names_with_label_and_value),
        WINDOW_TEST(panel__icon__follows_in_the_title),
        WINDOW_TEST(panel__keys__press_its_buttons_copy_and_close),
        WINDOW_TEST(panel__copied__is_on_the_clipboard),
    };

    return cmocka_run_group_tests_name("tray_windows", tests, open_accessibility,
                                       close_accessibility);
}
