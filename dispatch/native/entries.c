/* Make entries of the pool: what `entry_from` in dispatch/envelope.py does for one push, for hundreds (RFC 8291, 3.3 and 3.4;
 * RFC 8188, 2.2 and 2.3). It is the reference: a property test holds this file to its bytes and its refusals.
 *
 * The arithmetic is libcrypto's; its functions come as pointers in `struct curve`, with all that they work on. Nothing is
 * allocated, kept or freed here, and nothing is written outside of the buffers that the caller gives with their room.
 *
 * Which scalar and which salt an entry is made of is decided by the caller: the same ones give the same bytes.
 */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "entry.h"

enum { SCALAR_BYTES = 32, COORDINATE_BYTES = 32, AUTH_BYTES = 16, DIGEST_BYTES = 32, BLOCK_BYTES = 64 };
enum { UNCOMPRESSED = 4, RECEIVER_BYTES = 2 * COORDINATE_BYTES };
/* Why nothing was done at all. */
enum { NO_POINT = -1, NO_ROOM = -2, CRYPTO_FAILED = -3 };

static const uint8_t KEY_INFO[] = "WebPush: info"; /* with the zero behind it, as all of these */
static const uint8_t CONTENT_KEY_INFO[] = "Content-Encoding: aes128gcm\0\1";
static const uint8_t NONCE_INFO[] = "Content-Encoding: nonce\0\1";
enum { ONE_BLOCK = 1 }; /* the counter of HKDF's first and only block */

struct curve {
    void *(*number)(const uint8_t *bytes, int size, void *out);
    int (*multiply)(const void *group, void *out, const void *by, const void *point, const void *times, void *scratch);
    int (*read)(const void *group, void *out, const uint8_t *bytes, size_t size, void *scratch);
    size_t (*write)(const void *group, const void *point, int form, uint8_t *out, size_t size, void *scratch);
    /* To divide all points of a batch by their third coordinates at once, and to read the two others. NULL where a
     * libcrypto has them no more: `write` divides for each. */
    int (*normalise)(const void *group, size_t count, void **points, void *scratch);
    int (*coordinates)(const void *group, const void *point, void *x, void *y, void *z, void *scratch);
    int (*is_one)(const void *number);
    int (*padded)(const void *number, uint8_t *out, int size);
    void (*clear)(void *number);
    void (*forget_errors)(void);
    int (*begin)(void *digest, const void *kind, void *engine);
    int (*more)(void *digest, const void *data, size_t size);
    int (*end)(void *digest, uint8_t *out, unsigned *size);
    const void *group;
    void *scratch, *scalar, *receiver, *x, *y, *z;
    void *digest;     /* SHA-256 is set */
    void **points;    /* two for each entry that is made at once: its own, and the shared one */
    uint64_t at_once;
};

struct making {
    const uint8_t *scalars;   /* count of SCALAR_BYTES */
    const uint8_t *salts;     /* count of SALT_BYTES */
    const uint8_t *receivers; /* count of RECEIVER_BYTES: points without the leading 4 */
    const uint8_t *auths;     /* count of AUTH_BYTES */
    uint64_t count;
    uint8_t *entries;
    uint64_t room;
};

struct text {
    const uint8_t *bytes;
    size_t size;
};

/* One pass of HMAC: *mask* is 0x36 for the inner and 0x5c for the outer one (RFC 2104). */
static int hash(
    const struct curve *use, const uint8_t *key, size_t key_bytes, uint8_t mask, const struct text *texts, size_t count,
    uint8_t *out)
{
    uint8_t block[BLOCK_BYTES];
    memset(block, mask, sizeof block);
    for (size_t at = 0; at < key_bytes; at++)
        block[at] ^= key[at];
    int good = use->begin(use->digest, NULL, NULL) == 1 && use->more(use->digest, block, sizeof block) == 1;
    for (size_t nth = 0; good && nth < count; nth++)
        good = use->more(use->digest, texts[nth].bytes, texts[nth].size) == 1;
    unsigned written = 0;
    return good && use->end(use->digest, out, &written) == 1 && written == DIGEST_BYTES;
}

/* HMAC-SHA-256 under a key no longer than a block. */
static int hmac(
    const struct curve *use, const uint8_t *key, size_t key_bytes, const struct text *texts, size_t count, uint8_t *out)
{
    uint8_t inner[DIGEST_BYTES];
    const struct text outer = {inner, sizeof inner};
    return hash(use, key, key_bytes, 0x36, texts, count, inner) && hash(use, key, key_bytes, 0x5c, &outer, 1, out);
}

/* Write the rest of an entry whose public point stands in it. */
static int derive(const struct curve *use, const struct making *job, uint64_t nth, const uint8_t *shared, uint8_t *entry)
{
    static const uint8_t form = UNCOMPRESSED, block = ONE_BLOCK;
    const uint8_t *salt = job->salts + nth * SALT_BYTES;
    uint8_t agreed[DIGEST_BYTES], keying[DIGEST_BYTES], random[DIGEST_BYTES], made[DIGEST_BYTES];
    const struct text secret = {shared, COORDINATE_BYTES}, key = {keying, sizeof keying};
    const struct text info[] = {
        {KEY_INFO, sizeof KEY_INFO}, {&form, 1}, {job->receivers + nth * RECEIVER_BYTES, RECEIVER_BYTES},
        {entry, PUBLIC_BYTES}, {&block, 1},
    };
    const struct text for_key = {CONTENT_KEY_INFO, sizeof CONTENT_KEY_INFO - 1};
    const struct text for_nonce = {NONCE_INFO, sizeof NONCE_INFO - 1};
    if (!hmac(use, job->auths + nth * AUTH_BYTES, AUTH_BYTES, &secret, 1, agreed)
        || !hmac(use, agreed, sizeof agreed, info, sizeof info / sizeof *info, keying)
        || !hmac(use, salt, SALT_BYTES, &key, 1, random) || !hmac(use, random, sizeof random, &for_key, 1, made))
        return 0;
    memcpy(entry + SALT_AT, salt, SALT_BYTES);
    memcpy(entry + KEY_AT, made, KEY_BYTES);
    if (!hmac(use, random, sizeof random, &for_nonce, 1, made))
        return 0;
    memcpy(entry + NONCE_AT, made, NONCE_BYTES);
    return 1;
}

/* Write a point as 65 bytes. */
static int write_point(const struct curve *use, const void *point, uint8_t *out)
{
    if (use->normalise == NULL)
        return use->write(use->group, point, UNCOMPRESSED, out, PUBLIC_BYTES, use->scratch) == PUBLIC_BYTES;
    out[0] = UNCOMPRESSED;
    /* One it is not of the point at infinity, which no scalar of ours gives. */
    return use->coordinates(use->group, point, use->x, use->y, use->z, use->scratch) == 1 && use->is_one(use->z) == 1
        && use->padded(use->x, out + 1, COORDINATE_BYTES) == COORDINATE_BYTES
        && use->padded(use->y, out + 1 + COORDINATE_BYTES, COORDINATE_BYTES) == COORDINATE_BYTES;
}

/* Multiply the curve's own point and the receiver's, as `Libcrypto` in dispatch/agreement.py does. */
static int64_t agree(const struct curve *use, const struct making *job, uint64_t nth, void **points)
{
    uint8_t receiver[PUBLIC_BYTES] = {UNCOMPRESSED};
    memcpy(receiver + 1, job->receivers + nth * RECEIVER_BYTES, RECEIVER_BYTES);
    /* Refuses what is not on the curve. */
    if (use->read(use->group, use->receiver, receiver, sizeof receiver, use->scratch) != 1)
        return NO_POINT;
    if (use->number(job->scalars + nth * SCALAR_BYTES, SCALAR_BYTES, use->scalar) == NULL)
        return CRYPTO_FAILED;
    const int good = use->multiply(use->group, points[0], use->scalar, NULL, NULL, use->scratch) == 1
        && use->multiply(use->group, points[1], NULL, use->receiver, use->scalar, use->scratch) == 1;
    use->clear(use->scalar);
    return good ? 0 : CRYPTO_FAILED;
}

static int64_t make(const struct curve *use, const struct making *job, uint64_t begin, uint64_t count)
{
    for (uint64_t at = 0; at < count; at++) {
        const int64_t refused = agree(use, job, begin + at, use->points + 2 * at);
        if (refused)
            return refused;
    }
    if (use->normalise != NULL && use->normalise(use->group, 2 * count, use->points, use->scratch) != 1)
        return CRYPTO_FAILED;
    for (uint64_t at = 0; at < count; at++) {
        uint8_t *entry = job->entries + (begin + at) * ENTRY_BYTES, shared[PUBLIC_BYTES];
        if (!write_point(use, use->points[2 * at], entry) || !write_point(use, use->points[2 * at + 1], shared)
            || !derive(use, job, begin + at, shared + 1, entry))
            return CRYPTO_FAILED;
    }
    return 0;
}

/* Make *count* entries, one after another. Return how many; where it refuses, what is in `entries` is to be thrown away. */
int64_t shirase_entries(const struct curve *use, const struct making *job)
{
    if (use->at_once == 0 || job->room / ENTRY_BYTES < job->count)
        return NO_ROOM;
    for (uint64_t begin = 0; begin < job->count; begin += use->at_once) {
        const uint64_t left = job->count - begin;
        const int64_t refused = make(use, job, begin, left < use->at_once ? left : use->at_once);
        if (refused) {
            use->forget_errors();
            return refused;
        }
    }
    return (int64_t)job->count;
}
