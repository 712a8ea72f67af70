/* SPDX-License-Identifier: Apache-2.0 */
/* emoguard admin init: a repository without packs, and the keys that speak for it. */
#include "cli/admin_keys.h"
#include "cli/cli.h"
#include "core/base/os.h"
#include "core/base/status.h"

#define ROOT_KEYS_MAX 16

typedef struct init {
    eg_admin admin;
    uint64_t root_keys, root_threshold;
    bool open_online;
} init;

static const eg_usage usage_text = {
    .command = "admin init",
    .arguments = "--dir REPO --keys DIR [options]",
    .about =
        "Makes the keys of the three roles (root; targets, which speaks for rules; online, which\n"
        "only confirms every day that they are the newest) and an empty, signed repository. The\n"
        "SHA-256 that is printed is that of the first root.json, which comes with the installer.\n"
        "Afterwards take the root keys off this machine, each to its own USB stick: they are\n"
        "needed for changes of keys and once in two years.",
    .exit_codes = "0 done, 2 wrong usage, 3 not done: there is a repository already, or files or\n"
                  "keys could not be written",
};

/* The public halves as root.json lists them. */
typedef struct listing {
    char hex[EG_ADMIN_KEYS_MAX][2 * EG_ED25519_PUBLIC_SIZE + 1];
    eg_tuf_key keys[EG_ADMIN_KEYS_MAX];
    const eg_tuf_key *places[EG_ADMIN_KEYS_MAX];
} listing;

static void list_keys(const eg_key_list *list, listing *out)
{
    for (size_t i = 0; i < list->count; i++) {
        eg_hex_encode(list->items[i].public_key, EG_ED25519_PUBLIC_SIZE, out->hex[i]);
        out->keys[i] = (eg_tuf_key){eg_str_from(list->items[i].id), EG_STR("ed25519"),
                                    EG_STR("ed25519"), eg_str_from(out->hex[i])};
        out->places[i] = &out->keys[i];
    }
}

static int make_keys(init *i, const char *folder, eg_key_list *list)
{
    int status = EG_OK;
    for (uint64_t n = 0; n < i->root_keys && status == EG_OK; n++) {
        status = eg_key_list_create(&i->admin, folder, "root", false, list);
    }
    if (status == EG_OK) {
        status = eg_key_list_create(&i->admin, folder, "targets", false, list);
    }
    if (status == EG_OK) {
        status = eg_key_list_create(&i->admin, folder, "online", i->open_online, list);
    }
    return status;
}

static int sign_first(const init *i, const eg_key_list *list, eg_publication *publication)
{
    listing l;
    eg_tuf_role roles[EG_TUF_KIND_COUNT];
    unsigned written = 0;
    list_keys(list, &l);
    roles[EG_TUF_ROOT] = (eg_tuf_role){l.places, (size_t)i->root_keys, i->root_threshold};
    roles[EG_TUF_TARGETS] = (eg_tuf_role){l.places + i->root_keys, 1, 1};
    roles[EG_TUF_SNAPSHOT] = (eg_tuf_role){l.places + i->root_keys + 1, 1, 1};
    roles[EG_TUF_TIMESTAMP] = roles[EG_TUF_SNAPSHOT];
    eg_publication_order order = {.now = i->admin.now,
                                  .keys = list->items,
                                  .key_count = list->count,
                                  .targets = true,
                                  .roles = roles};
    for (int kind = 0; kind < EG_TUF_KIND_COUNT; kind++) {
        order.days[kind] = i->admin.days[kind];
    }
    return eg_publication_sign(publication, &order, &written);
}

static int print_fingerprint(const char *dir)
{
    eg_buf path, bytes;
    uint8_t hash[EG_HASH256_SIZE];
    char hex[2 * EG_HASH256_SIZE + 1];
    eg_buf_init(&path, 32 * 1024);
    eg_buf_init(&bytes, EG_PUBLICATION_FILE_MAX);
    int status = eg_buf_appendf(&path, "%s/" EG_PUBLICATION_METADATA "/1.root.json", dir);
    if (status == EG_OK) {
        status = eg_file_read(path.data, EG_PUBLICATION_FILE_MAX, &bytes);
    }
    if (status == EG_OK) {
        eg_sha256(eg_buf_str(&bytes), hash);
        eg_hex_encode(hash, sizeof(hash), hex);
        printf("root for the installer: %s\nits SHA-256: %s\n", path.data, hex);
    }
    eg_buf_done(&bytes);
    eg_buf_done(&path);
    return status;
}

static int run(init *i)
{
    eg_publication publication;
    eg_key_list list = {.count = 0};
    int status = eg_publication_begin(i->admin.dir, &publication);
    if (status != EG_OK) {
        return status;
    }
    status = make_keys(i, i->admin.key_folders.items[0], &list);
    if (status == EG_OK) {
        status = sign_first(i, &list, &publication);
    }
    eg_key_list_done(&list);
    eg_publication_close(&publication);
    return status == EG_OK ? print_fingerprint(i->admin.dir) : status;
}

static int check(const init *i, const eg_usage *usage)
{
    if (i->admin.key_folders.count != 1) {
        return eg_options_wrong(usage, "--keys wants one folder, for the new keys");
    }
    if (i->root_keys == 0 || i->root_keys > ROOT_KEYS_MAX || i->root_threshold == 0 ||
        i->root_threshold > i->root_keys) {
        return eg_options_wrong(usage, "--root-keys wants 1 to %d, --root-threshold 1 to as many",
                                ROOT_KEYS_MAX);
    }
    return EG_EXIT_OK;
}

int eg_admin_init(int argc, char **argv)
{
    init i = {.admin = EG_ADMIN_DEFAULTS, .root_keys = 2, .root_threshold = 1};
    eg_admin *a = &i.admin;
    const eg_option options[] = {
        EG_ADMIN_PLACE(a),
        EG_ADMIN_SIGNING(a),
        {"--root-keys", EG_OPTION_NUMBER, &i.root_keys, "N", "how many root keys (2)"},
        {"--root-threshold", EG_OPTION_NUMBER, &i.root_threshold, "M",
         "how many of them must sign (1)"},
        {"--no-passphrase", EG_OPTION_FLAG, &i.open_online, NULL,
         "the online key without one, for a scheduled task"},
    };
    eg_usage usage = usage_text;
    usage.options = options;
    usage.option_count = EG_COUNT(options);

    eg_options_result parsed = eg_options_parse(&usage, argc, argv, NULL);
    if (parsed != EG_OPTIONS_RUN) {
        eg_options_list_done(&a->key_folders);
        return parsed == EG_OPTIONS_WRONG ? EG_EXIT_USAGE : EG_EXIT_OK;
    }
    int code = eg_admin_start(a, &usage);
    code = code == EG_EXIT_OK ? check(&i, &usage) : code;
    int end = eg_admin_end(a, code == EG_EXIT_OK ? run(&i) : EG_OK);
    return code == EG_EXIT_OK ? end : code;
}
