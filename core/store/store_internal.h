/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the store share: the open store, and the two ways to work on it. Work runs
 * under the store's lock; writing runs in a transaction that is on disk when it returns. Damage
 * found by either moves the file aside and starts a new one; writing is then tried once more.
 */
#ifndef EG_STORE_STORE_INTERNAL_H
#define EG_STORE_STORE_INTERNAL_H

#include "core/base/os.h"
#include "core/store/sqlite.h"
#include "core/store/store.h"

struct eg_store {
    eg_mutex lock;
    eg_store_mode mode;
    char *path;
    eg_sqlite *db;   /* NULL while a new database could not be started */
    int64_t last_id; /* largest of a hit that is known to this process */
    eg_buf notice;   /* what happened since somebody asked last; "" nothing */
    struct eg_waiting_row *rows, *last_row; /* of the baseline, oldest first */
    size_t rows_count;
    uint64_t rows_time; /* FILETIME: what was told until then is in the baseline as loaded */
};

typedef int (*eg_store_work)(eg_store *store, void *context);
int eg_store_read(eg_store *store, eg_store_work work, void *context);
int eg_store_write(eg_store *store, eg_store_work work, void *context);

void eg_store_forget_rows(eg_store *store); /* of the baseline that still wait */
/* A level as it is stored; what is beyond the known ones becomes the nearest. */
eg_level eg_store_level(int64_t number);

/* Within the transaction that stores the hit: its story as it is now. */
int eg_incident_write(eg_store *store, const eg_hit *hit);
/* The same: an exception has hidden one more hit. Those of packs are not in the database. */
int eg_exception_count(eg_store *store, int64_t id, uint64_t time);

/*
 * Moves database, -wal and -shm to "<path>.damaged-<time>" and puts the new name into `aside`. The
 * file must be closed. EG_E_DENIED or EG_E_IO when another program holds it.
 */
int eg_damage_move_aside(const char *path, uint64_t now, eg_buf *aside);

#endif
