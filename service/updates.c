/* SPDX-License-Identifier: Apache-2.0 */
#include "service/updates.h"

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/update/crypto.h"
#include "core/version.h"
#include "service/network_watch.h"
#include "service/pack_test.h"
#include "service/system_proxy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CA_MAX (1024u * 1024)
#define CONNECT_MS 15000u
#define SILENCE_S 60u
#define REASON_SHOWN 200u /* bytes, in the status, which has to fit into a message */
#define PATH_MAX_BYTES (32u * 1024)
#define COURIER_HAND_OVER_MS 60000u

_Static_assert(EG_GUARD_PACKS == EG_REPOSITORY_COUNT, "a share for each repository");

static const char *const names[EG_REPOSITORY_COUNT] = {"vendor", "site"};

typedef struct repository {
    eg_updates *updates;
    const char *name;
    eg_buf folder;
    eg_pack_tester *tester;
    eg_update_feed *feed; /* NULL: not set */
    eg_bundle bundle;     /* at work, under packs_lock; empty: none */
    eg_pack pack;         /* what it says of itself */
} repository;

struct eg_updates {
    eg_updates_options options;
    eg_buf agent_id, ca;
    eg_courier *courier; /* NULL: none */
    eg_rules *rules;
    eg_network_watch *network; /* NULL: none */
    eg_mutex packs_lock;       /* of bundles and packs: held while rules are loaded from them */
    repository repositories[EG_REPOSITORY_COUNT];
    eg_guard_shares shares; /* under packs_lock */
};

/* ---- what is loaded ---- */

/* `serial`: under which it was published; after a rollback it is higher than the pack's own. */
static int take_bundle(repository *r, eg_bundle *bundle, uint64_t serial)
{
    eg_pack pack;
    eg_pack_init(&pack);
    const eg_pack_file *told = bundle ? eg_bundle_find(bundle, EG_STR("pack.json")) : NULL;
    int status = !bundle ? EG_OK
                 : told  ? eg_pack_parse(told->text, "pack.json", &pack)
                         : eg_fail(EG_E_INVALID, "there is no pack.json in it");
    if (status == EG_OK) {
        eg_bundle old = r->bundle;
        eg_pack_done(&r->pack);
        r->pack = pack;
        r->pack.serial = serial;
        eg_bundle_init(&r->bundle);
        if (bundle) {
            r->bundle = *bundle;
            *bundle = old;
        } else {
            eg_bundle_done(&old);
        }
        return EG_OK;
    }
    eg_pack_done(&pack);
    return status;
}

/* The place of the pack with this name among the sources; `count` when there is none. */
static size_t find_pack(const eg_pack *const *packs, size_t count, const eg_pack *pack)
{
    size_t at = 0;
    while (at < count &&
           !(packs[at] && eg_str_equal(eg_buf_str(&packs[at]->name), eg_buf_str(&pack->name)))) {
        at++;
    }
    return at;
}

void eg_updates_sources(void *user, eg_rules_sources *out)
{
    eg_updates *updates = user;
    const char *path = updates->options.installed;
    const eg_pack *packs[EG_RULES_SOURCES_MAX] = {NULL};
    eg_pack installed;
    eg_pack_init(&installed);
    eg_mutex_lock(&updates->packs_lock);
    if (eg_pack_is_folder(path) && eg_pack_read(path, &installed) == EG_OK) {
        packs[0] = &installed;
    }
    out->count = eg_file_exists(path) ? 1 : 0;
    out->item[0] = (eg_ruleset_source){path, NULL, 0, 0};
    for (size_t i = 0; i < EG_REPOSITORY_COUNT; i++) {
        const repository *r = &updates->repositories[i];
        if (r->bundle.count == 0) {
            continue;
        }
        size_t at = find_pack(packs, out->count, &r->pack);
        if (at == out->count || r->pack.serial >= packs[at]->serial) {
            out->count += at == out->count;
            out->item[at] =
                (eg_ruleset_source){r->name, r->bundle.files, r->bundle.count, r->pack.serial};
            packs[at] = &r->pack;
        }
    }
    if (out->count == 0) {
        out->count = 1; /* whose absence is told */
    }
    eg_pack_done(&installed);
}

void eg_updates_release(void *user)
{
    eg_updates *updates = user;
    eg_mutex_unlock(&updates->packs_lock);
}

/* ---- what a feed asks for ---- */

static int on_test(void *user, const eg_release *release, const eg_bundle *bundle)
{
    repository *r = user;
    eg_log(EG_LOG_INFO, "update", "%s: pack %" PRIu64 " came, it is tested", r->name,
           release->serial);
    return eg_pack_tester_run(r->tester, bundle);
}

static int on_activate(void *user, eg_bundle *bundle, uint64_t serial)
{
    repository *r = user;
    eg_mutex_lock(&r->updates->packs_lock);
    int status = take_bundle(r, bundle, serial);
    eg_mutex_unlock(&r->updates->packs_lock);
    if (status == EG_OK) {
        status = eg_rules_reload(r->updates->rules);
    }
    if (status != EG_OK) {
        eg_log(EG_LOG_ERROR, "update", "%s: pack %" PRIu64 " is not in force: %s", r->name, serial,
               eg_error_message());
    }
    return status;
}

static void report(const repository *r, eg_event_message message, uint64_t serial, const char *text)
{
    char number[24];
    snprintf(number, sizeof(number), "%" PRIu64, serial);
    eg_str values[] = {eg_str_from(number), eg_str_from(r->name), eg_str_from(text)};
    eg_event_source_report(r->updates->options.events, message, values, EG_COUNT(values));
}

static void on_sample(void *user, eg_guard_sample *out)
{
    const repository *r = user;
    eg_updates *updates = r->updates;
    eg_guard_sample all;
    eg_mutex_lock(&updates->packs_lock);
    updates->options.sample(updates->options.user, &all);
    eg_guard_shares_charge(&updates->shares, &all);
    *out = updates->shares.charged[r - updates->repositories];
    eg_mutex_unlock(&updates->packs_lock);
}

static void note_newest(const repository *r, bool is_newest)
{
    eg_updates *updates = r->updates;
    eg_guard_sample all;
    eg_mutex_lock(&updates->packs_lock);
    updates->options.sample(updates->options.user, &all);
    eg_guard_shares_change(&updates->shares, &all, (size_t)(r - updates->repositories), is_newest);
    eg_mutex_unlock(&updates->packs_lock);
}

static void on_news(void *user, eg_update_news what, uint64_t serial, const char *text)
{
    static const eg_event_message messages[EG_NEWS_COUNT] = {
        [EG_NEWS_ACTIVATED] = EG_EVENT_MESSAGE_PACK_ACTIVATED,
        [EG_NEWS_PROVEN] = EG_EVENT_MESSAGE_PACK_PROVEN,
        [EG_NEWS_REJECTED] = EG_EVENT_MESSAGE_PACK_REJECTED,
        [EG_NEWS_WITHDRAWN] = EG_EVENT_MESSAGE_PACK_WITHDRAWN,
        [EG_NEWS_STATE_DAMAGED] = EG_EVENT_MESSAGE_PACK_STATE,
    };
    static const char *const words[EG_NEWS_COUNT] = {
        [EG_NEWS_ACTIVATED] = "in force, on trial",
        [EG_NEWS_PROVEN] = "its trial is over",
        [EG_NEWS_REJECTED] = "rejected: ",
        [EG_NEWS_WITHDRAWN] = "taken back: ",
        [EG_NEWS_STATE_DAMAGED] = "what was kept is damaged: ",
    };
    repository *r = user;
    bool bad = what == EG_NEWS_REJECTED || what == EG_NEWS_STATE_DAMAGED;
    eg_log(bad ? EG_LOG_ERROR : EG_LOG_INFO, "update", "%s: pack %" PRIu64 ": %s%s", r->name,
           serial, words[what], text);
    report(r, messages[what], serial, text);
    if (what == EG_NEWS_ACTIVATED || what == EG_NEWS_REJECTED) {
        note_newest(r, what == EG_NEWS_ACTIVATED);
    }
}

/* What was rejected stays a notice until a newer pack is good; the site's goes before. */
static void show_refused(eg_updates *updates)
{
    static const eg_repository order[] = {EG_REPOSITORY_SITE, EG_REPOSITORY_VENDOR};
    char notice[EG_NOTICE_SIZE];
    eg_update_feed_status status = {.refused = {.serial = 0}};
    for (size_t i = 0; i < EG_COUNT(order) && status.refused.serial == 0; i++) {
        if (updates->repositories[order[i]].feed) {
            eg_update_feed_status_get(updates->repositories[order[i]].feed, &status);
        }
    }
    if (status.refused.serial == 0) {
        eg_notices_clear(updates->options.notices, EG_TOPIC_PACK);
        return;
    }
    snprintf(notice, sizeof(notice), "%" PRIu64 ": %s", status.refused.serial,
             status.refused.reason);
    eg_notices_set(updates->options.notices, EG_TOPIC_PACK, notice);
}

/* Of the site's feed, if there is one: that is where somebody can do something. */
static void on_changed(void *user)
{
    repository *r = user;
    eg_updates *updates = r->updates;
    eg_update_feed_status status;
    eg_rules_summary summary;
    show_refused(updates);
    repository *shown = &updates->repositories[EG_REPOSITORY_SITE];
    shown = shown->feed ? shown : &updates->repositories[EG_REPOSITORY_VENDOR];
    if (!shown->feed || !updates->rules) {
        return;
    }
    eg_update_feed_status_get(shown->feed, &status);
    eg_rules_summarize(updates->rules, &summary);
    const eg_update_state state = {
        .state = status.state,
        .serial = status.serial ? status.serial : summary.serial,
        .time = status.last_look,
        .by_courier = status.by_courier,
        .failure = status.failure,
        .error = eg_str_from(status.error),
    };
    updates->options.post(updates->options.user, &state);
}

/* ---- life ---- */

static void find_proxy(void *user, const char *url, eg_buf *out)
{
    repository *r = user;
    eg_str set = eg_buf_str(&r->updates->options.settings->rules_proxy);
    if (eg_str_equal(set, EG_STR("none"))) {
        return;
    }
    if (set.len > 0) {
        eg_buf_append_str(out, set);
    } else if (eg_system_proxy_find(url, out) != EG_OK) {
        eg_log(EG_LOG_INFO, "update", "%s: no proxy of the system: %s", r->name,
               eg_error_message());
        eg_buf_clear(out);
    }
}

static int open_feed(repository *r, const eg_repository_settings *set)
{
    const eg_updates_options *options = &r->updates->options;
    const eg_settings *settings = options->settings;
    int status = eg_path_join(&r->folder, options->folder, r->name);
    if (status == EG_OK) {
        status = eg_pack_tester_create(options->programs, &r->tester);
    }
    const eg_update_feed_options feed = {
        .name = r->name,
        .folder = eg_buf_cstr(&r->folder),
        .url = eg_buf_cstr(&set->url),
        .root_path = eg_buf_cstr(&set->root),
        .channel = settings->rules_doorbell ? eg_buf_cstr(&settings->rules_channel) : NULL,
        .http = {.user_agent = "EmoGuard/" EG_VERSION_STRING,
                 .ca_pem = r->updates->ca.len > 0 ? eg_buf_str(&r->updates->ca) : EG_STR_NONE,
                 .connect_ms = CONNECT_MS,
                 .silence_s = SILENCE_S},
        .courier = {r->updates->courier, eg_courier_get},
        .agent_id = eg_buf_str(&r->updates->agent_id),
        .canary = eg_str_equal(eg_buf_str(&settings->rules_channel), EG_STR("canary")),
        .hold = set->hold,
        .poll_ms = (uint32_t)settings->rules_poll_minutes * 60000,
        .first_ms = (uint32_t)settings->rules_first_poll_seconds * 1000,
        .owner = {r, on_test, on_activate, on_news},
        .sample = on_sample,
        .find_proxy = find_proxy,
        .changed = on_changed,
    };
    return status == EG_OK ? eg_update_feed_open(&feed, &r->feed) : status;
}

/* What the PC had before is in force from the first event. */
static void load_held(repository *r)
{
    eg_bundle bundle;
    uint64_t serial = 0;
    eg_bundle_init(&bundle);
    int status = eg_update_feed_load(r->feed, &bundle, &serial);
    if (status == EG_OK) {
        status = take_bundle(r, &bundle, serial);
    }
    if (status != EG_OK && status != EG_E_NOTFOUND) {
        eg_log(EG_LOG_ERROR, "update", "%s: %s", r->name, eg_error_message());
    }
    eg_bundle_done(&bundle);
}

static void open_repository(eg_updates *updates, size_t index)
{
    repository *r = &updates->repositories[index];
    const eg_repository_settings *set = &updates->options.settings->repository[index];
    char text[EG_NOTICE_SIZE];
    if (set->url.len == 0) {
        return;
    }
    if (open_feed(r, set) == EG_OK) {
        load_held(r);
        return;
    }
    snprintf(text, sizeof(text), "no rules from the %s repository: %s", r->name,
             eg_error_message());
    eg_log(EG_LOG_ERROR, "update", "%s", text);
    eg_notices_set(updates->options.notices, "updates", text);
}

static void wake_trays(void *user)
{
    eg_updates *updates = user;
    updates->options.wake_trays(updates->options.user);
}

static void tray_arrived(void *user)
{
    eg_updates_wake(user);
}

static int open_courier(eg_updates *updates)
{
    eg_str set = eg_buf_str(&updates->options.settings->rules_courier);
    const eg_courier_options options = {.stored_login = eg_str_equal(set, EG_STR("stored")),
                                        .hand_over_ms = COURIER_HAND_OVER_MS,
                                        .user = updates,
                                        .wake = wake_trays,
                                        .arrived = tray_arrived};
    return eg_str_equal(set, EG_STR("off")) ? EG_OK
                                            : eg_courier_create(&options, &updates->courier);
}

int eg_updates_open(const eg_updates_options *options, eg_updates **out)
{
    eg_updates *updates;
    const char *ca = eg_buf_cstr(&options->settings->rules_ca_file);
    bool any = false;
    for (size_t i = 0; i < EG_REPOSITORY_COUNT; i++) {
        any = any || options->settings->repository[i].url.len > 0;
    }
    if (!any) {
        return eg_fail(EG_E_NOTFOUND, "no repository is set");
    }
    updates = eg_alloc_zero(1, sizeof(*updates));
    if (!updates) {
        return EG_E_NOMEM;
    }
    updates->options = *options;
    int status = eg_mutex_init(&updates->packs_lock);
    if (status != EG_OK) {
        eg_free(updates);
        return status;
    }
    eg_buf_init(&updates->agent_id, 128);
    eg_buf_init(&updates->ca, CA_MAX);
    for (size_t i = 0; i < EG_REPOSITORY_COUNT; i++) {
        repository *r = &updates->repositories[i];
        r->updates = updates;
        r->name = names[i];
        eg_buf_init(&r->folder, PATH_MAX_BYTES);
        eg_bundle_init(&r->bundle);
        eg_pack_init(&r->pack);
    }
    status = eg_buf_append_str(&updates->agent_id, options->agent_id);
    if (status == EG_OK && ca[0] != '\0') {
        status = eg_file_read(ca, CA_MAX, &updates->ca);
    }
    if (status == EG_OK) {
        status = open_courier(updates);
    }
    if (status != EG_OK) {
        eg_updates_destroy(updates);
        return status;
    }
    for (size_t i = 0; i < EG_REPOSITORY_COUNT; i++) {
        open_repository(updates, i);
    }
    *out = updates;
    return EG_OK;
}

void eg_updates_destroy(eg_updates *updates)
{
    if (!updates) {
        return;
    }
    for (size_t i = 0; i < EG_REPOSITORY_COUNT; i++) {
        repository *r = &updates->repositories[i];
        eg_update_feed_destroy(r->feed);
        eg_pack_tester_destroy(r->tester);
        eg_pack_done(&r->pack);
        eg_bundle_done(&r->bundle);
        eg_buf_done(&r->folder);
    }
    eg_courier_destroy(updates->courier);
    eg_buf_done(&updates->ca);
    eg_buf_done(&updates->agent_id);
    eg_mutex_done(&updates->packs_lock);
    eg_free(updates);
}

static void on_network(void *user)
{
    eg_updates_network_changed(user);
}

int eg_updates_start(eg_updates *updates, eg_rules *rules)
{
    int status = EG_OK;
    updates->rules = rules;
    for (size_t i = 0; i < EG_REPOSITORY_COUNT && status == EG_OK; i++) {
        repository *r = &updates->repositories[i];
        if (r->feed) {
            on_changed(r);
            status = eg_update_feed_start(r->feed);
        }
    }
    if (status == EG_OK &&
        eg_network_watch_start(on_network, updates, &updates->network) != EG_OK) {
        eg_log(EG_LOG_WARNING, "update", "%s", eg_error_message());
    }
    return status;
}

void eg_updates_stop(eg_updates *updates)
{
    eg_courier_cancel(eg_updates_courier(updates));
    if (updates) {
        eg_network_watch_end(updates->network);
        updates->network = NULL;
    }
    for (size_t i = 0; updates && i < EG_REPOSITORY_COUNT; i++) {
        repository *r = &updates->repositories[i];
        if (r->feed) {
            eg_pack_tester_stop(r->tester);
            eg_update_feed_stop(r->feed);
        }
    }
}

int eg_updates_join(eg_updates *updates, uint32_t milliseconds)
{
    int status = EG_OK;
    uint64_t end = eg_deadline_after(milliseconds);
    for (size_t i = 0; i < EG_REPOSITORY_COUNT; i++) {
        eg_update_feed *feed = updates->repositories[i].feed;
        uint64_t now = eg_clock_monotonic_ns();
        uint32_t left = now < end ? (uint32_t)((end - now) / 1000000) : 0;
        int joined = feed ? eg_update_feed_join(feed, left) : EG_OK;
        status = status == EG_OK ? joined : status;
    }
    return status;
}

void eg_updates_wake(eg_updates *updates)
{
    for (size_t i = 0; i < EG_REPOSITORY_COUNT; i++) {
        repository *r = &updates->repositories[i];
        if (r->feed) {
            eg_update_feed_wake(r->feed);
            on_changed(r);
        }
    }
}

void eg_updates_network_changed(eg_updates *updates)
{
    for (size_t i = 0; i < EG_REPOSITORY_COUNT; i++) {
        if (updates->repositories[i].feed) {
            eg_update_feed_network_changed(updates->repositories[i].feed);
        }
    }
}

eg_courier *eg_updates_courier(const eg_updates *updates)
{
    return updates ? updates->courier : NULL;
}

/* ---- status ---- */

static void put_time(eg_json *json, const char *key, uint64_t time)
{
    char text[EG_TIME_TEXT_SIZE] = "";
    if (time > 0) {
        eg_time_format(time, text);
    }
    eg_json_put_str(json, key, eg_str_from(text));
}

static void write_rejected(repository *r, eg_json *json, size_t max)
{
    eg_agent_rejected *list = eg_alloc(EG_AGENT_STATE_REJECTED_MAX * sizeof(*list));
    size_t count = list ? eg_update_feed_rejected_get(r->feed, list) : 0;
    char archive[2 * EG_HASH256_SIZE + 1];
    eg_json_key(json, "rejected");
    eg_json_array(json);
    for (size_t i = 0; i < count && i < max; i++) {
        eg_hex_encode(list[i].archive, EG_HASH256_SIZE, archive);
        eg_json_object(json);
        eg_json_put_u64(json, "serial", list[i].serial);
        eg_json_put_str(json, "archive", eg_str_from(archive));
        put_time(json, "time", list[i].time);
        eg_json_put_str(json, "reason", eg_utf8_cut(eg_str_from(list[i].reason), REASON_SHOWN));
        eg_json_object_end(json);
    }
    eg_json_array_end(json);
    eg_free(list);
}

static void write_feed(repository *r, const char *url, eg_json *json, size_t rejected_max)
{
    eg_update_feed_status status;
    eg_update_feed_status_get(r->feed, &status);
    eg_json_object(json);
    eg_json_put_str(json, "repository", eg_str_from(r->name));
    eg_json_put_str(json, "url", eg_str_from(url));
    eg_json_put_u64(json, "serial", status.serial);
    eg_json_put_bool(json, "on_trial", status.on_trial);
    eg_json_put_str(json, "state", eg_str_from(eg_update_state_names[status.state]));
    eg_json_put_str(json, "error", eg_str_from(status.error));
    eg_json_put_bool(json, "stale", status.stale);
    eg_json_put_bool(json, "clock_error", status.clock_error);
    eg_json_put_bool(json, "by_courier", status.by_courier);
    eg_json_put_str(json, "bell", eg_str_from(status.bell));
    put_time(json, "last_look", status.last_look);
    put_time(json, "last_success", status.last_success);
    put_time(json, "next_look", status.next_look);
    write_rejected(r, json, rejected_max);
    eg_json_object_end(json);
}

void eg_updates_write(eg_updates *updates, eg_json *json, size_t rejected_max)
{
    eg_json_array(json);
    for (size_t i = 0; i < EG_REPOSITORY_COUNT; i++) {
        repository *r = &updates->repositories[i];
        if (r->feed) {
            write_feed(r, eg_buf_cstr(&updates->options.settings->repository[i].url), json,
                       rejected_max);
        }
    }
    eg_json_array_end(json);
}
