/* SPDX-License-Identifier: Apache-2.0 */
#include "tray/menu.h"

#include "core/base/status.h"
#include "tray/text.h"

#define RECENT_MAX 10u
#define RECENT_TITLE_MAX 60u
#define RECENT_ID 100u

/* "10:42  title" */
static const wchar_t *recent_text(eg_arena *arena, const eg_hit_notice *hit)
{
    const wchar_t *title = eg_tray_text_safe(arena, hit->text.title, false, RECENT_TITLE_MAX);
    const wchar_t *part[] = {eg_tray_text_time(arena, hit->time),
                             eg_tray_text_unmarked(arena, title)};

    return eg_tray_text_join(arena, part, EG_COUNT(part), L"  ");
}

/*
 * The newest stories, or words that there is none. ids[i] is the story behind entry RECENT_ID + i:
 * the list may change while the menu is open.
 */
static void add_recent(HMENU menu, eg_arena *arena, const eg_notice_list *notices,
                       int64_t ids[RECENT_MAX])
{
    const eg_tray_notice *notice = eg_notice_list_recent(notices, 0);
    HMENU recent = notice ? CreatePopupMenu() : NULL;

    if (!recent) {
        AppendMenuW(menu, MF_STRING | MF_GRAYED, 0, eg_tray_text(arena, EG_TEXT_MENU_RECENT_NONE));
        return;
    }
    for (unsigned i = 0; i < RECENT_MAX && notice; i++) {
        ids[i] = eg_notice_story(&notice->hit);
        AppendMenuW(recent, MF_STRING, RECENT_ID + i, recent_text(arena, &notice->hit));
        notice = eg_notice_list_recent(notices, i + 1);
    }
    AppendMenuW(menu, MF_POPUP, (UINT_PTR)recent, eg_tray_text(arena, EG_TEXT_MENU_RECENT));
}

static UINT track(HWND owner, HMENU menu, POINT where)
{
    UINT flags = TPM_RETURNCMD | TPM_NONOTIFY | TPM_RIGHTBUTTON |
                 (GetSystemMetrics(SM_MENUDROPALIGNMENT) ? TPM_RIGHTALIGN : TPM_LEFTALIGN);
    UINT chosen;

    SetForegroundWindow(owner); /* else the menu would stay when the person clicks elsewhere */
    chosen = (UINT)TrackPopupMenuEx(menu, flags, where.x, where.y, owner, NULL);
    PostMessageW(owner, WM_NULL, 0, 0);
    return chosen;
}

static void add_job(HMENU menu, eg_arena *arena, eg_menu_choice choice, unsigned text, bool can)
{
    AppendMenuW(menu, MF_STRING | (can ? 0u : (UINT)MF_GRAYED), (UINT_PTR)choice,
                eg_tray_text(arena, text));
}

eg_menu_choice eg_menu_ask(HWND owner, POINT where, const eg_notice_list *notices,
                           const eg_service_view *service, bool alerts, int64_t *story)
{
    HMENU menu = CreatePopupMenu();
    eg_arena *arena = NULL;
    int64_t ids[RECENT_MAX] = {0};
    UINT chosen;

    if (!menu || eg_arena_create(&arena, 8192) != EG_OK) {
        DestroyMenu(menu);
        return EG_MENU_NONE;
    }
    if (alerts) {
        AppendMenuW(menu, MF_STRING, EG_MENU_SHOW, eg_tray_text(arena, EG_TEXT_MENU_SHOW));
        SetMenuDefaultItem(menu, EG_MENU_SHOW, FALSE);
    }
    add_recent(menu, arena, notices, ids);
    AppendMenuW(menu, MF_SEPARATOR, 0, NULL);
    add_job(menu, arena, EG_MENU_CHECK, EG_TEXT_MENU_CHECK, eg_service_view_can_check(service));
    add_job(menu, arena, EG_MENU_UPDATE, EG_TEXT_MENU_UPDATE, eg_service_view_can_update(service));
    AppendMenuW(menu, MF_SEPARATOR, 0, NULL);
    AppendMenuW(menu, MF_STRING, EG_MENU_STATUS, eg_tray_text(arena, EG_TEXT_MENU_STATUS));
    AppendMenuW(menu, MF_SEPARATOR, 0, NULL);
    AppendMenuW(menu, MF_STRING, EG_MENU_EXIT, eg_tray_text(arena, EG_TEXT_MENU_EXIT));
    chosen = track(owner, menu, where);
    DestroyMenu(menu);
    eg_arena_destroy(arena);
    if (chosen >= RECENT_ID && chosen < RECENT_ID + RECENT_MAX) {
        *story = ids[chosen - RECENT_ID];
        return EG_MENU_STORY;
    }
    return (eg_menu_choice)chosen;
}
