/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/status.h"
#include "core/detect/scan_targets.h"
#include "tests/fuzz/fuzz.h"

int eg_fuzz_scan_targets(const uint8_t *data, size_t size);

/* The input as the texts of an event, one a line, of every kind that names something. */
static void fill(eg_event *event, eg_kind kind, eg_str text)
{
    static const eg_field fields[] = {
        EG_FIELD_COMMAND_LINE, EG_FIELD_IMAGE,           EG_FIELD_CURRENT_DIRECTORY,
        EG_FIELD_DETAILS,      EG_FIELD_TARGET_OBJECT,   EG_FIELD_IMAGE_PATH,
        EG_FIELD_COMMAND,      EG_FIELD_ARGUMENTS,       EG_FIELD_WORKING_DIRECTORY,
        EG_FIELD_DESTINATION,  EG_FIELD_TARGET_FILENAME, EG_FIELD_LINK_TARGET};
    eg_str line;
    eg_event_init(event, kind);
    for (size_t i = 0; i < EG_COUNT(fields); i++) {
        event->field[fields[i]] = eg_str_split(&text, '\n', &line) ? line : EG_STR_NONE;
    }
    if (!event->field[EG_FIELD_DETAILS].ptr) {
        const eg_str command = event->field[EG_FIELD_COMMAND_LINE];
        event->field[EG_FIELD_DETAILS] = event->field[EG_FIELD_IMAGE_PATH] = command;
        event->field[EG_FIELD_COMMAND] = event->field[EG_FIELD_DESTINATION] = command;
        event->field[EG_FIELD_LINK_ARGUMENTS] = command;
    }
}

int eg_fuzz_scan_targets(const uint8_t *data, size_t size)
{
    eg_scan_targets targets;
    eg_arena *arena = NULL;
    eg_event event;
    EG_FUZZ_CHECK(eg_arena_create(&arena, 4096) == EG_OK);
    for (int kind = 0; kind < EG_KIND_COUNT; kind++) {
        fill(&event, (eg_kind)kind, (eg_str){(const char *)data, size});
        EG_FUZZ_CHECK(eg_scan_targets_of(&event, &eg_windows_usual_folders, arena, &targets) ==
                      EG_OK);
        for (size_t i = 0; i < targets.count; i++) {
            eg_windows_path path = targets.items[i].path;
            EG_FUZZ_CHECK(path.kind == EG_PATH_UNRESOLVED || path.text.len <= EG_WINDOWS_PATH_MAX);
            EG_FUZZ_CHECK(path.kind != EG_PATH_LOCAL || path.text.ptr[1] == ':');
        }
        /* two paths for each target, and what the nested commands took */
        EG_FUZZ_CHECK(eg_arena_bytes(arena) < 4 * 1024 * 1024);
        eg_arena_reset(arena);
    }
    eg_arena_destroy(arena);
    return 0;
}
