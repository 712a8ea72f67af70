/* SPDX-License-Identifier: Apache-2.0 */
/* emoguard-worker.exe: looks into bytes that nobody trusts, in a process that nobody has to. */
#include "worker/win32/serve.h"

int main(int argc, char **argv)
{
    return eg_worker_main(argc, argv, &eg_yara_engine);
}
