/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an event makes worth a look by YARA: the image of a started program, the library or script
 * its command line names, what a Run value, service, task, shortcut or WMI consumer starts, a
 * dropped file, the text of a script. A bounded list, each with its reason. A pure function of the
 * event and the folders of the computer: nothing is opened. Any thread; texts borrow from the event
 * and the arena.
 */
#ifndef EG_DETECT_SCAN_TARGETS_H
#define EG_DETECT_SCAN_TARGETS_H

#include "core/detect/windows_path.h"
#include "core/event/event.h"

#define EG_SCAN_TARGETS_MAX 16

typedef enum eg_scan_reason {
#define REASON(id, name) EG_SCAN_##id,
#include "core/detect/scan_reasons.def"
#undef REASON
    EG_SCAN_REASON_COUNT,
} eg_scan_reason;

typedef struct eg_scan_target {
    eg_scan_reason reason;
    eg_windows_path path; /* the file; with `bytes` only its text, and it is a name for people */
    eg_str bytes;         /* what to look at, taken from the event; EG_STR_NONE: the file */
    /* One of several places where Windows looks for a name: that it is missing says nothing. */
    bool is_candidate;
    uint32_t process_id; /* not 0: the memory of this process, `path` is its image */
    uint64_t created;    /* FILETIME of its start */
} eg_scan_target;

typedef struct eg_scan_targets {
    eg_scan_target items[EG_SCAN_TARGETS_MAX];
    size_t count;
    bool cut; /* the event named more than is looked at */
} eg_scan_targets;

const char *eg_scan_reason_name(eg_scan_reason reason); /* "command_line" */

/* May it name anything? Costs next to nothing. */
bool eg_scan_targets_in(const eg_event *event);
/*
 * `event` as the pipeline completed it. Files are listed before they are known to exist, also those
 * of other computers and those whose path cannot be resolved: whoever looks decides and tells.
 * EG_OK or EG_E_NOMEM.
 */
int eg_scan_targets_of(const eg_event *event, const eg_windows_folders *folders, eg_arena *arena,
                       eg_scan_targets *out);
/* The memory of the process that the event is about; false when it names none. */
bool eg_scan_target_memory(const eg_event *event, eg_scan_target *out);

#endif
