/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of a file only after reading it whole: digests, the hash of its imports, who signed
 * it. Which fields of an event that fills, and how Sysmon spells them. Plain values, any thread.
 */
#ifndef EG_DETECT_FILE_FACTS_H
#define EG_DETECT_FILE_FACTS_H

#include "core/base/mem.h"
#include "core/event/event.h"

enum {
    EG_FACT_DIGESTS = 1 << 0,
    EG_FACT_IMPHASH = 1 << 1,
    EG_FACT_SIGNATURE = 1 << 2,
    EG_FACTS_ALL = EG_FACT_DIGESTS | EG_FACT_IMPHASH | EG_FACT_SIGNATURE,
};

enum { EG_MD5_SIZE = 16, EG_SHA1_SIZE = 20, EG_SHA256_SIZE = 32, EG_DIGEST_SIZE_MAX = 32 };

typedef enum eg_signature_status {
    EG_SIGNATURE_NONE, /* neither in the file nor in a catalog */
    EG_SIGNATURE_VALID,
    EG_SIGNATURE_EXPIRED, /* the certificate ran out, and no time stamp tells it was used before */
    EG_SIGNATURE_REVOKED,
    EG_SIGNATURE_UNTRUSTED, /* a chain that ends in no trusted root, or is not for signing code */
    EG_SIGNATURE_BAD,       /* the file is not what was signed, or the signature is damaged */
} eg_signature_status;

#define EG_SIGNER_SIZE 256

typedef struct eg_signature {
    eg_signature_status status;
    char signer[EG_SIGNER_SIZE]; /* name of the certificate's subject, UTF-8; "" unknown */
} eg_signature;

typedef struct eg_file_facts {
    uint32_t known; /* EG_FACT_... */
    uint8_t md5[EG_MD5_SIZE];
    uint8_t sha1[EG_SHA1_SIZE];
    uint8_t sha256[EG_SHA256_SIZE];
    uint8_t imphash[EG_MD5_SIZE]; /* all zero: no program, or it imports nothing */
    eg_signature signature;
} eg_file_facts;

/* The facts that stand in a field of this name; 0 for all others. */
uint32_t eg_file_facts_of_field(eg_str name);
/* The file that events of this kind are about; EG_FIELD_COUNT when they are about none. */
eg_field eg_file_facts_path_field(eg_kind kind);
/*
 * Fills Hashes ("SHA1=..,MD5=..,SHA256=..,IMPHASH=.." as far as known), Imphash, Signed, Signature
 * and SignatureStatus from what is known. Text from `arena`. EG_OK or EG_E_NOMEM.
 */
int eg_file_facts_fill(const eg_file_facts *facts, eg_arena *arena, eg_event *event);

#endif
