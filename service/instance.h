/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One service per data folder: whoever holds the lock file works on it. A file, not a named mutex,
 * since the folder is closed to users, who could otherwise take the name first and keep the service
 * from starting. The lock goes with the process, however that ends.
 */
#ifndef EG_SERVICE_INSTANCE_H
#define EG_SERVICE_INSTANCE_H

#include <stdint.h>

#include <windows.h>

/* EG_E_EXISTS when another process holds it. */
int eg_instance_lock(const char *path, HANDLE *out);
/*
 * The same for one that is about to end: waits that long for it. A service is not gone when it is
 * told to stop, nor with a thread that ends late when it has said that it stopped.
 */
int eg_instance_lock_within(const char *path, uint32_t milliseconds, HANDLE *out);
void eg_instance_unlock(HANDLE lock);

#endif
