/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parts of the service that several groups of tests use and none includes for its statics. A source
 * belongs to one project only, so the tests take them this way.
 */
#include "service/attention.c"
#include "service/baseline_keeper.c"
#include "service/bell_thread.c"
#include "service/board.c"
#include "service/client_feed.c"
#include "service/client_user.c"
#include "service/clients.c"
#include "service/pipe_io.c"
