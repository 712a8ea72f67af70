/* SPDX-License-Identifier: Apache-2.0 */
/* emoguard admin add: a tested pack into the next publication. */
#include "cli/admin_pack.h"
#include "cli/admin_release.h"
#include "cli/cli.h"
#include "core/base/clock.h"
#include "core/base/status.h"
#include "core/detect/pack.h"

#include <inttypes.h>
#include <string.h>

#define SPREAD_DEFAULT 30
#define PERCENT 10 /* permille */
#define HOUR (EG_TICKS_PER_SECOND * 3600)
#define HOURS_MAX 8760
#define STAGES_DEFAULT "1@0,20@4,100@24"

typedef struct add {
    eg_admin admin;
    eg_release_order order;
    const char *stages;
    uint64_t spread, max_hits, max_slowdown;
    bool now, canary, untested;
} add;

static const eg_usage usage_text = {
    .command = "admin add",
    .arguments = "PACK --dir REPO [options]",
    .about =
        "Lints the pack (a folder with pack.json) and runs its samples, shows what it changes\n"
        "against the newest one, asks, and puts it with its rollout into REPO/draft.json, without\n"
        "any key. `publish` then signs and sends it. Its serial in pack.json must be higher than\n"
        "any before: YYYYMMDDnn, a date and two digits. --stages names which share of the PCs may\n"
        "run it how many hours from now, PERCENT@HOURS in order. Others stay with the one before.",
    .exit_codes =
        "0 drafted, 1 the pack is not fit to be published, 2 wrong usage, 3 not done: the\n"
        "serial is too low, files, or you said no",
};

/* ---- rollout ---- */

static bool parse_stage(eg_str text, uint64_t now, eg_release_stage *out)
{
    eg_str percent;
    uint64_t share = 0, hours = 0;
    if (!eg_str_split(&text, '@', &percent) || !eg_str_to_u64(percent, &share) || share > 100 ||
        !eg_str_to_u64(text, &hours) || hours > HOURS_MAX) {
        return false;
    }
    *out = (eg_release_stage){now + hours * HOUR, (uint32_t)share * PERCENT};
    return true;
}

static bool parse_stages(const char *text, uint64_t now, eg_release *out)
{
    eg_str rest = eg_str_from(text), part;
    while (eg_str_split(&rest, ',', &part)) {
        const eg_release_stage *last =
            out->stage_count > 0 ? &out->stages[out->stage_count - 1] : NULL;
        eg_release_stage stage;
        if (out->stage_count == EG_RELEASE_STAGES_MAX || !parse_stage(part, now, &stage) ||
            (last && (stage.after < last->after || stage.permille < last->permille))) {
            return false;
        }
        out->stages[out->stage_count++] = stage;
    }
    return out->stage_count > 0;
}

static int check(add *a, const eg_usage *usage, const eg_option_list *words)
{
    eg_release *release = &a->order.release;
    if (words->count != 1) {
        return eg_options_wrong(usage, "one PACK, please: a folder with pack.json");
    }
    if (a->now + a->canary + release->emergency + (a->stages != NULL) > 1) {
        return eg_options_wrong(usage, "one of --stages, --now, --canary and --emergency");
    }
    if (a->spread > EG_RELEASE_SPREAD_MAX || a->max_hits > UINT32_MAX ||
        a->max_slowdown > UINT32_MAX) {
        return eg_options_wrong(usage, "--spread wants at most %u seconds", EG_RELEASE_SPREAD_MAX);
    }
    release->spread_s = (uint32_t)a->spread;
    release->guard.max_hits_per_hour = (uint32_t)a->max_hits;
    release->guard.max_slowdown = (uint32_t)a->max_slowdown;
    /* No share at all: canary PCs go before any stage. */
    const char *stages = a->canary ? "0@0" : a->stages ? a->stages : STAGES_DEFAULT;
    if (!a->now && !release->emergency && !parse_stages(stages, a->admin.now, release)) {
        return eg_options_wrong(usage, "--stages wants PERCENT@HOURS,... in order, not '%s'",
                                stages);
    }
    return EG_EXIT_OK;
}

/* ---- the pack ---- */

/* A date and two digits, above what there was. */
static uint64_t propose(uint64_t now, uint64_t newest)
{
    char text[EG_TIME_TEXT_SIZE];
    uint64_t date = 0;
    eg_time_format(now, text);
    for (int i = 0; i < 10; i++) {
        if (text[i] != '-') {
            date = date * 10 + (uint64_t)(text[i] - '0');
        }
    }
    return newest >= date * 100 + 1 ? newest + 1 : date * 100 + 1;
}

static int check_serial(const add *a, const eg_publication *publication, const char *folder,
                        uint64_t *serial)
{
    eg_pack pack;
    uint64_t newest = 0;
    eg_pack_init(&pack);
    int status = eg_pack_read(folder, &pack);
    if (status == EG_OK) {
        status = eg_release_newest(publication, &newest);
    }
    if (status == EG_OK && pack.serial <= newest) {
        status = eg_fail(EG_E_EXISTS,
                         "the serial %" PRIu64 " in %s/pack.json is not above %" PRIu64
                         ", which there was already: write %" PRIu64,
                         pack.serial, folder, newest, propose(a->admin.now, newest));
    }
    *serial = pack.serial;
    eg_pack_done(&pack);
    return status;
}

static int print_changes(const eg_publication *publication, const eg_bundle *now)
{
    eg_release latest;
    eg_bundle old;
    if (eg_release_latest(eg_publication_next(publication), &latest) != EG_OK) {
        return eg_admin_print_changes(NULL, now);
    }
    eg_bundle_init(&old);
    int status = eg_release_open(publication, latest.serial, &old);
    if (status == EG_OK) {
        printf("against %" PRIu64 ":\n", latest.serial);
        status = eg_admin_print_changes(&old, now);
    }
    eg_bundle_done(&old);
    return status;
}

static void print_rollout(const eg_release *release)
{
    printf("serial %" PRIu64 ", rollout: ", release->serial);
    if (release->stage_count == 0) {
        puts(release->emergency ? "everybody, emergency" : "everybody");
        return;
    }
    for (size_t i = 0; i < release->stage_count; i++) {
        char time[EG_TIME_TEXT_SIZE];
        eg_time_format(release->stages[i].after, time);
        printf("%s%u %% from %.16sZ", i > 0 ? ", " : "", release->stages[i].permille / PERCENT,
               time);
    }
    putchar('\n');
}

static int draft(add *a, eg_publication *publication, const char *folder)
{
    eg_bundle bundle;
    eg_bundle_init(&bundle);
    int status = eg_bundle_read_folder(folder, &bundle);
    if (status == EG_OK) {
        status = print_changes(publication, &bundle);
    }
    if (status == EG_OK) {
        print_rollout(&a->order.release);
        status = eg_admin_confirm(&a->admin, "Put it into the next publication?");
    }
    if (status == EG_OK) {
        status = eg_release_put(&a->admin, publication, &bundle, &a->order);
    }
    if (status == EG_OK) {
        puts("Drafted. `emoguard admin publish` signs and sends it.");
    }
    eg_bundle_done(&bundle);
    return status;
}

static int run(add *a, const char *folder, bool *unfit)
{
    eg_publication publication;
    int status = eg_publication_open(a->admin.dir, &publication);
    if (status != EG_OK) {
        return status;
    }
    status = check_serial(a, &publication, folder, &a->order.release.serial);
    if (status == EG_OK) {
        status = eg_admin_check_pack(folder, a->untested);
        *unfit = status == EG_E_INVALID;
    }
    if (status == EG_OK) {
        status = draft(a, &publication, folder);
    }
    eg_publication_close(&publication);
    return status;
}

int eg_admin_add(int argc, char **argv)
{
    add self = {.admin = EG_ADMIN_DEFAULTS, .spread = SPREAD_DEFAULT};
    eg_admin *a = &self.admin;
    eg_option_list words = {NULL, 0};
    bool unfit = false;
    const eg_option options[] = {
        EG_ADMIN_PLACE(a),
        {"--stages", EG_OPTION_TEXT, &self.stages, "LIST", "rollout (" STAGES_DEFAULT ")"},
        {"--now", EG_OPTION_FLAG, &self.now, NULL, "everybody at once, still spread and held"},
        {"--emergency", EG_OPTION_FLAG, &self.order.release.emergency, NULL,
         "everybody at once, marked as an emergency"},
        {"--canary", EG_OPTION_FLAG, &self.canary, NULL, "only PCs that policy makes canaries"},
        {"--spread", EG_OPTION_NUMBER, &self.spread, "SECONDS",
         "PCs wait up to so long after the bell (30)"},
        {"--max-hits-per-hour", EG_OPTION_NUMBER, &self.max_hits, "N",
         "PCs take it back by themselves above this"},
        {"--max-slowdown", EG_OPTION_NUMBER, &self.max_slowdown, "N",
         "the same when matching takes so many times longer"},
        {"--delta-from", EG_OPTION_LIST, &self.order.delta_from, "SERIAL...",
         "deltas from these (the last three)"},
        {"--untested", EG_OPTION_FLAG, &self.untested, NULL, "do not run the samples"},
        {"--yes", EG_OPTION_FLAG, &a->yes, NULL, "do not ask"},
    };
    eg_usage usage = usage_text;
    usage.options = options;
    usage.option_count = EG_COUNT(options);

    eg_options_result parsed = eg_options_parse(&usage, argc, argv, &words);
    int code = parsed == EG_OPTIONS_WRONG ? EG_EXIT_USAGE : EG_EXIT_OK;
    if (parsed == EG_OPTIONS_RUN) {
        code = eg_admin_start(a, &usage);
        code = code == EG_EXIT_OK ? check(&self, &usage, &words) : code;
        int end = eg_admin_end(a, code == EG_EXIT_OK ? run(&self, words.items[0], &unfit) : EG_OK);
        code = code != EG_EXIT_OK ? code : unfit ? EG_EXIT_FOUND : end;
    }
    eg_options_list_done(&self.order.delta_from);
    eg_options_list_done(&words);
    return code;
}
