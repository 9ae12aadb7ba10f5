// JSON lines between a list of steps and a peer on node.
'use strict';

const readline = require('node:readline');

module.exports = {
  print: (on, fields) => console.log(JSON.stringify({ on, ...fields })),
  // Calls what the command's `do` names, and `leave` when there are no more.
  obey: (commands, leave = () => process.exit(0)) =>
    readline
      .createInterface({ input: process.stdin })
      .on('line', (line) => {
        const command = JSON.parse(line);
        commands[command.do](command);
      })
      .on('close', leave),
};
