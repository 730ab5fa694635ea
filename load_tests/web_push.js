// web-push as its README shows it, with a kept agent and many requests open: its best without another library.
const fs = require('fs');
const https = require('https');
const webpush = require('web-push');

const task = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const keys = webpush.generateVAPIDKeys();
webpush.setVapidDetails('mailto:load-test@shirase.example', keys.publicKey, keys.privateKey);
const agent = new https.Agent({ keepAlive: true, maxSockets: task.open });
const payload = 'x'.repeat(task.bodyBytes);

async function send(subscriptions) {
  let next = 0;
  const one = async () => {
    while (next < subscriptions.length) {
      await webpush.sendNotification(subscriptions[next++], payload, { agent, TTL: 3600 });
    }
  };
  await Promise.all(Array.from({ length: task.open }, one));
}

(async () => {
  await send(task.subscriptions.slice(0, 16));
  const cpu = process.cpuUsage();
  const begun = process.hrtime.bigint();
  await send(task.subscriptions);
  const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
  const used = process.cpuUsage(cpu);
  console.log(JSON.stringify({
    pushes: task.subscriptions.length, seconds, processorSeconds: (used.user + used.system) / 1e6,
  }));
  process.exit(0);
})();
