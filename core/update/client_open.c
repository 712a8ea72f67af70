/* SPDX-License-Identifier: Apache-2.0 */
/* Where a client's trust begins: the state on disk, the installed root, or both. */
#include "core/update/client_internal.h"

#include "core/base/log.h"
#include "core/base/status.h"
#include "core/update/signature.h"

#include <string.h>

static int read_root(eg_str bytes, eg_tuf_metadata **out)
{
    eg_tuf_metadata *root = NULL;
    int status = eg_tuf_metadata_read(bytes, EG_TUF_ROOT, &root);
    if (status == EG_OK) {
        status = eg_tuf_check_signatures(root, &root->roles[EG_TUF_ROOT], EG_STR("root"));
    }
    if (status != EG_OK) {
        eg_tuf_metadata_destroy(root);
        return status;
    }
    *out = root;
    return EG_OK;
}

static int begin_anew(eg_tuf_client *client, eg_tuf_metadata *installed, eg_str bytes)
{
    uint64_t generation = client->state.generation;
    eg_tuf_state_done(&client->state);
    client->state.generation = generation;
    for (int kind = 0; kind < EG_TUF_KIND_COUNT; kind++) {
        eg_tuf_trust(client, (eg_tuf_kind)kind, NULL);
    }
    eg_sha256(bytes, client->state.installed);
    return eg_tuf_accept(client, installed, bytes);
}

/* Reads the rest of the state; what is not signed as the trusted root demands is left behind. */
static int read_trusted(eg_tuf_client *client)
{
    for (int i = EG_TUF_TIMESTAMP; i < EG_TUF_KIND_COUNT; i++) {
        eg_tuf_kind kind = (eg_tuf_kind)i;
        eg_str bytes = eg_tuf_state_get(&client->state, eg_tuf_name_of(kind));
        int status = bytes.ptr ? eg_tuf_metadata_read(bytes, kind, &client->trusted[kind]) : EG_OK;
        if (status == EG_E_NOMEM) {
            return status;
        }
    }
    eg_tuf_revalidate(client);
    return EG_OK;
}

/* The state knows a root: believe it, or the installed one if that is another than it was. */
static int choose_root(eg_tuf_client *client, eg_tuf_metadata *installed, eg_str bytes)
{
    uint8_t hash[EG_HASH256_SIZE];
    eg_tuf_metadata *root = NULL;
    int status = read_root(eg_tuf_state_get(&client->state, eg_tuf_name_of(EG_TUF_ROOT)), &root);
    if (status == EG_E_NOMEM) {
        eg_tuf_metadata_destroy(installed);
        return status;
    }
    if (status != EG_OK) {
        eg_log(EG_LOG_WARNING, "update", "the trusted root is replaced by the installed one: %s",
               eg_error_message());
        client->state_damaged = true;
        return begin_anew(client, installed, bytes);
    }
    eg_sha256(bytes, hash);
    bool other = memcmp(hash, client->state.installed, sizeof(hash)) != 0;
    if (other && !eg_tuf_shares_a_key(&root->roles[EG_TUF_ROOT], &installed->roles[EG_TUF_ROOT])) {
        eg_log(EG_LOG_INFO, "update", "the installed root is a new beginning");
        eg_tuf_metadata_destroy(root);
        return begin_anew(client, installed, bytes);
    }
    eg_tuf_trust(client, EG_TUF_ROOT, root);
    status = read_trusted(client);
    memcpy(client->state.installed, hash, sizeof(hash));
    if (status == EG_OK && other && installed->version > root->version) {
        status = eg_tuf_accept_root(client, installed, bytes);
        if (status == EG_OK) {
            eg_tuf_revalidate(client);
        }
        return status;
    }
    eg_tuf_metadata_destroy(installed);
    return status;
}

static int start(eg_tuf_client *client, eg_str installed_root)
{
    eg_tuf_metadata *installed = NULL;
    bool damaged = false;
    int status = read_root(installed_root, &installed);
    if (status != EG_OK) {
        return status;
    }
    status = eg_tuf_state_load(client->state_path, &client->state, &damaged);
    client->state_damaged = damaged;
    if (status == EG_OK) {
        return choose_root(client, installed, installed_root);
    }
    if (status == EG_E_NOTFOUND || status == EG_E_CORRUPT) {
        return begin_anew(client, installed, installed_root);
    }
    eg_tuf_metadata_destroy(installed);
    return status;
}

int eg_tuf_client_open(eg_tuf_client **out, const eg_tuf_settings *settings)
{
    eg_tuf_client *client = eg_alloc_zero(1, sizeof(*client));
    if (!client) {
        return EG_E_NOMEM;
    }
    client->fetcher = settings->fetcher;
    client->options = settings->options;
    eg_tuf_state_init(&client->state);
    client->state_path = eg_copy_bytes(settings->state_path, strlen(settings->state_path));
    int status = client->state_path ? start(client, settings->installed_root) : EG_E_NOMEM;
    if (status != EG_OK) {
        eg_tuf_client_close(client);
        return status;
    }
    client->outcome = EG_TUF_UP_TO_DATE;
    *out = client;
    return EG_OK;
}

void eg_tuf_client_close(eg_tuf_client *client)
{
    if (!client) {
        return;
    }
    for (int kind = 0; kind < EG_TUF_KIND_COUNT; kind++) {
        eg_tuf_metadata_destroy(client->trusted[kind]);
    }
    eg_tuf_metadata_destroy(client->found_in);
    eg_tuf_state_done(&client->state);
    eg_free(client->state_path);
    eg_free(client);
}
