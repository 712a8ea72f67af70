/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/decode/task_findings.h"

#include "core/base/status.h"
#include "core/base/utf.h"
#include "driverless-hooks/decode/task_actions.h"

#include <string.h>

enum { NAME_MAX = 128 * 1024, TEXT_BYTES_MAX = 64 * 1024 /* no longer path exists */ };

/* What is known of one name, as bits of an eg_value's type. */
enum { HAS_SD = 1, HAS_INDEX = 2, INDEX_0 = 4, IN_TASKS = 8 };

/*
 * Lists whose names are folded, since the three places may differ in case. In all of them data is
 * the name as its place spells it.
 */
typedef struct comparison {
    const eg_value_list *files;
    const eg_task_cache *cache;
    eg_value_list *by_file; /* path */
    eg_value_list *by_tree; /* path; type: HAS_... */
    eg_value_list *by_guid; /* GUID; full_size: a hash of its actions */
    eg_value_list *by_path; /* path that a GUID names; full_size likewise */
    eg_value_list *findings;
    eg_buf folded, text;
} comparison;

static bool ends_with(eg_str name, eg_str suffix, eg_str *before)
{
    if (name.len < suffix.len ||
        memcmp(name.ptr + name.len - suffix.len, suffix.ptr, suffix.len) != 0) {
        return false;
    }
    *before = (eg_str){name.ptr, name.len - suffix.len};
    return true;
}

/* The text of a REG_SZ, whatever its type says. */
static eg_str text_of(eg_buf *out, const eg_value *value)
{
    size_t size = 0;
    while (size + 2 <= value->data.len && size < TEXT_BYTES_MAX &&
           (value->data.ptr[size] != 0 || value->data.ptr[size + 1] != 0)) {
        size += 2;
    }
    eg_buf_clear(out);
    eg_utf8_from_utf16le(out, value->data.ptr, size);
    return eg_buf_str(out);
}

static eg_str fold(comparison *c, eg_str name)
{
    eg_buf_clear(&c->folded);
    eg_fold_str(&c->folded, name);
    return eg_buf_str(&c->folded);
}

static int add(comparison *c, eg_value_list *list, eg_str name, eg_str shown, uint32_t type,
               uint64_t number)
{
    eg_value value = {.name = fold(c, name), .type = type, .data = shown, .full_size = number};
    return c->folded.status == EG_OK ? eg_value_list_add(list, &value) : c->folded.status;
}

static const eg_value *find(comparison *c, const eg_value_list *list, eg_str name)
{
    return eg_value_list_find(list, fold(c, name), EG_STR(""));
}

static int list_files(comparison *c)
{
    int status = EG_OK;
    for (size_t i = 0; status == EG_OK && i < eg_value_list_count(c->files); i++) {
        eg_str name = eg_value_list_at(c->files, i)->name;
        status = add(c, c->by_file, name, name, 0, 0);
    }
    eg_value_list_seal(c->by_file);
    return status;
}

/* GUIDs, and the paths they name. */
static int list_tasks(comparison *c)
{
    int status = EG_OK;
    const eg_value_list *tasks = c->cache->tasks;
    for (size_t i = 0; status == EG_OK && i < eg_value_list_count(tasks); i++) {
        const eg_value *value = eg_value_list_at(tasks, i);
        eg_str guid;
        if (!ends_with(value->name, EG_STR("\\Path"), &guid)) {
            continue;
        }
        const eg_value *actions = eg_value_list_find(tasks, guid, EG_STR("\\Actions"));
        uint64_t hash = actions ? eg_str_hash(actions->data) : 0;
        eg_str path = text_of(&c->text, value);
        status = c->text.status;
        if (status == EG_OK) {
            status = add(c, c->by_guid, guid, guid, 0, hash);
        }
        if (status == EG_OK && path.len > 0) {
            status = add(c, c->by_path, path, path, 0, hash);
        }
    }
    eg_value_list_seal(c->by_guid);
    eg_value_list_seal(c->by_path);
    return status;
}

static uint32_t index_bits(const eg_value *index)
{
    static const char zero[8];
    if (!index) {
        return 0;
    }
    bool is_zero = index->data.len <= sizeof(zero) &&
                   memcmp(index->data.len > 0 ? index->data.ptr : zero, zero, index->data.len) == 0;
    return is_zero ? HAS_INDEX | INDEX_0 : HAS_INDEX;
}

/* Keys with an Id are tasks, others are folders. */
static int list_tree(comparison *c)
{
    int status = EG_OK;
    const eg_value_list *tree = c->cache->tree;
    for (size_t i = 0; status == EG_OK && i < eg_value_list_count(tree); i++) {
        const eg_value *value = eg_value_list_at(tree, i);
        eg_str path;
        if (!ends_with(value->name, EG_STR("\\Id"), &path)) {
            continue;
        }
        const eg_value *definition = find(c, c->by_guid, text_of(&c->text, value));
        uint32_t bits = index_bits(eg_value_list_find(tree, path, EG_STR("\\Index")));
        bits |= eg_value_list_find(tree, path, EG_STR("\\SD")) ? HAS_SD : 0;
        bits |= definition ? IN_TASKS : 0;
        status = add(c, c->by_tree, path, path, bits, definition ? definition->full_size : 0);
    }
    eg_value_list_seal(c->by_tree);
    return status;
}

static void say(comparison *c, bool odd, const char *what)
{
    if (odd) {
        eg_buf_append_cstr(&c->text, c->text.len > 0 ? "; " : "");
        eg_buf_append_cstr(&c->text, what);
    }
}

static int note(comparison *c, eg_str name, bool no_file, uint64_t actions)
{
    if (c->text.status != EG_OK || c->text.len == 0) {
        return c->text.status;
    }
    eg_value value = {.name = name, .data = eg_buf_str(&c->text)};
    value.full_size = no_file ? actions : 0;
    return eg_value_list_add(c->findings, &value);
}

static int judge_tree(comparison *c)
{
    int status = EG_OK;
    for (size_t i = 0; status == EG_OK && i < eg_value_list_count(c->by_tree); i++) {
        const eg_value *task = eg_value_list_at(c->by_tree, i);
        bool no_file = !eg_value_list_find(c->by_file, task->name, EG_STR(""));
        eg_buf_clear(&c->text);
        say(c, !(task->type & HAS_SD), "no SD");
        say(c, !(task->type & HAS_INDEX), "no Index");
        say(c, (task->type & INDEX_0) != 0, "Index 0");
        say(c, !(task->type & IN_TASKS), "not in Tasks");
        say(c, no_file, "no file");
        status = note(c, task->data, no_file, task->full_size);
    }
    return status;
}

/* Tasks that have a file or a GUID, but no name in the tree. */
static int judge_rest(comparison *c, const eg_value_list *list, bool are_files)
{
    int status = EG_OK;
    for (size_t i = 0; status == EG_OK && i < eg_value_list_count(list); i++) {
        const eg_value *task = eg_value_list_at(list, i);
        bool has_file = are_files || eg_value_list_find(c->by_file, task->name, EG_STR("")) != NULL;
        if (eg_value_list_find(c->by_tree, task->name, EG_STR("")) || (!are_files && has_file)) {
            continue;
        }
        eg_buf_clear(&c->text);
        say(c, true, "not in Tree");
        say(c, are_files && !eg_value_list_find(c->by_path, task->name, EG_STR("")),
            "not in Tasks");
        say(c, !has_file, "no file");
        status = note(c, task->data, !has_file, task->full_size);
    }
    return status;
}

static int compare(comparison *c)
{
    int status = list_files(c);
    if (status == EG_OK) {
        status = list_tasks(c);
    }
    if (status == EG_OK) {
        status = list_tree(c);
    }
    if (status == EG_OK) {
        status = judge_tree(c);
    }
    if (status == EG_OK) {
        status = judge_rest(c, c->by_file, true);
    }
    return status == EG_OK ? judge_rest(c, c->by_path, false) : status;
}

int eg_task_findings(const eg_value_list *files, const eg_task_cache *cache, eg_value_list **out)
{
    comparison c = {.files = files, .cache = cache};
    eg_value_list **const lists[] = {&c.by_file, &c.by_tree, &c.by_guid, &c.by_path, &c.findings};
    int status = EG_OK;
    eg_buf_init(&c.folded, NAME_MAX);
    eg_buf_init(&c.text, NAME_MAX);
    for (size_t i = 0; status == EG_OK && i < EG_COUNT(lists); i++) {
        status = eg_value_list_create(lists[i]);
    }
    if (status == EG_OK) {
        status = compare(&c);
    }
    if (status == EG_OK) {
        eg_value_list_seal(c.findings);
        *out = c.findings;
        c.findings = NULL;
    }
    for (size_t i = 0; i < EG_COUNT(lists); i++) {
        eg_value_list_destroy(*lists[i]);
    }
    eg_buf_done(&c.folded);
    eg_buf_done(&c.text);
    return status;
}

/* ---- what one task starts ---- */

/* The GUID below which the tasks' list has a Path that is `name`; EG_STR_NONE when none. */
static eg_str guid_by_path(const eg_value_list *tasks, eg_str name, eg_buf *text)
{
    for (size_t i = 0; i < eg_value_list_count(tasks); i++) {
        const eg_value *value = eg_value_list_at(tasks, i);
        eg_str guid;
        if (ends_with(value->name, EG_STR("\\Path"), &guid) &&
            eg_str_equal_nocase(text_of(text, value), name)) {
            return guid;
        }
    }
    return EG_STR_NONE;
}

/* The same GUID as the list of tasks spells it. */
static eg_str spelled(const eg_value_list *tasks, eg_str guid)
{
    for (size_t i = 0; i < eg_value_list_count(tasks); i++) {
        eg_str name = eg_value_list_at(tasks, i)->name;
        if (guid.len > 0 && name.len > guid.len && name.ptr[guid.len] == '\\' &&
            eg_str_starts_nocase(name, guid)) {
            return (eg_str){name.ptr, guid.len};
        }
    }
    return EG_STR_NONE;
}

int eg_task_cache_definition(const eg_task_cache *cache, eg_str name, eg_task_xml *task)
{
    eg_buf text;
    eg_buf_init(&text, NAME_MAX);
    const eg_value *id = eg_value_list_find(cache->tree, name, EG_STR("\\Id"));
    eg_str guid =
        id ? spelled(cache->tasks, text_of(&text, id)) : guid_by_path(cache->tasks, name, &text);
    const eg_value *actions =
        guid.ptr ? eg_value_list_find(cache->tasks, guid, EG_STR("\\Actions")) : NULL;
    const eg_value *author =
        guid.ptr ? eg_value_list_find(cache->tasks, guid, EG_STR("\\Author")) : NULL;
    const eg_value *uri = guid.ptr ? eg_value_list_find(cache->tasks, guid, EG_STR("\\URI")) : NULL;
    int status = guid.ptr ? EG_OK : eg_fail(EG_E_NOTFOUND, "the registry defines no such task");
    if (author) {
        text_of(&task->author, author);
    }
    if (uri) {
        text_of(&task->uri, uri);
    }
    if (actions) {
        status = eg_task_actions_decode(actions->data.ptr, actions->data.len, task);
    }
    eg_buf_done(&text);
    return status;
}
