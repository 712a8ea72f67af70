/* SPDX-License-Identifier: Apache-2.0 */
/* emoguard admin publish and refresh: sign and send. */
#include "cli/admin_keys.h"
#include "cli/cli.h"
#include "core/base/clock.h"
#include "core/base/status.h"

#include <inttypes.h>

#define WARN_DAYS 30

/* ---- signing ---- */

static int find_keys(eg_admin *a, const eg_publication *publication, bool targets,
                     eg_key_list *list)
{
    const eg_tuf_role *roles = publication->published[EG_TUF_ROOT]->roles;
    int status = eg_key_list_find(a, &roles[EG_TUF_TIMESTAMP], list);
    if (status == EG_OK) {
        status = eg_key_list_find(a, &roles[EG_TUF_SNAPSHOT], list);
    }
    if (status == EG_OK && targets) {
        status = eg_key_list_find(a, &roles[EG_TUF_TARGETS], list);
    }
    return status;
}

static void print_written(const eg_publication *publication, unsigned written)
{
    for (int kind = 0; kind < EG_TUF_KIND_COUNT; kind++) {
        char time[EG_TIME_TEXT_SIZE];
        if ((written & 1u << kind) != 0) {
            eg_time_format(publication->published[kind]->expires, time);
            printf("signed %-9s version %" PRIu64 ", valid until %.10s\n",
                   eg_tuf_kind_name((eg_tuf_kind)kind), publication->published[kind]->version,
                   time);
        }
    }
}

/* What no daily refresh can renew: somebody has to come with a key. */
static void warn(const eg_admin *a, const eg_publication *publication)
{
    static const eg_tuf_kind kinds[] = {EG_TUF_ROOT, EG_TUF_TARGETS};
    for (size_t i = 0; i < EG_COUNT(kinds); i++) {
        char time[EG_TIME_TEXT_SIZE];
        uint64_t expires = publication->published[kinds[i]]->expires;
        if (expires < a->now + WARN_DAYS * 86400 * EG_TICKS_PER_SECOND) {
            eg_time_format(expires, time);
            eg_cli_error("%s ends on %.10s: %s", eg_tuf_kind_name(kinds[i]), time,
                         kinds[i] == EG_TUF_ROOT ? "run `emoguard admin keys renew`"
                                                 : "run `emoguard admin publish`");
        }
    }
}

int eg_admin_sign(eg_admin *a, eg_publication *publication, bool targets)
{
    eg_key_list list = {.count = 0};
    unsigned written = 0;
    int status = find_keys(a, publication, targets, &list);
    eg_publication_order order = {
        .now = a->now, .keys = list.items, .key_count = list.count, .targets = targets};
    for (int kind = 0; kind < EG_TUF_KIND_COUNT; kind++) {
        order.days[kind] = a->days[kind];
    }
    if (status == EG_OK) {
        status = eg_publication_sign(publication, &order, &written);
    }
    eg_key_list_done(&list);
    if (status == EG_OK) {
        print_written(publication, written);
        warn(a, publication);
    }
    return status;
}

/* ---- the two verbs ---- */

static const eg_usage publish_usage = {
    .command = "admin publish",
    .arguments = "--dir REPO --keys DIR... [options]",
    .about =
        "Signs what add, rollback or halt prepared with the targets key, then snapshot and\n"
        "timestamp with the online key, and sends what is new: immutable files first, the\n"
        "timestamp behind them, so that nobody ever reads half of it. When nothing was prepared,\n"
        "the targets are signed anew as they are. --upload remembers in REPO/uploaded.txt what it\n"
        "has sent; delete that file to send everything again.",
    .exit_codes = "0 done, 2 wrong usage, 3 not done: keys, passphrase, files or a command",
};
static const eg_usage refresh_usage = {
    .command = "admin refresh",
    .arguments = "--dir REPO --keys DIR... [options]",
    .about =
        "Signs the timestamp anew, and the snapshot when two thirds of its time are over: for a\n"
        "daily task. Needs the online key alone, publishes nothing that was added since. Says on\n"
        "standard error when root or targets end within 30 days.",
    .exit_codes = "0 done, 2 wrong usage, 3 not done: keys, passphrase, files or a command",
};

int eg_admin_sign_and_send(eg_admin *a, bool targets)
{
    eg_publication publication;
    int status = eg_publication_open(a->dir, &publication);
    if (status != EG_OK) {
        return status;
    }
    status = eg_admin_sign(a, &publication, targets);
    if (status == EG_OK) {
        status = eg_admin_send(a, &publication);
    }
    eg_publication_close(&publication);
    return status;
}

static int run(const eg_usage *text, bool targets, int argc, char **argv)
{
    eg_admin admin = EG_ADMIN_DEFAULTS, *a = &admin;
    const eg_option options[] = {EG_ADMIN_PLACE(a), EG_ADMIN_SIGNING(a), EG_ADMIN_SENDING(a)};
    eg_usage usage = *text;
    usage.options = options;
    usage.option_count = EG_COUNT(options);

    eg_options_result parsed = eg_options_parse(&usage, argc, argv, NULL);
    if (parsed != EG_OPTIONS_RUN) {
        eg_options_list_done(&a->key_folders);
        return parsed == EG_OPTIONS_WRONG ? EG_EXIT_USAGE : EG_EXIT_OK;
    }
    int code = eg_admin_start(a, &usage);
    if (code == EG_EXIT_OK && a->key_folders.count == 0) {
        code = eg_options_wrong(&usage, "--keys is missing: the folders with key files");
    }
    int end = eg_admin_end(a, code == EG_EXIT_OK ? eg_admin_sign_and_send(a, targets) : EG_OK);
    return code == EG_EXIT_OK ? end : code;
}

int eg_admin_publish(int argc, char **argv)
{
    return run(&publish_usage, true, argc, argv);
}

int eg_admin_refresh(int argc, char **argv)
{
    return run(&refresh_usage, false, argc, argv);
}
