/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files and digests for core/detect/file_reader.h, by Windows: files are opened without keeping
 * anybody from changing or deleting them, and without waiting for those who hold them; digests
 * come from CNG. Signatures are signature.h. One thread.
 */
#ifndef EG_WORKER_FILE_ACCESS_H
#define EG_WORKER_FILE_ACCESS_H

#include "core/detect/file_reader.h"

typedef struct eg_file_access eg_file_access;

int eg_file_access_create(eg_file_access **out);
void eg_file_access_destroy(eg_file_access *access); /* NULL-safe; no file is open any more */
eg_file_ops eg_file_access_ops(eg_file_access *access);

#endif
