/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nothing that the tray's windows write is cut off, lies over something else, or runs out of its
 * window: in each language, at each scale. Each painted part paints itself anew onto a larger
 * surface, where whatever left its place is seen.
 */
#include "tests/unit/unit.h"

#include "core/base/status.h"
#include "tests/unit/win32/tray_resources.h"
#include "tray/alert_window.h"
#include "tray/panel_window.h"
#include "tray/text.h"

#define AROUND 40 /* pixels of the surface on each side of the part */
#define UNTOUCHED 0x00010203u
#define BUTTON_INSIDE 8 /* what the frame of a button takes of its width */
#define PARTS_MAX 64

static const int scales[] = {100, 150, 200};
static const eg_language languages[] = {EG_LANGUAGE_EN, EG_LANGUAGE_JA};

typedef struct part {
    HWND window;
    RECT place; /* on the screen */
} part;

typedef struct parts {
    part part[PARTS_MAX];
    size_t count;
} parts;

static void say_where(HWND control, const char *what)
{
    wchar_t text[200] = L"";

    GetWindowTextW(control, text, 200);
    fail_msg("\"%ls\" %s", text, what);
}

/* ---- a painted part, on a larger surface ---- */

static bool is_untouched(const uint32_t *pixels, int width, int height, const RECT *inside)
{
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            bool in =
                x >= inside->left && x < inside->right && y >= inside->top && y < inside->bottom;

            if (!in && (pixels[(size_t)y * (size_t)width + (size_t)x] & 0xFFFFFFu) != UNTOUCHED) {
                return false;
            }
        }
    }
    return true;
}

static void assert_paints_in_its_place(HWND control, int width, int height)
{
    int whole = width + 2 * AROUND, high = height + 2 * AROUND;
    BITMAPINFO info = {
        .bmiHeader = {sizeof(BITMAPINFOHEADER), whole, -high, 1, 32, BI_RGB, 0, 0, 0, 0, 0}};
    RECT inside = {AROUND, AROUND, AROUND + width, AROUND + height};
    HDC dc = CreateCompatibleDC(NULL);
    void *bits = NULL;
    HBITMAP bitmap = CreateDIBSection(dc, &info, DIB_RGB_COLORS, &bits, NULL, 0);
    HGDIOBJ before = SelectObject(dc, bitmap);
    DRAWITEMSTRUCT draw = {.CtlType = ODT_STATIC,
                           .CtlID = (UINT)GetDlgCtrlID(control),
                           .itemAction = ODA_DRAWENTIRE,
                           .hwndItem = control,
                           .hDC = dc,
                           .rcItem = inside};
    bool fits;

    assert_non_null(bits);
    for (int i = 0; i < whole * high; i++) {
        ((uint32_t *)bits)[i] = UNTOUCHED;
    }
    SendMessageW(GetParent(control), WM_DRAWITEM, draw.CtlID, (LPARAM)&draw);
    GdiFlush();
    fits = is_untouched(bits, whole, high, &inside);
    SelectObject(dc, before);
    DeleteObject(bitmap);
    DeleteDC(dc);
    if (!fits) {
        say_where(control, "is cut off");
    }
}

/* As the button itself breaks its text. */
static void assert_button_has_room(HWND button, int width, int height)
{
    wchar_t text[200];
    HDC dc = GetDC(button);
    HGDIOBJ before = SelectObject(dc, (HFONT)SendMessageW(button, WM_GETFONT, 0, 0));
    RECT needed = {0, 0, width - BUTTON_INSIDE, 0};

    GetWindowTextW(button, text, 200);
    DrawTextW(dc, text, -1, &needed, DT_CALCRECT | DT_WORDBREAK);
    SelectObject(dc, before);
    ReleaseDC(button, dc);
    if (needed.right > width - BUTTON_INSIDE || needed.bottom > height) {
        say_where(button, "has no room in its button");
    }
}

/* ---- all parts of a window ---- */

static BOOL CALLBACK note_part(HWND window, LPARAM to)
{
    parts *all = (parts *)to;
    part *next = &all->part[all->count];

    if (IsWindowVisible(window) && all->count < PARTS_MAX) {
        next->window = window;
        GetWindowRect(window, &next->place);
        all->count++;
    }
    return TRUE;
}

static void assert_apart(const parts *all)
{
    RECT both;

    for (size_t i = 0; i < all->count; i++) {
        for (size_t k = i + 1; k < all->count; k++) {
            if (GetParent(all->part[i].window) == GetParent(all->part[k].window) &&
                IntersectRect(&both, &all->part[i].place, &all->part[k].place)) {
                say_where(all->part[i].window, "lies over another part");
            }
        }
    }
}

/* To the right nothing scrolls; downwards the body of an alert does. */
static void assert_inside(const part *one)
{
    POINT corner = {one->place.right, one->place.bottom};
    RECT room;

    GetClientRect(GetParent(one->window), &room);
    ScreenToClient(GetParent(one->window), &corner);
    if (corner.x > room.right ||
        (corner.y > room.bottom &&
         (GetWindowLongW(GetParent(one->window), GWL_STYLE) & WS_CHILD) == 0)) {
        say_where(one->window, "runs out of its window");
    }
}

static void assert_all_fits(HWND dialog)
{
    static parts all;
    wchar_t name[16];

    all.count = 0;
    EnumChildWindows(dialog, note_part, (LPARAM)&all);
    assert_true(all.count > 2 && all.count < PARTS_MAX);
    assert_apart(&all);
    for (size_t i = 0; i < all.count; i++) {
        const part *one = &all.part[i];
        int width = one->place.right - one->place.left, height = one->place.bottom - one->place.top;

        assert_inside(one);
        GetClassNameW(one->window, name, 16);
        if (_wcsicmp(name, L"STATIC") == 0) {
            assert_paints_in_its_place(one->window, width, height);
        } else if (_wcsicmp(name, L"BUTTON") == 0) {
            assert_button_has_room(one->window, width, height);
        }
    }
}

/* ---- the windows ---- */

static void on_shown(void *user, const eg_alert_content *content)
{
    EG_UNUSED(user);
    EG_UNUSED(content);
}

static void on_answered(void *user, int64_t story, eg_answer_kind answer)
{
    EG_UNUSED(user);
    EG_UNUSED(story);
    EG_UNUSED(answer);
}

static void on_event(void *user)
{
    EG_UNUSED(user);
}

static void on_pressed(void *user, eg_panel_button button)
{
    EG_UNUSED(user);
    EG_UNUSED(button);
}

static HWND window_of_this_thread(void)
{
    HWND window = FindWindowExW(NULL, NULL, MAKEINTRESOURCEW(32770), NULL);

    while (window && GetWindowThreadProcessId(window, NULL) != GetCurrentThreadId()) {
        window = FindWindowExW(NULL, window, MAKEINTRESOURCEW(32770), NULL);
    }
    assert_non_null(window);
    return window;
}

static eg_alert_content *make_content(void)
{
    static const eg_given_answer none = {EG_ANSWER_NONE, EG_ANSWER_UNKNOWN};
    const eg_hit_notice hit = {
        .id = 7,
        .time = UINT64_C(134116992000000000),
        .level = EG_LEVEL_CRITICAL,
        .text =
            {EG_STR("不審なプログラムが自動で動くように登録されました"),
             EG_STR("A document from a mail brought in a program part. 文書から始まった命令が、"
                    "ユーザー用のフォルダーのプログラムを、決まった時刻に動くように登録しました。"),
             EG_STR("開いた文書の名前もお伝えください。\nTell them which document you opened.")},
        .rule_id = EG_STR("r-1"),
        .rule_title = EG_STR("Rule"),
        .program = EG_STR("C:\\a.exe"),
        .incident_id = 12,
        .steps = {4,
                  {{EG_ROLE_DOCUMENT, 5, false,
                    EG_STR("請求書_2026年02月07日_株式会社サンプル商事様宛_最終版.docm")},
                   {EG_ROLE_COMMANDS, 6, true, EG_STR("AVeryLongNameWithoutAnyBlankInIt.exe")},
                   {EG_ROLE_PART, 7, true, EG_STR("kqzwx.dll")},
                   {EG_ROLE_AUTOSTART, 8, true, EG_STR("Kqzwx")}}},
    };
    eg_alert_content *content = NULL;

    assert_int_equal(eg_alert_content_create(&hit, &none, NULL, &content), EG_OK);
    return content;
}

static void alert__in_each_language_at_each_scale__cuts_nothing_off(void **state)
{
    const eg_alert_events events = {NULL, on_shown, on_answered, on_event, on_event};
    eg_alert_window *alert;

    EG_UNUSED(state);
    for (size_t i = 0; i < EG_COUNT(languages) * EG_COUNT(scales); i++) {
        eg_tray_text_use(eg_test_tray_resources(), languages[i % EG_COUNT(languages)]);
        assert_int_equal(eg_alert_window_create(eg_test_tray_resources(),
                                                scales[i / EG_COUNT(languages)], &events, &alert),
                         EG_OK);
        assert_int_equal(eg_alert_window_show(alert, make_content(), 2), EG_OK);
        assert_all_fits(window_of_this_thread());
        eg_alert_window_destroy(alert);
    }
}

/* What the small windows say, a headline and its detail each; the values filled in are short. */
static const unsigned says[][2] = {
    {EG_TEXT_CHECK_NOTHING_FOUND, EG_TEXT_CHECK_WHEN_AGE},
    {EG_TEXT_CHECK_SUSPICIOUS, EG_TEXT_CHECK_SUSPICIOUS_HELP},
    {EG_TEXT_CHECK_COULD_NOT_LOOK, EG_TEXT_CHECK_COULD_NOT_LOOK_HELP},
    {EG_TEXT_CHECK_FAILED, EG_TEXT_CHECK_FAILED_HELP},
    {EG_TEXT_CHECK_CANCELLED, EG_TEXT_CHECK_CANCELLED_HELP},
    {EG_TEXT_STATUS_DISCONNECTED, EG_TEXT_STATUS_DISCONNECTED_HELP},
    {EG_TEXT_STATUS_ATTENTION, EG_TEXT_ATTENTION_CHECK_SUSPICIOUS},
    {EG_TEXT_EXIT_QUESTION, EG_TEXT_EXIT_HELP},
};

static void make_panel(void *user, eg_arena *arena, eg_panel *out)
{
    static const unsigned labels[] = {
        EG_TEXT_STATUS_RULES,        EG_TEXT_STATUS_RULE_AGE, EG_TEXT_STATUS_UPDATES,
        EG_TEXT_STATUS_SENSORS,      EG_TEXT_STATUS_CHECK,    EG_TEXT_STATUS_CONTACT,
        EG_TEXT_STATUS_SEEN,         EG_TEXT_STATUS_UNSEEN,   EG_TEXT_STATUS_VERSION,
        EG_TEXT_STATUS_TRAY_VERSION,
    };
    size_t which = *(const size_t *)user;

    out->title = L"EmoGuard";
    out->headline = eg_tray_text(arena, says[which][0]);
    out->detail = eg_tray_text(arena, says[which][1]);
    out->running = which == 0;
    out->item =
        L"C:\\Users\\yamada\\AppData\\Local\\Packages\\Vendor.Application\\請求書_最終版.xlsm";
    out->left = eg_tray_text(arena, EG_TEXT_CHECK_LEFT_MINUTES);
    for (size_t i = 0; which == 6 && i < EG_COUNT(labels); i++) {
        out->row[out->rows++] = (eg_panel_row){eg_tray_text(arena, labels[i]),
                                               eg_tray_text(arena, EG_TEXT_STATUS_BY_COURIER)};
    }
    out->button[EG_PANEL_OTHER] = eg_tray_text(arena, EG_TEXT_EXIT);
    out->button[EG_PANEL_MAIN] = eg_tray_text(arena, EG_TEXT_CHECK_CANCEL);
}

static void panel__in_each_language_at_each_scale__cuts_nothing_off(void **state)
{
    size_t which = 0;
    eg_panel_window panel = {
        .user = &which, .make = make_panel, .pressed = on_pressed, .closed = on_event};

    EG_UNUSED(state);
    for (size_t i = 0; i < EG_COUNT(languages) * EG_COUNT(scales); i++) {
        eg_tray_text_use(eg_test_tray_resources(), languages[i % EG_COUNT(languages)]);
        eg_panel_window_init(&panel, eg_test_tray_resources(), scales[i / EG_COUNT(languages)]);
        which = 0;
        assert_int_equal(eg_panel_window_show(&panel), EG_OK);
        for (; which < EG_COUNT(says); which++) {
            eg_panel_window_update(&panel);
            assert_all_fits(panel.frame.dialog);
        }
        eg_panel_window_close(&panel);
    }
}

static int need_resources(void **state)
{
    EG_UNUSED(state);
    if (!eg_test_tray_resources()) {
        skip();
    }
    return 0;
}

int eg_test_tray_fit(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(alert__in_each_language_at_each_scale__cuts_nothing_off,
                               need_resources),
        cmocka_unit_test_setup(panel__in_each_language_at_each_scale__cuts_nothing_off,
                               need_resources),
    };

    return cmocka_run_group_tests_name("tray_fit", tests, NULL, NULL);
}
