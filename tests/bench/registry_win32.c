/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measures what a notification of the Services key costs: a tree of 900 services of which one has
 * changed is read and compared, once with no service that svchost runs and once with a third of
 * them, since those have their library in a key of its own. Beside each reading its floor is
 * measured: the bare enumeration of the same keys. Prints one JSON object, times in milliseconds.
 *
 *     bench_registry ROUNDS
 */
#include "core/base/compiler.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "driverless-hooks/service_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum {
    SERVICES = 900,
    CHANGED = 500,
    HOSTED_ONE_IN = 3,
    ROUNDS_MAX = 1001,
    SETTLE_MS = 1200, /* until the stamps of new keys are trusted */
    NAME_UNITS = 256,
};

static const WCHAR tree_path[] = L"Software\\EgBenchServices";

typedef struct bench {
    HKEY root;
    eg_service_tree known;
    size_t changes; /* that comparing has found */
    double enumerate[ROUNDS_MAX], diff[ROUNDS_MAX];
} bench;

static double milliseconds_since(uint64_t begin)
{
    return (double)(eg_clock_monotonic_ns() - begin) / 1e6;
}

static int set(HKEY root, const WCHAR *path, const WCHAR *name, DWORD type, const void *data,
               size_t size)
{
    LSTATUS error = RegSetKeyValueW(root, path, name, type, data, (DWORD)size);
    return error == ERROR_SUCCESS ? EG_OK : eg_fail_os((uint32_t)error, "write %ls", path);
}

static int make_service(HKEY root, int number, bool hosted)
{
    static const WCHAR own[] = L"C:\\Program Files\\Vendor\\service.exe";
    static const WCHAR host[] = L"%SystemRoot%\\system32\\svchost.exe -k netsvcs";
    static const WCHAR library[] = L"%SystemRoot%\\System32\\service.dll";
    const DWORD type = hosted ? SERVICE_WIN32_SHARE_PROCESS : SERVICE_WIN32_OWN_PROCESS;
    const DWORD start = SERVICE_DEMAND_START;
    WCHAR name[64];
    _snwprintf(name, EG_COUNT(name), L"Service%04d", number);
    int status = set(root, name, L"ImagePath", REG_EXPAND_SZ, hosted ? host : own,
                     hosted ? sizeof(host) : sizeof(own));
    if (status == EG_OK) {
        status = set(root, name, L"Type", REG_DWORD, &type, sizeof(type));
    }
    if (status == EG_OK) {
        status = set(root, name, L"Start", REG_DWORD, &start, sizeof(start));
    }
    if (status == EG_OK && hosted) {
        _snwprintf(name, EG_COUNT(name), L"Service%04d\\Parameters", number);
        status = set(root, name, L"ServiceDll", REG_EXPAND_SZ, library, sizeof(library));
    }
    return status;
}

static int make_tree(HKEY *root, bool hosted)
{
    RegDeleteTreeW(HKEY_CURRENT_USER, tree_path);
    LSTATUS error =
        RegCreateKeyExW(HKEY_CURRENT_USER, tree_path, 0, NULL, 0, KEY_ALL_ACCESS, NULL, root, NULL);
    int status = error == ERROR_SUCCESS ? EG_OK : eg_fail_os((uint32_t)error, "make the tree");
    for (int i = 0; status == EG_OK && i < SERVICES; i++) {
        status = make_service(*root, i, hosted && i % HOSTED_ONE_IN == 0);
    }
    return status;
}

static int enumerate(HKEY root)
{
    WCHAR name[NAME_UNITS];
    FILETIME written;
    DWORD units = NAME_UNITS;
    DWORD count = 0;
    while (RegEnumKeyExW(root, count, name, &units, NULL, NULL, NULL, &written) == ERROR_SUCCESS) {
        units = NAME_UNITS;
        count++;
    }
    return count == SERVICES ? EG_OK : eg_fail(EG_E_INVALID, "%u services", (unsigned)count);
}

static void on_change(void *user, const eg_value *before, const eg_value *now)
{
    bench *b = user;
    b->changes += before && now;
}

static int read_tree(bench *b)
{
    eg_service_tree now = {0};
    int status = eg_service_tree_read(b->root, &b->known, &now);
    if (status == EG_OK) {
        eg_value_diff(b->known.values, now.values, on_change, b);
        eg_service_tree_done(&b->known);
        b->known = now;
    }
    return status;
}

static int run_round(bench *b, size_t round)
{
    const DWORD start = round % 2 ? SERVICE_DEMAND_START : SERVICE_AUTO_START;
    WCHAR name[64];
    _snwprintf(name, EG_COUNT(name), L"Service%04d", CHANGED);
    int status = set(b->root, name, L"Start", REG_DWORD, &start, sizeof(start));
    uint64_t begin = eg_clock_monotonic_ns();
    if (status == EG_OK) {
        status = enumerate(b->root);
        b->enumerate[round] = milliseconds_since(begin);
    }
    begin = eg_clock_monotonic_ns();
    if (status == EG_OK) {
        status = read_tree(b);
        b->diff[round] = milliseconds_since(begin);
    }
    return status;
}

static int compare_times(const void *left, const void *right)
{
    double a, b;
    memcpy(&a, left, sizeof(a));
    memcpy(&b, right, sizeof(b));
    return a < b ? -1 : a > b;
}

static void put_times(eg_json *json, const char *name, double *times, size_t count)
{
    qsort(times, count, sizeof(times[0]), compare_times);
    eg_json_key(json, name);
    eg_json_object(json);
    eg_json_key(json, "median");
    eg_json_double(json, times[count / 2]);
    eg_json_key(json, "p95");
    eg_json_double(json, times[count * 95 / 100]);
    eg_json_object_end(json);
}

/* One tree, from its making to its figures. */
static int measure(bench *b, eg_json *json, const char *name, bool hosted, size_t rounds)
{
    int status = make_tree(&b->root, hosted);
    if (status == EG_OK) {
        eg_thread_sleep_ms(SETTLE_MS);
        status = eg_service_tree_read(b->root, NULL, &b->known);
    }
    b->changes = 0;
    for (size_t i = 0; status == EG_OK && i < rounds; i++) {
        status = run_round(b, i);
    }
    if (status == EG_OK && b->changes != rounds) {
        status =
            eg_fail(EG_E_INVALID, "%u of %u changes found", (unsigned)b->changes, (unsigned)rounds);
    }
    if (status == EG_OK) {
        eg_json_key(json, name);
        eg_json_object(json);
        put_times(json, "enumerate_ms", b->enumerate, rounds);
        put_times(json, "diff_ms", b->diff, rounds);
        eg_json_object_end(json);
    }
    eg_service_tree_done(&b->known);
    if (b->root) {
        RegCloseKey(b->root);
        b->root = NULL;
    }
    RegDeleteTreeW(HKEY_CURRENT_USER, tree_path);
    return status;
}

static int run(size_t rounds)
{
    eg_buf out;
    eg_json json;
    bench *b = eg_alloc_zero(1, sizeof(*b));
    if (!b) {
        return EG_E_NOMEM;
    }
    eg_buf_init(&out, 4096);
    eg_json_begin(&json, &out);
    eg_json_object(&json);
    int status = measure(b, &json, "none hosted", false, rounds);
    if (status == EG_OK) {
        status = measure(b, &json, "a third hosted", true, rounds);
    }
    eg_json_object_end(&json);
    if (status == EG_OK && (status = out.status) == EG_OK) {
        printf("%s\n", eg_buf_cstr(&out));
    }
    eg_buf_done(&out);
    eg_free(b);
    return status;
}

int main(int count, char **arguments)
{
    uint64_t rounds = 0;
    if (count != 2 || !eg_str_to_u64(eg_str_from(arguments[1]), &rounds) || rounds == 0 ||
        rounds > ROUNDS_MAX) {
        fprintf(stderr, "usage: bench_registry ROUNDS\n");
        return 2;
    }
    int status = run((size_t)rounds);
    if (status != EG_OK) {
        fprintf(stderr, "bench_registry: %s\n", eg_error_message());
    }
    return status == EG_OK ? 0 : 1;
}
