/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/store_fixture.h"

#include "tests/unit/unit.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"

#include <stdio.h>
#include <string.h>

#define PATH_BYTES 4096

/* What the store says of damage is wanted here, and no news for whoever reads the test's output. */
static void ignore_log(void *user, eg_log_level level, const char *area, const char *line)
{
    EG_UNUSED(user);
    EG_UNUSED(level);
    EG_UNUSED(area);
    EG_UNUSED(line);
}

int eg_store_fixture_set_up(void **state)
{
    eg_log_set_sink(ignore_log, NULL);
    eg_store_fixture *fixture = eg_alloc_zero(1, sizeof(*fixture));
    assert_non_null(fixture);
    eg_buf_init(&fixture->folder, PATH_BYTES);
    eg_buf_init(&fixture->path, PATH_BYTES);
    eg_buf_init(&fixture->notice, PATH_BYTES * 4);
    uint64_t random = 0;
    char name[64];
    eg_buf temp;
    eg_buf_init(&temp, PATH_BYTES);
    assert_int_equal(eg_temp_dir(&temp), EG_OK);
    assert_int_equal(eg_random_bytes(&random, sizeof(random)), EG_OK);
    snprintf(name, sizeof(name), "emoguard-test-%016llx", (unsigned long long)random);
    assert_int_equal(eg_path_join(&fixture->folder, eg_buf_cstr(&temp), name), EG_OK);
    assert_int_equal(eg_dir_create(eg_buf_cstr(&fixture->folder)), EG_OK);
    assert_int_equal(eg_path_join(&fixture->path, eg_buf_cstr(&fixture->folder), "hits.db"), EG_OK);
    eg_buf_done(&temp);
    assert_int_equal(eg_store_fixture_open(fixture, EG_STORE_READ_WRITE), EG_OK);
    *state = fixture;
    return 0;
}

static int delete_file(void *user, const eg_dir_entry *entry)
{
    EG_UNUSED(user);
    return eg_file_delete(entry->path);
}

int eg_store_fixture_tear_down(void **state)
{
    eg_store_fixture *fixture = *state;
    eg_mem_fail_after(-1);
    eg_log_set_sink(NULL, NULL);
    eg_store_fixture_close(fixture);
    assert_int_equal(eg_dir_walk(eg_buf_cstr(&fixture->folder), 1, delete_file, NULL), EG_OK);
    assert_int_equal(eg_dir_delete(eg_buf_cstr(&fixture->folder)), EG_OK);
    eg_buf_done(&fixture->folder);
    eg_buf_done(&fixture->path);
    eg_buf_done(&fixture->notice);
    eg_free(fixture);
    return 0;
}

int eg_store_fixture_open(eg_store_fixture *fixture, eg_store_mode mode)
{
    eg_store_fixture_close(fixture);
    return eg_store_open(eg_buf_cstr(&fixture->path), mode, &fixture->notice, &fixture->store);
}

void eg_store_fixture_close(eg_store_fixture *fixture)
{
    eg_store_close(fixture->store);
    fixture->store = NULL;
}

void eg_sample_hit(int number, eg_hit *hit, eg_event *event)
{
    static char json[128], program[64];
    snprintf(program, sizeof(program), "C:\\Users\\Public\\thing%d.exe", number);
    snprintf(json, sizeof(json), "{\"channel\":\"x\",\"event_id\":1,\"fields\":{\"Image\":\"%d\"}}",
             number);
    eg_event_init(event, EG_KIND_PROCESS_START);
    event->time = UINT64_C(134116992000000000) + (uint64_t)number;
    event->pid = 100;
    event->field[EG_FIELD_IMAGE] = eg_str_from(program);
    *hit = (eg_hit){
        .time = event->time,
        .pack_serial = 3,
        .level = (eg_level)(number % 5),
        .rule_id = EG_STR("0b5a0000-0000-4000-8000-000000000001"),
        .rule_title = EG_STR("A thing"),
        .rule_author = EG_STR("Its author"),
        .tags = EG_STR("attack.execution, attack.t1059.001"),
        .program = eg_str_from(program),
        .parent = EG_STR("C:\\Windows\\explorer.exe"),
        .user = EG_STR("PC\\田中"),
        .event_json = eg_str_from(json),
    };
    hit->text[EG_LANGUAGE_EN] = (eg_text){EG_STR("Title"), EG_STR("Meaning"), EG_STR("Advice")};
    hit->text[EG_LANGUAGE_JA] = (eg_text){EG_STR("題名"), EG_STR("意味"), EG_STR("助言\n二行目")};
    hit->fingerprint = eg_hit_fingerprint(hit->rule_id, event);
}

int64_t eg_store_fixture_add(eg_store_fixture *fixture, int number, uint32_t flags)
{
    eg_hit hit;
    eg_event event;
    int64_t id = 0;
    bool is_new = false;
    eg_sample_hit(number, &hit, &event);
    event.flags = flags;
    int status = eg_store_add_hit(fixture->store, &hit, &event, &id, &is_new);
    return status == EG_OK ? id : status;
}

static int count_kept(void *user, const eg_dir_entry *entry)
{
    size_t *count = user;
    eg_str name = eg_str_from(entry->name);
    bool log = eg_str_ends_nocase(name, EG_STR("-wal")) || eg_str_ends_nocase(name, EG_STR("-shm"));
    if (strstr(entry->name, ".damaged-") && !log) {
        ++*count;
    }
    return EG_OK;
}

size_t eg_store_fixture_kept(const eg_store_fixture *fixture)
{
    size_t count = 0;
    assert_int_equal(eg_dir_walk(eg_buf_cstr(&fixture->folder), 1, count_kept, &count), EG_OK);
    return count;
}
