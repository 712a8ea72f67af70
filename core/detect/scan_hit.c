/* SPDX-License-Identifier: Apache-2.0 */
#include "core/detect/scan_hit.h"

#include "core/detect/hit.h"
#include "core/event/event_json.h"

#include <stdio.h>

static void put_excerpt(eg_json *json, const eg_yara_string *string)
{
    char hex[2 * EG_YARA_EXCERPT_MAX + 1] = "", text[EG_YARA_EXCERPT_MAX + 1] = "";
    size_t count = string->excerpt_length;
    for (size_t i = 0; i < count && i < EG_YARA_EXCERPT_MAX; i++) {
        unsigned char c = string->excerpt[i];
        snprintf(hex + 2 * i, 3, "%02x", c);
        text[i] = c >= ' ' && c < 0x7F ? (char)c : '.';
    }
    eg_json_put_str(json, "bytes", eg_str_from(hex));
    eg_json_put_str(json, "text", eg_str_from(text));
}

static void put_strings(eg_json *json, const eg_yara_match *match)
{
    eg_json_key(json, "strings");
    eg_json_array(json);
    for (size_t i = 0; i < match->string_count; i++) {
        const eg_yara_string *string = &match->strings[i];
        eg_json_object(json);
        eg_json_put_str(json, "name", eg_str_from(string->name));
        eg_json_put_u64(json, "offset", string->offset);
        eg_json_put_u64(json, "length", string->length);
        put_excerpt(json, string);
        eg_json_object_end(json);
    }
    eg_json_array_end(json);
}

void eg_scan_hit_write(const eg_scan_finding *finding, const eg_yara_match *match, eg_json *json)
{
    const eg_file_report *report = &finding->report;
    eg_json_object(json);
    eg_event_write_members(finding->event, json);
    eg_json_key(json, "scan");
    eg_json_object(json);
    eg_json_put_str(json, "reason", eg_str_from(eg_scan_reason_name(finding->reason)));
    eg_json_put_str(json, "path", finding->path);
    eg_json_put_str(json, "part", eg_str_from(report->buffer));
    eg_json_put_u64(json, "bytes", report->bytes);
    eg_json_put_bool(json, "known", report->from_cache);
    eg_json_put_str(json, "rule", match->rule->name);
    put_strings(json, match);
    if (report->reason[0]) {
        eg_json_put_str(json, "not_looked_at", eg_str_from(report->reason));
    }
    eg_json_object_end(json);
    eg_json_object_end(json);
}

uint64_t eg_scan_hit_fingerprint(const eg_scan_finding *finding, eg_str rule_id)
{
    eg_event file;
    if (finding->is_text || finding->is_memory) {
        return eg_hit_fingerprint(rule_id, finding->event);
    }
    /* nothing but the file: the same one found by process, task and value is one thing */
    eg_event_init(&file, EG_KIND_FILE_CREATED);
    file.field[EG_FIELD_TARGET_FILENAME] = finding->path;
    return eg_hit_fingerprint(rule_id, &file);
}
