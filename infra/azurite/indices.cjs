// Loaded into Azurite before it starts: node --require ./indices.cjs azurite.js ...
// Azurite's tables (lokijs) sort each of their indices again whenever rows are removed by a query, even one row of thousands, and look for a
// row by the index of the first field alone, which is the account: the same for all rows. With a few thousand rows most of its processor
// time goes there. With this the positions of removed rows are taken out of the indices, which stay in order, and a row is looked for by the
// index that leaves the fewest.
'use strict';
const fs = require('fs');
const path = require('path');

const Loki = require(require.resolve('lokijs', { paths: [path.dirname(fs.realpathSync(process.argv[1]))] }));
const Few = 8; // rows that are cheaper to take out one by one than by copying everything else

// Positions that are left, moved up by as many as were removed before them. In the order that the index has.
function without(values, removed) {
  const gone = new Set(removed), sorted = [...gone].sort((one, other) => one - other);
  const before = position => {
    let low = 0, high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle] < position) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return values.filter(position => !gone.has(position)).map(position => position - before(position));
}

function takeOut(values, position) {
  let kept = 0;
  for (let at = 0; at < values.length; at++) {
    if (values[at] !== position) values[kept++] = values[at] > position ? values[at] - 1 : values[at];
  }
  values.length = kept;
}

// Nobody else wants to hear of it.
const isPlain = rows => rows.DynamicViews.length === 0 && Object.keys(rows.constraints.unique).length === 0 && !rows.isIncremental
  && rows.disableChangesApi && rows.events.delete.length <= 1;

const removeByPositions = Loki.Collection.prototype.removeBatchByPositions;
Loki.Collection.prototype.removeBatchByPositions = function (positions) {
  const indices = Object.values(this.binaryIndices);
  // One that is to be sorted at its next use is sorted then, as before.
  if (this.transactional || !this.adaptiveBinaryIndices || indices.some(index => index.dirty)) return removeByPositions.call(this, positions);
  if (positions.length <= Few && isPlain(this)) {
    this.ensureId();
    for (const position of [...new Set(positions)].sort((one, other) => other - one)) {
      this.data.splice(position, 1);
      this.idIndex.splice(position, 1);
      for (const index of indices) takeOut(index.values, position);
    }
    if (positions.length > 0) this.dirty = true;
    return;
  }
  const kept = this.binaryIndices;
  this.binaryIndices = {};
  try {
    const before = this.data.length;
    const answer = removeByPositions.call(this, positions);
    if (this.data.length < before) for (const index of indices) index.values = without(index.values, positions);
    return answer;
  } finally {
    this.binaryIndices = kept;
  }
};

// How many rows the index of a filter leaves; more than there are where it has none.
function left(rows, filter) {
  const [name] = Object.keys(filter), value = filter[name];
  if (!['string', 'number'].includes(typeof value) || !Object.hasOwn(rows.binaryIndices, name)) return Infinity;
  const [low, high] = rows.calculateRange('$eq', name, value);
  return high - low + 1;
}

const findAnd = Loki.Resultset.prototype.findAnd;
Loki.Resultset.prototype.findAnd = Loki.Resultset.prototype.$and = function (filters) {
  const rows = this.collection;
  if (this.filterInitialized || filters.length < 2 || !rows.adaptiveBinaryIndices) return findAnd.call(this, filters);
  const counts = filters.map(filter => left(rows, filter)), best = counts.indexOf(Math.min(...counts));
  const [first] = Object.keys(filters[0]);
  // A first filter that is more than a comparison has an order of its own where its field has an index.
  if (best === 0 || counts[best] > rows.data.length / 4 || (counts[0] === Infinity && Object.hasOwn(rows.binaryIndices, first)))
    return findAnd.call(this, filters);
  findAnd.call(this, [filters[best], ...filters.filter((_, place) => place !== best)]);
  if (this.filteredrows.length < 2) return this;
  // In the order in which the first filter would have found them.
  if (counts[0] === Infinity) this.filteredrows.sort((one, other) => one - other);
  else {
    const found = new Set(this.filteredrows);
    this.filteredrows = rows.binaryIndices[first].values.filter(position => found.has(position));
  }
  return this;
};
