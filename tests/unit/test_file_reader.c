/* SPDX-License-Identifier: Apache-2.0 */
/* Finding out the facts of files, on files and digests made up here; and their spelling. */
#include "tests/unit/unit.h"

#include "core/base/compiler.h"
#include "core/base/os.h"
#include "core/detect/file_reader.h"
#include "tests/unit/alloc.h"

#include <string.h>

/* One file, as the calls show it, and what they were asked. */
typedef struct disk {
    eg_file_identity identity;
    int open_status, read_status, signature_status;
    bool changes;     /* while it is read */
    uint32_t slow_ms; /* of each read */
    eg_file_reader *stopped_by_read;
    eg_signature signature;
    size_t opened, closed, reads, signatures;
    size_t digests; /* that are open */
} disk;

static int disk_open(void *user, eg_str path, void **file)
{
    disk *d = user;
    EG_UNUSED(path);
    if (d->open_status != EG_OK) {
        return eg_fail(d->open_status, "not opened");
    }
    d->opened++;
    *file = d;
    return EG_OK;
}

static int disk_identify(void *file, eg_file_identity *out)
{
    disk *d = file;
    *out = d->identity;
    d->identity.changed += d->changes ? 1 : 0;
    return EG_OK;
}

static int disk_read(void *file, uint64_t offset, void *out, size_t size)
{
    disk *d = file;
    assert_true(offset <= d->identity.size && size <= d->identity.size - offset);
    d->reads++;
    memset(out, 'x', size);
    if (d->slow_ms > 0) {
        eg_thread_sleep_ms(d->slow_ms);
    }
    if (d->stopped_by_read) {
        eg_file_reader_stop(d->stopped_by_read);
    }
    return d->read_status == EG_OK ? EG_OK : eg_fail(d->read_status, "not read");
}

static int disk_signature(void *user, void *file, eg_str path, eg_signature *out)
{
    disk *d = user;
    EG_UNUSED(path);
    assert_ptr_equal(file, d);
    d->signatures++;
    *out = d->signature;
    return d->signature_status == EG_OK ? EG_OK : eg_fail(d->signature_status, "not checked");
}

static void disk_close(void *file)
{
    disk *d = file;
    d->closed++;
}

/* A digest that counts: its bytes are its kind and how much was added. */
typedef struct counting {
    disk *owner;
    eg_digest_kind kind;
    uint64_t size;
} counting;

static int digest_begin(void *user, eg_digest_kind kind, void **digest)
{
    disk *d = user;
    counting *made = eg_alloc_zero(1, sizeof(*made));
    if (!made) {
        return EG_E_NOMEM;
    }
    *made = (counting){d, kind, 0};
    d->digests++;
    *digest = made;
    return EG_OK;
}

static int digest_add(void *digest, const void *bytes, size_t size)
{
    counting *c = digest;
    EG_UNUSED(bytes);
    c->size += size;
    return EG_OK;
}

static int digest_end(void *digest, uint8_t *out)
{
    static const size_t sizes[EG_DIGEST_COUNT] = {EG_MD5_SIZE, EG_SHA1_SIZE, EG_SHA256_SIZE};
    const counting *c = digest;
    memset(out, 0xA0 + (int)c->kind, sizes[c->kind]);
    out[0] = (uint8_t)c->size;
    return EG_OK;
}

static void digest_drop(void *digest)
{
    counting *c = digest;
    if (c) {
        c->owner->digests--;
        eg_free(c);
    }
}

static eg_file_ops ops_of(disk *d)
{
    return (eg_file_ops){
        .user = d,
        .open = disk_open,
        .identify = disk_identify,
        .read = disk_read,
        .signature = disk_signature,
        .close = disk_close,
        .digests = {d, digest_begin, digest_add, digest_end, digest_drop},
    };
}

typedef struct fixture {
    disk disk;
    eg_file_reader *reader;
} fixture;

static const eg_file_limits limits = {.size_max = 1000000, .time_ms = 60000, .cache = 4};

static int setup_with(fixture *f, const eg_file_limits *with)
{
    memset(f, 0, sizeof(*f));
    f->disk.identity.size = 10;
    f->disk.signature = (eg_signature){EG_SIGNATURE_VALID, "Example Ltd."};
    eg_file_ops ops = ops_of(&f->disk);
    return eg_file_reader_create(&ops, with, &f->reader);
}

static int setup(void **state)
{
    static fixture made;
    assert_int_equal(setup_with(&made, &limits), EG_OK);
    *state = &made;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    assert_int_equal(f->disk.opened, f->disk.closed);
    assert_int_equal(f->disk.digests, 0);
    eg_file_reader_destroy(f->reader);
    return 0;
}

static eg_file_facts get(fixture *f, uint32_t wanted)
{
    eg_file_facts facts;
    assert_int_equal(eg_file_reader_get(f->reader, EG_STR("C:\\a.exe"), wanted, &facts), EG_OK);
    assert_int_equal(facts.known & ~wanted, 0);
    return facts;
}

static eg_file_counts counts(fixture *f)
{
    eg_file_counts found;
    eg_file_reader_counts(f->reader, &found);
    return found;
}

static void reader__same_file__is_read_once(void **state)
{
    fixture *f = *state;
    eg_file_facts facts = get(f, EG_FACTS_ALL);
    assert_int_equal(facts.known, EG_FACTS_ALL);
    assert_int_equal(facts.md5[0], 10);
    assert_int_equal(facts.sha1[1], 0xA1);
    assert_int_equal(facts.sha256[31], 0xA2);
    assert_int_equal(facts.imphash[0], 0); /* no program */
    assert_string_equal(facts.signature.signer, "Example Ltd.");
    size_t reads = f->disk.reads;
    facts = get(f, EG_FACTS_ALL);
    assert_int_equal(facts.known, EG_FACTS_ALL);
    assert_int_equal(f->disk.reads, reads);
    assert_int_equal(f->disk.signatures, 1);
    assert_int_equal(counts(f).read, 1);
    assert_int_equal(counts(f).remembered, 1);
}

static void reader__file_that_changed_or_was_replaced__is_read_again(void **state)
{
    fixture *f = *state;
    uint64_t *const parts[] = {&f->disk.identity.volume,  &f->disk.identity.id[0],
                               &f->disk.identity.id[1],   &f->disk.identity.size,
                               &f->disk.identity.written, &f->disk.identity.changed};
    get(f, EG_FACT_DIGESTS);
    for (size_t i = 0; i < EG_COUNT(parts); i++) {
        *parts[i] += 1;
        get(f, EG_FACT_DIGESTS);
        assert_int_equal(counts(f).read, i + 2);
    }
}

/* Only what is asked for is found out, and what is asked for later is added. */
static void reader__facts_asked_one_by_one__add_up(void **state)
{
    fixture *f = *state;
    assert_int_equal(get(f, EG_FACT_SIGNATURE).known, EG_FACT_SIGNATURE);
    assert_int_equal(f->disk.reads, 0);
    assert_int_equal(get(f, EG_FACT_DIGESTS).known, EG_FACT_DIGESTS);
    assert_int_equal(get(f, EG_FACT_DIGESTS | EG_FACT_SIGNATURE).known,
                     EG_FACT_DIGESTS | EG_FACT_SIGNATURE);
    assert_int_equal(f->disk.signatures, 1);
    assert_int_equal(counts(f).read, 2);
}

static void reader__more_files_than_the_cache_holds__forgets_the_oldest(void **state)
{
    fixture *f = *state;
    for (uint64_t i = 0; i < 5; i++) {
        f->disk.identity.id[0] = i;
        get(f, EG_FACT_DIGESTS);
    }
    f->disk.identity.id[0] = 4;
    get(f, EG_FACT_DIGESTS);
    assert_int_equal(counts(f).read, 5);
    f->disk.identity.id[0] = 0;
    get(f, EG_FACT_DIGESTS);
    assert_int_equal(counts(f).read, 6);
}

/* The imports of a padded program are still told: they stand at its beginning. */
static void reader__too_large__is_counted_and_keeps_the_imphash(void **state)
{
    fixture *f = *state;
    f->disk.identity.size = UINT64_C(4) * 1024 * 1024 * 1024;
    assert_int_equal(get(f, EG_FACTS_ALL).known, EG_FACT_IMPHASH);
    assert_int_equal(f->disk.signatures, 0);
    assert_true(f->disk.reads < 10);
    assert_int_equal(counts(f).too_large, 1);
    assert_int_equal(get(f, EG_FACTS_ALL).known, EG_FACT_IMPHASH);
    assert_int_equal(counts(f).too_large, 1); /* remembered */
    assert_int_equal(counts(f).remembered, 1);
}

static void reader__too_slow__is_counted_and_left(void **state)
{
    fixture f;
    const eg_file_limits hasty = {.size_max = UINT64_MAX, .time_ms = 1, .cache = 4};
    EG_UNUSED(state);
    assert_int_equal(setup_with(&f, &hasty), EG_OK);
    f.disk.identity.size = 100000000;
    f.disk.slow_ms = 5;
    assert_int_equal(get(&f, EG_FACT_DIGESTS).known, 0);
    assert_int_equal(f.disk.reads, 1);
    assert_int_equal(counts(&f).too_slow, 1);
    assert_int_equal(get(&f, EG_FACT_DIGESTS).known, 0);
    assert_int_equal(f.disk.reads, 1); /* not tried again */
    assert_int_equal(f.disk.digests, 0);
    eg_file_reader_destroy(f.reader);
}

static void reader__file_that_changes_while_it_is_read__gives_nothing(void **state)
{
    fixture *f = *state;
    f->disk.changes = true;
    assert_int_equal(get(f, EG_FACTS_ALL).known, 0);
    assert_int_equal(counts(f).changed, 1);
    f->disk.changes = false;
    assert_int_equal(get(f, EG_FACTS_ALL).known, EG_FACTS_ALL);
}

static void reader__not_readable__is_counted_by_reason(void **state)
{
    fixture *f = *state;
    f->disk.open_status = EG_E_UNSUPPORTED;
    assert_int_equal(get(f, EG_FACTS_ALL).known, 0);
    assert_int_equal(counts(f).elsewhere, 1);
    f->disk.open_status = EG_E_DENIED;
    assert_int_equal(get(f, EG_FACTS_ALL).known, 0);
    f->disk.open_status = EG_OK;
    f->disk.read_status = EG_E_IO;
    assert_int_equal(get(f, EG_FACTS_ALL).known, 0);
    f->disk.read_status = EG_OK;
    f->disk.signature_status = EG_E_IO;
    assert_int_equal(get(f, EG_FACTS_ALL).known, EG_FACT_DIGESTS | EG_FACT_IMPHASH);
    assert_int_equal(get(f, EG_FACTS_ALL).known, EG_FACT_DIGESTS | EG_FACT_IMPHASH);
    assert_int_equal(f->disk.signatures, 1); /* not asked again */
    assert_int_equal(counts(f).unreadable, 3);
    assert_int_equal(counts(f).elsewhere, 1);
}

static void reader__stopped__leaves_the_file(void **state)
{
    fixture *f = *state;
    eg_file_facts facts;
    f->disk.identity.size = 900000;
    f->disk.stopped_by_read = f->reader;
    assert_int_equal(eg_file_reader_get(f->reader, EG_STR("C:\\a"), EG_FACT_DIGESTS, &facts),
                     EG_E_CLOSED);
    assert_int_equal(f->disk.reads, 1);
}

static int make_and_get(void *arg)
{
    fixture f;
    eg_file_facts facts;
    EG_UNUSED(arg);
    int status = setup_with(&f, &limits);
    if (status == EG_OK) {
        status = eg_file_reader_get(f.reader, EG_STR("C:\\a"), EG_FACTS_ALL, &facts);
        assert_int_equal(f.disk.opened, f.disk.closed);
        assert_int_equal(f.disk.digests, 0);
    }
    eg_file_reader_destroy(f.reader);
    return status;
}

static void reader__no_memory__says_so(void **state)
{
    EG_UNUSED(state);
    assert_true(eg_test_each_allocation_fails(make_and_get, NULL) > 5);
}

/* ---- spelling ---- */

static void check_field(const eg_event *event, eg_field field, const char *expected)
{
    eg_str value = eg_event_get(event, field);
    assert_int_equal(value.len, expected ? strlen(expected) : 0);
    assert_true((value.ptr != NULL) == (expected != NULL));
    assert_memory_equal(value.ptr ? value.ptr : "", expected ? expected : "", value.len);
}

static void fill(eg_arena *arena, const eg_file_facts *facts, eg_event *event)
{
    eg_event_init(event, EG_KIND_PROCESS_START);
    assert_int_equal(eg_file_facts_fill(facts, arena, event), EG_OK);
}

static void facts__hashes__are_spelled_as_sysmon_does(void **state)
{
    eg_arena *arena = NULL;
    eg_event event;
    eg_file_facts facts = {.known = EG_FACT_DIGESTS | EG_FACT_IMPHASH};
    EG_UNUSED(state);
    assert_int_equal(eg_arena_create(&arena, 4096), EG_OK);
    facts.sha1[0] = 0x0A;
    facts.md5[15] = 0xF1;
    facts.sha256[0] = 0xFF;
    fill(arena, &facts, &event);
    check_field(
        &event, EG_FIELD_HASHES,
        "SHA1=0A00000000000000000000000000000000000000,MD5=000000000000000000000000000000F1,"
        "SHA256=FF00000000000000000000000000000000000000000000000000000000000000,"
        "IMPHASH=00000000000000000000000000000000");
    check_field(&event, EG_FIELD_IMPHASH, "00000000000000000000000000000000");
    check_field(&event, EG_FIELD_SIGNED, NULL);
    facts.known = EG_FACT_IMPHASH;
    fill(arena, &facts, &event);
    check_field(&event, EG_FIELD_HASHES, "IMPHASH=00000000000000000000000000000000");
    facts.known = 0;
    fill(arena, &facts, &event);
    check_field(&event, EG_FIELD_HASHES, NULL);
    check_field(&event, EG_FIELD_IMPHASH, NULL);
    eg_arena_destroy(arena);
}

static void facts__signatures__are_spelled_as_sysmon_does(void **state)
{
    static const struct {
        eg_signature signature;
        const char *is_signed, *signer, *status;
    } cases[] = {
        {{EG_SIGNATURE_NONE, ""}, "false", "-", "Unavailable"},
        {{EG_SIGNATURE_VALID, "Microsoft Windows"}, "true", "Microsoft Windows", "Valid"},
        {{EG_SIGNATURE_EXPIRED, "Example"}, "true", "Example", "Expired"},
        {{EG_SIGNATURE_REVOKED, "Example"}, "false", "Example", "Revoked"},
        {{EG_SIGNATURE_UNTRUSTED, "Example"}, "false", "Example", "Untrusted"},
        {{EG_SIGNATURE_BAD, ""}, "false", "-", "Invalid"},
    };
    eg_arena *arena = NULL;
    EG_UNUSED(state);
    assert_int_equal(eg_arena_create(&arena, 4096), EG_OK);
    for (size_t i = 0; i < EG_COUNT(cases); i++) {
        eg_event event;
        eg_file_facts facts = {.known = EG_FACT_SIGNATURE, .signature = cases[i].signature};
        fill(arena, &facts, &event);
        check_field(&event, EG_FIELD_SIGNED, cases[i].is_signed);
        check_field(&event, EG_FIELD_SIGNATURE, cases[i].signer);
        check_field(&event, EG_FIELD_SIGNATURE_STATUS, cases[i].status);
        check_field(&event, EG_FIELD_HASHES, NULL);
    }
    eg_arena_destroy(arena);
}

static void facts__of_a_field__are_named(void **state)
{
    EG_UNUSED(state);
    assert_int_equal(eg_file_facts_of_field(EG_STR("Hashes")), EG_FACT_DIGESTS | EG_FACT_IMPHASH);
    assert_int_equal(eg_file_facts_of_field(EG_STR("Imphash")), EG_FACT_IMPHASH);
    assert_int_equal(eg_file_facts_of_field(EG_STR("SignatureStatus")), EG_FACT_SIGNATURE);
    assert_int_equal(eg_file_facts_of_field(EG_STR("Image")), 0);
    assert_int_equal(eg_file_facts_of_field(EG_STR_NONE), 0);
}

int eg_test_file_reader(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reader__same_file__is_read_once, setup, teardown),
        cmocka_unit_test_setup_teardown(reader__file_that_changed_or_was_replaced__is_read_again,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(reader__facts_asked_one_by_one__add_up, setup, teardown),
        cmocka_unit_test_setup_teardown(reader__more_files_than_the_cache_holds__forgets_the_oldest,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(reader__too_large__is_counted_and_keeps_the_imphash, setup,
                                        teardown),
        cmocka_unit_test(reader__too_slow__is_counted_and_left),
        cmocka_unit_test_setup_teardown(reader__file_that_changes_while_it_is_read__gives_nothing,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(reader__not_readable__is_counted_by_reason, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(reader__stopped__leaves_the_file, setup, teardown),
        cmocka_unit_test(reader__no_memory__says_so),
        cmocka_unit_test(facts__hashes__are_spelled_as_sysmon_does),
        cmocka_unit_test(facts__signatures__are_spelled_as_sysmon_does),
        cmocka_unit_test(facts__of_a_field__are_named),
    };
    return cmocka_run_group_tests_name("file_reader", tests, NULL, NULL);
}
