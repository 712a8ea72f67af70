/* SPDX-License-Identifier: Apache-2.0 */
/*
 * story_replay RULES EVENTS...: takes each file of events, JSON lines, through a pipeline of its
 * own and prints the stories that it leaves, by what people are shown of them:
 *   NAME: 1 stories, 4 hits
 *     story 1: high, 4 hits
 *       document plan.docm
 *       commands powershell.exe !
 * with '!' at the steps that rules were met on. One thread. Exit status 0, 1 when a file cannot be
 * read or holds a line that is no event, 2 on usage.
 */
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/detect/pipeline.h"

#include <stdio.h>

#define EVENTS_FILE_MAX (256u * 1024 * 1024)
#define STORY_MAX (256u * 1024)
#define STORIES_MAX 64

/* What one file leaves: the latest JSON of each story, by its id, which begins at 1. */
typedef struct stories {
    eg_buf json[STORIES_MAX];
    uint64_t hits;
} stories;

static int on_hit(void *user, const eg_hit *hit, const eg_event *event)
{
    stories *kept = user;
    EG_UNUSED(event);
    kept->hits++;
    if (hit->incident_id < 1 || hit->incident_id > STORIES_MAX) {
        return eg_fail(EG_E_LIMIT, "story %lld", (long long)hit->incident_id);
    }
    eg_buf *json = &kept->json[hit->incident_id - 1];
    eg_buf_clear(json);
    return eg_buf_append_str(json, hit->incident_json);
}

static int feed(eg_pipeline *pipeline, eg_str rest)
{
    eg_event_reader *reader = NULL;
    eg_str line;
    int status = eg_event_reader_create(&reader);
    while (status == EG_OK && eg_str_split(&rest, '\n', &line)) {
        eg_event event;
        if (eg_str_trim(line).len == 0) {
            continue;
        }
        status = eg_event_read_json(reader, line, &event);
        if (status == EG_OK) {
            status = eg_pipeline_feed(pipeline, &event);
        }
    }
    eg_event_reader_destroy(reader);
    return status;
}

/* Stories that turned out to be part of another are no longer told. */
static int drop_absorbed(stories *kept)
{
    for (size_t i = 0; i < STORIES_MAX; i++) {
        yyjson_doc *document = NULL;
        yyjson_val *id;
        size_t index, count;
        if (kept->json[i].len == 0) {
            continue;
        }
        int status = eg_json_parse(eg_buf_str(&kept->json[i]), &document);
        if (status != EG_OK) {
            return status;
        }
        yyjson_arr_foreach(yyjson_obj_get(yyjson_doc_get_root(document), "absorbed"), index, count,
                           id) {
            eg_buf_clear(&kept->json[yyjson_get_sint(id) - 1]);
        }
        yyjson_doc_free(document);
    }
    return EG_OK;
}

static int print_story(const eg_buf *json, unsigned number)
{
    yyjson_doc *document = NULL;
    yyjson_val *step;
    size_t index, count;
    int status = eg_json_parse(eg_buf_str(json), &document);
    if (status != EG_OK) {
        return status;
    }
    yyjson_val *story = yyjson_doc_get_root(document);
    eg_str level = eg_json_get_str(story, "level");
    printf("  story %u: %.*s, %u hits\n", number, EG_STR_ARGS(level),
           (unsigned)eg_json_get_u64(story, "hits", 0));
    yyjson_arr_foreach(yyjson_obj_get(story, "steps"), index, count, step) {
        eg_str role = eg_json_get_str(step, "role"), name = eg_json_get_str(step, "name");
        printf("    %.*s %.*s%s\n", EG_STR_ARGS(role), EG_STR_ARGS(name),
               eg_json_get_bool(step, "suspicious", false) ? " !" : "");
    }
    yyjson_doc_free(document);
    return EG_OK;
}

static int print_stories(eg_str name, stories *kept)
{
    unsigned count = 0, number = 0;
    int status = drop_absorbed(kept);
    for (size_t i = 0; i < STORIES_MAX; i++) {
        count += kept->json[i].len > 0;
    }
    printf("%.*s: %u stories, %u hits\n", EG_STR_ARGS(name), count, (unsigned)kept->hits);
    for (size_t i = 0; status == EG_OK && i < STORIES_MAX; i++) {
        if (kept->json[i].len > 0) {
            status = print_story(&kept->json[i], ++number);
        }
    }
    return status;
}

static int replay(eg_ruleset_slot *rules, const char *path)
{
    stories kept = {.hits = 0};
    eg_pipeline *pipeline = NULL;
    eg_pipeline_stats stats = {0};
    eg_buf file;
    eg_buf_init(&file, EVENTS_FILE_MAX);
    for (size_t i = 0; i < STORIES_MAX; i++) {
        eg_buf_init(&kept.json[i], STORY_MAX);
    }
    int status = eg_file_read(path, EVENTS_FILE_MAX, &file);
    if (status == EG_OK) {
        status = eg_pipeline_create(rules, on_hit, &kept, &pipeline);
    }
    if (status == EG_OK) {
        status = feed(pipeline, eg_buf_str(&file));
        eg_pipeline_stats_get(pipeline, &stats);
    }
    if (status == EG_OK && stats.failures > 0) {
        status = eg_fail(EG_E_LIMIT, "%u hits were not taken", (unsigned)stats.failures);
    }
    if (status == EG_OK) {
        status = print_stories(eg_path_base(eg_str_from(path)), &kept);
    }
    eg_pipeline_destroy(pipeline);
    for (size_t i = 0; i < STORIES_MAX; i++) {
        eg_buf_done(&kept.json[i]);
    }
    eg_buf_done(&file);
    return status;
}

int main(int count, char **arguments)
{
    eg_ruleset *rules = NULL;
    eg_ruleset_slot *slot = NULL;
    if (count < 3) {
        fprintf(stderr, "usage: story_replay RULES EVENTS...\n");
        return 2;
    }
    const char *paths[] = {arguments[1]};
    int status = eg_ruleset_slot_create(&slot);
    if (status == EG_OK) {
        status = eg_ruleset_load(paths, 1, false, NULL, &rules);
    }
    if (status == EG_OK) {
        eg_ruleset_slot_put(slot, rules);
    }
    for (int i = 2; status == EG_OK && i < count; i++) {
        status = replay(slot, arguments[i]);
    }
    if (status != EG_OK) {
        fprintf(stderr, "story_replay: %s\n", eg_error_message());
    }
    eg_ruleset_slot_destroy(slot);
    return status == EG_OK ? 0 : 1;
}
