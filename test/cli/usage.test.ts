import { parseArgs } from 'node:util';
import { describe, expect, it } from 'vitest';
import { explainOptionError, refuseRepeated } from '../../src/cli/usage.ts';

const options = {
  port: { type: 'string' },
  'key-file': { type: 'string' },
  hub: { type: 'string', multiple: true },
  json: { type: 'boolean' },
} as const;

/** The sentence that a user sees; undefined: the arguments are valid. */
function errorOf(...args: readonly string[]): string | undefined {
  try {
    refuseRepeated(args, options);
    parseArgs({ args: [...args], options });
    return undefined;
  } catch (error) {
    return explainOptionError(error, Object.keys(options));
  }
}

describe('the options of a command', () => {
  it.each([[['--port', '1', '--key-file', 'k', '--json', '--json']], [['--hub', 'a', '--hub', 'b']], [['--port=-1']]])(
    '%j are valid',
    (args) => {
      expect(errorOf(...args)).toBeUndefined();
    },
  );

  it.each([
    [['--prot', '1'], 'Unknown option --prot (did you mean --port?).'],
    [['--colour'], 'Unknown option --colour.'],
    [['--port'], "Option '--port <value>' argument missing."],
    [['--port', '-1'], '--port: expected a value; write one that starts with a dash as --port=VALUE.'],
    [['--port', '1', '--port', '2'], '--port: expected once, got it twice.'],
    [['--key-file', 'a', '--json', '--key-file=b'], '--key-file: expected once, got it twice.'],
    [['--json=true'], "Option '--json' does not take an argument."],
  ])('%j are wrong in one line', (args, sentence) => {
    expect(errorOf(...args)).toBe(sentence);
  });
});
