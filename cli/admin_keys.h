/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The key files of an administrator: made in a folder, found in folders by the id that a role
 * names, unlocked with a passphrase that is asked for. Main thread; who fills a list of keys
 * empties it, which wipes it.
 */
#ifndef EG_CLI_ADMIN_KEYS_H
#define EG_CLI_ADMIN_KEYS_H

#include "cli/admin.h"

#define EG_ADMIN_KEYS_MAX 32
#define EG_ADMIN_KEY_SUFFIX ".key"

typedef struct eg_key_list {
    eg_secret_key items[EG_ADMIN_KEYS_MAX];
    size_t count;
} eg_key_list;

void eg_key_list_done(eg_key_list *list);
/*
 * Unlocks keys of this role from the folders until as many as its threshold are in the list (others
 * may be in it already). Fewer is no failure: signing tells. EG_E_DENIED: a wrong passphrase.
 */
int eg_key_list_find(eg_admin *a, const eg_tuf_role *role, eg_key_list *list);
/*
 * Makes a key and its file "<role>-<begin of its id>.key" in `folder`; `open`: without a
 * passphrase. It is added to the list.
 */
int eg_key_list_create(eg_admin *a, const char *folder, const char *role, bool open,
                       eg_key_list *list);
/* A role's label for people: root, targets, online. */
const char *eg_admin_label(eg_tuf_kind kind);
/* True when a file of the key with this id is in the folders; `locked` as it says. */
bool eg_admin_key_at_hand(const eg_admin *a, eg_str id, bool *locked);
/* Overwrites and frees. */
void eg_admin_wipe(eg_buf *secret);

#endif
