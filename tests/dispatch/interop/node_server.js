// A push service on Node's own HTTP/2: prints its port, writes "path TAB sha256 of the body" for each request.
'use strict';
const crypto = require('node:crypto');
const fs = require('node:fs');
const http2 = require('node:http2');

const [, , certificate, log, streams] = process.argv;
const pem = fs.readFileSync(certificate);
const settings = streams === '0' ? {} : { maxConcurrentStreams: Number(streams) };
const server = http2.createSecureServer({ key: pem, cert: pem, allowHTTP1: false, settings });
server.on('stream', (stream, headers) => {
  const sum = crypto.createHash('sha256');
  stream.on('data', (chunk) => sum.update(chunk));
  stream.on('error', () => {});
  stream.on('end', () => {
    fs.appendFileSync(log, `${headers[':path']}\t${sum.digest('hex')}\n`);
    stream.respond({ ':status': 201, location: `/m/${stream.id}` }, { endStream: true });
  });
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
