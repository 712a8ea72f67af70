/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/win32/serve.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/yara/memory_scan.h"
#include "core/yara/scan_wire.h"
#include "worker/win32/lock_down.h"
#include "worker/win32/process_memory.h"

#include <stdio.h>
#include <string.h>

#define SOURCES_MAX 100000
#define ARENA_BLOCK ((size_t)256 * 1024)
#define EXIT_USAGE 2

typedef struct worker {
    HANDLE pipe;
    const eg_yara_ops *engine;
    eg_buf in, out;
    eg_arena *arena; /* of the sources that came */
    eg_yara_source *sources;
    size_t source_count, source_room;
    eg_yara_rules *rules;
    eg_file_scan *scan; /* NULL until there are rules */
    eg_scan_answer answer;
    int status; /* of the pipe, while problems are told */
} worker;

/* ---- the pipe ---- */

static int read_exactly(HANDLE pipe, void *out, size_t size)
{
    char *to = out;
    while (size > 0) {
        DWORD got = 0;
        if (!ReadFile(pipe, to, size < 0x100000 ? (DWORD)size : 0x100000, &got, NULL) || got == 0) {
            return EG_E_CLOSED;
        }
        to += got;
        size -= got;
    }
    return EG_OK;
}

static int receive(worker *w, eg_scan_request *request)
{
    uint8_t header[EG_SCAN_HEADER];
    uint32_t length = 0;
    int status = read_exactly(w->pipe, header, sizeof(header));
    if (status == EG_OK) {
        status = eg_scan_header_read(header, EG_SCAN_REQUEST_MAX, &length);
    }
    eg_buf_clear(&w->in);
    if (status == EG_OK) {
        status = eg_buf_reserve(&w->in, length);
    }
    if (status == EG_OK) {
        status = read_exactly(w->pipe, w->in.data, length);
    }
    return status == EG_OK ? eg_scan_request_read((eg_str){w->in.data, length}, request) : status;
}

static int send_answer(worker *w)
{
    const eg_scan_rules rules = {w->engine, w->rules};
    eg_buf_clear(&w->out);
    int status = eg_scan_answer_write(&w->out, &w->answer, &rules);
    eg_str left = eg_buf_str(&w->out);
    while (status == EG_OK && left.len > 0) {
        DWORD moved = 0;
        if (!WriteFile(w->pipe, left.ptr, (DWORD)left.len, &moved, NULL)) {
            return EG_E_CLOSED;
        }
        left.ptr += moved;
        left.len -= moved;
    }
    return status;
}

static eg_scan_answer *begin_answer(worker *w, eg_scan_answer_kind kind)
{
    memset(&w->answer, 0, sizeof(w->answer));
    w->answer.kind = kind;
    return &w->answer;
}

static void set_failure(eg_scan_answer *answer, int status)
{
    answer->status = status;
    eg_utf8_copy(answer->text, sizeof(answer->text), eg_str_from(eg_error_message()));
}

/* ---- rules ---- */

static int make_room(worker *w)
{
    size_t room = w->source_room > 0 ? 2 * w->source_room : 64;
    if (w->source_count < w->source_room) {
        return EG_OK;
    }
    if (w->source_count >= SOURCES_MAX) {
        return eg_fail(EG_E_LIMIT, "more than %d rule files", SOURCES_MAX);
    }
    eg_yara_source *larger = eg_realloc(w->sources, room * sizeof(*larger));
    if (!larger) {
        return EG_E_NOMEM;
    }
    w->sources = larger;
    w->source_room = room;
    return EG_OK;
}

static int add_source(worker *w, const eg_scan_request *request)
{
    int status = make_room(w);
    if (status != EG_OK) {
        return status;
    }
    const char *name = eg_arena_copy(w->arena, request->name.ptr, request->name.len);
    const char *text = eg_arena_copy(w->arena, request->bytes.ptr, request->bytes.len);
    if (!name || !text) {
        return EG_E_NOMEM;
    }
    w->sources[w->source_count++] = (eg_yara_source){name, {text, request->bytes.len}};
    return EG_OK;
}

/* The engine hands back the very name it was given, or a copy of it. */
static uint32_t number_of_source(const worker *w, const char *file)
{
    for (size_t i = 0; i < w->source_count; i++) {
        if (w->sources[i].file == file || strcmp(w->sources[i].file, file) == 0) {
            return (uint32_t)i;
        }
    }
    return 0;
}

static void send_problem(void *user, const eg_yara_problem *problem)
{
    worker *w = user;
    eg_scan_answer *answer = begin_answer(w, EG_SCAN_PROBLEM);
    answer->source = number_of_source(w, problem->file);
    answer->line = problem->line > 0 ? (uint32_t)problem->line : 0;
    answer->is_warning = problem->is_warning;
    eg_utf8_copy(answer->text, sizeof(answer->text), eg_str_from(problem->reason));
    if (w->status == EG_OK) {
        w->status = send_answer(w);
    }
}

static void drop_rules(worker *w)
{
    eg_file_scan_destroy(w->scan);
    w->engine->rules_destroy(w->rules);
    w->scan = NULL;
    w->rules = NULL;
}

static int use_rules(worker *w, eg_yara_rules *rules, const eg_scan_request *request)
{
    const eg_file_scan_limits limits = {
        request->byte_limit < EG_FILE_SCAN_BYTES ? (size_t)request->byte_limit : EG_FILE_SCAN_BYTES,
        (int)request->seconds};
    drop_rules(w);
    w->rules = rules;
    return eg_file_scan_create(w->engine, rules, NULL, &limits, &w->scan);
}

/* The sources are dropped behind it: compiled rules keep what they need. */
static int compile(worker *w, const eg_scan_request *request)
{
    const eg_yara_report report = {send_problem, w};
    eg_yara_rules *rules = NULL;
    w->status = EG_OK;
    int status = w->engine->compile(w->sources, w->source_count, &report, &rules);
    if (w->status != EG_OK) {
        w->engine->rules_destroy(rules);
        return w->status;
    }
    eg_scan_answer *answer = begin_answer(w, EG_SCAN_SOURCES);
    if (status == EG_OK) {
        answer->rule_count = (uint32_t)w->engine->rule_count(rules);
        answer->fingerprint = w->engine->fingerprint(rules);
    }
    if (status == EG_OK && request->verb == EG_SCAN_USE_SOURCES) {
        status = use_rules(w, rules, request);
    } else if (status == EG_OK) {
        w->engine->rules_destroy(rules);
    }
    if (status != EG_OK) {
        set_failure(answer, status);
    }
    w->source_count = 0;
    eg_arena_reset(w->arena);
    return send_answer(w);
}

/* ---- looking ---- */

static int look(worker *w, const eg_scan_request *request)
{
    HANDLE handle = (HANDLE)(uintptr_t)request->handle;
    eg_scan_answer *answer = begin_answer(w, EG_SCAN_REPORT);
    int status = EG_OK;
    if (!w->scan) {
        status = eg_fail(EG_E_INVALID, "no rules were given to the scan worker");
    } else if (request->verb == EG_SCAN_LOOK_FILE) {
        status = eg_file_scan_handle(w->scan, (intptr_t)handle, &request->facts, &answer->report);
    } else if (request->verb == EG_SCAN_LOOK_BYTES) {
        status = eg_file_scan_bytes(w->scan, request->bytes, &request->facts, &answer->report);
    } else {
        const eg_memory_source memory = eg_process_memory(handle);
        status = eg_memory_scan_run(w->scan, &memory, &request->facts, request->byte_limit,
                                    request->seconds, &answer->report);
    }
    if (request->verb != EG_SCAN_LOOK_BYTES) {
        CloseHandle(handle);
    }
    if (status != EG_OK) {
        set_failure(answer, status);
    }
    return send_answer(w);
}

static int serve_one(worker *w)
{
    eg_scan_request request;
    int status = receive(w, &request);
    if (status != EG_OK) {
        return status;
    }
    switch (request.verb) {
    case EG_SCAN_ADD_SOURCE: return add_source(w, &request);
    case EG_SCAN_USE_SOURCES:
    case EG_SCAN_TRY_SOURCES: return compile(w, &request);
    default: return look(w, &request);
    }
}

int eg_worker_serve(HANDLE pipe, const eg_yara_ops *engine)
{
    int status;
    worker *w = eg_alloc_zero(1, sizeof(*w));
    if (!w) {
        return EG_E_NOMEM;
    }
    w->pipe = pipe;
    w->engine = engine;
    eg_buf_init(&w->in, EG_SCAN_REQUEST_MAX);
    eg_buf_init(&w->out, (size_t)EG_SCAN_ANSWER_MAX + EG_SCAN_HEADER);
    status = eg_arena_create(&w->arena, ARENA_BLOCK);
    if (status == EG_OK) {
        eg_scan_answer *answer = begin_answer(w, EG_SCAN_READY);
        eg_worker_lock_down(answer->text, sizeof(answer->text));
        status = send_answer(w);
    }
    while (status == EG_OK) {
        status = serve_one(w);
    }
    drop_rules(w);
    eg_arena_destroy(w->arena);
    eg_free(w->sources);
    eg_buf_done(&w->in);
    eg_buf_done(&w->out);
    eg_free(w);
    return status == EG_E_CLOSED ? EG_OK : status;
}

int eg_worker_main(int argc, char **argv, const eg_yara_ops *engine)
{
    uint64_t pipe = 0;
    if (argc != 3 || strcmp(argv[1], "--pipe") != 0 ||
        !eg_str_to_u64(eg_str_from(argv[2]), &pipe) ||
        GetFileType((HANDLE)(uintptr_t)pipe) != FILE_TYPE_PIPE) {
        fputs("emoguard-worker looks into files for EmoGuard, which starts it.\n", stderr);
        return EXIT_USAGE;
    }
    return eg_worker_serve((HANDLE)(uintptr_t)pipe, engine) == EG_OK ? 0 : 1;
}
