/* SPDX-License-Identifier: Apache-2.0 */
/* emoguard admin: for those who publish rules to many PCs. */
#include "cli/admin.h"

#include "cli/admin_keys.h"
#include "cli/cli.h"
#include "cli/verbs.h"
#include "core/base/clock.h"
#include "core/base/os.h"
#include "core/base/status.h"

#include <string.h>

#define DAYS_MAX 36500

static const eg_cli_verb verbs[] = {
    {"init", "make a repository and its keys", eg_admin_init},
    {"add", "test a rule pack and put it into the next publication", eg_admin_add},
    {"publish", "sign what was added and send it", eg_admin_publish},
    {"refresh", "sign the timestamp anew, every day, with the online key", eg_admin_refresh},
    {"rollback", "publish the content of an older pack under a new serial", eg_admin_rollback},
    {"halt", "take the newest pack back", eg_admin_halt},
    {"verify", "look at a repository as a PC would", eg_admin_verify},
    {"keys", "list, renew, rotate, add and revoke keys", eg_admin_keys},
};

int eg_command_admin(int argc, char **argv)
{
    return eg_cli_run_verb("admin", verbs, EG_COUNT(verbs), argc, argv);
}

/* ---- what the verbs share ---- */

/* --time, else SOURCE_DATE_EPOCH, else the clock. */
static int find_time(eg_admin *a)
{
    eg_buf epoch;
    uint64_t seconds = 0;
    eg_buf_init(&epoch, 64);
    if (a->time) {
        if (eg_time_parse(eg_str_from(a->time), &a->now) != EG_OK) {
            return eg_fail(EG_E_INVALID, "--time wants 2026-11-23T12:00:00Z, not '%s'", a->time);
        }
    } else if (eg_env_get("SOURCE_DATE_EPOCH", &epoch) == EG_OK &&
               eg_str_to_u64(eg_buf_str(&epoch), &seconds) && seconds < UINT32_MAX) {
        a->now = EG_UNIX_EPOCH_TICKS + seconds * EG_TICKS_PER_SECOND;
    } else {
        a->now = eg_clock_utc();
    }
    eg_buf_done(&epoch);
    a->now -= a->now % EG_TICKS_PER_SECOND;
    return EG_OK;
}

int eg_admin_start(eg_admin *a, const eg_usage *usage)
{
    eg_buf_init(&a->last_passphrase, EG_PASSPHRASE_MAX);
    if (!a->dir) {
        return eg_options_wrong(usage, "--dir is missing: the folder of the repository");
    }
    if (a->to && a->upload) {
        return eg_options_wrong(usage, "--to or --upload, not both");
    }
    for (int kind = 0; kind < EG_TUF_KIND_COUNT; kind++) {
        if (a->days[kind] == 0 || a->days[kind] > DAYS_MAX) {
            return eg_options_wrong(usage, "--%s-days wants 1 to %d",
                                    eg_tuf_kind_name((eg_tuf_kind)kind), DAYS_MAX);
        }
    }
    return find_time(a) == EG_OK ? EG_EXIT_OK : eg_options_wrong(usage, "%s", eg_error_message());
}

int eg_admin_end(eg_admin *a, int status)
{
    if (fflush(stdout) != 0 && status == EG_OK) {
        status = eg_fail(EG_E_IO, "writing to standard output failed");
    }
    if (status != EG_OK) {
        eg_cli_error("%s", eg_error_message());
    }
    eg_options_list_done(&a->key_folders);
    eg_admin_wipe(&a->last_passphrase);
    return status == EG_OK ? EG_EXIT_OK : EG_EXIT_INCOMPLETE;
}

int eg_admin_confirm(const eg_admin *a, const char *question)
{
    char line[16];
    if (a->yes) {
        return EG_OK;
    }
    printf("\n%s [y/N] ", question);
    fflush(stdout);
    if (fgets(line, sizeof(line), stdin) && (line[0] == 'y' || line[0] == 'Y')) {
        return EG_OK;
    }
    return eg_fail(EG_E_CLOSED, "nothing was changed");
}
