/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "service/rules.c"
#include "service/status.c"
#include "tests/unit/temp_folder.h"

#define DEADLINE_MS 30000

/* In the place of service/updates.c: no repository is set here. */
void eg_updates_write(eg_updates *updates, eg_json *json, size_t rejected_max)
{
    EG_UNUSED(updates);
    EG_UNUSED(rejected_max);
    eg_json_null(json);
}

static const char good_rule[] = "title: A good rule\n"
                                "id: 0b5a0000-0000-4000-8000-000000000001\n"
                                "status: test\n"
                                "logsource:\n"
                                "    category: process_creation\n"
                                "    product: windows\n"
                                "detection:\n"
                                "    selection:\n"
                                "        Image|endswith: '\\evil.exe'\n"
                                "    condition: selection\n"
                                "level: high\n";
static const char bad_rule[] = "title: A broken rule\n"
                               "id: 0b5a0000-0000-4000-8000-000000000002\n"
                               "logsource:\n"
                               "    category: process_creation\n"
                               "    product: windows\n"
                               "detection:\n"
                               "    selection:\n"
                               "        Image|nosuchmodifier: x\n"
                               "    condition: selection\n";

static const char other_rule[] = "title: Another good rule\n"
                                 "id: 0b5a0000-0000-4000-8000-000000000003\n"
                                 "status: test\n"
                                 "logsource:\n"
                                 "    category: process_creation\n"
                                 "    product: windows\n"
                                 "detection:\n"
                                 "    selection:\n"
                                 "        Image|endswith: '\\other.exe'\n"
                                 "    condition: selection\n"
                                 "level: high\n";

/* What the callback saw. */
typedef struct settled {
    eg_atomic count;
    eg_atomic good;
    eg_atomic first;
} settled;

static void on_settled(void *user, eg_rules *rules, int status, bool first)
{
    settled *seen = user;
    EG_UNUSED(rules);
    if (status == EG_OK) {
        eg_atomic_add(&seen->good, 1);
    }
    if (first) {
        eg_atomic_add(&seen->first, 1);
    }
    eg_atomic_add(&seen->count, 1);
}

static void ignore_log(void *user, eg_log_level level, const char *area, const char *line)
{
    EG_UNUSED(user);
    EG_UNUSED(level);
    EG_UNUSED(area);
    EG_UNUSED(line);
}

static int set_up(void **state)
{
    eg_log_set_sink(ignore_log, NULL);
    return eg_test_folder_make(state);
}

static int tear_down(void **state)
{
    eg_log_set_sink(NULL, NULL);
    return eg_test_folder_remove(state);
}

static void wait_for(const eg_atomic *counter, int64_t at_least)
{
    uint64_t end = eg_clock_monotonic_ns() + UINT64_C(1000000) * DEADLINE_MS;
    while (eg_atomic_get(counter) < at_least) {
        assert_true(eg_clock_monotonic_ns() < end);
        eg_thread_sleep_ms(1);
    }
}

static eg_rules *start(const char *path, settled *seen)
{
    eg_rules_options options = {.path = path, .retry_ms = 10, .user = seen, .settled = on_settled};
    eg_rules *rules = NULL;
    assert_int_equal(eg_rules_start(&options, &rules), EG_OK);
    wait_for(&seen->count, 1);
    return rules;
}

static void stop(eg_rules *rules)
{
    eg_rules_stop(rules);
    assert_int_equal(eg_rules_join(rules, DEADLINE_MS), EG_OK);
    eg_rules_destroy(rules);
}

static void put_file(const char *path, const char *text)
{
    assert_int_equal(eg_file_append(path, text, strlen(text)), EG_OK);
}

static void rules__folder_missing__says_so_and_finds_it_later(void **state)
{
    const char *path = eg_test_path(*state, "rules");
    settled seen = {0};
    eg_buf text;
    eg_json json;
    eg_rules *rules = start(path, &seen);
    assert_int_equal(eg_atomic_get(&seen.good), 0);
    eg_buf_init(&text, 30000);
    eg_json_begin(&json, &text);
    eg_rules_write(rules, &json, SIZE_MAX);
    assert_non_null(strstr(eg_buf_cstr(&text), "\"state\":\"missing\""));
    eg_buf_done(&text);

    assert_int_equal(eg_dir_create(eg_test_path(*state, "new")), EG_OK);
    put_file(eg_test_path(*state, "new/good.yml"), good_rule);
    assert_int_equal(eg_file_move(eg_test_path(*state, "new"), path), EG_OK);
    wait_for(&seen.good, 1);
    assert_int_equal(eg_atomic_get(&seen.first), 1);
    eg_ruleset *set = eg_ruleset_slot_get(eg_rules_slot(rules));
    assert_non_null(set);
    eg_ruleset_unref(set);
    stop(rules);
}

static void rules__one_is_broken__names_it_and_uses_the_rest(void **state)
{
    settled seen = {0};
    eg_rules_summary summary;
    eg_buf text;
    eg_json json;
    put_file(eg_test_path(*state, "good.yml"), good_rule);
    put_file(eg_test_path(*state, "bad.yml"), bad_rule);
    eg_rules *rules = start(*state, &seen);
    assert_int_equal(eg_atomic_get(&seen.good), 1);
    eg_rules_summarize(rules, &summary);
    assert_int_equal(summary.loaded, 1);
    assert_int_equal(summary.rejected, 1);
    assert_non_null(strstr(summary.first_problem, "bad.yml:8: "));
    eg_buf_init(&text, 30000);
    eg_json_begin(&json, &text);
    eg_rules_write(rules, &json, SIZE_MAX);
    assert_non_null(strstr(eg_buf_cstr(&text), "\"line\":8"));
    assert_non_null(strstr(eg_buf_cstr(&text), "nosuchmodifier"));
    eg_buf_done(&text);
    stop(rules);
}

static void rules__many_are_broken__keeps_the_first_twenty(void **state)
{
    settled seen = {0};
    char name[32];
    eg_buf text;
    eg_json json;
    put_file(eg_test_path(*state, "good.yml"), good_rule);
    for (int i = 0; i < 30; i++) {
        snprintf(name, sizeof(name), "bad%02d.yml", i);
        put_file(eg_test_path(*state, name), bad_rule);
    }
    eg_rules *rules = start(*state, &seen);
    eg_buf_init(&text, 30000);
    eg_json_begin(&json, &text);
    eg_rules_write(rules, &json, SIZE_MAX);
    assert_int_equal(text.status, EG_OK);
    assert_non_null(strstr(eg_buf_cstr(&text), "bad19.yml"));
    assert_null(strstr(eg_buf_cstr(&text), "bad20.yml"));
    eg_buf_done(&text);
    stop(rules);
}

static size_t rules_in_slot(eg_rules *rules)
{
    eg_ruleset_stats stats;
    eg_ruleset *set = eg_ruleset_slot_get(eg_rules_slot(rules));
    assert_non_null(set);
    eg_ruleset_stats_get(set, &stats);
    eg_ruleset_unref(set);
    return stats.loaded;
}

static void reload__files_changed__swaps_and_tells(void **state)
{
    settled seen = {0};
    eg_rules_summary summary;
    put_file(eg_test_path(*state, "good.yml"), good_rule);
    eg_rules *rules = start(*state, &seen);
    eg_ruleset *old = eg_ruleset_slot_get(eg_rules_slot(rules));
    put_file(eg_test_path(*state, "bad.yml"), bad_rule);
    put_file(eg_test_path(*state, "other.yml"), other_rule);
    assert_int_equal(eg_rules_reload(rules), EG_OK);
    assert_int_equal(eg_atomic_get(&seen.count), 2);
    assert_int_equal(eg_atomic_get(&seen.first), 1);
    eg_rules_summarize(rules, &summary);
    assert_int_equal(summary.loaded, 2);
    assert_int_equal(summary.rejected, 1);
    assert_int_equal(rules_in_slot(rules), 2);
    assert_int_equal(eg_sigma_set_size(eg_ruleset_sigma(old)),
                     1); /* who matches with it, goes on */
    eg_ruleset_unref(old);
    stop(rules);
}

static void reload__that_fails__keeps_what_was_loaded(void **state)
{
    const char *path = eg_test_path(*state, "rules");
    settled seen = {0};
    eg_rules_summary summary;
    eg_buf text;
    eg_json json;
    assert_int_equal(eg_dir_create(path), EG_OK);
    put_file(eg_test_path(*state, "rules/good.yml"), good_rule);
    eg_rules *rules = start(path, &seen);
    assert_int_equal(eg_file_move(path, eg_test_path(*state, "gone")), EG_OK);
    assert_int_equal(eg_rules_reload(rules), EG_E_NOTFOUND);
    assert_int_equal(eg_atomic_get(&seen.count), 1);
    eg_rules_summarize(rules, &summary);
    assert_int_equal(summary.loaded, 1);
    assert_int_equal(rules_in_slot(rules), 1);
    eg_buf_init(&text, 30000);
    eg_json_begin(&json, &text);
    eg_rules_write(rules, &json, SIZE_MAX);
    assert_non_null(strstr(eg_buf_cstr(&text), "\"state\":\"loaded\""));
    eg_buf_done(&text);
    stop(rules);
}

/* Rules that come from memory, as those of a repository do. */
typedef struct lender {
    settled seen; /* first: on_settled takes the same pointer */
    eg_pack_file files[2];
    eg_atomic lent, returned;
} lender;

static void lend(void *user, eg_rules_sources *out)
{
    lender *l = user;
    eg_atomic_add(&l->lent, 1);
    out->item[out->count++] = (eg_ruleset_source){"site", l->files, EG_COUNT(l->files), 0};
}

static void give_back(void *user)
{
    lender *l = user;
    eg_atomic_add(&l->returned, 1);
}

static void reload_often(void *arg)
{
    for (int i = 0; i < 20; i++) {
        assert_int_equal(eg_rules_reload(arg), EG_OK);
    }
}

static void reload__from_two_threads__loads_one_after_the_other(void **state)
{
    lender l = {.files = {{EG_STR("pack.json"), EG_STR("{\"name\":\"x\",\"serial\":1}")},
                          {EG_STR("sigma/other.yml"), eg_str_from(other_rule)}}};
    eg_rules_options options = {.path = *state,
                                .retry_ms = 10,
                                .user = &l,
                                .settled = on_settled,
                                .sources = lend,
                                .release = give_back};
    eg_rules *rules = NULL;
    eg_thread *thread = NULL;
    put_file(eg_test_path(*state, "good.yml"), good_rule);
    assert_int_equal(eg_rules_start(&options, &rules), EG_OK);
    assert_int_equal(eg_thread_start(&thread, "reload", reload_often, rules), EG_OK);
    reload_often(rules);
    eg_thread_join(thread);
    wait_for(&l.seen.count, 41);
    assert_int_equal(eg_atomic_get(&l.seen.good), 41);
    assert_int_equal(eg_atomic_get(&l.seen.first), 1);
    assert_int_equal(eg_atomic_get(&l.lent), 41);
    assert_int_equal(eg_atomic_get(&l.returned), 41);
    assert_int_equal(rules_in_slot(rules), 2);
    stop(rules);
}

static void fill(eg_clients *clients, eg_notices *notices, size_t count)
{
    eg_client client = {0};
    size_t index = 0;
    snprintf(client.kind, sizeof(client.kind), "tray");
    memset(client.window, 'w', sizeof(client.window) - 1);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(eg_clients_add(clients, &client, &index), EG_OK);
    }
    eg_notices_set(notices, "store", "the disk is full");
}

static void status__all_parts__is_one_object_with_what_is_documented(void **state)
{
    EG_UNUSED(state);
    static const char *const members[] = {
        "version",        "pid",       "uptime_seconds", "data_folder", "database", "pipe",
        "settings_error", "rules",     "counters",       "last_hit",    "sensors",  "clients",
        "notices",        "shortened", "recent_hits",    "files",       "scans",    "lifetime"};
    eg_clients clients;
    eg_notices notices;
    eg_buf text;
    yyjson_doc *document = NULL;
    assert_int_equal(eg_clients_init(&clients), EG_OK);
    assert_int_equal(eg_notices_init(&notices), EG_OK);
    fill(&clients, &notices, 1);
    eg_status_view view = {0};
    view.pid = 12;
    view.data_folder = "C:\\ProgramData\\EmoGuard";
    view.clients = &clients;
    view.notices = &notices;
    view.hits.stored = 3;
    view.forgotten = 44;
    view.worker = (eg_scan_worker_counts){.starts = 5, .stops = 4, .bytes_peak = 77};
    view.last_hit_id = 9;
    view.last_hit_time = UINT64_C(134116992000000000);
    eg_buf_init(&text, 30000);
    assert_int_equal(eg_status_write(&view, &text), EG_OK);
    assert_int_equal(eg_json_parse(eg_buf_str(&text), &document), EG_OK);
    yyjson_val *root = yyjson_doc_get_root(document);
    for (size_t i = 0; i < EG_COUNT(members); i++) {
        assert_non_null(yyjson_obj_get(root, members[i]));
    }
    assert_int_equal(eg_json_get_u64(root, "pid", 0), 12);
    assert_int_equal(eg_json_get_u64(yyjson_obj_get(root, "counters"), "hits", 0), 3);
    assert_int_equal(eg_json_get_u64(yyjson_obj_get(root, "counters"), "forgotten", 0), 44);
    yyjson_val *worker = yyjson_obj_get(yyjson_obj_get(root, "scans"), "worker");
    assert_int_equal(eg_json_get_u64(worker, "starts", 0), 5);
    assert_int_equal(eg_json_get_u64(worker, "stops", 0), 4);
    assert_int_equal(eg_json_get_u64(worker, "bytes_peak", 0), 77);
    assert_int_equal(eg_json_get_u64(yyjson_obj_get(root, "last_hit"), "id", 0), 9);
    assert_int_equal(yyjson_arr_size(yyjson_obj_get(root, "clients")), 1);
    assert_int_equal(yyjson_arr_size(yyjson_obj_get(root, "notices")), 1);
    assert_false(eg_json_get_bool(root, "shortened", true));
    yyjson_doc_free(document);
    eg_buf_done(&text);
    eg_notices_done(&notices);
    eg_clients_done(&clients);
}

static void status__too_long__is_shortened_and_says_so(void **state)
{
    EG_UNUSED(state);
    eg_clients clients;
    eg_notices notices;
    eg_buf text;
    yyjson_doc *document = NULL;
    assert_int_equal(eg_clients_init(&clients), EG_OK);
    assert_int_equal(eg_notices_init(&notices), EG_OK);
    fill(&clients, &notices, EG_CLIENTS_MAX);
    eg_status_view view = {0};
    view.clients = &clients;
    view.notices = &notices;
    eg_buf_init(&text, 10000);
    assert_int_equal(eg_status_write(&view, &text), EG_OK);
    assert_int_equal(eg_json_parse(eg_buf_str(&text), &document), EG_OK);
    yyjson_val *root = yyjson_doc_get_root(document);
    assert_true(eg_json_get_bool(root, "shortened", false));
    assert_int_equal(yyjson_arr_size(yyjson_obj_get(root, "clients")), 16);
    yyjson_doc_free(document);
    eg_buf_done(&text);
    eg_notices_done(&notices);
    eg_clients_done(&clients);
}

static void status__hits_stored__lists_the_newest_first(void **state)
{
    eg_store *store = NULL;
    eg_status_view view = {0};
    eg_event event;
    eg_hit hit = {.count = 1, .level = EG_LEVEL_HIGH, .rule_id = EG_STR("r")};
    int64_t id = 0;
    bool is_new = false;
    char long_name[1000];
    yyjson_doc *document = NULL;
    eg_buf text;

    memset(long_name, 'p', sizeof(long_name));
    eg_event_init(&event, EG_KIND_TASK_REGISTERED);
    assert_int_equal(
        eg_store_open(eg_test_path(*state, "hits.db"), EG_STORE_READ_WRITE, NULL, &store), EG_OK);
    hit.event_json =
        EG_STR("{\"channel\":\"EmoGuard\",\"event_id\":106,\"fields\":{\"TaskName\":\"\\\\T\"}}");
    hit.program = EG_STR("older");
    assert_int_equal(eg_store_add_hit(store, &hit, &event, &id, &is_new), EG_OK);
    hit.program = (eg_str){long_name, sizeof(long_name)};
    assert_int_equal(eg_store_add_hit(store, &hit, &event, &id, &is_new), EG_OK);
    view.store = store;
    eg_buf_init(&text, 30000);
    assert_int_equal(eg_status_write(&view, &text), EG_OK);
    assert_int_equal(eg_json_parse(eg_buf_str(&text), &document), EG_OK);
    yyjson_val *hits = yyjson_obj_get(yyjson_doc_get_root(document), "recent_hits");
    assert_int_equal(yyjson_arr_size(hits), 2);
    yyjson_val *newest = yyjson_arr_get(hits, 0);
    assert_true((int64_t)eg_json_get_u64(newest, "id", 0) == id);
    assert_int_equal(eg_json_get_str(newest, "program").len, HIT_TEXT_MAX);
    assert_true(eg_str_equal(eg_json_get_str(newest, "kind"), EG_STR("task_registered")));
    assert_true(eg_str_equal(eg_json_get_str(newest, "target"), EG_STR("\\T")));
    yyjson_val *older = yyjson_arr_get(hits, 1);
    assert_true(eg_str_equal(eg_json_get_str(older, "program"), EG_STR("older")));
    yyjson_doc_free(document);
    eg_buf_done(&text);
    eg_store_close(store);
}

static void put_exception(eg_store *store, const char *rule, uint64_t created, uint64_t expires)
{
    int64_t id = 0;
    eg_exception exception = {.rule_id = eg_str_from(rule),
                              .created_time = created,
                              .expires_time = expires,
                              .reason = EG_STR("ours")};
    assert_int_equal(eg_store_add_exception(store, &exception, &id), EG_OK);
}

static void status__exceptions__tells_what_ended_and_what_has_no_rule(void **state)
{
    const char *path = eg_test_path(*state, "rules");
    uint64_t now = eg_clock_utc(), day = EG_TICKS_PER_SECOND * 86400;
    settled seen = {0};
    eg_status_view view = {0};
    eg_buf text;
    assert_int_equal(eg_dir_create(path), EG_OK);
    put_file(eg_test_path(*state, "rules/good.yml"), good_rule);
    view.rules = start(path, &seen);
    assert_int_equal(
        eg_store_open(eg_test_path(*state, "hits.db"), EG_STORE_READ_WRITE, NULL, &view.store),
        EG_OK);
    put_exception(view.store, "0b5a0000-0000-4000-8000-000000000001", now, 0);
    put_exception(view.store, "gone", now, now + day);
    put_exception(view.store, "r", now - 40 * day, now - 2 * day);
    put_exception(view.store, "r", now - 90 * day, now - 31 * day);
    put_exception(view.store, "gone", now, 0);
    assert_int_equal(eg_store_revoke_exception(view.store, 5, now, EG_STR("me")), EG_OK);
    eg_buf_init(&text, 30000);
    assert_int_equal(eg_status_write(&view, &text), EG_OK);
    assert_non_null(strstr(eg_buf_cstr(&text),
                           "\"exceptions\":{\"in_force\":2,\"hidden\":0,\"of_pack\":0,"
                           "\"expired\":[3],\"without_rule\":[2]}"));
    eg_buf_done(&text);
    eg_store_close(view.store);
    stop(view.rules);
}

static void clients__table_full__refuses(void **state)
{
    EG_UNUSED(state);
    eg_clients clients;
    eg_notices notices;
    eg_client one_more = {0};
    size_t index = 0;
    assert_int_equal(eg_clients_init(&clients), EG_OK);
    assert_int_equal(eg_notices_init(&notices), EG_OK);
    fill(&clients, &notices, EG_CLIENTS_MAX);
    assert_int_equal(eg_clients_add(&clients, &one_more, &index), EG_E_LIMIT);
    eg_clients_remove(&clients, 5);
    assert_int_equal(eg_clients_add(&clients, &one_more, &index), EG_OK);
    assert_int_equal(index, 5);
    eg_notices_done(&notices);
    eg_clients_done(&clients);
}

static void clients__title_too_long__is_cut_at_a_character(void **state)
{
    EG_UNUSED(state);
    eg_clients clients;
    eg_client client = {0};
    size_t index = 0;
    char title[3 * EG_CLIENT_WINDOW_SIZE + 1];
    for (size_t i = 0; i + 3 < sizeof(title); i += 3) {
        memcpy(title + i, "題", 4);
    }
    assert_int_equal(eg_clients_init(&clients), EG_OK);
    assert_int_equal(eg_clients_add(&clients, &client, &index), EG_OK);
    eg_clients_set_window(&clients, index, eg_str_from(title));
    assert_int_equal(strlen(clients.list[index].window), (EG_CLIENT_WINDOW_SIZE - 1) / 3 * 3);
    eg_clients_done(&clients);
}

int eg_test_service_status(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rules__folder_missing__says_so_and_finds_it_later, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(rules__one_is_broken__names_it_and_uses_the_rest, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(rules__many_are_broken__keeps_the_first_twenty, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(reload__files_changed__swaps_and_tells, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reload__that_fails__keeps_what_was_loaded, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(reload__from_two_threads__loads_one_after_the_other, set_up,
                                        tear_down),
        cmocka_unit_test(status__all_parts__is_one_object_with_what_is_documented),
        cmocka_unit_test(status__too_long__is_shortened_and_says_so),
        cmocka_unit_test_setup_teardown(status__hits_stored__lists_the_newest_first,
                                        eg_test_folder_make, eg_test_folder_remove),
        cmocka_unit_test_setup_teardown(status__exceptions__tells_what_ended_and_what_has_no_rule,
                                        set_up, tear_down),
        cmocka_unit_test(clients__table_full__refuses),
        cmocka_unit_test(clients__title_too_long__is_cut_at_a_character),
    };
    return cmocka_run_group_tests_name("service_status", tests, NULL, NULL);
}
