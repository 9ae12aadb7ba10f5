// JSON lines between a list of steps and a peer on node.
'use strict';

const readline = require('node:readline');

module.exports = {
  print: (on, fields) => console.log(JSON.stringify({ on, ...fields })),
  // Calls what the command's `do` names.
  obey: (commands) =>
    readline
      .createInterface({ input: process.stdin })
      .on('line', (line) => {
        const command = JSON.parse(line);
        commands[command.do](command);
      })
      .on('close', () => process.exit(0)),
};
