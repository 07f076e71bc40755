// Loaded into Azurite by tests that never start it again with the same data: its tables are not written out every five seconds.
'use strict';
const fs = require('fs');
const path = require('path');

const Loki = require(require.resolve('lokijs', { paths: [path.dirname(fs.realpathSync(process.argv[1]))] }));
Loki.prototype.autosaveEnable = () => {};
