/* SPDX-License-Identifier: Apache-2.0 */
/* What the publisher writes is what our client reads, and it never writes half of it. */
#include "tests/unit/unit.h"

#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/update/client.h"
#include "core/update/publication.h"
#include "core/update/source.h"
#include "tests/unit/alloc.h"
#include "tests/unit/temp_folder.h"
#include "tests/unit/tuf_repository.h"

#include <stdio.h>
#include <string.h>

#define KEYS 5 /* two for root, targets, online, and one that nobody trusts yet */
enum { ROOT_KEY, SECOND_ROOT_KEY, TARGETS_KEY, ONLINE_KEY, NEW_KEY };

typedef struct fixture {
    void *folder;
    char repo[4096];
    eg_secret_key keys[KEYS];
    char hex[KEYS][2 * EG_ED25519_PUBLIC_SIZE + 1];
    eg_tuf_key public_keys[KEYS];
    const eg_tuf_key *places[KEYS];
    eg_tuf_role roles[EG_TUF_KIND_COUNT];
    eg_publication_order order;
    unsigned written;
} fixture;

static fixture shared;

static int set_up(void **state)
{
    fixture *f = &shared;
    memset(f, 0, sizeof(*f));
    assert_int_equal(eg_crypto_init(), EG_OK);
    assert_int_equal(eg_test_folder_make(&f->folder), EG_OK);
    snprintf(f->repo, sizeof(f->repo), "%s", eg_test_path(f->folder, "repo"));
    for (int i = 0; i < KEYS; i++) {
        assert_int_equal(eg_secret_key_create("root", &f->keys[i]), EG_OK);
        eg_hex_encode(f->keys[i].public_key, EG_ED25519_PUBLIC_SIZE, f->hex[i]);
        f->public_keys[i] = (eg_tuf_key){eg_str_from(f->keys[i].id), EG_STR("ed25519"),
                                         EG_STR("ed25519"), eg_str_from(f->hex[i])};
        f->places[i] = &f->public_keys[i];
    }
    f->roles[EG_TUF_ROOT] = (eg_tuf_role){&f->places[ROOT_KEY], 2, 2};
    f->roles[EG_TUF_TARGETS] = (eg_tuf_role){&f->places[TARGETS_KEY], 1, 1};
    f->roles[EG_TUF_SNAPSHOT] = (eg_tuf_role){&f->places[ONLINE_KEY], 1, 1};
    f->roles[EG_TUF_TIMESTAMP] = f->roles[EG_TUF_SNAPSHOT];
    f->order = (eg_publication_order){.now = eg_test_now(),
                                      .days = {730, 14, 30, 180},
                                      .keys = f->keys,
                                      .key_count = KEYS,
                                      .targets = true,
                                      .roles = f->roles};
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    return eg_test_folder_remove(&f->folder);
}

static void begin(fixture *f)
{
    eg_publication p;
    assert_int_equal(eg_publication_begin(f->repo, &p), EG_OK);
    assert_int_equal(eg_publication_sign(&p, &f->order, &f->written), EG_OK);
    assert_int_equal(f->written, 15);
    eg_publication_close(&p);
    f->order.roles = NULL;
}

static int draft(eg_publication *p, const char *path, const char *content)
{
    eg_tuf_target target;
    eg_publish_describe(eg_str_from(content), &target);
    target.path = eg_str_from(path);
    int status = eg_publication_put_target(p, &target, eg_str_from(content));
    return status == EG_OK ? eg_publication_put_draft(p, &target, 1) : status;
}

static void publish(fixture *f, const char *path, const char *content)
{
    eg_publication p;
    assert_int_equal(eg_publication_open(f->repo, &p), EG_OK);
    assert_int_equal(draft(&p, path, content), EG_OK);
    assert_int_equal(eg_publication_sign(&p, &f->order, &f->written), EG_OK);
    assert_null(p.draft);
    eg_publication_close(&p);
}

/* A client with a state of its own under `name` follows; returns the targets version. */
static uint64_t follow(const fixture *f, const char *name)
{
    eg_source_options options = {.url = f->repo};
    eg_tuf_settings settings = {.state_path = eg_test_path(f->folder, name)};
    eg_source *source = NULL;
    eg_tuf_client *client = NULL;
    eg_tuf_status told;
    eg_buf root;
    eg_buf_init(&root, EG_PUBLICATION_FILE_MAX);
    assert_int_equal(
        eg_file_read(eg_test_path(f->repo, "metadata/1.root.json"), EG_PUBLICATION_FILE_MAX, &root),
        EG_OK);
    assert_int_equal(eg_source_create(&options, &source), EG_OK);
    settings.installed_root = eg_buf_str(&root);
    settings.fetcher = eg_source_fetcher(source);
    eg_tuf_options_default(&settings.options);
    assert_int_equal(eg_tuf_client_open(&client, &settings), EG_OK);
    if (eg_tuf_client_refresh(client, f->order.now, &told) != EG_OK) {
        fail_msg("the client does not follow: %s", eg_error_message());
    }
    assert_int_equal(told.stale, 0);
    eg_tuf_client_close(client);
    eg_source_destroy(source);
    eg_buf_done(&root);
    return told.version[EG_TUF_TARGETS];
}

static void publication__that_was_made__is_accepted_by_the_client(void **state)
{
    fixture *f = *state;
    begin(f);
    assert_int_equal(follow(f, "state"), 1);
    publish(f, "rules/1.x", "content");
    assert_int_equal(f->written, 14);
    assert_int_equal(follow(f, "state"), 2);
    publish(f, "rules/2.x", "other");
    assert_int_equal(follow(f, "state"), 3);
    assert_int_equal(follow(f, "another state"), 3);
}

static void publication__refreshed__renews_the_timestamp_and_an_old_snapshot(void **state)
{
    fixture *f = *state;
    eg_publication p;
    begin(f);
    f->order.targets = false;
    f->order.key_count = 1;
    f->order.keys = &f->keys[ONLINE_KEY];
    assert_int_equal(eg_publication_open(f->repo, &p), EG_OK);
    assert_int_equal(eg_publication_sign(&p, &f->order, &f->written), EG_OK);
    assert_int_equal(f->written, 1u << EG_TUF_TIMESTAMP);
    assert_true(p.published[EG_TUF_TIMESTAMP]->signed_at == f->order.now);
    f->order.now += 21 * 86400 * EG_TICKS_PER_SECOND;
    assert_int_equal(eg_publication_sign(&p, &f->order, &f->written), EG_OK);
    assert_int_equal(f->written, 1u << EG_TUF_TIMESTAMP | 1u << EG_TUF_SNAPSHOT);
    eg_publication_close(&p);
    assert_int_equal(follow(f, "state"), 1);
}

static void publication__with_too_few_keys__writes_nothing(void **state)
{
    fixture *f = *state;
    eg_publication p;
    begin(f);
    assert_int_equal(eg_publication_open(f->repo, &p), EG_OK);
    f->order.key_count = 1; /* one root key */
    assert_int_equal(eg_publication_sign(&p, &f->order, &f->written), EG_E_DENIED);
    f->order.roles = f->roles;
    assert_int_equal(eg_publication_sign(&p, &f->order, &f->written), EG_E_DENIED);
    assert_non_null(strstr(eg_error_message(), "too few keys"));
    eg_publication_close(&p);
    assert_false(eg_file_exists(eg_test_path(f->repo, "metadata/2.root.json")));
    assert_false(eg_file_exists(eg_test_path(f->repo, "metadata/2.targets.json")));
}

static void keys__rotated__are_followed_from_the_first_root(void **state)
{
    fixture *f = *state;
    eg_publication p;
    begin(f);
    assert_int_equal(follow(f, "state"), 1);
    f->roles[EG_TUF_TARGETS].keys = &f->places[NEW_KEY];
    f->order.roles = f->roles;
    f->order.targets = false;
    assert_int_equal(eg_publication_open(f->repo, &p), EG_OK);
    assert_int_equal(eg_publication_sign(&p, &f->order, &f->written), EG_OK);
    assert_int_equal(f->written, 15);
    /* By both, so that PCs with either root trust it. */
    assert_int_equal(p.published[EG_TUF_TARGETS]->signature_count, 2);
    eg_publication_close(&p);
    assert_int_equal(follow(f, "state"), 2);
    assert_int_equal(follow(f, "another state"), 2);
}

static void publication__that_was_damaged__is_not_opened(void **state)
{
    static const char *const names[] = {"metadata/1.root.json", "metadata/1.targets.json",
                                        "metadata/1.snapshot.json", "metadata/timestamp.json"};
    fixture *f = *state;
    eg_publication p;
    begin(f);
    for (size_t i = 0; i < EG_COUNT(names); i++) {
        eg_buf bytes;
        eg_buf_init(&bytes, EG_PUBLICATION_FILE_MAX);
        const char *path = eg_test_path(f->repo, names[i]);
        assert_int_equal(eg_file_read(path, EG_PUBLICATION_FILE_MAX, &bytes), EG_OK);
        char *year = strstr(bytes.data, "\"expires\":\"20");
        assert_non_null(year);
        year[13]++;
        assert_int_equal(eg_file_write_atomic(path, bytes.data, bytes.len), EG_OK);
        assert_int_equal(eg_publication_open(f->repo, &p), EG_E_INVALID);
        year[13]--;
        assert_int_equal(eg_file_write_atomic(path, bytes.data, bytes.len), EG_OK);
        eg_buf_done(&bytes);
    }
    assert_int_equal(eg_publication_open(f->repo, &p), EG_OK);
    eg_publication_close(&p);
    assert_int_equal(eg_publication_begin(f->repo, &p), EG_E_EXISTS);
    assert_int_equal(eg_publication_open(f->folder, &p), EG_E_NOTFOUND);
}

static void release__written__is_read_back(void **state)
{
    eg_release out, release = {.name = EG_STR("site"),
                               .serial = 2026112301,
                               .engine_min = EG_STR("0.1"),
                               .archive_size = 4096,
                               .spread_s = 30,
                               .stages = {{0, 10}, {0, 1000}},
                               .stage_count = 2,
                               .guard = {50, 5}};
    eg_tuf_target target = {.path = EG_STR("rules/x.tar.zst")};
    yyjson_doc *document = NULL;
    eg_json json;
    eg_buf text;
    EG_UNUSED(state);
    memset(release.archive, 0xA5, sizeof(release.archive));
    release.stages[0].after = eg_test_now();
    release.stages[1].after = eg_test_now() + 3600 * EG_TICKS_PER_SECOND;
    eg_buf_init(&text, 4096);
    eg_json_begin(&json, &text);
    eg_publish_release(&release, &json);
    assert_int_equal(eg_json_parse(eg_buf_str(&text), &document), EG_OK);
    target.custom = yyjson_doc_get_root(document);
    assert_int_equal(eg_release_read(&target, &out), EG_OK);
    assert_true(out.serial == release.serial && out.spread_s == 30 && out.stage_count == 2);
    assert_true(out.stages[1].after == release.stages[1].after && out.stages[1].permille == 1000);
    assert_true(out.guard.max_hits_per_hour == 50 && out.guard.max_slowdown == 5);
    assert_true(eg_str_equal(out.name, release.name));
    assert_memory_equal(out.archive, release.archive, sizeof(out.archive));
    yyjson_doc_free(document);
    eg_buf_done(&text);
}

static int open_draft_and_sign(void *arg)
{
    fixture *f = arg;
    eg_publication p;
    int status = eg_publication_open(f->repo, &p);
    if (status != EG_OK) {
        return status;
    }
    status = draft(&p, "rules/1.x", "content");
    if (status == EG_OK) {
        status = eg_publication_sign(&p, &f->order, &f->written);
    }
    eg_publication_close(&p);
    return status;
}

static void publication__when_memory_runs_out__stays_whole(void **state)
{
    fixture *f = *state;
    begin(f);
    assert_true(eg_test_each_allocation_fails(open_draft_and_sign, f) > 100);
    assert_true(follow(f, "state") >= 2);
}

int eg_test_publication(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(publication__that_was_made__is_accepted_by_the_client,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            publication__refreshed__renews_the_timestamp_and_an_old_snapshot, set_up, tear_down),
        cmocka_unit_test_setup_teardown(publication__with_too_few_keys__writes_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(keys__rotated__are_followed_from_the_first_root, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(publication__that_was_damaged__is_not_opened, set_up,
                                        tear_down),
        cmocka_unit_test(release__written__is_read_back),
        cmocka_unit_test_setup_teardown(publication__when_memory_runs_out__stays_whole, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests_name("publication", tests, NULL, NULL);
}
