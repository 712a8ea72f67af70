/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fetcher for the test tool: HTTP as core/update/http.h makes it, or files below a folder. It
 * belongs to one thread and lives as long as the client that uses it.
 */
#ifndef EG_TESTS_TUF_CLIENT_FETCH_H
#define EG_TESTS_TUF_CLIENT_FETCH_H

#include "core/update/client.h"
#include "core/update/http.h"

typedef struct eg_test_fetch {
    const char *metadata_base; /* "http://...", or a folder */
    const char *target_base;
    eg_http *http;
} eg_test_fetch;

eg_fetcher eg_test_fetch_fetcher(eg_test_fetch *fetch);

#endif
