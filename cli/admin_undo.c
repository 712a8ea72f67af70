/* SPDX-License-Identifier: Apache-2.0 */
/*
 * emoguard admin rollback and halt: back to what was good. With --keys it is signed and sent at
 * once; without, it is a draft, which is said as loudly as a terminal can.
 */
#include "cli/admin_release.h"
#include "cli/cli.h"
#include "core/base/status.h"

#include <inttypes.h>

#define EXIT_CODES \
    "0 done, 2 wrong usage, 3 not done: no such pack, keys, passphrase, files, a command, or you " \
    "said no"

static const eg_usage rollback_usage = {
    .command = "admin rollback",
    .arguments = "SERIAL --dir REPO [--keys DIR... and how to send, as for publish] [options]",
    .about =
        "Gives the content of the stored pack SERIAL a new serial, as an emergency: every PC goes\n"
        "to it at once. Packs after SERIAL are listed no longer. What was added and not published\n"
        "is dropped. With --keys it is published at once; without, it is only a draft, and PCs\n"
        "know nothing of it until you run `publish`.",
    .exit_codes = EXIT_CODES,
};
static const eg_usage halt_usage = {
    .command = "admin halt",
    .arguments = "--dir REPO [--keys DIR... and how to send, as for publish] [options]",
    .about =
        "Takes the newest pack back: PCs that run it go to the one before that is listed, others\n"
        "never get it. What was added and not published is dropped. With --keys it is published\n"
        "at once; without, it is only a draft, and PCs know nothing of it until you run `publish`.",
    .exit_codes = EXIT_CODES,
};

/* Undoing begins with what PCs see now, not with what somebody prepared. */
static int open_published(const eg_admin *a, eg_publication *out)
{
    int status = eg_publication_open(a->dir, out);
    if (status == EG_OK && out->draft) {
        puts("what was added and not published will be dropped");
        eg_tuf_metadata_destroy(out->draft);
        out->draft = NULL;
    }
    return status;
}

static int confirm(const eg_admin *a)
{
    return eg_admin_confirm(a, a->key_folders.count > 0 ? "Publish it now?" : "Draft it?");
}

static int roll_back(eg_admin *a, uint64_t serial)
{
    eg_release_order order = {.release = {.emergency = true}, .drop_above = serial};
    eg_publication publication;
    eg_bundle bundle;
    uint64_t newest = 0;
    int status = open_published(a, &publication);
    if (status != EG_OK) {
        return status;
    }
    eg_bundle_init(&bundle);
    status = eg_release_open(&publication, serial, &bundle);
    if (status == EG_OK) {
        status = eg_release_newest(&publication, &newest);
    }
    if (status == EG_OK) {
        order.release.serial = newest + 1;
        printf("the content of %" PRIu64 " as %" PRIu64 ", for everybody at once\n", serial,
               order.release.serial);
        status = confirm(a);
    }
    if (status == EG_OK) {
        status = eg_release_put(a, &publication, &bundle, &order);
    }
    eg_bundle_done(&bundle);
    eg_publication_close(&publication);
    return status;
}

static int halt(eg_admin *a, uint64_t unused)
{
    eg_publication publication;
    eg_release latest;
    EG_UNUSED(unused);
    int status = open_published(a, &publication);
    if (status != EG_OK) {
        return status;
    }
    status = eg_release_latest(publication.published[EG_TUF_TARGETS], &latest);
    if (status == EG_OK) {
        printf("%" PRIu64 " will be listed no longer\n", latest.serial);
        status = confirm(a);
    }
    if (status == EG_OK) {
        status = eg_release_drop(&publication, latest.serial);
    }
    if (status == EG_OK && eg_release_latest(publication.draft, &latest) != EG_OK) {
        eg_cli_error("no pack is left: PCs go back to the rules they were installed with");
    }
    eg_publication_close(&publication);
    return status;
}

/* Somebody in a hurry reads one line. */
static int publish(eg_admin *a)
{
    if (a->key_folders.count == 0) {
        printf("\nNOT PUBLISHED YET: every PC goes on as before. Next, with --to, --upload and\n"
               "--bell-command as you always use them:\n\n"
               "  emoguard admin publish --dir %s --keys FOLDER...\n",
               a->dir);
        return EG_OK;
    }
    int status = eg_admin_sign_and_send(a, true);
    if (status != EG_OK) {
        puts("\nNOT PUBLISHED: it is drafted, and every PC goes on as before.");
    } else if (!a->to && !a->upload) {
        puts("\nSIGNED, BUT SENT NOWHERE: neither --to nor --upload was given. PCs see it when\n"
             "the new files of the repository are where they look.");
    } else {
        puts("\nPUBLISHED. PCs that hear the bell follow within seconds, the others at their next\n"
             "look, within about an hour; `emoguard admin verify` shows what they see.");
    }
    return status;
}

static int run(const eg_usage *text, bool wants_serial, int (*undo)(eg_admin *a, uint64_t serial),
               int argc, char **argv)
{
    eg_admin admin = EG_ADMIN_DEFAULTS, *a = &admin;
    eg_option_list words = {NULL, 0};
    uint64_t serial = 0;
    const eg_option options[] = {
        EG_ADMIN_PLACE(a),
        EG_ADMIN_SIGNING(a),
        EG_ADMIN_SENDING(a),
        {"--yes", EG_OPTION_FLAG, &a->yes, NULL, "do not ask"},
    };
    eg_usage usage = *text;
    usage.options = options;
    usage.option_count = EG_COUNT(options);

    eg_options_result parsed = eg_options_parse(&usage, argc, argv, &words);
    int code = parsed == EG_OPTIONS_WRONG ? EG_EXIT_USAGE : EG_EXIT_OK;
    if (parsed == EG_OPTIONS_RUN) {
        code = eg_admin_start(a, &usage);
        if (code == EG_EXIT_OK && words.count != (wants_serial ? 1 : 0)) {
            code = eg_options_wrong(&usage, wants_serial ? "one SERIAL, please" : "no words");
        } else if (code == EG_EXIT_OK && wants_serial &&
                   (!eg_str_to_u64(eg_str_from(words.items[0]), &serial) || serial == 0)) {
            code = eg_options_wrong(&usage, "'%s' is no serial", words.items[0]);
        } else if (code == EG_EXIT_OK && a->key_folders.count == 0 &&
                   (a->to || a->upload || a->bell_command)) {
            code = eg_options_wrong(&usage, "to send it, --keys must be given, too");
        }
        int status = code == EG_EXIT_OK ? undo(a, serial) : EG_OK;
        if (code == EG_EXIT_OK && status == EG_OK) {
            status = publish(a);
        }
        int end = eg_admin_end(a, status);
        code = code == EG_EXIT_OK ? end : code;
    }
    eg_options_list_done(&words);
    return code;
}

int eg_admin_rollback(int argc, char **argv)
{
    return run(&rollback_usage, true, roll_back, argc, argv);
}

int eg_admin_halt(int argc, char **argv)
{
    return run(&halt_usage, false, halt, argc, argv);
}
