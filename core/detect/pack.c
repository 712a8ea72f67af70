/* SPDX-License-Identifier: Apache-2.0 */
#include "core/detect/pack.h"

#include "core/base/clock.h"
#include "core/base/engine.h"
#include "core/base/json.h"
#include "core/base/os.h"
#include "core/base/status.h"

#include <stdio.h>

#define PATH_MAX_BYTES (64u * 1024)
#define NAME_MAX_BYTES 256
#define DEPTH_MAX 24

void eg_pack_init(eg_pack *pack)
{
    eg_buf_init(&pack->name, NAME_MAX_BYTES);
    pack->serial = 0;
}

void eg_pack_done(eg_pack *pack)
{
    eg_buf_done(&pack->name);
}

static int pack_path(const char *folder, eg_buf *out)
{
    eg_buf_init(out, PATH_MAX_BYTES);
    return eg_path_join(out, folder, "pack.json");
}

bool eg_pack_is_folder(const char *folder)
{
    eg_buf path;
    bool is_pack = pack_path(folder, &path) == EG_OK && eg_file_exists(eg_buf_cstr(&path));

    eg_buf_done(&path);
    return is_pack;
}

bool eg_pack_time(uint64_t serial, uint64_t *made)
{
    char text[EG_TIME_TEXT_SIZE];
    uint64_t date = serial / 100;

    if (date < 20000101 || date > 99991231) {
        return false;
    }
    (void)snprintf(text, sizeof(text), "%04u-%02u-%02uT00:00:00Z", (unsigned)(date / 10000),
                   (unsigned)(date / 100 % 100), (unsigned)(date % 100));
    return eg_time_parse(eg_str_from(text), made) == EG_OK;
}

static int read_root(const char *file, yyjson_val *root, eg_pack *pack)
{
    eg_str name = eg_json_get_str(root, "name");
    uint64_t serial = eg_json_get_u64(root, "serial", 0);

    if (!yyjson_is_obj(root)) {
        return eg_fail(EG_E_INVALID, "%s: not an object", file);
    }
    if (name.len == 0 || name.len > NAME_MAX_BYTES) {
        return eg_fail(EG_E_INVALID, "%s: \"name\" is missing or too long", file);
    }
    if (serial == 0) {
        return eg_fail(EG_E_INVALID, "%s: \"serial\" must be a number from 1", file);
    }
    if (eg_engine_check(eg_json_get_str(root, "engine_min")) != EG_OK) {
        return eg_fail(EG_E_INVALID, "%s: %.900s", file, eg_error_message());
    }
    eg_buf_clear(&pack->name);
    pack->serial = serial;
    return eg_buf_append_str(&pack->name, name);
}

int eg_pack_parse(eg_str json, const char *file, eg_pack *pack)
{
    yyjson_doc *doc = NULL;
    int status = eg_json_parse(json, &doc);

    if (status == EG_E_INVALID) {
        return eg_fail(EG_E_INVALID, "%s: %.900s", file, eg_error_message());
    }
    if (status == EG_OK) {
        status = read_root(file, yyjson_doc_get_root(doc), pack);
    }
    yyjson_doc_free(doc);
    return status;
}

int eg_pack_read(const char *folder, eg_pack *pack)
{
    eg_buf path, text;
    int status = pack_path(folder, &path);

    eg_buf_init(&text, EG_PACK_FILE_MAX);
    if (status == EG_OK) {
        status = eg_file_read(eg_buf_cstr(&path), EG_PACK_FILE_MAX, &text);
    }
    if (status == EG_OK) {
        status = eg_pack_parse(eg_buf_str(&text), eg_buf_cstr(&path), pack);
    }
    eg_buf_done(&text);
    eg_buf_done(&path);
    return status;
}

/* ---- rule files of a folder ---- */

typedef struct walk {
    eg_pack_rule_file found;
    void *user;
    size_t files;
} walk;

bool eg_pack_is_yara(eg_str path)
{
    return eg_str_ends_nocase(path, EG_STR(".yar")) || eg_str_ends_nocase(path, EG_STR(".yara"));
}

static bool is_sigma(eg_str path)
{
    return eg_str_ends_nocase(path, EG_STR(".yml")) || eg_str_ends_nocase(path, EG_STR(".yaml"));
}

bool eg_pack_is_rules(eg_str path)
{
    return is_sigma(path) || eg_pack_is_yara(path);
}

static int visit(void *user, const eg_dir_entry *entry)
{
    walk *w = user;
    eg_str name = eg_str_from(entry->name);

    if (entry->is_dir || !eg_pack_is_rules(name)) {
        return EG_OK;
    }
    if (++w->files > EG_PACK_FILES_MAX) {
        return eg_fail(EG_E_LIMIT, "more than %d rule files", EG_PACK_FILES_MAX);
    }
    return w->found(w->user, entry->path);
}

int eg_pack_walk(const char *folder, eg_pack_rule_file found, void *user)
{
    walk w = {found, user, 0};

    return eg_dir_walk(folder, DEPTH_MAX, visit, &w);
}
