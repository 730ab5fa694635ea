// Open bodies with http_ece, the library that web-push encrypts with: JSON lines in, a JSON array out.
//
//   NODE_PATH=.../node_modules node open_bodies.js FILE
//
// A line: {"body", "private", "auth"} in base64url. For each the SHA-256 of the plaintext, or null.
const crypto = require('crypto');
const fs = require('fs');
const ece = require('http_ece');

const bytes = (text) => Buffer.from(text, 'base64url');
const opened = [];
for (const line of fs.readFileSync(process.argv[2], 'utf8').split('\n').filter(Boolean)) {
  const given = JSON.parse(line);
  const privateKey = crypto.createECDH('prime256v1');
  privateKey.setPrivateKey(bytes(given.private));
  try {
    const plain = ece.decrypt(bytes(given.body), { version: 'aes128gcm', privateKey, authSecret: bytes(given.auth) });
    opened.push(crypto.createHash('sha256').update(plain).digest('hex'));
  } catch {
    opened.push(null);
  }
}
console.log(JSON.stringify(opened));
