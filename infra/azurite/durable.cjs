// Loaded into Azurite before it starts: node --require ./durable.cjs azurite.js ...
// Azurite confirms a write and saves its tables (one JSON file each) up to five seconds later: kill -9 in between, and what was confirmed
// is gone. With this nothing is answered before everything that the answer may tell of is on the disk. Requests that wait share one save.
'use strict';
const fs = require('fs');
const http = require('http');
const path = require('path');

const Loki = require(require.resolve('lokijs', { paths: [path.dirname(fs.realpathSync(process.argv[1]))] }));
const stores = new Set();

// The service of a port, as the names of its files have it.
function portOf(service, usual) {
  const at = process.argv.indexOf(`--${service}Port`);
  return at < 0 ? usual : Number(process.argv[at + 1]);
}
const services = new Map([['blob', 10000], ['queue', 10001], ['table', 10002]].map(([name, usual]) => [portOf(name, usual), name]));

async function write(file, text) {
  const aside = `${file}~`;
  const handle = await fs.promises.open(aside, 'w');
  try {
    await handle.writeFile(text);
    await handle.datasync();
  } finally {
    await handle.close();
  }
  await fs.promises.rename(aside, file);
  // The new name has to be on the disk too. Windows opens no folders, and needs none of this.
  if (process.platform === 'win32') return;
  const folder = await fs.promises.open(path.dirname(file), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function save(store) {
  // Taken in one step: what changes from here on makes the store dirty again, and waits for the next save.
  store.autosaveClearFlags();
  try {
    await write(store.filename, store.serialize());
  } catch (failure) {
    for (const collection of store.collections) collection.dirty = true;
    throw failure;
  }
}

// The save that holds everything there is now: the next one, when one is under way.
function commit(store) {
  store.next ??= (store.running ?? Promise.resolve()).catch(() => {}).then(() => {
    store.next = null;
    store.running = save(store).finally(() => { store.running = null; });
    return store.running;
  });
  return store.next;
}

function settled(store) {
  return store.autosaveDirty() ? commit(store) : store.next ?? store.running ?? Promise.resolve();
}

const enable = Loki.prototype.autosaveEnable;
Loki.prototype.autosaveEnable = function (...options) {
  stores.add(this);
  for (const name of ['next', 'running']) Object.defineProperty(this, name, { value: null, writable: true, enumerable: false });
  return enable.apply(this, options);
};
Loki.prototype.saveDatabase = function (callback) {
  commit(this).then(() => callback?.(), failure => {
    if (callback) callback(failure);
    else process.stderr.write(`the tables cannot be saved: ${failure.message}\n`);
  });
};

// A folder that is gone fails with every request: one line for each ten seconds.
let saidAt = -Infinity, unsaid = 0;
function cutOff(failure) {
  unsaid++;
  if (performance.now() - saidAt < 10_000) return;
  process.stderr.write(`${unsaid} request(s) cut off, because the tables cannot be saved (${failure.message}): see that the folder is there, ` +
    'can be written and has room; senders try again\n');
  [saidAt, unsaid] = [performance.now(), 0];
}

function hold(response, service) {
  const held = [];
  let waiting = null;
  const own = { write: response.write, end: response.end };
  const release = () => {
    response.write = own.write;
    response.end = own.end;
    for (const [name, given] of held) own[name].apply(response, given);
    if (!response.writableEnded) response.emit('drain');
  };
  const keep = name => function (...given) {
    held.push([name, given]);
    waiting ??= Promise.all([...stores].filter(store => path.basename(store.filename).includes(`_${service}`)).map(settled))
      // Not saved, so not confirmed: the client sees a cut connection and tries again.
      .then(release, failure => {
        cutOff(failure);
        response.destroy();
      });
    return name === 'end' ? response : false;
  };
  response.write = keep('write');
  response.end = keep('end');
}

const emit = http.Server.prototype.emit;
http.Server.prototype.emit = function (event, request, response) {
  if (event === 'request') hold(response, services.get(request.socket.localPort) ?? '');
  return emit.apply(this, arguments);
};
