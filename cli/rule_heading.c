/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/rule_heading.h"

#include "core/base/os.h"
#include "core/base/status.h"
#include "core/detect/pack.h"
#include "core/sigma/yaml_tree.h"

#include <string.h>

static eg_str text_of(const eg_yaml_node *map, const char *key)
{
    const eg_yaml_node *node = eg_yaml_get(map, key);
    return node && node->kind == EG_YAML_SCALAR ? node->text : EG_STR("");
}

static eg_str category_of(const eg_yaml_node *root)
{
    static const char *const keys[] = {"category", "service", "product"};
    const eg_yaml_node *logsource = eg_yaml_get(root, "logsource");
    for (size_t i = 0; i < EG_COUNT(keys); i++) {
        eg_str text = text_of(logsource, keys[i]);
        if (text.len > 0) {
            return text;
        }
    }
    return EG_STR("");
}

static int read_text(eg_str text, int line, eg_str id, eg_arena *arena, eg_rule_heading *out)
{
    const eg_yaml_node *root = NULL;
    eg_yaml_reader *reader = NULL;
    int status = eg_yaml_reader_create(text, &reader);

    while (status == EG_OK) {
        status = eg_yaml_read(reader, arena, &root);
        if (status != EG_OK || !root || (id.len == 0 && root->line > line)) {
            break;
        }
        out->id = text_of(root, "id");
        out->title = text_of(root, "title");
        out->author = text_of(root, "author");
        out->level = text_of(root, "level");
        out->category = category_of(root);
        if (id.len > 0 && eg_str_equal(out->id, id)) {
            break;
        }
    }
    eg_yaml_reader_destroy(reader);
    return status == EG_E_NOMEM ? status : EG_OK; /* what could be read is enough */
}

int eg_rule_heading_read(const char *file, int line, eg_str id, eg_arena *arena,
                         eg_rule_heading *out)
{
    const eg_str none = EG_STR("");
    eg_buf text;

    *out = (eg_rule_heading){none, none, none, none, none};
    eg_buf_init(&text, EG_PACK_FILE_MAX);
    int status = eg_file_read(file, EG_PACK_FILE_MAX, &text);
    /* The nodes may borrow from the text, so it has to live as long as they. */
    char *copy = status == EG_OK ? eg_arena_copy(arena, eg_buf_cstr(&text), text.len) : NULL;
    if (copy) {
        status = read_text((eg_str){copy, text.len}, line > 0 ? line : 1, id, arena, out);
    }
    eg_buf_done(&text);
    return status == EG_E_NOMEM ? status : EG_OK;
}
