// The other side of the signed webhooks: as the npm package standardwebhooks signs and verifies them, and nothing of
// ours. `make SEED COUNT` writes signed messages, one a line; `check COUNT` verifies what Titip signed.
//
// A line, its fields separated by tabs: id, timestamp, secret (whsec_…), body in Base64, signature. Titip's lines have
// one more: what differed when it read the line, or "ok". The package refuses messages that are five minutes old.
'use strict';

const readline = require('readline');
const {Webhook} = require('standardwebhooks');

// mulberry32: the same seed makes the same messages.
function randomOf(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const words = ['submission.rejected', 'Ny. Siti', 'é', '日本', '😀', '"', '\\', '.', ' ', '\u0000', '\n', 'v1,', 'aaaaaaaaaaaaaaaa'];

function make(seed, count) {
  const random = randomOf(seed);
  const now = Math.floor(Date.now() / 1000);
  for (let left = count; left > 0; --left) {
    const id = `msg_${random(2 ** 31).toString(36)}${random(2 ** 31).toString(36)}`;
    const timestamp = now + random(360) - 180;
    const key = Buffer.from(Array.from({length: 24 + random(41)}, () => random(256)));
    const secret = `whsec_${key.toString('base64')}`;
    const text = Array.from({length: random(30)}, () => words[random(words.length)]).join('');
    const body = random(20) === 0 ? '' : JSON.stringify({type: text, data: {code: random(1000)}});
    const signature = new Webhook(secret).sign(id, new Date(timestamp * 1000), body);
    process.stdout.write([id, timestamp, secret, Buffer.from(body).toString('base64'), signature].join('\t') + '\n');
  }
}

// What is wrong with what Titip signed; nothing: ''.
function difference(line) {
  const [id, timestamp, secret, body, signature, said] = line.split('\t');
  if (said !== 'ok') return `Titip read: ${said}`;
  try {
    new Webhook(secret).verify(Buffer.from(body, 'base64').toString('utf8'),
      {'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature});
  } catch (error) {
    return `the package says: ${error.message}`;
  }
  return '';
}

async function check(count) {
  let messages = 0;
  let differences = 0;
  for await (const line of readline.createInterface({input: process.stdin})) {
    ++messages;
    const found = difference(line);
    if (found !== '' && ++differences <= 3) console.log(`${found}: ${line}`);
  }
  console.log(`webhooks: messages=${messages} differences=${differences}`);
  process.exit(differences === 0 && messages === count ? 0 : 1);
}

const [command, ...numbers] = process.argv.slice(2);
if (command === 'make') {
  make(Number(numbers[0]), Number(numbers[1]));
} else {
  check(Number(numbers[0]));
}
