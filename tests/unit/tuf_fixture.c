/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "tests/unit/tuf_fixture.h"

#include "core/base/status.h"
#include "tests/unit/temp_folder.h"

#include <stdio.h>
#include <string.h>

int eg_tuf_fixture_set_up(void **state)
{
    eg_tuf_fixture *fix = eg_alloc_zero(1, sizeof(*fix));
    if (!fix || eg_test_folder_make(&fix->folder) != EG_OK) {
        return -1;
    }
    snprintf(fix->state_path, sizeof(fix->state_path), "%s/site.tuf", (const char *)fix->folder);
    eg_test_repository_init(&fix->repository);
    eg_tuf_options_default(&fix->options);
    fix->now = eg_test_now();
    eg_buf_init(&fix->installed, 1024 * 1024);
    eg_buf_init(&fix->target, 1024 * 1024);
    eg_buf_append_str(&fix->installed, eg_test_first_root(&fix->repository));
    *state = fix;
    return fix->installed.status;
}

int eg_tuf_fixture_tear_down(void **state)
{
    eg_tuf_fixture *fix = *state;
    eg_tuf_client_close(fix->client);
    eg_test_repository_done(&fix->repository);
    eg_buf_done(&fix->installed);
    eg_buf_done(&fix->target);
    int status = eg_test_folder_remove(&fix->folder);
    eg_free(fix);
    return status;
}

int eg_tuf_fixture_open(eg_tuf_fixture *fix)
{
    eg_tuf_settings settings = {fix->state_path, eg_buf_str(&fix->installed),
                                eg_test_fetcher(&fix->repository), fix->options};
    eg_tuf_client_close(fix->client);
    fix->client = NULL;
    return eg_tuf_client_open(&fix->client, &settings);
}

int eg_tuf_fixture_refresh(eg_tuf_fixture *fix)
{
    int status = fix->client ? EG_OK : eg_tuf_fixture_open(fix);
    return status == EG_OK ? eg_tuf_client_refresh(fix->client, fix->now, &fix->status) : status;
}

void eg_tuf_fixture_accepts(eg_tuf_fixture *fix)
{
    if (eg_tuf_fixture_refresh(fix) != EG_OK) {
        fail_msg("refused: %s", eg_error_message());
    }
}

void eg_tuf_fixture_refuses(eg_tuf_fixture *fix, eg_tuf_outcome outcome, const char *reason)
{
    assert_int_not_equal(eg_tuf_fixture_refresh(fix), EG_OK);
    if (!strstr(eg_error_message(), reason) || fix->status.outcome != outcome) {
        fail_msg("%s: %s", eg_tuf_outcome_name(fix->status.outcome), eg_error_message());
    }
}

void eg_tuf_fixture_trusts(eg_tuf_fixture *fix, uint64_t root, uint64_t timestamp,
                           uint64_t snapshot, uint64_t targets)
{
    for (int round = 0; round < 2; round++) {
        eg_tuf_status status;
        eg_tuf_client_status(fix->client, fix->now, &status);
        assert_int_equal(status.version[EG_TUF_ROOT], root);
        assert_int_equal(status.version[EG_TUF_TIMESTAMP], timestamp);
        assert_int_equal(status.version[EG_TUF_SNAPSHOT], snapshot);
        assert_int_equal(status.version[EG_TUF_TARGETS], targets);
        if (round == 0) {
            assert_int_equal(eg_tuf_fixture_open(fix), EG_OK);
        }
    }
}

static int write_target(void *user, const void *bytes, size_t size)
{
    return eg_buf_append(user, bytes, size);
}

int eg_tuf_fixture_download(eg_tuf_fixture *fix, const char *path)
{
    const eg_tuf_target *target = NULL;
    eg_fetch_sink sink = {&fix->target, write_target};
    eg_buf_clear(&fix->target);
    int status = eg_tuf_client_find(fix->client, eg_str_from(path), &target);
    return status == EG_OK ? eg_tuf_client_download(fix->client, target, &sink) : status;
}
