/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Being told of changes in one folder (ReadDirectoryChangesW). Several watches may share an event.
 * A watch belongs to one thread, which must also be the one that waits: what it asked of Windows
 * ends with that thread. Nothing is held that keeps the folder from being deleted or renamed.
 */
#ifndef EG_FOLDER_WATCH_H
#define EG_FOLDER_WATCH_H

#include "core/base/str.h"

#include <windows.h>

typedef struct eg_folder_watch eg_folder_watch;

/*
 * `filter` is FILE_NOTIFY_CHANGE_...; `changed` is a manual-reset event that is signalled after a
 * change. EG_E_NOTFOUND or EG_E_DENIED when the folder cannot be watched.
 */
int eg_folder_watch_open(eg_folder_watch **out, const char *path, DWORD filter, bool subtree,
                         HANDLE changed);
void eg_folder_watch_close(eg_folder_watch *watch); /* NULL-safe */

/*
 * Asks to be told, if that is not asked already. Resets the shared event: look at every watch that
 * shares it (eg_folder_watch_take) until none has anything, then wait. Call before listing the
 * folder, so that nothing falls in between.
 */
int eg_folder_watch_arm(eg_folder_watch *watch);

/* `action` is FILE_ACTION_..., `name` the path below the folder, valid during the call. */
typedef void (*eg_folder_change)(void *user, DWORD action, eg_str name);
typedef enum eg_folder_taken {
    EG_FOLDER_QUIET,    /* nothing has happened */
    EG_FOLDER_CHANGED,  /* `change` was called for each note */
    EG_FOLDER_OVERFLOW, /* more happened than could be noted: list the folder */
    EG_FOLDER_GONE,     /* the folder was deleted or cannot be watched any more: close */
} eg_folder_taken;
/* What has happened since the last arming, which is then over. `change` NULL: not wanted. */
eg_folder_taken eg_folder_watch_take(eg_folder_watch *watch, eg_folder_change change, void *user);

#endif
