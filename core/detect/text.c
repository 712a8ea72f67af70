/* SPDX-License-Identifier: Apache-2.0 */
#include "core/detect/text.h"

#include "core/base/json.h"
#include "core/base/os.h"
#include "core/base/status.h"

#include <string.h>

#define ARENA_BLOCK (32u * 1024)
#define ENTRIES_MAX 100000

typedef struct text_entry {
    eg_str key;
    eg_text text;
} text_entry;

/* Open addressing, at most half full; keys differ in more than case. */
typedef struct text_table {
    text_entry *entries;
    size_t size, count;
} text_table;

typedef struct language_texts {
    text_table rules;
    text_table techniques;
    eg_text fallback;
} language_texts;

struct eg_texts {
    eg_arena *arena;
    language_texts languages[EG_LANGUAGE_COUNT];
};

static const char *const language_codes[] = {
#define LANGUAGE(id, code) code,
#include "core/detect/languages.def"
#undef LANGUAGE
};

const char *eg_language_code(eg_language language)
{
    return (size_t)language < EG_COUNT(language_codes) ? language_codes[language] : "";
}

bool eg_language_from_code(eg_str code, eg_language *out)
{
    size_t i;

    for (i = 0; i < EG_COUNT(language_codes); i++) {
        eg_str known = eg_str_from(language_codes[i]);

        if (!eg_str_starts_nocase(code, known)) {
            continue;
        }
        if (code.len == known.len || strchr("-_.@", code.ptr[known.len])) {
            *out = (eg_language)i;
            return true;
        }
    }
    return false;
}

eg_language eg_language_of_user(void)
{
    eg_language language = EG_LANGUAGE_EN;
    eg_buf code;
    eg_buf_init(&code, 256);
    if (eg_env_get("EMOGUARD_LANG", &code) != EG_OK ||
        !eg_language_from_code(eg_buf_str(&code), &language)) {
        if (eg_system_language(&code) == EG_OK) {
            (void)eg_language_from_code(eg_buf_str(&code), &language);
        }
    }
    eg_buf_done(&code);
    return language;
}

int eg_texts_create(eg_texts **out)
{
    eg_texts *texts = eg_alloc_zero(1, sizeof(*texts));
    int status;

    if (!texts) {
        return EG_E_NOMEM;
    }
    status = eg_arena_create(&texts->arena, ARENA_BLOCK);
    if (status != EG_OK) {
        eg_free(texts);
        return status;
    }
    *out = texts;
    return EG_OK;
}

void eg_texts_destroy(eg_texts *texts)
{
    size_t i;

    if (!texts) {
        return;
    }
    for (i = 0; i < EG_LANGUAGE_COUNT; i++) {
        eg_free(texts->languages[i].rules.entries);
        eg_free(texts->languages[i].techniques.entries);
    }
    eg_arena_destroy(texts->arena);
    eg_free(texts);
}

/* ---- table ---- */

/* Rule ids and techniques are ASCII: upper and lower case mean the same. */
static uint64_t hash_key(eg_str key)
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325);
    size_t i;

    for (i = 0; i < key.len; i++) {
        unsigned char c = (unsigned char)key.ptr[i];

        hash = (hash ^ (c >= 'A' && c <= 'Z' ? c + 32u : c)) * UINT64_C(0x100000001B3);
    }
    return hash ^ hash >> 32;
}

static text_entry *find_place(const text_table *table, eg_str key)
{
    size_t at = (size_t)hash_key(key) & (table->size - 1);

    while (table->entries[at].key.ptr && !eg_str_equal_nocase(table->entries[at].key, key)) {
        at = (at + 1) & (table->size - 1);
    }
    return &table->entries[at];
}

static const eg_text *find_text(const text_table *table, eg_str key)
{
    const text_entry *entry = table->size && key.ptr ? find_place(table, key) : NULL;

    return entry && entry->key.ptr ? &entry->text : NULL;
}

static int grow(text_table *table)
{
    text_table larger = {NULL, table->size ? table->size * 2 : 64, table->count};
    size_t i;

    if (table->count * 2 < table->size) {
        return EG_OK;
    }
    larger.entries = eg_alloc_zero(larger.size, sizeof(*larger.entries));
    if (!larger.entries) {
        return EG_E_NOMEM;
    }
    for (i = 0; i < table->size; i++) {
        if (table->entries[i].key.ptr) {
            *find_place(&larger, table->entries[i].key) = table->entries[i];
        }
    }
    eg_free(table->entries);
    *table = larger;
    return EG_OK;
}

/* ---- reading ---- */

static int copy_text(eg_texts *texts, eg_str text, eg_str *out)
{
    char *copy = eg_arena_copy(texts->arena, text.ptr, text.len);

    if (!copy) {
        return EG_E_NOMEM;
    }
    *out = (eg_str){copy, text.len};
    return EG_OK;
}

static int read_text(eg_texts *texts, yyjson_val *object, const char *file, eg_str name,
                     eg_text *out)
{
    static const char *const keys[] = {"title", "meaning", "advice"};
    eg_text text;
    eg_str *parts[] = {&text.title, &text.meaning, &text.advice};
    size_t i;

    for (i = 0; i < EG_COUNT(keys); i++) {
        eg_str value = eg_json_get_str(object, keys[i]);
        int status;

        if (!value.ptr) {
            return eg_fail(EG_E_INVALID, "%s: the text of %.*s has no \"%s\"", file,
                           EG_STR_ARGS(name), keys[i]);
        }
        status = copy_text(texts, value, parts[i]);
        if (status != EG_OK) {
            return status;
        }
    }
    *out = text;
    return EG_OK;
}

static int read_entry(eg_texts *texts, text_table *table, yyjson_val *key, yyjson_val *value,
                      const char *file)
{
    eg_str name = {yyjson_get_str(key), yyjson_get_len(key)};
    text_entry entry, *place;
    int status;

    if (table->count >= ENTRIES_MAX) {
        return eg_fail(EG_E_LIMIT, "%s: more than %d texts", file, ENTRIES_MAX);
    }
    status = read_text(texts, value, file, name, &entry.text);
    if (status == EG_OK) {
        status = copy_text(texts, name, &entry.key);
    }
    if (status == EG_OK) {
        status = grow(table);
    }
    if (status != EG_OK) {
        return status;
    }
    place = find_place(table, name);
    if (!place->key.ptr) { /* the first pack that explains a rule is the one that is read */
        *place = entry;
        table->count++;
    }
    return EG_OK;
}

static int read_table(eg_texts *texts, text_table *table, yyjson_val *object, const char *file)
{
    size_t index, count;
    yyjson_val *key, *value;

    yyjson_obj_foreach(object, index, count, key, value) {
        int status = read_entry(texts, table, key, value, file);

        if (status != EG_OK) {
            return status;
        }
    }
    return EG_OK;
}

int eg_texts_read(eg_texts *texts, eg_language language, eg_str json, const char *file)
{
    language_texts *into = &texts->languages[language];
    yyjson_val *root, *fallback;
    yyjson_doc *doc;
    int status = eg_json_parse(json, &doc);

    if (status == EG_E_INVALID) {
        return eg_fail(EG_E_INVALID, "%s: %.900s", file, eg_error_message());
    }
    if (status != EG_OK) {
        return status;
    }
    root = yyjson_doc_get_root(doc);
    if (!yyjson_is_obj(root)) {
        status = eg_fail(EG_E_INVALID, "%s: not an object of texts", file);
    }
    if (status == EG_OK) {
        status = read_table(texts, &into->rules, yyjson_obj_get(root, "rules"), file);
    }
    if (status == EG_OK) {
        status = read_table(texts, &into->techniques, yyjson_obj_get(root, "techniques"), file);
    }
    fallback = status == EG_OK ? yyjson_obj_get(root, "default") : NULL;
    if (fallback && !into->fallback.title.ptr) {
        status = read_text(texts, fallback, file, EG_STR("default"), &into->fallback);
    }
    yyjson_doc_free(doc);
    return status;
}

/* ---- finding ---- */

/* "attack.t1059.001": T1059.001, else T1059. Tags of tactics and groups are no techniques. */
static const eg_text *find_technique(const text_table *techniques, eg_str tag)
{
    eg_str prefix = EG_STR("attack.t"), name;
    const eg_text *text;
    const char *dot;

    if (!eg_str_starts_nocase(tag, prefix) || tag.len == prefix.len || tag.ptr[prefix.len] < '0' ||
        tag.ptr[prefix.len] > '9') {
        return NULL;
    }
    name = (eg_str){tag.ptr + prefix.len - 1, tag.len - prefix.len + 1};
    text = find_text(techniques, name);
    dot = memchr(name.ptr, '.', name.len);
    if (!text && dot) {
        text = find_text(techniques, (eg_str){name.ptr, (size_t)(dot - name.ptr)});
    }
    return text;
}

void eg_texts_find(const eg_texts *texts, const eg_rule_info *rule, eg_language language,
                   eg_text *out)
{
    const language_texts *from = &texts->languages[language];
    const eg_text *text = find_text(&from->rules, rule->id);
    size_t i;

    for (i = 0; i < rule->tag_count && !text; i++) {
        text = find_technique(&from->techniques, rule->tags[i]);
    }
    if (!text && from->fallback.title.ptr) {
        text = &from->fallback;
    }
    if (text) {
        *out = *text;
        return;
    }
    out->title = rule->title.ptr ? rule->title : rule->id;
    out->meaning = rule->description.ptr ? rule->description : EG_STR("");
    out->advice = EG_STR("");
}

bool eg_texts_has(const eg_texts *texts, eg_str rule_id, eg_language language)
{
    return find_text(&texts->languages[language].rules, rule_id) != NULL;
}
