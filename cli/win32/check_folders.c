/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/win32/check_folders.h"

#include "core/base/status.h"
#include "driverless-hooks/file_place.h"

typedef struct gathering {
    eg_check_pc *pc;
    size_t total, done; /* places */
    eg_str place;
} gathering;

static int count_place(void *user, const eg_file_place *place)
{
    gathering *g = user;
    EG_UNUSED(place);
    g->total++;
    return EG_OK;
}

static int add_file(void *user, const eg_place_file *file)
{
    gathering *g = user;
    int status = eg_check_pc_step(g->pc, EG_CHECK_PHASE_FOLDERS, g->done, g->total, g->place);
    return status == EG_OK ? eg_check_files_add_once(g->pc->files, EG_CHECK_FILE, file->path)
                           : status;
}

static int add_unreadable(void *user, const char *path)
{
    gathering *g = user;
    return eg_check_pc_add_failure(g->pc, EG_CHECK_FILE, eg_str_from(path), EG_CHECK_REASON_FOLDER);
}

static int add_place(void *user, const eg_file_place *place)
{
    gathering *g = user;
    g->place = eg_str_from(place->path);
    int status = eg_check_pc_step(g->pc, EG_CHECK_PHASE_FOLDERS, g->done++, g->total, g->place);
    if (status == EG_OK) {
        status = eg_file_place_walk_telling(place, add_file, add_unreadable, g);
    }
    if (status == EG_E_LIMIT) {
        status = eg_check_pc_add_failure(g->pc, EG_CHECK_FILE, g->place,
                                         EG_CHECK_REASON_TOO_MANY_IN_FOLDER);
    }
    return status;
}

int eg_check_folders_gather(eg_check_pc *pc)
{
    gathering g = {.pc = pc};
    int status = eg_file_places_of_all(count_place, &g);
    if (status == EG_OK) {
        status = eg_file_places_of_all(add_place, &g);
    }
    return status;
}
