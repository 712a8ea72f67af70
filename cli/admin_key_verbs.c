/* SPDX-License-Identifier: Apache-2.0 */
/* emoguard admin keys: who may sign, and changes of it, each a new version of the root. */
#include "cli/admin_keys.h"
#include "cli/cli.h"
#include "core/base/clock.h"
#include "core/base/status.h"

#include <inttypes.h>
#include <string.h>

#define PREFIX_MIN 8 /* of an id, to name a key by */

typedef struct keys {
    eg_admin admin;
    const char *new_keys; /* folder for new key files */
    uint64_t threshold;
    bool open;
    const char *action, *word; /* role, or begin of an id */
    eg_key_list list;
    /* the new root: as the old one, then changed */
    eg_tuf_role roles[EG_TUF_KIND_COUNT];
    const eg_tuf_key *places[EG_TUF_KIND_COUNT][EG_ADMIN_KEYS_MAX];
    eg_tuf_key made[EG_ADMIN_KEYS_MAX];
    char hex[EG_ADMIN_KEYS_MAX][2 * EG_ED25519_PUBLIC_SIZE + 1];
    size_t made_count;
} keys;

static const eg_usage usage_text = {
    .command = "admin keys",
    .arguments = "list | renew | rotate ROLE | add ROLE | revoke KEY --dir REPO --keys DIR...",
    .about =
        "ROLE is root, targets or online; KEY the first eight or more digits of an id that list\n"
        "shows. rotate replaces all keys of a role by new ones, add adds one, revoke takes one\n"
        "away, renew only gives the root a new end. Each writes a root.json, signed by the old\n"
        "root keys and the new ones, and signs what the role signs with the old keys (if they are\n"
        "at hand) and the new ones, so that no PC is left behind. Then run `publish` or `refresh`\n"
        "to send it. New key files go to --new-keys, or the first folder of --keys.",
    .exit_codes = "0 done, 2 wrong usage, 3 not done: too few keys, a passphrase, files",
};

/* ---- list ---- */

static void list_role(const keys *k, eg_tuf_kind kind, const eg_tuf_role *role)
{
    printf("%-9s %" PRIu64 " of %zu must sign\n", eg_tuf_kind_name(kind), role->threshold,
           role->key_count);
    for (size_t i = 0; i < role->key_count; i++) {
        bool locked = false;
        bool here = eg_admin_key_at_hand(&k->admin, role->keys[i]->id, &locked);
        printf("  %.*s  %.*s  %s\n", EG_STR_ARGS(role->keys[i]->id),
               EG_STR_ARGS(role->keys[i]->type),
               !here    ? "not at hand"
               : locked ? "at hand, with passphrase"
                        : "at hand, without passphrase");
    }
}

static int list_all(const keys *k, const eg_publication *publication)
{
    const eg_tuf_metadata *root = publication->published[EG_TUF_ROOT];
    char time[EG_TIME_TEXT_SIZE];
    eg_time_format(root->expires, time);
    printf("root version %" PRIu64 ", valid until %.10s\n", root->version, time);
    for (int kind = 0; kind < EG_TUF_KIND_COUNT; kind++) {
        list_role(k, (eg_tuf_kind)kind, &root->roles[kind]);
    }
    return EG_OK;
}

/* ---- the new roles ---- */

static int copy_roles(keys *k, const eg_tuf_metadata *root)
{
    for (int kind = 0; kind < EG_TUF_KIND_COUNT; kind++) {
        const eg_tuf_role *old = &root->roles[kind];
        if (old->key_count > EG_ADMIN_KEYS_MAX) {
            return eg_fail(EG_E_LIMIT, "more than %d keys in a role", EG_ADMIN_KEYS_MAX);
        }
        for (size_t i = 0; i < old->key_count; i++) {
            k->places[kind][i] = old->keys[i];
        }
        k->roles[kind] = (eg_tuf_role){k->places[kind], old->key_count, old->threshold};
    }
    return EG_OK;
}

static bool is_meant(const keys *k, eg_tuf_kind kind)
{
    return k->word && strcmp(k->word, eg_admin_label(kind)) == 0;
}

/* A new key, in every place of metadata that the role stands for. */
static int add_one(keys *k)
{
    const char *folder = k->new_keys ? k->new_keys : k->admin.key_folders.items[0];
    int status = eg_key_list_create(&k->admin, folder, k->word, k->open, &k->list);
    if (status != EG_OK) {
        return status;
    }
    const eg_secret_key *secret = &k->list.items[k->list.count - 1];
    char *hex = k->hex[k->made_count];
    eg_tuf_key *key = &k->made[k->made_count++];
    eg_hex_encode(secret->public_key, sizeof(secret->public_key), hex);
    *key = (eg_tuf_key){eg_str_from(secret->id), EG_STR("ed25519"), EG_STR("ed25519"),
                        eg_str_from(hex)};
    for (int kind = 0; kind < EG_TUF_KIND_COUNT; kind++) {
        eg_tuf_role *role = &k->roles[kind];
        if (is_meant(k, (eg_tuf_kind)kind)) {
            if (role->key_count == EG_ADMIN_KEYS_MAX) {
                return eg_fail(EG_E_LIMIT, "more than %d keys in a role", EG_ADMIN_KEYS_MAX);
            }
            k->places[kind][role->key_count++] = key;
        }
    }
    return EG_OK;
}

static int rotate(keys *k)
{
    size_t count = 0;
    for (int kind = 0; kind < EG_TUF_KIND_COUNT; kind++) {
        if (is_meant(k, (eg_tuf_kind)kind)) {
            count = k->roles[kind].key_count;
            k->roles[kind].key_count = 0;
        }
    }
    int status = EG_OK;
    for (size_t i = 0; i < count && status == EG_OK; i++) {
        status = add_one(k);
    }
    return status;
}

static int revoke(keys *k)
{
    eg_str begin = eg_str_from(k->word);
    size_t removed = 0;
    for (int kind = 0; kind < EG_TUF_KIND_COUNT; kind++) {
        eg_tuf_role *role = &k->roles[kind];
        size_t left = 0;
        for (size_t i = 0; i < role->key_count; i++) {
            if (eg_str_starts_nocase(role->keys[i]->id, begin)) {
                removed++;
            } else {
                k->places[kind][left++] = role->keys[i];
            }
        }
        role->key_count = left;
    }
    return removed > 0 ? EG_OK : eg_fail(EG_E_NOTFOUND, "no role has a key %s...", k->word);
}

static int check_thresholds(keys *k)
{
    for (int kind = 0; kind < EG_TUF_KIND_COUNT; kind++) {
        eg_tuf_role *role = &k->roles[kind];
        if (k->threshold > 0 && is_meant(k, (eg_tuf_kind)kind)) {
            role->threshold = k->threshold;
        }
        if (role->key_count < role->threshold) {
            return eg_fail(EG_E_INVALID, "%s would have %zu keys, and %" PRIu64 " must sign",
                           eg_tuf_kind_name((eg_tuf_kind)kind), role->key_count, role->threshold);
        }
    }
    return EG_OK;
}

/* ---- signing ---- */

static bool changes(const keys *k, const eg_tuf_metadata *root, eg_tuf_kind kind)
{
    return !eg_tuf_same_keys(&k->roles[kind], &root->roles[kind]) ||
           k->roles[kind].threshold != root->roles[kind].threshold;
}

/* Old keys for those who have not seen the new root, and new ones for those who have. */
static int find_keys(keys *k, const eg_tuf_metadata *root)
{
    int status = EG_OK;
    for (int kind = 0; kind < EG_TUF_KIND_COUNT && status == EG_OK; kind++) {
        /* The timestamp is always signed anew, and tells of the snapshot. */
        if (kind == EG_TUF_TARGETS && !changes(k, root, EG_TUF_TARGETS)) {
            continue;
        }
        status = eg_key_list_find(&k->admin, &root->roles[kind], &k->list);
        if (status == EG_OK) {
            status = eg_key_list_find(&k->admin, &k->roles[kind], &k->list);
        }
    }
    return status;
}

static int sign(keys *k, eg_publication *publication)
{
    unsigned written = 0;
    int status = find_keys(k, publication->published[EG_TUF_ROOT]);
    eg_publication_order order = {
        .now = k->admin.now, .keys = k->list.items, .key_count = k->list.count, .roles = k->roles};
    for (int kind = 0; kind < EG_TUF_KIND_COUNT; kind++) {
        order.days[kind] = k->admin.days[kind];
    }
    if (status == EG_OK) {
        status = eg_publication_sign(publication, &order, &written);
    }
    if (status == EG_OK) {
        printf("root version %" PRIu64 " is signed. `publish` or `refresh` sends it.\n",
               publication->published[EG_TUF_ROOT]->version);
    }
    return status;
}

static int change(keys *k, eg_publication *publication)
{
    int status = copy_roles(k, publication->published[EG_TUF_ROOT]);
    if (status == EG_OK && strcmp(k->action, "rotate") == 0) {
        status = rotate(k);
    } else if (status == EG_OK && strcmp(k->action, "add") == 0) {
        status = add_one(k);
    } else if (status == EG_OK && strcmp(k->action, "revoke") == 0) {
        status = revoke(k);
    }
    if (status == EG_OK) {
        status = check_thresholds(k);
    }
    return status == EG_OK ? sign(k, publication) : status;
}

static int run(keys *k)
{
    eg_publication publication;
    int status = eg_publication_open(k->admin.dir, &publication);
    if (status != EG_OK) {
        return status;
    }
    status = strcmp(k->action, "list") == 0 ? list_all(k, &publication) : change(k, &publication);
    eg_key_list_done(&k->list);
    eg_publication_close(&publication);
    return status;
}

/* ---- what was asked for ---- */

static bool is_one_of(const char *word, const char *const *words)
{
    while (*words && strcmp(word, *words) != 0) {
        words++;
    }
    return *words != NULL;
}

static int check(keys *k, const eg_usage *usage, const eg_option_list *words)
{
    static const char *const alone[] = {"list", "renew", NULL};
    static const char *const with_role[] = {"rotate", "add", NULL};
    static const char *const roles[] = {"root", "targets", "online", NULL};
    k->action = words->count > 0 ? words->items[0] : "";
    k->word = words->count > 1 ? words->items[1] : NULL;
    bool of_role = is_one_of(k->action, with_role);
    if (!is_one_of(k->action, alone) && !of_role && strcmp(k->action, "revoke") != 0) {
        return eg_options_wrong(usage, "list, renew, rotate, add or revoke, not '%s'", k->action);
    }
    if (words->count != (is_one_of(k->action, alone) ? 1u : 2u)) {
        return eg_options_wrong(usage, "%s wants %s", k->action,
                                is_one_of(k->action, alone) ? "nothing more"
                                : of_role                   ? "a ROLE"
                                                            : "a KEY");
    }
    if (of_role && !is_one_of(k->word, roles)) {
        return eg_options_wrong(usage, "a role is root, targets or online, not '%s'", k->word);
    }
    if (strcmp(k->action, "revoke") == 0 && strlen(k->word) < PREFIX_MIN) {
        return eg_options_wrong(usage, "at least %d digits of the id, please", PREFIX_MIN);
    }
    if (strcmp(k->action, "list") != 0 && k->admin.key_folders.count == 0) {
        return eg_options_wrong(usage, "--keys is missing: the folders with key files");
    }
    return EG_EXIT_OK;
}

int eg_admin_keys(int argc, char **argv)
{
    keys k = {.admin = EG_ADMIN_DEFAULTS};
    eg_admin *a = &k.admin;
    eg_option_list words = {NULL, 0};
    const eg_option options[] = {
        EG_ADMIN_PLACE(a),
        EG_ADMIN_SIGNING(a),
        {"--new-keys", EG_OPTION_TEXT, &k.new_keys, "DIR", "folder for the files of new keys"},
        {"--threshold", EG_OPTION_NUMBER, &k.threshold, "M",
         "rotate, add: so many of the role's keys must sign"},
        {"--no-passphrase", EG_OPTION_FLAG, &k.open, NULL, "new keys without one"},
    };
    eg_usage usage = usage_text;
    usage.options = options;
    usage.option_count = EG_COUNT(options);

    eg_options_result parsed = eg_options_parse(&usage, argc, argv, &words);
    int code = parsed == EG_OPTIONS_WRONG ? EG_EXIT_USAGE : EG_EXIT_OK;
    if (parsed == EG_OPTIONS_RUN) {
        code = eg_admin_start(a, &usage);
        code = code == EG_EXIT_OK ? check(&k, &usage, &words) : code;
        int end = eg_admin_end(a, code == EG_EXIT_OK ? run(&k) : EG_OK);
        code = code == EG_EXIT_OK ? end : code;
    }
    eg_options_list_done(&words);
    return code;
}
