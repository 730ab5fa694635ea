/* How an entry of the pool lies in memory, as in dispatch/pool.py and dispatch/envelope.py. What loads the library compares
 * what it makes with what they make. */

#ifndef SHIRASE_ENTRY_H
#define SHIRASE_ENTRY_H

enum { PUBLIC_BYTES = 65, SALT_BYTES = 16, KEY_BYTES = 16, NONCE_BYTES = 12 };
enum { SALT_AT = PUBLIC_BYTES, KEY_AT = SALT_AT + SALT_BYTES, NONCE_AT = KEY_AT + KEY_BYTES };
enum { ENTRY_BYTES = NONCE_AT + NONCE_BYTES, THERE = 4 };

#endif
