/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Archives of packs in an agent's folder, each a file named by its hash, and how one gets there:
 * whole, or as a delta against one that lies here. What is read or fetched has the hash and the
 * size that were signed, or is no archive. Same thread as the agent.
 */
#ifndef EG_UPDATE_AGENT_ARCHIVE_H
#define EG_UPDATE_AGENT_ARCHIVE_H

#include "core/update/agent_state.h"
#include "core/update/bundle.h"
#include "core/update/client.h"

#define EG_AGENT_ARCHIVE_SUFFIX ".tar"

/* EG_E_NOTFOUND; EG_E_CORRUPT when it is not what it was. `out` is empty after a failure. */
int eg_agent_archive_read(const char *folder, const eg_agent_pack *pack, eg_bundle *out);
/* Nothing is written when it lies there, undamaged. */
int eg_agent_archive_write(const char *folder, const eg_agent_pack *pack, const eg_bundle *bundle);
/* Deletes all but those of the current and of the last good pack. */
void eg_agent_archive_clean(const char *folder, const eg_agent_state *state);
/*
 * `*bad`: it came as signed, and is not the archive that was signed for all that; asking again is
 * of no use. `*received` is counted up.
 */
int eg_agent_archive_fetch(eg_tuf_client *client, const eg_tuf_target *target,
                           const eg_agent_pack *pack, eg_bundle *out, bool *bad,
                           uint64_t *received);
int eg_agent_archive_fetch_delta(eg_tuf_client *client, const eg_tuf_target *delta,
                                 const char *folder, const eg_agent_pack *held,
                                 const eg_agent_pack *pack, eg_bundle *out, uint64_t *received);

#endif
