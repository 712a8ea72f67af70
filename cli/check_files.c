/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/check_files.h"

#include "core/base/mem.h"
#include "core/base/status.h"

#include <string.h>

#define DEPTH_MAX 512
#define SHOW_EVERY_MS 200
#define ITEMS_FIRST ((size_t)256)
#define PATH_BYTES_MAX ((size_t)256 * 1024)
#define ARENA_BLOCK ((size_t)64 * 1024)

typedef struct pool {
    eg_check_files *files;
    const eg_check_look *look;
    eg_atomic next;      /* item to take */
    eg_atomic done;      /* items of the kind */
    eg_atomic now;       /* the item taken last */
    eg_atomic cancelled; /* take no more */
    eg_atomic status;    /* the first failure */
    eg_mutex lock;
    eg_cond ended;
    size_t working; /* under the lock: threads */
} pool;

int eg_check_files_init(eg_check_files *files)
{
    memset(files, 0, sizeof(*files));
    eg_buf_init(&files->plain, PATH_BYTES_MAX);
    int status = eg_mutex_init(&files->lock);
    if (status == EG_OK) {
        status = eg_arena_create(&files->arena, ARENA_BLOCK);
        if (status != EG_OK) {
            eg_mutex_done(&files->lock);
        }
    }
    return status;
}

void eg_check_files_done(eg_check_files *files)
{
    if (!files->arena) {
        return;
    }
    for (size_t i = 0; i < files->count; i++) {
        eg_free(files->items[i].report);
    }
    eg_free(files->items);
    eg_free(files->slots);
    eg_buf_done(&files->plain);
    eg_path_list_done(&files->folders);
    eg_path_list_done(&files->reasons);
    eg_arena_destroy(files->arena);
    eg_mutex_done(&files->lock);
    memset(files, 0, sizeof(*files));
}

/* ---- which files ---- */

static int grow(eg_check_files *files)
{
    size_t capacity = files->capacity > 0 ? files->capacity * 2 : ITEMS_FIRST;
    eg_check_item *grown = eg_realloc(files->items, capacity * sizeof(*grown));
    if (!grown) {
        return EG_E_NOMEM;
    }
    files->items = grown;
    files->capacity = capacity;
    return EG_OK;
}

static int add_item(eg_check_files *files, const eg_check_item *item, eg_str path)
{
    if (files->count >= EG_CHECK_ITEMS_MAX) {
        files->left_out++;
        return EG_OK;
    }
    const char *kept = eg_arena_copy(files->arena, path.ptr, path.len);
    if (!kept) {
        return EG_E_NOMEM;
    }
    eg_mutex_lock(&files->lock);
    int status = files->count == files->capacity ? grow(files) : EG_OK;
    if (status == EG_OK) {
        files->items[files->count] = *item;
        files->items[files->count++].path = kept;
    }
    eg_mutex_unlock(&files->lock);
    return status;
}

static size_t find_slot(const eg_check_files *files, uint64_t key, eg_str path)
{
    size_t at = (size_t)key & (files->slot_count - 1);
    while (files->slots[at] != 0) {
        const eg_check_item *known = &files->items[files->slots[at] - 1];
        if (known->key == key && eg_str_equal_nocase(eg_str_from(known->path), path)) {
            break;
        }
        at = (at + 1) & (files->slot_count - 1);
    }
    return at;
}

static int make_room(eg_check_files *files)
{
    if ((files->count + 1) * 2 <= files->slot_count) {
        return EG_OK;
    }
    size_t count = files->slot_count > 0 ? files->slot_count * 2 : ITEMS_FIRST * 4;
    size_t *slots = eg_alloc_zero(count, sizeof(*slots));
    if (!slots) {
        return EG_E_NOMEM;
    }
    eg_free(files->slots);
    files->slots = slots;
    files->slot_count = count;
    for (size_t i = 0; i < files->count; i++) {
        const eg_check_item *item = &files->items[i];
        if (item->key != 0) {
            slots[find_slot(files, item->key, eg_str_from(item->path))] = i + 1;
        }
    }
    return EG_OK;
}

/*
 * One form for one file: what Windows puts before long paths goes, '/' becomes '\\'. The key is
 * over small ASCII letters; names that differ in the case of others are two, which does no harm.
 */
static int make_plain(eg_buf *plain, eg_str path, uint64_t *key)
{
    static const eg_str prefix = EG_STR_INIT("\\\\?\\");
    bool is_long = eg_str_starts_nocase(path, prefix) && path.len > 6 && path.ptr[5] == ':';
    size_t skipped = is_long ? prefix.len : 0;
    *key = 0;
    eg_buf_clear(plain);
    int status = eg_buf_append(plain, path.ptr + skipped, path.len - skipped);
    for (size_t i = 0; status == EG_OK && i < plain->len; i++) {
        char c = plain->data[i] == '/' ? '\\' : plain->data[i];
        plain->data[i] = c;
        *key = (*key ^ (uint8_t)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c)) *
               UINT64_C(0x100000001B3);
    }
    *key |= 1; /* never 0 */
    return status;
}

int eg_check_files_add_once(eg_check_files *files, eg_check_area_id area, eg_str path)
{
    eg_check_item item = {.area = area, .kind = EG_SCAN_FILE};
    int status = make_plain(&files->plain, path, &item.key);
    if (status == EG_OK) {
        status = make_room(files);
    }
    if (status != EG_OK) {
        return status == EG_E_LIMIT ? EG_OK : status; /* Windows has no such path */
    }
    eg_str plain = eg_buf_str(&files->plain);
    size_t slot = find_slot(files, item.key, plain);
    size_t count = files->count;
    if (files->slots[slot] == 0) {
        status = add_item(files, &item, plain);
        if (files->count > count) {
            files->slots[slot] = files->count;
        }
    }
    return status;
}

int eg_check_files_add_process(eg_check_files *files, eg_str image, uint32_t process_id,
                               uint64_t created)
{
    const eg_check_item item = {.area = EG_CHECK_MEMORY,
                                .kind = EG_SCAN_PROCESS,
                                .process_id = process_id,
                                .created = created};
    return add_item(files, &item, image);
}

int eg_check_files_unreadable(eg_check_files *files, const char *path)
{
    int status = eg_path_list_add(&files->reasons, eg_error_message());
    if (status == EG_OK) {
        status = eg_path_list_add(&files->folders, path);
    }
    return status;
}

/* ---- folders ---- */

typedef struct walking {
    eg_check_files *files;
    eg_check_area_id area;
} walking;

static int add_named(eg_check_files *files, eg_check_area_id area, const char *path)
{
    const eg_check_item item = {.area = area, .kind = EG_SCAN_FILE};
    return add_item(files, &item, eg_str_from(path));
}

static int on_entry(void *user, const eg_dir_entry *entry)
{
    walking *w = user;
    return entry->is_dir ? EG_OK : add_named(w->files, w->area, entry->path);
}

static void add_unreadable(void *user, const char *path)
{
    walking *w = user;
    int status = eg_check_files_unreadable(w->files, path);
    w->files->status = w->files->status == EG_OK ? status : w->files->status;
}

int eg_check_files_add(eg_check_files *files, eg_check_area_id area, const char *path)
{
    walking w = {files, area};
    if (!eg_dir_exists(path)) {
        /* One that does not exist could not be looked at, which the scan says. */
        return add_named(files, area, path);
    }
    int status = eg_dir_walk_telling(path, DEPTH_MAX, on_entry, add_unreadable, &w);
    if (status != EG_OK && status != EG_E_NOMEM) {
        status = eg_check_files_unreadable(files, path);
    }
    return status == EG_OK ? files->status : status;
}

/* ---- looking ---- */

static int keep_report(pool *p, eg_check_item *item, const eg_file_report *report)
{
    eg_file_report *kept = NULL;
    if (report->verdict != EG_FILE_CLEAN) {
        kept = eg_alloc(sizeof(*kept));
        if (!kept) {
            return EG_E_NOMEM;
        }
        *kept = *report;
    }
    eg_mutex_lock(&p->files->lock);
    item->report = kept;
    item->looked = true;
    p->files->bytes += report->bytes;
    eg_mutex_unlock(&p->files->lock);
    return EG_OK;
}

static int look_at(const eg_scanner *scanner, const eg_check_item *item, eg_file_report *report)
{
    eg_str path = eg_str_from(item->path);
    eg_scan_job job = {
        .kind = item->kind,
        .path = path,
        .process_id = item->process_id,
        .created = item->created,
        .facts = {.path = path, .event_kind = EG_STR("check")},
    };
    return scanner->scan(scanner->user, &job, report);
}

static int look_at_all(pool *p, const eg_scanner *scanner, eg_file_report *report)
{
    int status = EG_OK;
    while (status == EG_OK && eg_atomic_get(&p->status) == EG_OK &&
           eg_atomic_get(&p->cancelled) == 0) {
        size_t index = (size_t)eg_atomic_add(&p->next, 1) - 1;
        if (index >= p->files->count) {
            break;
        }
        eg_check_item *item = &p->files->items[index];
        if (item->kind != p->look->kind) {
            continue;
        }
        eg_atomic_set(&p->now, (int64_t)index);
        status = look_at(scanner, item, report);
        if (status == EG_OK) {
            status = keep_report(p, item, report);
        }
        eg_atomic_add(&p->done, 1);
    }
    return status;
}

static int look(pool *p)
{
    eg_scanner scanner = {NULL, NULL};
    eg_file_report *report = eg_alloc(sizeof(*report));
    int status = report ? p->look->open(p->look->user, &scanner) : EG_E_NOMEM;
    if (status == EG_OK) {
        status = look_at_all(p, &scanner, report);
        p->look->close(p->look->user, &scanner);
    }
    eg_free(report);
    return status;
}

static void work(void *arg)
{
    pool *p = arg;
    int status = look(p);
    if (status != EG_OK && eg_atomic_get(&p->cancelled) == 0) {
        eg_atomic_set(&p->status, status);
    }
    eg_mutex_lock(&p->lock);
    p->working--;
    eg_cond_wake_all(&p->ended);
    eg_mutex_unlock(&p->lock);
}

static void wait_and_show(pool *p, size_t total)
{
    eg_mutex_lock(&p->lock);
    while (p->working > 0) {
        eg_mutex_unlock(&p->lock);
        const eg_check_item *item = &p->files->items[eg_atomic_get(&p->now)];
        if (!p->look->go_on(p->look->user, (size_t)eg_atomic_get(&p->done), total,
                            eg_str_from(item->path))) {
            eg_atomic_set(&p->cancelled, 1);
        }
        eg_mutex_lock(&p->lock);
        if (p->working > 0) {
            eg_cond_wait(&p->ended, &p->lock, SHOW_EVERY_MS);
        }
    }
    eg_mutex_unlock(&p->lock);
}

/* Starts the threads and joins them. EG_E_NOMEM, or why not even one thread could be had. */
static int run_threads(pool *p, size_t total)
{
    size_t started = 0;
    int status = EG_OK;
    eg_thread **threads = eg_alloc_zero(p->look->jobs, sizeof(*threads));
    if (!threads) {
        return EG_E_NOMEM;
    }
    for (; started < p->look->jobs && started < total; started++) {
        eg_mutex_lock(&p->lock);
        p->working++;
        eg_mutex_unlock(&p->lock);
        status = eg_thread_start(&threads[started], "check", work, p);
        if (status != EG_OK) {
            eg_mutex_lock(&p->lock);
            p->working--;
            eg_mutex_unlock(&p->lock);
            break;
        }
    }
    if (started > 0) {
        status = EG_OK; /* fewer threads do it as well */
        wait_and_show(p, total);
    }
    for (size_t i = 0; i < started; i++) {
        eg_thread_join(threads[i]);
    }
    eg_free((void *)threads);
    return status;
}

int eg_check_files_run(eg_check_files *files, const eg_check_look *look)
{
    pool p = {.files = files, .look = look};
    size_t total = 0;
    for (size_t i = 0; i < files->count; i++) {
        total += files->items[i].kind == look->kind;
    }
    if (total == 0) {
        return EG_OK;
    }
    int status = eg_mutex_init(&p.lock);
    if (status != EG_OK) {
        return status;
    }
    status = eg_cond_init(&p.ended);
    if (status == EG_OK) {
        status = run_threads(&p, total);
        eg_cond_done(&p.ended);
    }
    eg_mutex_done(&p.lock);
    if (status == EG_OK && eg_atomic_get(&p.status) != EG_OK) {
        status = eg_fail((int)eg_atomic_get(&p.status), "the scanner could not go on: %s",
                         eg_atomic_get(&p.status) == EG_E_NOMEM ? "out of memory" : "see the log");
    }
    if (status == EG_OK && eg_atomic_get(&p.cancelled) != 0) {
        status = eg_fail(EG_E_CLOSED, "the check was cancelled");
    }
    return status;
}
