/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/report_story.h"

#include "core/base/json.h"
#include "core/base/status.h"

void eg_report_story(const eg_report_writer *writer, eg_str json, const eg_report_story_look *look)
{
    yyjson_doc *document = NULL;
    size_t index, count;
    yyjson_val *item;
    int status = eg_json_parse(json, &document);
    if (status != EG_OK) {
        writer->out->status = status == EG_E_NOMEM ? status : writer->out->status;
        return;
    }
    yyjson_val *root = yyjson_doc_get_root(document);
    yyjson_val *text =
        yyjson_obj_get(yyjson_obj_get(root, "text"), eg_language_code(writer->language));
    look->begin(writer, eg_json_get_str(text, "title"));
    yyjson_arr_foreach(yyjson_obj_get(root, "steps"), index, count, item) {
        eg_report_step step = {
            .role = EG_ROLE_OTHER,
            .marked = eg_json_get_bool(item, "suspicious", false),
            .name = eg_json_get_str(item, "name"),
            .detail = eg_json_get_str(item, "detail"),
        };
        (void)eg_role_from_name(eg_json_get_str(item, "role"), &step.role);
        look->step(writer, &step);
    }
    look->end(writer);
    yyjson_doc_free(document);
}
