// The other side of the golden vectors: signatures and sealed replies as Node's crypto and npm's lz-string make and read
// them, and nothing of ours. `make SEED COUNT` writes vectors, one a line; `check COUNT` reads what Titip made of them.
//
// A line, its fields separated by tabs, all but the first and third in Base64: how the envelope spells its metadata
// (metaData, metadata), consumer id, timestamp, secret, the plain envelope, the signature (as it travels), the sealed
// envelope. Titip's lines have one more: what differed when it read the line, or "ok".
'use strict';

const crypto = require('crypto');
const readline = require('readline');
const lz = require('lz-string');

// mulberry32: the same seed makes the same vectors.
function randomOf(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const signature = (v) =>
  crypto.createHmac('sha256', v.secret).update(`${v.id}&${v.timestamp}`).digest('base64');

const keyOf = (v) => crypto.createHash('sha256').update(v.id + v.secret + v.timestamp).digest();

function seal(v, text) {
  const key = keyOf(v);
  const cipher = crypto.createCipheriv('aes-256-cbc', key, key.subarray(0, 16));
  return Buffer.concat([cipher.update(lz.compressToEncodedURIComponent(text), 'utf8'), cipher.final()]).toString('base64');
}

function open(v, sealed) {
  const key = keyOf(v);
  const cipher = crypto.createDecipheriv('aes-256-cbc', key, key.subarray(0, 16));
  const packed = Buffer.concat([cipher.update(sealed, 'base64'), cipher.final()]).toString('utf8');
  return lz.decompressFromEncodedURIComponent(packed);
}

const words = ['noKunjungan', 'peserta', 'Ny. Siti', 'é', 'ß', '日本', '😀', '"', '\\', '/', '\n', '\t', '\u0000', '\u007f',
  '\u2028', '\ufeff', '\uffff', ' ', '', 'aaaaaaaaaaaaaaaa', '0114A0260815Y000003'];

function textOf(random, most) {
  let text = '';
  for (let left = random(most); left > 0; --left) {
    const kind = random(4);
    if (kind === 0) {
      text += words[random(words.length)];
    } else if (kind === 1) {
      text += String.fromCharCode(32 + random(95));
    } else if (kind === 2) {
      const point = random(0x110000 - 0x800);  // every code point but half a surrogate pair
      text += String.fromCodePoint(point < 0xd800 ? point : point + 0x800);
    } else {
      text += words[random(words.length)].repeat(random(4));
    }
  }
  return text;
}

function valueOf(random, depth) {
  const kind = random(depth > 0 ? 8 : 5);
  if (kind === 0) return null;
  if (kind === 1) return random(2) === 1;
  if (kind === 2) return (random(2 ** 31) - 2 ** 30) / (random(3) === 0 ? 1000 : 1);
  if (kind < 5) return textOf(random, 12);
  const count = random(6);
  if (kind === 5) return Array.from({length: count}, () => valueOf(random, depth - 1));
  const object = {};
  for (let at = 0; at < count; ++at) object[textOf(random, 4)] = valueOf(random, depth - 1);
  return object;
}

// What a service answers: an object or a list, seldom a bare value, now and then a long list.
function documentOf(random) {
  if (random(10) === 0) return [7, true, 'words', {}, [], -1.5][random(6)];
  if (random(400) === 0) return {count: 1000, list: Array.from({length: 1000}, (_, at) => ({kd: `${at}`, nm: textOf(random, 6)}))};
  const document = valueOf(random, 5);
  return document !== null && typeof document === 'object' ? document : {list: [document], count: 1};
}

function jsonOf(random, value) {
  const text = JSON.stringify(value, null, [undefined, undefined, ' ', '\t'][random(4)]);
  if (random(3) !== 0) return text;
  return text.replace(/[^\x00-\x7f]/g, (c) => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'));
}

function vectorOf(random) {
  const v = {
    spelling: random(2) === 0 ? 'metaData' : 'metadata',
    id: `${1 + random(99999)}`,
    timestamp: `${1500000000 + random(500000000)}`,
    secret: random(20) === 0 ? 'rahasia é 日' : crypto.createHash('md5').update(`${random(2 ** 31)}`).digest('hex').slice(0, 4 + random(28)),
  };
  const response = jsonOf(random, documentOf(random));
  const space = [' ', '', '', '\r\n', '\t'][random(5)];
  const code = [200, 201, '"200"', '"201"'][random(4)];
  const meta = `"${v.spelling}"${space}:{"message":${jsonOf(random, textOf(random, 5))},"code":${space}${code}}`;
  const before = `${space}{${random(2) === 0 ? `${meta},` : ''}"response"${space}:${space}`;
  const after = `${space}${before.includes(meta) ? '' : `,${meta}`}}${space}`;
  const sealed = JSON.stringify(seal(v, response));
  v.plain = before + response + after;
  v.signature = signature(v);
  v.sealed = before + (random(2) === 0 ? sealed.replace(/\//g, '\\/') : sealed) + after;  // PHP escapes slashes
  return v;
}

const to64 = (text) => Buffer.from(text, 'utf8').toString('base64');
const from64 = (text) => Buffer.from(text, 'base64').toString('utf8');

function make(seed, count) {
  const random = randomOf(seed);
  for (let left = count; left > 0; --left) {
    const v = vectorOf(random);
    process.stdout.write([v.spelling, to64(v.id), v.timestamp, to64(v.secret), to64(v.plain), v.signature,
      to64(v.sealed)].join('\t') + '\n');
  }
}

// What is wrong with what Titip made; nothing: ''.
function difference(line) {
  const [, id, timestamp, secret, plain, signed, sealed, said] = line.split('\t');
  const v = {id: from64(id), timestamp, secret: from64(secret)};
  if (said !== 'ok') return `Titip read: ${said}`;
  if (signed !== signature(v)) return 'another signature';
  const envelope = from64(sealed);
  const response = JSON.parse(envelope).response;
  if (typeof response !== 'string') return 'nothing was sealed';
  const string = JSON.stringify(response);
  const written = envelope.includes(string) ? string : string.replace(/\//g, '\\/');
  const opened = envelope.replace(written, () => open(v, response));
  return opened === from64(plain) ? '' : `it opens as something else: ${opened}`;
}

async function check(count) {
  let documents = 0;
  let differences = 0;
  for await (const line of readline.createInterface({input: process.stdin})) {
    ++documents;
    let what;
    try {
      what = difference(line);
    } catch (error) {
      what = `${error}`;
    }
    if (what === '') continue;
    if (++differences <= 5) console.log(`document ${documents}: ${what}\n  ${line}`);
  }
  console.log(`golden: documents=${documents} differences=${differences}`);
  process.exitCode = documents === count && differences === 0 ? 0 : 1;
}

const [mode, ...numbers] = process.argv.slice(2);
if (mode === 'make') {
  make(Number(numbers[0]), Number(numbers[1]));
} else if (mode === 'check') {
  check(Number(numbers[0]));
} else {
  console.error('usage: golden.js make SEED COUNT | check COUNT');
  process.exitCode = 2;
}
