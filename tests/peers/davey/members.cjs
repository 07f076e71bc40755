// DAVE members on davey (OpenMLS), driven by JSON lines: one array of calls in, one array of results out.
//   {"user": "1", "method": "new", "args": ["<channel id>"]}      a fresh session for this user
//   {"user": "1", "method": "drop"}                                forget it
//   {"user": "1", "method": "processCommit", "args": [{"hex": "00"}]}   any method of davey's session
//   {"user": "1", "method": "epoch"}                               any property of it
// A result is {"value": ...} or {"error": "..."}; buffers travel as {"hex": "..."}, 64-bit numbers as strings.
'use strict';
const readline = require('node:readline');
const { DAVESession, DAVE_PROTOCOL_VERSION } = require('@snazzah/davey');

const sessions = new Map();

function decode(value) {
  return value !== null && typeof value === 'object' && 'hex' in value ? Buffer.from(value.hex, 'hex') : value;
}

function encode(value) {
  if (Buffer.isBuffer(value)) return { hex: value.toString('hex') };
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return value.map(encode);
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, encode(item)]));
  }
  return value === undefined ? null : value;
}

async function run({ user, method, args = [] }) {
  if (method === 'new') {
    sessions.set(user, new DAVESession(DAVE_PROTOCOL_VERSION, user, ...args));
    return null;
  }
  if (method === 'drop') {
    sessions.delete(user);
    return null;
  }
  const session = sessions.get(user);
  const member = session[method];
  return encode(typeof member === 'function' ? await member.apply(session, args.map(decode)) : member);
}

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const results = [];
    for (const call of JSON.parse(line)) {
      try {
        results.push({ value: await run(call) });
      } catch (error) {
        results.push({ error: String(error.message ?? error) });
      }
    }
    process.stdout.write(JSON.stringify(results) + '\n');
  }
}

main();
