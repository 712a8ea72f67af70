/* SPDX-License-Identifier: Apache-2.0 */
#include "core/yara/engine.h"

#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"

#include <yara.h>

#include <string.h>

#define ARENA_BLOCK ((size_t)16 * 1024)
#define FINGERPRINT_START UINT64_C(0xCBF29CE484222325)
#define FINGERPRINT_STEP UINT64_C(0x100000001B3)

struct eg_yara_rules {
    YR_RULES *compiled; /* NULL when no source was good */
    eg_arena *arena;    /* of infos */
    eg_yara_rule *infos;
    size_t count;
    uint64_t fingerprint;
};

struct eg_yara_scanner {
    const eg_yara_rules *rules;
    YR_SCANNER *scanner;    /* NULL when there are no rules */
    eg_yara_result *result; /* of the scan that runs */
    eg_buf text;            /* for external variables, which want a NUL */
};

/* One compilation of one or all sources. */
typedef struct compilation {
    YR_COMPILER *compiler;
    const eg_yara_report *report;
    const char *file; /* being compiled */
    bool tells_errors, tells_warnings;
} compilation;

static const char *const text_externals[] = {"filepath", "filename",  "extension",  "filetype",
                                             "owner",    "full_path", "event_kind", "signer_state"};

/* ---- libyara itself ---- */

static eg_mutex library_lock = EG_MUTEX_INIT;

static int fail_code(int code, const char *what)
{
    if (code == ERROR_INSUFFICIENT_MEMORY) {
        return eg_fail(EG_E_NOMEM, "out of memory %s", what);
    }
    if (code == ERROR_SCAN_TIMEOUT) {
        return eg_fail(EG_E_TIMEOUT, "%s took too long", what);
    }
    return eg_fail(EG_E_LIMIT, "%s failed: libyara error %d", what, code);
}

/* libyara counts its users, but not under a lock. */
static int library_enter(void)
{
    eg_mutex_lock(&library_lock);
    int code = yr_initialize();
    if (code == ERROR_SUCCESS) {
        code = yr_set_configuration_uint32(YR_CONFIG_MAX_MATCH_DATA, EG_YARA_EXCERPT_MAX);
    } else {
        yr_finalize();
    }
    eg_mutex_unlock(&library_lock);
    return code == ERROR_SUCCESS ? EG_OK : fail_code(code, "setting up the YARA engine");
}

static void library_leave(void)
{
    eg_mutex_lock(&library_lock);
    yr_finalize();
    eg_mutex_unlock(&library_lock);
}

/* ---- compiling ---- */

static void tell(const eg_yara_report *report, const char *file, int line, bool is_warning,
                 const char *reason)
{
    const eg_yara_problem problem = {file, line, reason, is_warning};
    if (report && report->problem) {
        report->problem(report->user, &problem);
    }
}

static void on_message(int level, const char *file_name, int line, const YR_RULE *rule,
                       const char *message, void *user)
{
    const compilation *c = user;
    bool is_warning = level == YARA_ERROR_LEVEL_WARNING;
    (void)file_name;
    (void)rule;
    if (is_warning ? c->tells_warnings : c->tells_errors) {
        tell(c->report, c->file, line, is_warning, message);
    }
}

/* A compiler that knows what rules may ask, and refuses to include files. */
static int begin(compilation *c)
{
    int code = yr_compiler_create(&c->compiler);
    if (code != ERROR_SUCCESS) {
        return fail_code(code, "making a YARA compiler");
    }
    yr_compiler_set_callback(c->compiler, on_message, c);
    yr_compiler_set_include_callback(c->compiler, NULL, NULL, NULL);
    for (size_t i = 0; i < EG_COUNT(text_externals) && code == ERROR_SUCCESS; i++) {
        code = yr_compiler_define_string_variable(c->compiler, text_externals[i], "");
    }
    if (code == ERROR_SUCCESS) {
        /* Any other value would be taken for a constant by the compiler. */
        code = yr_compiler_define_integer_variable(c->compiler, "file_size", (int64_t)YR_UNDEFINED);
    }
    if (code != ERROR_SUCCESS) {
        yr_compiler_destroy(c->compiler);
        return fail_code(code, "making a YARA compiler");
    }
    return EG_OK;
}

/* EG_E_INVALID when there is something wrong with the source, which has been told. */
static int add_source(compilation *c, const eg_yara_source *source)
{
    c->file = source->file;
    if (source->text.len > EG_YARA_SOURCE_MAX) {
        if (c->tells_errors) {
            tell(c->report, source->file, 0, false, "the file is too large");
        }
        return EG_E_INVALID;
    }
    const char *text = source->text.len > 0 ? source->text.ptr : "";
    int errors = yr_compiler_add_bytes(c->compiler, text, source->text.len, source->file);
    if (errors == 0) {
        return EG_OK;
    }
    if (c->compiler->last_error == ERROR_INSUFFICIENT_MEMORY) {
        return fail_code(ERROR_INSUFFICIENT_MEMORY, "compiling YARA rules");
    }
    return EG_E_INVALID;
}

/*
 * All that are not marked bad. EG_E_INVALID when one turns out to be: *reached is then the first
 * such one, and those before it are good.
 */
static int compile_together(const eg_yara_source *sources, const bool *bad, size_t count,
                            const eg_yara_report *report, YR_RULES **out, size_t *reached)
{
    compilation c = {.report = report, .tells_warnings = true};
    int status = begin(&c);
    if (status != EG_OK) {
        return status;
    }
    for (size_t i = 0; i < count && status == EG_OK; i++) {
        *reached = i;
        if (!bad[i]) {
            status = add_source(&c, &sources[i]);
        }
    }
    if (status == EG_OK) {
        int code = yr_compiler_get_rules(c.compiler, out);
        status = code == ERROR_SUCCESS ? EG_OK : fail_code(code, "compiling YARA rules");
    }
    yr_compiler_destroy(c.compiler);
    return status;
}

/* Compiles each source alone: no source sees another's rules, so it is as good or bad together. */
static int find_bad(const eg_yara_source *sources, size_t first, size_t count,
                    const eg_yara_report *report, bool *bad)
{
    int status = EG_OK;
    for (size_t i = first; i < count && status == EG_OK; i++) {
        compilation c = {.report = report, .tells_errors = true, .tells_warnings = i > first};
        status = begin(&c);
        if (status != EG_OK) {
            break;
        }
        status = add_source(&c, &sources[i]);
        bad[i] = status == EG_E_INVALID;
        status = bad[i] ? EG_OK : status;
        yr_compiler_destroy(c.compiler);
    }
    return status;
}

/* Nearly always all are good; if not, each is tried once more, so that each error is told. */
static int compile_good(const eg_yara_source *sources, size_t count, const eg_yara_report *report,
                        YR_RULES **out)
{
    size_t reached = 0;
    bool *bad = eg_alloc_zero(count, sizeof(*bad));
    if (!bad) {
        return EG_E_NOMEM;
    }
    int status = compile_together(sources, bad, count, report, out, &reached);
    if (status == EG_E_INVALID) {
        status = find_bad(sources, reached, count, report, bad);
        if (status == EG_OK) {
            status = compile_together(sources, bad, count, NULL, out, &reached);
        }
    }
    eg_free(bad);
    return status == EG_E_INVALID ? eg_fail(EG_E_LIMIT, "these YARA rules do not fit together")
                                  : status;
}

/* ---- what rules say of themselves ---- */

static int copy_text(eg_arena *arena, const char *text, eg_str *out)
{
    eg_str view = eg_str_from(text ? text : "");
    const char *copy = eg_arena_copy(arena, view.ptr, view.len);
    if (!copy) {
        return EG_E_NOMEM;
    }
    *out = (eg_str){copy, view.len};
    return EG_OK;
}

static void read_meta(const YR_RULE *rule, const char **texts, int64_t *score)
{
    static const char *const names[] = {"id",     "title",     "description",
                                        "author", "reference", "level"};
    const YR_META *meta;
    yr_rule_metas_foreach(rule, meta)
    {
        if (meta->type == META_TYPE_INTEGER && strcmp(meta->identifier, "score") == 0) {
            *score = meta->integer;
        }
        for (size_t i = 0; i < EG_COUNT(names) && meta->type == META_TYPE_STRING; i++) {
            if (strcmp(meta->identifier, names[i]) == 0) {
                texts[i] = meta->string;
            }
        }
    }
}

static int fill_info(eg_arena *arena, const YR_RULE *rule, eg_yara_rule *info)
{
    const char *texts[6] = {NULL};
    eg_str file = EG_STR_NONE;
    info->score = -1;
    read_meta(rule, texts, &info->score);
    int status = copy_text(arena, rule->identifier, &info->name);
    const char *title = texts[1] ? texts[1] : texts[2] ? texts[2] : rule->identifier;
    const char *const values[] = {texts[0] ? texts[0] : rule->identifier,
                                  title,
                                  texts[2],
                                  texts[3],
                                  texts[4],
                                  texts[5],
                                  rule->ns->name};
    eg_str *const targets[] = {&info->id,     &info->title,     &info->description,
                               &info->author, &info->reference, &info->level,
                               &file};
    for (size_t i = 0; i < EG_COUNT(values) && status == EG_OK; i++) {
        status = copy_text(arena, values[i], targets[i]);
    }
    info->file = file.ptr;
    return status;
}

static int fill_infos(eg_yara_rules *rules)
{
    const YR_RULE *rule;
    size_t count = rules->compiled ? rules->compiled->num_rules : 0;
    int status = eg_arena_create(&rules->arena, ARENA_BLOCK);
    if (status != EG_OK) {
        return status;
    }
    rules->infos = eg_alloc_zero(count, sizeof(*rules->infos));
    if (!rules->infos) {
        return EG_E_NOMEM;
    }
    for (rules->count = 0; rules->count < count && status == EG_OK; rules->count++) {
        rule = &rules->compiled->rules_table[rules->count];
        status = fill_info(rules->arena, rule, &rules->infos[rules->count]);
    }
    return status;
}

static void add_to_fingerprint(uint64_t *fingerprint, eg_str text)
{
    *fingerprint = (*fingerprint ^ eg_str_hash(text) ^ text.len) * FINGERPRINT_STEP;
}

static void rules_destroy(eg_yara_rules *rules)
{
    if (!rules) {
        return;
    }
    if (rules->compiled) {
        yr_rules_destroy(rules->compiled);
    }
    library_leave();
    eg_arena_destroy(rules->arena);
    eg_free(rules->infos);
    eg_free(rules);
}

static int compile(const eg_yara_source *sources, size_t count, const eg_yara_report *report,
                   eg_yara_rules **out)
{
    eg_yara_rules *rules = eg_alloc_zero(1, sizeof(*rules));
    if (!rules) {
        return EG_E_NOMEM;
    }
    int status = library_enter();
    if (status != EG_OK) {
        eg_free(rules);
        return status;
    }
    rules->fingerprint = FINGERPRINT_START;
    for (size_t i = 0; i < count; i++) {
        add_to_fingerprint(&rules->fingerprint, eg_str_from(sources[i].file));
        add_to_fingerprint(&rules->fingerprint, sources[i].text);
    }
    if (count > 0) {
        status = compile_good(sources, count, report, &rules->compiled);
    }
    if (status == EG_OK) {
        status = fill_infos(rules);
    }
    if (status != EG_OK) {
        rules_destroy(rules);
        return status;
    }
    *out = rules;
    return EG_OK;
}

static size_t rule_count(const eg_yara_rules *rules)
{
    return rules->count;
}

static const eg_yara_rule *rule_at(const eg_yara_rules *rules, size_t index)
{
    return &rules->infos[index];
}

static uint64_t fingerprint(const eg_yara_rules *rules)
{
    return rules->fingerprint;
}

/* ---- scanning ---- */

static void keep_string(YR_SCAN_CONTEXT *context, YR_STRING *string, eg_yara_match *to)
{
    const YR_MATCH *match;
    yr_string_matches_foreach(context, string, match)
    {
        eg_yara_string *kept = &to->strings[to->string_count++];
        size_t name = strlen(string->identifier);
        name = name < sizeof(kept->name) ? name : sizeof(kept->name) - 1;
        memcpy(kept->name, string->identifier, name);
        kept->offset = (uint64_t)(match->base + match->offset);
        kept->length = (uint32_t)match->match_length;
        kept->excerpt_length = (size_t)match->data_length;
        if (kept->excerpt_length > sizeof(kept->excerpt)) {
            kept->excerpt_length = sizeof(kept->excerpt);
        }
        memcpy(kept->excerpt, match->data, kept->excerpt_length);
        return;
    }
}

static void keep_match(eg_yara_scanner *scanner, YR_SCAN_CONTEXT *context, YR_RULE *rule)
{
    eg_yara_result *result = scanner->result;
    YR_STRING *string;
    if (result->total++ >= EG_YARA_MATCHES_MAX) {
        return;
    }
    eg_yara_match *match = &result->matches[result->count++];
    match->rule = &scanner->rules->infos[rule - scanner->rules->compiled->rules_table];
    yr_rule_strings_foreach(rule, string)
    {
        if (match->string_count == EG_YARA_STRINGS_MAX) {
            break;
        }
        keep_string(context, string, match);
    }
}

/* What rules write to the console is dropped: it is no way out for the bytes of a file. */
static int on_event(YR_SCAN_CONTEXT *context, int message, void *data, void *user)
{
    eg_yara_scanner *scanner = user;
    if (message == CALLBACK_MSG_RULE_MATCHING) {
        keep_match(scanner, context, data);
    } else if (message == CALLBACK_MSG_TOO_MANY_MATCHES ||
               message == CALLBACK_MSG_TOO_SLOW_SCANNING) {
        scanner->result->cut = true;
    }
    return CALLBACK_CONTINUE;
}

static void scanner_destroy(eg_yara_scanner *scanner)
{
    if (!scanner) {
        return;
    }
    if (scanner->scanner) {
        yr_scanner_destroy(scanner->scanner);
    }
    eg_buf_done(&scanner->text);
    eg_free(scanner);
}

static int scanner_create(const eg_yara_rules *rules, eg_yara_scanner **out)
{
    eg_yara_scanner *scanner = eg_alloc_zero(1, sizeof(*scanner));
    if (!scanner) {
        return EG_E_NOMEM;
    }
    scanner->rules = rules;
    eg_buf_init(&scanner->text, (size_t)1024 * 1024);
    if (rules->compiled) {
        int code = yr_scanner_create(rules->compiled, &scanner->scanner);
        if (code != ERROR_SUCCESS) {
            scanner->scanner = NULL;
            scanner_destroy(scanner);
            return fail_code(code, "making a YARA scanner");
        }
        yr_scanner_set_callback(scanner->scanner, on_event, scanner);
        /*
         * The first match of a string is enough. Without try-catch, since the bytes are ours: a
         * fault in them would be a defect, not a file that was cut while it was mapped.
         */
        yr_scanner_set_flags(scanner->scanner, SCAN_FLAGS_FAST_MODE | SCAN_FLAGS_NO_TRYCATCH |
                                                   SCAN_FLAGS_REPORT_RULES_MATCHING);
    }
    *out = scanner;
    return EG_OK;
}

static int define_text(eg_yara_scanner *scanner, const char *name, eg_str value)
{
    eg_buf_clear(&scanner->text);
    int status = eg_buf_append_str(&scanner->text, value);
    if (status != EG_OK) {
        return status;
    }
    int code =
        yr_scanner_define_string_variable(scanner->scanner, name, eg_buf_cstr(&scanner->text));
    return code == ERROR_SUCCESS ? EG_OK : fail_code(code, "telling a rule of the file");
}

static int define_facts(eg_yara_scanner *scanner, const eg_yara_facts *facts)
{
    eg_str name = eg_path_base(facts->path);
    size_t folder = facts->path.len - name.len;
    size_t dot = name.len;
    while (dot > 0 && name.ptr[dot - 1] != '.') {
        dot--;
    }
    eg_str extension = dot > 0 ? (eg_str){name.ptr + dot - 1, name.len - dot + 1} : EG_STR_NONE;
    const eg_str values[] = {{facts->path.ptr, folder > 1 ? folder - 1 : folder},
                             name,
                             extension,
                             facts->filetype,
                             facts->owner,
                             facts->path,
                             facts->event_kind,
                             facts->signer_state};
    int status = EG_OK;
    for (size_t i = 0; i < EG_COUNT(values) && status == EG_OK; i++) {
        status = define_text(scanner, text_externals[i], values[i]);
    }
    if (status == EG_OK) {
        int code =
            yr_scanner_define_integer_variable(scanner->scanner, "file_size", (int64_t)facts->size);
        status = code == ERROR_SUCCESS ? EG_OK : fail_code(code, "telling a rule of the file");
    }
    return status;
}

static int scan(eg_yara_scanner *scanner, eg_str bytes, const eg_yara_facts *facts, int seconds,
                eg_yara_result *out)
{
    memset(out, 0, sizeof(*out));
    if (!scanner->scanner) {
        return EG_OK;
    }
    int status = define_facts(scanner, facts);
    if (status != EG_OK) {
        return status;
    }
    const uint8_t *start = (const uint8_t *)(bytes.len > 0 ? bytes.ptr : "");
    scanner->result = out;
    yr_scanner_set_timeout(scanner->scanner, seconds);
    int code = yr_scanner_scan_mem(scanner->scanner, start, bytes.len);
    scanner->result = NULL;
    if (code != ERROR_SUCCESS) {
        memset(out, 0, sizeof(*out));
        return fail_code(code, "scanning");
    }
    return EG_OK;
}

const eg_yara_ops eg_yara_engine = {
    .compile = compile,
    .rules_destroy = rules_destroy,
    .rule_count = rule_count,
    .rule = rule_at,
    .fingerprint = fingerprint,
    .scanner_create = scanner_create,
    .scanner_destroy = scanner_destroy,
    .scan = scan,
};
