/* SPDX-License-Identifier: Apache-2.0 */
#include "core/detect/ruleset.h"

#include "core/base/os.h"
#include "core/base/status.h"
#include "core/detect/pack.h"
#include "core/detect/yara_files.h"

#include <stdio.h>

#define PATH_MAX_BYTES (64u * 1024)
#define TEXTS_NAME_SIZE 32

struct eg_ruleset {
    eg_atomic references;
    eg_sigma_set *sigma;
    eg_yara_rules *yara;
    eg_yara_files yara_files; /* what they were compiled from */
    eg_texts *texts;
    eg_exception_list *exceptions;
    eg_pack pack; /* the first one */
    eg_ruleset_stats stats;
};

struct eg_ruleset_slot {
    eg_mutex lock;
    eg_ruleset *ruleset;
};

typedef struct loader {
    eg_ruleset *ruleset;
    const eg_report *report; /* the caller's */
    eg_report counting;      /* counts, then tells the caller's */
    eg_sigma_rule **rules;
    size_t count, capacity;
    eg_placeholders *placeholders;
    eg_yara_files yara;
    eg_buf text;
} loader;

static void count_problem(void *user, const eg_problem *problem)
{
    loader *l = user;

    if (problem->kind == EG_PROBLEM_REJECTED)
        l->ruleset->stats.rejected++;
    else if (problem->kind == EG_PROBLEM_INERT)
        l->ruleset->stats.inert++;
    if (l->report && l->report->problem)
        l->report->problem(l->report->user, problem);
}

/* ---- files ---- */

static int keep_rule(void *user, eg_sigma_rule *rule)
{
    loader *l = user;

    if (l->count == l->capacity) {
        size_t capacity = l->capacity ? l->capacity * 2 : 256;
        eg_sigma_rule **rules = eg_realloc((void *)l->rules, capacity * sizeof(*rules));

        if (!rules) {
            eg_sigma_rule_destroy(rule);
            return EG_E_NOMEM;
        }
        l->rules = rules;
        l->capacity = capacity;
    }
    l->rules[l->count++] = rule;
    return EG_OK;
}

static int take_rules(loader *l, const char *path, eg_str text)
{
    l->ruleset->stats.files++;
    if (eg_pack_is_yara(eg_str_from(path)))
        return eg_yara_files_add(&l->yara, path, text);
    if (eg_str_equal(eg_path_base(eg_str_from(path)), EG_STR(EG_PACK_PLACEHOLDERS)))
        return eg_placeholders_read(l->placeholders, text, path, &l->counting);
    return eg_sigma_parse(text, path, &l->counting, keep_rule, l);
}

static int read_rules(loader *l, const char *path)
{
    int status;

    eg_buf_clear(&l->text);
    status = eg_file_read(path, EG_PACK_FILE_MAX, &l->text);
    return status == EG_OK ? take_rules(l, path, eg_buf_str(&l->text)) : status;
}

static int reject_file(loader *l, const char *path)
{
    eg_report_problem(&l->counting, EG_PROBLEM_REJECTED, path, 0, EG_STR_NONE, "%s",
                      eg_error_message());
    return EG_OK;
}

/* A file of a folder that cannot be read is one bad rule; the others are still loaded. */
static int load_file(void *user, const char *path)
{
    loader *l = user;
    size_t files = l->ruleset->stats.files;
    int status = read_rules(l, path);

    if (status == EG_OK || status == EG_E_NOMEM || l->ruleset->stats.files > files)
        return status;
    l->ruleset->stats.files++;
    return reject_file(l, path);
}

/*
 * A text that cannot be read is a pity: hits then explain themselves less well. Without its
 * exceptions a pack shows more than it has to.
 */
static int optional_taken(loader *l, const char *path, int status)
{
    if (status != EG_OK && status != EG_E_NOMEM) {
        eg_report_problem(&l->counting, EG_PROBLEM_WARNING, path, 0, EG_STR_NONE, "%s",
                          eg_error_message());
        status = EG_OK;
    }
    return status;
}

static void texts_name(eg_language language, char name[TEXTS_NAME_SIZE])
{
    (void)snprintf(name, TEXTS_NAME_SIZE, "texts.%s.json", eg_language_code(language));
}

static int load_texts(loader *l, const char *folder, eg_language language)
{
    char name[TEXTS_NAME_SIZE];
    eg_buf path;
    int status;

    texts_name(language, name);
    eg_buf_init(&path, PATH_MAX_BYTES);
    eg_buf_clear(&l->text);
    status = eg_path_join(&path, folder, name);
    if (status == EG_OK)
        status = eg_file_read(eg_buf_cstr(&path), EG_PACK_TEXTS_MAX, &l->text);
    if (status == EG_OK)
        status =
            eg_texts_read(l->ruleset->texts, language, eg_buf_str(&l->text), eg_buf_cstr(&path));
    status = optional_taken(l, eg_buf_cstr(&path), status);
    eg_buf_done(&path);
    return status;
}

static int load_exceptions(loader *l, const char *folder)
{
    eg_buf path;
    int status;

    eg_buf_init(&path, PATH_MAX_BYTES);
    eg_buf_clear(&l->text);
    status = eg_path_join(&path, folder, EG_EXCEPTIONS_FILE);
    if (status == EG_OK && eg_file_exists(eg_buf_cstr(&path))) {
        status = eg_file_read(eg_buf_cstr(&path), EG_PACK_FILE_MAX, &l->text);
        if (status == EG_OK)
            status = eg_exception_list_read(l->ruleset->exceptions, eg_buf_str(&l->text));
        status = optional_taken(l, eg_buf_cstr(&path), status);
    }
    eg_buf_done(&path);
    return status;
}

static int load_folder(loader *l, const char *pack, const char *name)
{
    eg_buf path;
    int status;

    eg_buf_init(&path, PATH_MAX_BYTES);
    status = eg_path_join(&path, pack, name);
    if (status == EG_OK && eg_dir_exists(eg_buf_cstr(&path)))
        status = eg_pack_walk(eg_buf_cstr(&path), load_file, l);
    eg_buf_done(&path);
    return status;
}

/* Name and serial are those of the first pack; takes over `pack`. */
static void keep_pack(loader *l, int status, eg_pack *pack)
{
    if (status == EG_OK && l->ruleset->pack.serial == 0) {
        eg_pack_done(&l->ruleset->pack);
        l->ruleset->pack = *pack;
    } else {
        eg_pack_done(pack);
    }
}

static int load_pack(loader *l, const char *folder)
{
    eg_pack pack;
    eg_buf path;
    size_t i;
    int status;

    eg_pack_init(&pack);
    eg_buf_init(&path, PATH_MAX_BYTES);
    status = eg_pack_read(folder, &pack);
    if (status == EG_OK)
        status = load_folder(l, folder, "sigma");
    if (status == EG_OK)
        status = load_folder(l, folder, "yara");
    if (status == EG_OK)
        status = eg_path_join(&path, folder, EG_PACK_PLACEHOLDERS);
    if (status == EG_OK && eg_file_exists(eg_buf_cstr(&path)))
        status = load_file(l, eg_buf_cstr(&path));
    for (i = 0; i < EG_LANGUAGE_COUNT && status == EG_OK; i++)
        status = load_texts(l, folder, (eg_language)i);
    if (status == EG_OK)
        status = load_exceptions(l, folder);
    keep_pack(l, status, &pack);
    eg_buf_done(&path);
    return status;
}

static int load_path(loader *l, const char *path)
{
    int status;

    if (eg_dir_exists(path))
        return eg_pack_is_folder(path) ? load_pack(l, path) : eg_pack_walk(path, load_file, l);
    status = read_rules(l, path);
    return status == EG_E_NOTFOUND ? eg_fail(status, "%s does not exist", path) : status;
}

/* ---- packs in memory ---- */

static bool is_rules(eg_str name)
{
    return eg_str_equal(name, EG_STR(EG_PACK_PLACEHOLDERS)) ||
           (eg_pack_is_rules(name) && (eg_str_starts_nocase(name, EG_STR("sigma/")) ||
                                       eg_str_starts_nocase(name, EG_STR("yara/"))));
}

/* `path` is the name with that of the pack before it. */
static int take_file(loader *l, const eg_pack_file *file, const char *path, eg_pack *pack)
{
    if (eg_str_equal(file->name, EG_STR("pack.json")))
        return eg_pack_parse(file->text, path, pack);
    if (is_rules(file->name) && file->text.len > EG_PACK_FILE_MAX) {
        l->ruleset->stats.files++;
        (void)eg_fail(EG_E_LIMIT, "larger than %u bytes", EG_PACK_FILE_MAX);
        return reject_file(l, path);
    }
    if (is_rules(file->name))
        return take_rules(l, path, file->text);
    if (eg_str_equal(file->name, EG_STR(EG_EXCEPTIONS_FILE)))
        return optional_taken(l, path, eg_exception_list_read(l->ruleset->exceptions, file->text));
    for (size_t i = 0; i < EG_LANGUAGE_COUNT; i++) {
        char name[TEXTS_NAME_SIZE];

        texts_name((eg_language)i, name);
        if (eg_str_equal(file->name, eg_str_from(name)))
            return optional_taken(
                l, path, eg_texts_read(l->ruleset->texts, (eg_language)i, file->text, path));
    }
    return EG_OK;
}

static int load_files(loader *l, const eg_ruleset_source *source)
{
    eg_pack pack;
    eg_buf path;
    int status = EG_OK;

    eg_pack_init(&pack);
    eg_buf_init(&path, PATH_MAX_BYTES);
    for (size_t i = 0; i < source->count && status == EG_OK; i++) {
        eg_buf_clear(&path);
        status = eg_buf_appendf(&path, "%s/%.*s", source->path, EG_STR_ARGS(source->files[i].name));
        if (status == EG_OK)
            status = take_file(l, &source->files[i], eg_buf_cstr(&path), &pack);
    }
    if (status == EG_OK && pack.serial == 0)
        status = eg_fail(EG_E_INVALID, "%s: there is no pack.json in it", source->path);
    if (status == EG_OK && source->serial != 0)
        pack.serial = source->serial;
    keep_pack(l, status, &pack);
    eg_buf_done(&path);
    return status;
}

/* ---- the set ---- */

static int compile(loader *l, bool report_inert)
{
    eg_ruleset *ruleset = l->ruleset;
    eg_sigma_options options = {report_inert, l->placeholders};
    eg_sigma_stats stats;
    int status = eg_sigma_compile((const eg_sigma_rule *const *)l->rules, l->count, &options,
                                  &l->counting, &ruleset->sigma);

    if (status == EG_OK)
        status = eg_yara_files_compile(&l->yara, &l->counting, &ruleset->yara);
    if (status != EG_OK)
        return status;
    ruleset->yara_files = l->yara;
    l->yara = (eg_yara_files){NULL, 0, 0};
    ruleset->stats.yara = eg_yara_engine.rule_count(ruleset->yara);
    if (eg_sigma_set_size(ruleset->sigma) == 0 && ruleset->stats.yara == 0)
        return eg_fail(EG_E_INVALID, "no rule could be loaded (%zu files, %zu rejected, %zu inert)",
                       ruleset->stats.files, ruleset->stats.rejected, ruleset->stats.inert);
    eg_sigma_set_stats(ruleset->sigma, &stats);
    ruleset->stats.loaded = stats.rules - stats.inert;
    ruleset->stats.memory = stats.memory;
    ruleset->stats.name = eg_buf_str(&ruleset->pack.name);
    ruleset->stats.serial = ruleset->pack.serial;
    return EG_OK;
}

static int load_all(loader *l, const eg_ruleset_source *sources, size_t count, bool report_inert)
{
    size_t i;
    int status = eg_texts_create(&l->ruleset->texts);

    if (status == EG_OK)
        status = eg_exception_list_create(&l->ruleset->exceptions);
    if (status == EG_OK)
        status = eg_placeholders_create(&l->placeholders);
    for (i = 0; i < count && status == EG_OK; i++)
        status = sources[i].files ? load_files(l, &sources[i]) : load_path(l, sources[i].path);
    return status == EG_OK ? compile(l, report_inert) : status;
}

int eg_ruleset_load_from(const eg_ruleset_source *sources, size_t count, bool report_inert,
                         const eg_report *report, eg_ruleset **out)
{
    eg_ruleset *ruleset = eg_alloc_zero(1, sizeof(*ruleset));
    loader l = {ruleset, report, {count_problem, NULL}, NULL, 0, 0, NULL, {NULL, 0, 0}, {0}};
    size_t i;
    int status;

    if (!ruleset)
        return EG_E_NOMEM;
    l.counting.user = &l;
    eg_atomic_set(&ruleset->references, 1);
    eg_pack_init(&ruleset->pack);
    eg_buf_init(&l.text, EG_PACK_TEXTS_MAX);
    status = load_all(&l, sources, count, report_inert);
    for (i = 0; i < l.count; i++)
        eg_sigma_rule_destroy(l.rules[i]);
    eg_free((void *)l.rules);
    eg_placeholders_destroy(l.placeholders);
    eg_yara_files_done(&l.yara);
    eg_buf_done(&l.text);
    if (status != EG_OK) {
        eg_ruleset_unref(ruleset);
        return status;
    }
    *out = ruleset;
    return EG_OK;
}

int eg_ruleset_load(const char *const *paths, size_t count, bool report_inert,
                    const eg_report *report, eg_ruleset **out)
{
    eg_ruleset_source *sources = eg_alloc_zero(count + 1, sizeof(*sources));
    int status;

    if (!sources)
        return EG_E_NOMEM;
    for (size_t i = 0; i < count; i++)
        sources[i].path = paths[i];
    status = eg_ruleset_load_from(sources, count, report_inert, report, out);
    eg_free(sources);
    return status;
}

eg_ruleset *eg_ruleset_ref(eg_ruleset *ruleset)
{
    (void)eg_atomic_add(&ruleset->references, 1);
    return ruleset;
}

void eg_ruleset_unref(eg_ruleset *ruleset)
{
    if (!ruleset || eg_atomic_add(&ruleset->references, -1) > 0)
        return;
    eg_sigma_set_destroy(ruleset->sigma);
    eg_yara_engine.rules_destroy(ruleset->yara);
    eg_yara_files_done(&ruleset->yara_files);
    eg_texts_destroy(ruleset->texts);
    eg_exception_list_destroy(ruleset->exceptions);
    eg_pack_done(&ruleset->pack);
    eg_free(ruleset);
}

const eg_sigma_set *eg_ruleset_sigma(const eg_ruleset *ruleset)
{
    return ruleset->sigma;
}

const eg_yara_files *eg_ruleset_yara_files(const eg_ruleset *ruleset)
{
    return &ruleset->yara_files;
}

const eg_yara_rules *eg_ruleset_yara(const eg_ruleset *ruleset)
{
    return ruleset->yara;
}

const eg_texts *eg_ruleset_texts(const eg_ruleset *ruleset)
{
    return ruleset->texts;
}

const eg_exception_list *eg_ruleset_exceptions(const eg_ruleset *ruleset)
{
    return ruleset->exceptions;
}

bool eg_ruleset_has_rule(const eg_ruleset *ruleset, eg_str rule_id)
{
    size_t i, count = eg_sigma_set_size(ruleset->sigma);

    for (i = 0; i < count; i++) {
        if (eg_str_equal(eg_sigma_set_rule(ruleset->sigma, (uint32_t)i)->id, rule_id))
            return true;
    }
    count = eg_yara_engine.rule_count(ruleset->yara);
    for (i = 0; i < count; i++) {
        eg_rule_info info;

        eg_yara_rule_info(eg_yara_engine.rule(ruleset->yara, i), &info);
        if (eg_str_equal(info.id, rule_id))
            return true;
    }
    return false;
}

void eg_ruleset_stats_get(const eg_ruleset *ruleset, eg_ruleset_stats *stats)
{
    *stats = ruleset->stats;
}

/* ---- the current one ---- */

int eg_ruleset_slot_create(eg_ruleset_slot **out)
{
    eg_ruleset_slot *slot = eg_alloc_zero(1, sizeof(*slot));
    int status;

    if (!slot)
        return EG_E_NOMEM;
    status = eg_mutex_init(&slot->lock);
    if (status != EG_OK) {
        eg_free(slot);
        return status;
    }
    *out = slot;
    return EG_OK;
}

void eg_ruleset_slot_destroy(eg_ruleset_slot *slot)
{
    if (!slot)
        return;
    eg_ruleset_unref(slot->ruleset);
    eg_mutex_done(&slot->lock);
    eg_free(slot);
}

eg_ruleset *eg_ruleset_slot_get(eg_ruleset_slot *slot)
{
    eg_ruleset *ruleset;

    eg_mutex_lock(&slot->lock);
    ruleset = slot->ruleset ? eg_ruleset_ref(slot->ruleset) : NULL;
    eg_mutex_unlock(&slot->lock);
    return ruleset;
}

void eg_ruleset_slot_put(eg_ruleset_slot *slot, eg_ruleset *ruleset)
{
    eg_ruleset *old;

    eg_mutex_lock(&slot->lock);
    old = slot->ruleset;
    slot->ruleset = ruleset;
    eg_mutex_unlock(&slot->lock);
    eg_ruleset_unref(old); /* outside the lock: freeing a large set takes a while */
}
