/* Seal and frame pushes, and read the plainest of their answers: what `dispatch/pushes.py`, `dispatch/http2/requests.py` and
 * `dispatch/http2/connection.py` do in Python, for hundreds of rows at a time. They are the reference: a property test holds this file to their bytes, for every size and every refusal.
 *
 * No header of Python's or of OpenSSL's is needed: columns come as pointers with their lengths, libcrypto's functions as
 * pointers in `struct libcrypto`. Nothing is allocated, kept or freed here, and nothing is written outside of the buffers
 * that the caller gives with their room. What is unusual is left to the caller, who does it in Python.
 *
 * A (key, nonce) never meets two plaintexts because an entry is used for one revision and the caller names the words;
 * doing a row twice gives the same bytes. Neither is decided here.
 */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "entry.h"

enum { TAG_BYTES = 16 };
static const uint8_t HEADER_MIDDLE[] = {0x00, 0x00, 0x10, 0x00, PUBLIC_BYTES};
enum { HEADER_BYTES = SALT_BYTES + sizeof HEADER_MIDDLE + PUBLIC_BYTES };

/* RFC 9113, 4.1, 4.2 and 6; as in dispatch/http2/frames.py. */
enum { HEAD_BYTES = 9, LARGEST_FRAME = 16384, DATA = 0, HEADERS = 1, RST_STREAM = 3, END_STREAM = 1, END_HEADERS = 4, PADDED = 8 };
enum { PRIORITY_FLAG = 32, LARGEST_STREAM = 0x7fffffff };
/* RFC 7541: `:path` by its number in the static table, without indexing; a length with a prefix of 7 bits. */
enum { PATH_NAME = 4, PREFIX_MOST = 127, LONGEST_INTEGER = 5 };

/* RFC 7541, appendices A and B: `:status` is number 8 to 14; 0, 1 and 2 have Huffman codes of five bits, 00000 to 00010. */
enum { INDEXED_200 = 0x88, INDEXED_204 = 0x89, INDEXED_206 = 0x8a, THREE_PLAIN = 0x03, TWO_PACKED = 0x82 };

enum { GCM_GET_TAG = 0x10 }; /* EVP_CTRL_AEAD_GET_TAG */

/* What became of a row. */
enum { SEALED = 0, NO_ADDRESS = 1, NO_ENTRY = 2 };
/* Why nothing was done at all. */
enum { BAD_ROW = -1, NO_ROOM = -2, CRYPTO_FAILED = -3 };

/* So many rows before its turn, memory is asked for the place of a row's address, then for address and entry. */
enum { LOOK_FAR = 16, LOOK_NEAR = 6, LINE_BYTES = 64 };

struct libcrypto {
    int (*init)(void *context, const void *cipher, void *engine, const uint8_t *key, const uint8_t *nonce);
    int (*update)(void *context, uint8_t *out, int *written, const uint8_t *in, int size);
    int (*final)(void *context, uint8_t *out, int *written);
    int (*control)(void *context, int what, int size, void *data);
    void *context; /* AES-128-GCM is set */
};

struct sealing {
    const uint8_t *path; /* all addresses, one after another */
    uint64_t path_bytes;
    const uint64_t *path_offset; /* row_count + 1 */
    const uint8_t *entries;      /* row_count entries of ENTRY_BYTES */
    uint64_t row_count;
    const int64_t *rows; /* `wanted` of them */
    const int64_t *which; /* for each the number of its record */
    uint64_t wanted;
    const uint8_t *records; /* of record_bytes each */
    uint64_t record_count;
    uint64_t record_bytes;
    uint64_t longest_address;
    uint8_t *addresses;
    uint64_t addresses_room;
    int64_t *address_offset; /* wanted + 1 */
    uint8_t *bodies;
    uint64_t bodies_room;
    uint8_t *states;
};

struct framing {
    const uint8_t *addresses;
    uint64_t addresses_bytes;
    const int64_t *address_offset; /* row_count + 1 */
    const uint8_t *bodies;         /* row_count of body_bytes each */
    uint64_t body_bytes;
    uint64_t row_count;
    uint64_t begin;
    uint64_t count;
    uint64_t first_stream;
    const uint8_t *before; /* the block's fields before `:path`, and after it */
    uint64_t before_bytes;
    const uint8_t *after;
    uint64_t after_bytes;
    uint8_t *out;
    uint64_t room;
};

/* Say whether *text* is as sign-up lets addresses in: printable, and none of "#\ */
static int is_address(const uint8_t *text, uint64_t length, uint64_t longest)
{
    if (length < 2 || length > longest || text[0] != '/')
        return 0;
    uint8_t bad = 0;
    for (uint64_t at = 0; at < length; at++) {
        const uint8_t byte = text[at];
        bad |= (uint8_t)((uint8_t)(byte - 0x21) > 0x7e - 0x21);
        bad |= (uint8_t)(byte == '"') | (uint8_t)(byte == '#') | (uint8_t)(byte == '\\');
    }
    return !bad;
}

static void fetch(const uint8_t *from, uint64_t bytes)
{
    for (uint64_t at = 0; at < bytes; at += LINE_BYTES)
        __builtin_prefetch(from + at);
}

static void look_ahead(const struct sealing *job, uint64_t at)
{
    if (at + LOOK_FAR < job->wanted) {
        const uint64_t row = (uint64_t)job->rows[at + LOOK_FAR];
        if (row < job->row_count)
            __builtin_prefetch(job->path_offset + row);
    }
    if (at + LOOK_NEAR < job->wanted) {
        const uint64_t row = (uint64_t)job->rows[at + LOOK_NEAR];
        if (row < job->row_count) {
            const uint64_t first = job->path_offset[row], last = job->path_offset[row + 1];
            if (first <= last && last <= job->path_bytes && last - first <= job->longest_address)
                fetch(job->path + first, last - first);
            fetch(job->entries + row * ENTRY_BYTES, ENTRY_BYTES);
        }
    }
}

static int seal_one(const struct libcrypto *crypto, const uint8_t *entry, const uint8_t *record, int size, uint8_t *body)
{
    memcpy(body, entry + SALT_AT, SALT_BYTES);
    memcpy(body + SALT_BYTES, HEADER_MIDDLE, sizeof HEADER_MIDDLE);
    memcpy(body + SALT_BYTES + sizeof HEADER_MIDDLE, entry, PUBLIC_BYTES);
    body += HEADER_BYTES;
    int written = 0, rest = 0;
    return crypto->init(crypto->context, NULL, NULL, entry + KEY_AT, entry + NONCE_AT) == 1
        && crypto->update(crypto->context, body, &written, record, size) == 1 && written == size
        && crypto->final(crypto->context, body + size, &rest) == 1 && rest == 0
        && crypto->control(crypto->context, GCM_GET_TAG, TAG_BYTES, body + size) == 1;
}

/* Fetch the address of each row and seal its record. Return how many rows were SEALED; `states` says it of each.
 * Addresses stand in `addresses` one after another, an empty one where there is NO_ADDRESS; bodies at equal distances,
 * and where there is NO_ENTRY the caller has still to write one. */
int64_t shirase_seal(const struct libcrypto *crypto, const struct sealing *job)
{
    const uint64_t body_bytes = HEADER_BYTES + job->record_bytes + TAG_BYTES;
    if (job->record_bytes == 0 || job->record_bytes > LARGEST_FRAME || job->bodies_room / body_bytes < job->wanted)
        return NO_ROOM;
    for (uint64_t at = 0; at < job->wanted; at++)
        if ((uint64_t)job->rows[at] >= job->row_count || (uint64_t)job->which[at] >= job->record_count)
            return BAD_ROW;
    int64_t sealed = 0;
    uint64_t used = 0;
    job->address_offset[0] = 0;
    for (uint64_t at = 0; at < job->wanted; at++) {
        look_ahead(job, at);
        const uint64_t row = (uint64_t)job->rows[at];
        const uint64_t first = job->path_offset[row], last = job->path_offset[row + 1];
        job->states[at] = NO_ADDRESS;
        if (first <= last && last <= job->path_bytes && is_address(job->path + first, last - first, job->longest_address)) {
            if (job->addresses_room - used < last - first)
                return NO_ROOM;
            memcpy(job->addresses + used, job->path + first, last - first);
            used += last - first;
            const uint8_t *entry = job->entries + row * ENTRY_BYTES;
            const uint8_t *record = job->records + (uint64_t)job->which[at] * job->record_bytes;
            job->states[at] = NO_ENTRY;
            if (entry[0] == THERE) {
                if (!seal_one(crypto, entry, record, (int)job->record_bytes, job->bodies + at * body_bytes))
                    return CRYPTO_FAILED;
                job->states[at] = SEALED;
                sealed++;
            }
        }
        job->address_offset[at + 1] = (int64_t)used;
    }
    return sealed;
}

/* Say whether each of a batch's addresses is one: 1, 0, or NO_ROOM where offsets point elsewhere. */
int64_t shirase_are_addresses(const uint8_t *text, uint64_t bytes, const int64_t *offset, uint64_t count, uint64_t longest)
{
    for (uint64_t at = 0; at < count; at++) {
        if (offset[at] < 0 || offset[at] > offset[at + 1] || (uint64_t)offset[at + 1] > bytes)
            return NO_ROOM;
        if (!is_address(text + offset[at], (uint64_t)(offset[at + 1] - offset[at]), longest))
            return 0;
    }
    return 1;
}

static uint8_t *put_head(uint8_t *out, uint64_t length, uint8_t kind, uint8_t flags, uint64_t stream)
{
    const uint8_t head[HEAD_BYTES] = {
        (uint8_t)(length >> 16), (uint8_t)(length >> 8), (uint8_t)length, kind, flags,
        (uint8_t)(stream >> 24), (uint8_t)(stream >> 16), (uint8_t)(stream >> 8), (uint8_t)stream,
    };
    memcpy(out, head, HEAD_BYTES);
    return out + HEAD_BYTES;
}

static uint8_t *put(uint8_t *out, const uint8_t *from, uint64_t bytes)
{
    memcpy(out, from, bytes);
    return out + bytes;
}

/* Write a length as HPACK does, its prefix 7 bits wide and its upper bit 0 (RFC 7541, 5.1). */
static uint64_t put_length(uint8_t *out, uint64_t value)
{
    if (value < PREFIX_MOST) {
        out[0] = (uint8_t)value;
        return 1;
    }
    uint64_t used = 1;
    out[0] = PREFIX_MOST;
    for (value -= PREFIX_MOST; value >= 128; value >>= 7)
        out[used++] = (uint8_t)((value & 127) | 128);
    out[used++] = (uint8_t)value;
    return used;
}

/* Write HEADERS and DATA of `count` rows from `begin` on, on neighbouring streams; return the bytes written. */
int64_t shirase_frames(const struct framing *job)
{
    if (job->begin > job->row_count || job->count > job->row_count - job->begin || job->body_bytes > LARGEST_FRAME
        || job->before_bytes > LARGEST_FRAME || job->after_bytes > LARGEST_FRAME || job->first_stream > LARGEST_STREAM
        || job->count > (LARGEST_STREAM - job->first_stream) / 2 + 1)
        return NO_ROOM;
    uint8_t *out = job->out;
    uint64_t stream = job->first_stream;
    for (uint64_t at = job->begin; at < job->begin + job->count; at++, stream += 2) {
        const int64_t first = job->address_offset[at], last = job->address_offset[at + 1];
        if (first < 0 || first > last || (uint64_t)last > job->addresses_bytes || last - first > LARGEST_FRAME)
            return NO_ROOM;
        const uint64_t length = (uint64_t)(last - first);
        uint8_t prefix[LONGEST_INTEGER];
        const uint64_t prefix_bytes = put_length(prefix, length);
        const uint64_t block = job->before_bytes + 1 + prefix_bytes + length + job->after_bytes;
        const uint64_t left = job->room - (uint64_t)(out - job->out);
        if (block > LARGEST_FRAME || left < 2 * HEAD_BYTES + block + job->body_bytes)
            return NO_ROOM;
        out = put_head(out, block, HEADERS, END_HEADERS, stream);
        out = put(out, job->before, job->before_bytes);
        *out++ = PATH_NAME;
        out = put(out, prefix, prefix_bytes);
        out = put(out, job->addresses + first, length);
        out = put(out, job->after, job->after_bytes);
        out = put_head(out, job->body_bytes, DATA, END_STREAM, stream);
        out = put(out, job->bodies + at * job->body_bytes, job->body_bytes);
    }
    return out - job->out;
}

/* Return the status of a block if it is 200 to 299 and its first field, behind changes of the table's size; else 0. */
static int64_t accepted_status(const uint8_t *block, uint64_t bytes)
{
    for (; bytes > 0 && (block[0] & 0xe0) == 0x20 && (block[0] & 0x1f) != 0x1f; bytes--)
        block++;
    if (bytes < 1)
        return 0;
    if (block[0] == INDEXED_200 || block[0] == INDEXED_204 || block[0] == INDEXED_206)
        return block[0] == INDEXED_200 ? 200 : block[0] == INDEXED_204 ? 204 : 206;
    if ((block[0] != 0x48 && block[0] != 0x08 && block[0] != 0x18) || bytes < 4)
        return 0;
    if (block[1] == TWO_PACKED) {
        const int bits = block[2] << 8 | block[3], first = bits >> 11, second = bits >> 6 & 31, third = bits >> 1 & 31;
        return first == 2 && second <= 2 && third <= 2 && (bits & 1) ? 200 + second * 10 + third : 0;
    }
    if (block[1] != THREE_PLAIN || bytes < 5 || block[2] != '2' || block[3] < '0' || block[3] > '9' || block[4] < '0'
        || block[4] > '9')
        return 0;
    return 200 + (block[3] - '0') * 10 + (block[4] - '0');
}

/* Read answers from `place` on for as long as each is one HEADERS frame that begins with 200 to 299 and ends its stream; a
 * RST_STREAM of the same stream right behind it says nothing more (RFC 9113, 8.1). Return how many, at most `room`, with
 * their streams and statuses; `*next` is the place behind them. */
int64_t shirase_answers(
    const uint8_t *data, uint64_t bytes, uint64_t place, uint64_t room, int64_t *streams, int64_t *statuses, uint64_t *next)
{
    uint64_t count = 0;
    while (place <= bytes && bytes - place >= HEAD_BYTES) {
        const uint8_t *head = data + place;
        const uint64_t length = (uint64_t)head[0] << 16 | (uint64_t)head[1] << 8 | head[2];
        const int64_t stream = (int64_t)((uint64_t)head[5] << 24 | (uint64_t)head[6] << 16 | (uint64_t)head[7] << 8 | head[8]);
        if (length > LARGEST_FRAME || bytes - place - HEAD_BYTES < length)
            break;
        if (count == 0 || head[3] != RST_STREAM || length != 4 || stream != streams[count - 1]) {
            if (count == room || head[3] != HEADERS
                || (head[4] & (END_STREAM | END_HEADERS | PADDED | PRIORITY_FLAG)) != (END_STREAM | END_HEADERS))
                break;
            const int64_t status = accepted_status(head + HEAD_BYTES, length);
            if (status == 0)
                break;
            streams[count] = stream;
            statuses[count++] = status;
        }
        place += HEAD_BYTES + length;
    }
    *next = place;
    return (int64_t)count;
}
