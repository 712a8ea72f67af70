/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each attack alters an honest repository. Nothing of it may be trusted, the reason is told, and
 * the honest repository is accepted afterwards.
 */
#include "tests/unit/unit.h"

#include "core/base/status.h"
#include "tests/unit/pack_fixture.h"
#include "tests/unit/tuf_fixture.h"

#include <stdio.h>
#include <string.h>

#define ONLINE (EG_PUBLISH_SNAPSHOT | EG_PUBLISH_TIMESTAMP)
#define NEW_RULES (EG_PUBLISH_TARGETS | ONLINE)
#define MUTATIONS 10000

/* ---- signatures ---- */

/* Which document, how it is published, what stays trusted. */
typedef struct role_case {
    unsigned publish;
    uint64_t trusted[4];
    const char *name;
} role_case;

static const role_case role_cases[] = {
    {EG_PUBLISH_ROOT, {1, 1, 1, 1}, "root"},
    {EG_PUBLISH_TIMESTAMP, {1, 1, 1, 1}, "timestamp"},
    {ONLINE, {1, 2, 1, 1}, "snapshot"},
    {NEW_RULES, {1, 2, 2, 1}, "targets"},
};

static eg_test_tuf_role *role_named(eg_test_repository *r, size_t at)
{
    eg_test_tuf_role *const roles[] = {&r->root, &r->timestamp, &r->snapshot, &r->targets[0].role};
    return roles[at];
}

static void metadata__signed_by_a_stranger__is_refused(void **state)
{
    for (size_t i = 0; i < EG_COUNT(role_cases); i++) {
        eg_tuf_fixture *fix = *state;
        const role_case *c = &role_cases[i];
        eg_tuf_fixture_accepts(fix);
        role_named(&fix->repository, i)->signers[0] = 99;
        eg_test_publish_next(&fix->repository, c->publish);
        eg_tuf_fixture_refuses(fix, EG_TUF_REFUSED, "bears 0 valid signatures");
        assert_non_null(strstr(eg_error_message(), c->name));
        eg_tuf_fixture_trusts(fix, c->trusted[0], c->trusted[1], c->trusted[2], c->trusted[3]);
        assert_int_equal(eg_tuf_fixture_tear_down(state), 0);
        assert_int_equal(eg_tuf_fixture_set_up(state), 0);
    }
}

static void metadata__below_the_threshold__is_refused(void **state)
{
    eg_tuf_fixture *fix = *state;
    eg_test_repository *r = &fix->repository;
    r->snapshot = (eg_test_tuf_role){{3, 31, 32}, {3, 32}, 2, 1, 30};
    eg_test_publish_next(r, EG_PUBLISH_ALL);
    eg_tuf_fixture_accepts(fix);
    r->snapshot.signers[1] = 0;
    eg_test_publish_next(r, ONLINE);
    eg_tuf_fixture_refuses(fix, EG_TUF_REFUSED, "bears 1 valid signatures of its 3 keys, 2 are");
    r->snapshot.signers[1] = 77; /* another's */
    eg_test_publish_next(r, ONLINE);
    eg_tuf_fixture_refuses(fix, EG_TUF_REFUSED, "bears 1 valid signatures");
    eg_tuf_fixture_trusts(fix, 2, 4, 2, 2);
    r->snapshot.signers[2] = 31;
    eg_test_publish_next(r, ONLINE);
    eg_tuf_fixture_accepts(fix);
    /* more than there are keys for */
    r->snapshot.threshold = 4;
    eg_test_publish_next(r, EG_PUBLISH_ROOT | ONLINE);
    eg_tuf_fixture_refuses(fix, EG_TUF_REFUSED, "of its 3 keys, 4 are needed");
}

static void metadata__with_one_key_twice__is_refused(void **state)
{
    eg_tuf_fixture *fix = *state;
    eg_test_repository *r = &fix->repository;
    r->snapshot.signers[1] = 3;
    eg_test_publish_next(r, ONLINE);
    eg_tuf_fixture_refuses(fix, EG_TUF_REFUSED, "two signatures of one key");
    r->snapshot.signers[1] = 0;
    r->snapshot.keys[1] = 3;
    r->snapshot.threshold = 2;
    eg_test_publish_next(r, EG_PUBLISH_ROOT | ONLINE);
    eg_tuf_fixture_refuses(fix, EG_TUF_REFUSED, "stands twice");
}

static void metadata__signed_with_a_revoked_key__is_refused(void **state)
{
    eg_tuf_fixture *fix = *state;
    eg_test_repository *r = &fix->repository;
    eg_tuf_fixture_accepts(fix);
    r->targets[0].role.keys[0] = 44; /* the root no longer names key 4, which still signs */
    eg_test_publish_next(r, EG_PUBLISH_ROOT | NEW_RULES);
    eg_tuf_fixture_refuses(fix, EG_TUF_REFUSED, "targets version 2 bears 0 valid signatures");
    eg_tuf_fixture_trusts(fix, 2, 2, 2, 0);
    assert_null(eg_tuf_client_targets(fix->client));
    r->targets[0].role.signers[0] = 44;
    eg_test_publish_next(r, NEW_RULES);
    eg_tuf_fixture_accepts(fix);
    eg_tuf_fixture_trusts(fix, 2, 3, 3, 3);
}

static void metadata__of_another_role__is_refused(void **state)
{
    eg_tuf_fixture *fix = *state;
    eg_test_repository *r = &fix->repository;
    eg_test_sign_with(&r->snapshot, 2); /* the timestamp's key */
    eg_test_publish_next(r, EG_PUBLISH_ALL);
    const eg_test_file *file = eg_test_served(r, "metadata/2.snapshot.json");
    eg_test_serve(r, "metadata/timestamp.json", file->bytes, file->size);
    eg_tuf_fixture_refuses(fix, EG_TUF_REFUSED, "its \"_type\" is \"snapshot\"");
}

/* ---- the chain of roots ---- */

static void root__without_its_chain__is_refused(void **state)
{
    eg_tuf_fixture *fix = *state;
    eg_test_repository *r = &fix->repository;
    eg_tuf_fixture_accepts(fix);
    /* all keys replaced, signed only by the new ones */
    eg_test_sign_with(&r->root, 91);
    eg_test_publish_next(r, EG_PUBLISH_ALL);
    eg_tuf_fixture_refuses(fix, EG_TUF_REFUSED, "root (old keys)");
    /* only by the old one */
    r->root.signers[0] = 1;
    eg_test_publish_as_is(r, EG_PUBLISH_ROOT);
    eg_tuf_fixture_refuses(fix, EG_TUF_REFUSED, "root (its own keys)");
    /* by both, but a version is left out */
    r->root.signers[1] = 91;
    r->root.version = 3;
    eg_test_publish_as_is(r, EG_PUBLISH_ROOT);
    const eg_test_file *file = eg_test_served(r, "metadata/3.root.json");
    eg_test_serve(r, "metadata/2.root.json", file->bytes, file->size);
    eg_tuf_fixture_refuses(fix, EG_TUF_REFUSED, "version 3 where 2 must follow");
    eg_tuf_fixture_trusts(fix, 1, 1, 1, 1);
    r->root.version = 2;
    eg_test_publish_as_is(r, EG_PUBLISH_ROOT);
    eg_tuf_fixture_accepts(fix);
}

/* ---- going back ---- */

static void timestamp__that_is_older__is_refused(void **state)
{
    eg_tuf_fixture *fix = *state;
    eg_test_repository *r = &fix->repository;
    eg_test_publish_next(r, EG_PUBLISH_TIMESTAMP);
    eg_tuf_fixture_accepts(fix);
    r->timestamp.version = 1;
    eg_test_publish_as_is(r, EG_PUBLISH_TIMESTAMP);
    eg_tuf_fixture_refuses(fix, EG_TUF_REFUSED, "version 1 is older than the trusted 2");
    assert_int_equal(eg_tuf_fixture_open(fix), EG_OK);
    eg_tuf_fixture_refuses(fix, EG_TUF_REFUSED, "version 1 is older than the trusted 2");
    r->timestamp.version = 3;
    r->snapshot.version = 2;
    eg_test_publish_as_is(r, ONLINE);
    eg_tuf_fixture_accepts(fix);
    r->timestamp.version = 4;
    r->snapshot.version = 1;
    eg_test_publish_as_is(r, ONLINE);
    eg_tuf_fixture_refuses(fix, EG_TUF_REFUSED, "snapshot version 1 is older than the trusted 2");
    eg_tuf_fixture_trusts(fix, 1, 3, 2, 1);
}

static void snapshot__with_older_or_fewer_targets__is_refused(void **state)
{
    eg_tuf_fixture *fix = *state;
    eg_test_repository *r = &fix->repository;
    r->targets[1] = (eg_test_targets){.name = "team", .role = {{21}, {21}, 1, 1, 30}};
    eg_test_publish_next(r, NEW_RULES);
    eg_tuf_fixture_accepts(fix);
    r->targets[0].role.version = 1;
    eg_test_publish_next(r, ONLINE);
    eg_tuf_fixture_refuses(fix, EG_TUF_REFUSED, "version 1 of targets.json, older than");
    r->targets[0].role.version = 2;
    r->targets[1].unlisted = true;
    eg_test_publish_next(r, ONLINE);
    eg_tuf_fixture_refuses(fix, EG_TUF_REFUSED, "no longer lists team.json");
    eg_tuf_fixture_trusts(fix, 1, 4, 2, 2);
}

static void fast_forward__is_recovered_from_by_new_keys(void **state)
{
    eg_tuf_fixture *fix = *state;
    eg_test_repository *r = &fix->repository;
    eg_tuf_fixture_accepts(fix);
    r->timestamp.version = r->snapshot.version = r->targets[0].role.version = INT32_MAX;
    r->signed_at = "2099-01-01T00:00:00Z";
    eg_test_publish_as_is(r, NEW_RULES);
    eg_tuf_fixture_accepts(fix);
    assert_int_equal(fix->status.stale, 15);
    r->timestamp.version = r->snapshot.version = r->targets[0].role.version = 2;
    r->signed_at = NULL;
    eg_test_publish_as_is(r, NEW_RULES);
    eg_tuf_fixture_refuses(fix, EG_TUF_REFUSED, "older than the trusted");
    eg_test_sign_with(&r->timestamp, 22);
    eg_test_sign_with(&r->snapshot, 23);
    eg_test_publish_as_is(r, NEW_RULES);
    eg_test_publish_next(r, EG_PUBLISH_ROOT);
    eg_tuf_fixture_accepts(fix);
    eg_tuf_fixture_trusts(fix, 2, 2, 2, 2);
    assert_int_equal(fix->status.stale, 0);
    assert_false(fix->status.clock_error);
}

/* ---- mixing ---- */

static void snapshot__of_another_publication__is_refused(void **state)
{
    eg_tuf_fixture *fix = *state;
    eg_test_repository *r = &fix->repository;
    r->hashes = true;
    eg_test_publish_next(r, NEW_RULES);
    const eg_test_file *file = eg_test_served(r, "metadata/2.snapshot.json");
    char *bytes = eg_copy_bytes(file->bytes, file->size);
    size_t size = file->size;
    /* of the same version, as properly signed, with other targets */
    r->targets[0].targets[0].content = "other rules";
    eg_test_publish_as_is(r, EG_PUBLISH_TARGETS);
    r->timestamp.version = 3;
    eg_test_publish_as_is(r, ONLINE);
    eg_test_serve(r, "metadata/2.snapshot.json", bytes, size);
    eg_tuf_fixture_refuses(fix, EG_TUF_REFUSED, "snapshot.json");
    eg_free(bytes);
    eg_test_publish_as_is(r, EG_PUBLISH_SNAPSHOT);
    eg_tuf_fixture_accepts(fix);
    eg_tuf_fixture_trusts(fix, 1, 3, 2, 2);
}

static void metadata__of_another_version_than_listed__is_refused(void **state)
{
    eg_tuf_fixture *fix = *state;
    eg_test_repository *r = &fix->repository;
    eg_test_publish_next(r, NEW_RULES);
    const eg_test_file *file = eg_test_served(r, "metadata/1.targets.json");
    eg_test_serve(r, "metadata/2.targets.json", file->bytes, file->size);
    eg_tuf_fixture_refuses(fix, EG_TUF_REFUSED, "targets: version 1 came where 2 is listed");
    file = eg_test_served(r, "metadata/1.snapshot.json");
    r->snapshot.version = 3;
    eg_test_publish_next(r, EG_PUBLISH_TIMESTAMP);
    eg_test_serve(r, "metadata/3.snapshot.json", file->bytes, file->size);
    eg_tuf_fixture_refuses(fix, EG_TUF_REFUSED, "snapshot: version 1 came where 3 is listed");
}

/* ---- sizes ---- */

static void metadata__without_end__is_cut_off(void **state)
{
    static const char *const names[] = {"metadata/2.root.json", "metadata/timestamp.json",
                                        "metadata/2.snapshot.json", "metadata/2.targets.json"};
    eg_tuf_fixture *fix = *state;
    eg_test_repository *r = &fix->repository;
    eg_tuf_fixture_accepts(fix);
    eg_test_publish_next(r, NEW_RULES);
    for (size_t i = 0; i < EG_COUNT(names); i++) {
        r->endless = names[i];
        eg_tuf_fixture_refuses(fix, EG_TUF_REFUSED, "larger than the");
    }
    r->endless = NULL;
    eg_tuf_fixture_accepts(fix);
}

static void metadata__cut_off_anywhere__is_refused(void **state)
{
    static const char *const names[] = {"metadata/timestamp.json", "metadata/2.snapshot.json",
                                        "metadata/2.targets.json"};
    eg_tuf_fixture *fix = *state;
    eg_test_repository *r = &fix->repository;
    eg_tuf_fixture_accepts(fix);
    eg_test_publish_next(r, NEW_RULES);
    for (size_t i = 0; i < EG_COUNT(names); i++) {
        const eg_test_file *file = eg_test_served(r, names[i]);
        size_t size = file->size;
        char *bytes = eg_copy_bytes(file->bytes, size);
        for (size_t cut = 0; cut + 1 < size; cut += 13) { /* without its line feed it is whole */
            eg_test_serve(r, names[i], bytes, cut);
            assert_int_equal(eg_tuf_fixture_refresh(fix), EG_E_INVALID);
            assert_true(fix->status.outcome == EG_TUF_NOT_METADATA ||
                        fix->status.outcome == EG_TUF_REFUSED); /* it ends with a brace */
        }
        eg_test_serve(r, names[i], bytes, size);
        r->broken = names[i];
        eg_tuf_fixture_refuses(fix, EG_TUF_UNREACHABLE, "the line broke");
        r->broken = NULL;
        eg_free(bytes);
    }
    eg_tuf_fixture_accepts(fix);
}

/* ---- targets ---- */

static void target__that_is_not_the_signed_one__is_refused(void **state)
{
    eg_tuf_fixture *fix = *state;
    eg_test_repository *r = &fix->repository;
    char name[256];
    eg_tuf_fixture_accepts(fix);
    eg_test_asked(r);
    assert_int_equal(eg_tuf_fixture_download(fix, "rules/pack.tar.zst"), EG_OK);
    snprintf(name, sizeof(name), "targets/%s", eg_test_asked(r));
    eg_test_serve(r, name, "rules of the worst day", 22);
    assert_int_equal(eg_tuf_fixture_download(fix, "rules/pack.tar.zst"), EG_E_INVALID);
    assert_non_null(strstr(eg_error_message(), "its hash is not the signed one"));
    eg_test_serve(r, name, "rules of the first", 18);
    assert_int_equal(eg_tuf_fixture_download(fix, "rules/pack.tar.zst"), EG_E_INVALID);
    assert_non_null(strstr(eg_error_message(), "18 bytes came of the signed 22"));
    eg_test_serve(r, name, "rules of the first day!", 23);
    assert_int_equal(eg_tuf_fixture_download(fix, "rules/pack.tar.zst"), EG_E_LIMIT);
    r->endless = name;
    assert_int_equal(eg_tuf_fixture_download(fix, "rules/pack.tar.zst"), EG_E_LIMIT);
    assert_true(fix->target.len <= 22);
}

static void target__that_cannot_be_verified__is_not_fetched(void **state)
{
    static const eg_test_target odd[] = {
        {.path = "a.bin", .content = "a", .hash = "md5"},
        {.path = "../up.bin", .content = "b"},
        {.path = "x/../../up.bin", .content = "c"},
        {.path = "/rooted.bin", .content = "d"},
    };
    eg_tuf_fixture *fix = *state;
    eg_test_repository *r = &fix->repository;
    memcpy(r->targets[0].targets, odd, sizeof(odd));
    eg_test_publish_as_is(r, EG_PUBLISH_ALL);
    eg_tuf_fixture_accepts(fix);
    eg_test_asked(r);
    assert_int_equal(eg_tuf_fixture_download(fix, "a.bin"), EG_E_UNSUPPORTED);
    for (size_t i = 1; i < EG_COUNT(odd); i++) {
        assert_int_equal(eg_tuf_fixture_download(fix, odd[i].path), EG_E_INVALID);
    }
    assert_string_equal(eg_test_asked(r), "");
    fix->options.target_max = 10;
    r->targets[0].targets[0] = (eg_test_target){.path = "large.bin", .content = "more than ten"};
    eg_test_publish_next(r, NEW_RULES);
    assert_int_equal(eg_tuf_fixture_open(fix), EG_OK);
    eg_tuf_fixture_accepts(fix);
    assert_int_equal(eg_tuf_fixture_download(fix, "large.bin"), EG_E_LIMIT);
}

/* ---- random damage ---- */

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* Changes one to four places; false when the text came out as it was. */
static bool mutate(eg_buf *text, const eg_test_file *file, uint64_t *seed)
{
    eg_buf_clear(text);
    eg_buf_append(text, file->bytes, file->size);
    uint64_t changes = 1 + next_random(seed) % 4;
    for (uint64_t i = 0; i < changes && text->len > 1; i++) {
        size_t at = (size_t)(next_random(seed) % (text->len - 1));
        switch (next_random(seed) % 4) {
        case 0: text->data[at] = (char)(text->data[at] ^ (1 << next_random(seed) % 8)); break;
        case 1: text->data[at] = (char)next_random(seed); break;
        case 2: memmove(text->data + at, text->data + at + 1, --text->len - at); break;
        default: text->data[at] = text->data[next_random(seed) % text->len]; break;
        }
    }
    return text->len != file->size || memcmp(text->data, file->bytes, file->size) != 0;
}

/*
 * A change that leaves the meaning (white space, an escape, a signature's upper case, a member
 * outside of "signed") may be accepted: the canonical form that is signed must then be the same.
 */
static bool means_the_same(const eg_buf *text, const eg_tuf_metadata *honest)
{
    eg_tuf_metadata *metadata = NULL;
    if (eg_tuf_metadata_read(eg_buf_str(text), honest->kind, &metadata) != EG_OK) {
        return false;
    }
    bool same = eg_str_equal(metadata->signed_bytes, honest->signed_bytes);
    eg_tuf_metadata_destroy(metadata);
    return same;
}

static void check_refused(eg_tuf_fixture *fix, const eg_buf *text, const eg_tuf_metadata *honest)
{
    eg_tuf_status before;
    eg_tuf_client_status(fix->client, fix->now, &before);
    if (eg_tuf_fixture_refresh(fix) == EG_OK) {
        if (!means_the_same(text, honest)) {
            fail_msg("accepted: %.*s", EG_STR_ARGS(eg_buf_str(text)));
        }
        return;
    }
    assert_true(strlen(eg_error_message()) > 8);
    assert_true(fix->status.outcome == EG_TUF_REFUSED ||
                fix->status.outcome == EG_TUF_NOT_METADATA);
    assert_int_equal(fix->status.version[honest->kind], before.version[honest->kind]);
}

static void check_mutations_of(eg_tuf_fixture *fix, const char *name, eg_tuf_kind kind)
{
    uint64_t seed = 20261123;
    eg_buf text, honest_text;
    eg_tuf_metadata *honest = NULL;
    const eg_test_file *file = eg_test_served(&fix->repository, name);
    eg_buf_init(&text, file->size);
    eg_buf_init(&honest_text, file->size);
    eg_buf_append(&honest_text, file->bytes, file->size);
    eg_test_file kept = {NULL, honest_text.data, honest_text.len};
    assert_int_equal(eg_tuf_metadata_read(eg_buf_str(&honest_text), kind, &honest), EG_OK);
    for (int i = 0; i < MUTATIONS; i++) {
        if (mutate(&text, &kept, &seed) && !means_the_same(&text, honest)) {
            eg_test_serve(&fix->repository, name, text.data, text.len);
            check_refused(fix, &text, honest);
        }
    }
    eg_test_serve(&fix->repository, name, honest_text.data, honest_text.len);
    eg_tuf_metadata_destroy(honest);
    eg_buf_done(&honest_text);
    eg_buf_done(&text);
}

static void metadata__mutated_10000_times_each__is_never_accepted(void **state)
{
    eg_tuf_fixture *fix = *state;
    eg_tuf_fixture_accepts(fix);
    fix->repository.targets[0].targets[0].content = "rules of the second day";
    eg_test_publish_next(&fix->repository, EG_PUBLISH_ALL);
    check_mutations_of(fix, "metadata/2.root.json", EG_TUF_ROOT);
    eg_tuf_fixture_trusts(fix, 1, 1, 1, 1);
    check_mutations_of(fix, "metadata/timestamp.json", EG_TUF_TIMESTAMP);
    eg_tuf_fixture_trusts(fix, 2, 1, 1, 1);
    check_mutations_of(fix, "metadata/2.snapshot.json", EG_TUF_SNAPSHOT);
    eg_tuf_fixture_trusts(fix, 2, 2, 1, 1);
    check_mutations_of(fix, "metadata/2.targets.json", EG_TUF_TARGETS);
    eg_tuf_fixture_trusts(fix, 2, 2, 2, 1);
    eg_tuf_fixture_accepts(fix);
    eg_tuf_fixture_trusts(fix, 2, 2, 2, 2);
    assert_int_equal(eg_tuf_fixture_refresh(fix), EG_OK);
    assert_int_equal(eg_tuf_fixture_download(fix, "rules/pack.tar.zst"), EG_OK);
}

static void pack__mutated_10000_times__is_never_accepted(void **state)
{
    eg_tuf_fixture *fix = *state;
    eg_test_repository *r = &fix->repository;
    char name[256];
    uint64_t seed = 20261124;
    eg_test_pack pack;
    eg_buf bytes;
    memset(&pack, 0, sizeof(pack));
    eg_bundle_init(&pack.bundle);
    eg_buf_init(&pack.packed, 1024 * 1024);
    eg_buf_init(&bytes, 1024 * 1024);
    eg_test_pack_make(&pack, 2026112301, "");
    const eg_test_file honest = {NULL, pack.packed.data, pack.packed.len};
    r->targets[0].targets[0] = (eg_test_target){
        .path = pack.path, .bytes = eg_buf_str(&pack.packed), .custom = pack.custom};
    eg_test_publish_next(r, EG_PUBLISH_ALL);
    eg_tuf_fixture_accepts(fix);
    eg_test_asked(r);
    assert_int_equal(eg_tuf_fixture_download(fix, pack.path), EG_OK);
    snprintf(name, sizeof(name), "targets/%s", eg_test_asked(r));
    for (int i = 0; i < MUTATIONS; i++) {
        if (mutate(&bytes, &honest, &seed)) {
            eg_test_serve(r, name, bytes.data, bytes.len);
            int status = eg_tuf_fixture_download(fix, pack.path);
            assert_true(status == EG_E_INVALID || status == EG_E_LIMIT);
            assert_non_null(strstr(eg_error_message(), "signed"));
        }
    }
    eg_test_serve(r, name, pack.packed.data, pack.packed.len);
    assert_int_equal(eg_tuf_fixture_download(fix, pack.path), EG_OK);
    eg_buf_done(&bytes);
    eg_buf_done(&pack.packed);
    eg_bundle_done(&pack.bundle);
}

int eg_test_tuf_attack(void)
{
#define CASE(name) \
    cmocka_unit_test_setup_teardown(name, eg_tuf_fixture_set_up, eg_tuf_fixture_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(metadata__signed_by_a_stranger__is_refused),
        CASE(metadata__below_the_threshold__is_refused),
        CASE(metadata__with_one_key_twice__is_refused),
        CASE(metadata__signed_with_a_revoked_key__is_refused),
        CASE(metadata__of_another_role__is_refused),
        CASE(root__without_its_chain__is_refused),
        CASE(timestamp__that_is_older__is_refused),
        CASE(snapshot__with_older_or_fewer_targets__is_refused),
        CASE(fast_forward__is_recovered_from_by_new_keys),
        CASE(snapshot__of_another_publication__is_refused),
        CASE(metadata__of_another_version_than_listed__is_refused),
        CASE(metadata__without_end__is_cut_off),
        CASE(metadata__cut_off_anywhere__is_refused),
        CASE(target__that_is_not_the_signed_one__is_refused),
        CASE(target__that_cannot_be_verified__is_not_fetched),
        CASE(metadata__mutated_10000_times_each__is_never_accepted),
        CASE(pack__mutated_10000_times__is_never_accepted),
    };
#undef CASE
    return cmocka_run_group_tests_name("tuf_attack", tests, NULL, NULL);
}
