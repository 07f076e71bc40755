// Loaded into Azurite before it starts: node --require ./indices.cjs azurite.js ...
// Azurite's tables (lokijs) sort each of their indices again whenever rows are removed by a query, even one row of thousands: with a few
// thousand rows most of its processor time goes there. With this the positions of the rows are taken out of the indices, which stay in order.
'use strict';
const fs = require('fs');
const path = require('path');

const Loki = require(require.resolve('lokijs', { paths: [path.dirname(fs.realpathSync(process.argv[1]))] }));

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

const removeByPositions = Loki.Collection.prototype.removeBatchByPositions;
Loki.Collection.prototype.removeBatchByPositions = function (positions) {
  const indices = Object.values(this.binaryIndices);
  // One that is to be sorted at its next use is sorted then, as before.
  if (this.transactional || !this.adaptiveBinaryIndices || indices.some(index => index.dirty)) return removeByPositions.call(this, positions);
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
