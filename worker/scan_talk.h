/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The conversation with a scan worker: requests out, answers in, in the order they must come.
 * Belongs to the thread of its client; its status codes are those of worker/scan_child.h.
 */
#ifndef EG_WORKER_SCAN_TALK_H
#define EG_WORKER_SCAN_TALK_H

#include "core/yara/scan_wire.h"
#include "worker/scan_child.h"

typedef struct eg_scan_talk {
    eg_scan_child *child; /* borrowed */
    eg_buf out, in;
    eg_scan_answer answer; /* the last one */
    uint64_t errors;       /* in the sources that were compiled last */
} eg_scan_talk;

void eg_scan_talk_init(eg_scan_talk *talk);
void eg_scan_talk_done(eg_scan_talk *talk);
/*
 * Has the sources compiled, to be used with `limits`, or only tried when that is NULL; tells
 * problems (`report` may be NULL), and leaves the answer in talk->answer.
 */
int eg_scan_talk_sources(eg_scan_talk *talk, const eg_yara_source *sources, size_t count,
                         const eg_file_scan_limits *limits, const eg_yara_report *report,
                         uint64_t deadline);
/* One job; its report is in talk->answer. */
int eg_scan_talk_job(eg_scan_talk *talk, const eg_scan_request *request, const eg_scan_rules *rules,
                     uint64_t deadline);
/* Compiles in this process, with the results of eg_scan_client_try. */
int eg_scan_try_here(const eg_yara_ops *engine, const eg_yara_source *sources, size_t count,
                     const eg_yara_report *report);

#endif
