/**
 * NCRONTAB, the timer trigger's schedule: `{second} {minute} {hour} {day} {month} {day of week}`, always UTC.
 * https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer#ncrontab-expressions croner computes the due times. Its
 * grammar differs from NCrontab's, so a schedule is checked and rewritten first.
 */
import { Cron } from 'croner';
import { HostError } from '../hostError.ts';

export interface Schedule {
  /** The first due time after a time; undefined when there is none (30 February). */
  nextAfter(time: Date): Date | undefined;
  /** More than one due time within a minute: the real host then stores no schedule status. */
  readonly isBelowOneMinute: boolean;
}

interface Field {
  readonly name: string;
  readonly maximum: number;
  readonly names?: readonly string[];
}

const fields: readonly Field[] = [
  { name: 'second', maximum: 59 },
  { name: 'minute', maximum: 59 },
  { name: 'hour', maximum: 23 },
  { name: 'day', maximum: 31 },
  {
    name: 'month',
    maximum: 12,
    names: [
      'january',
      'february',
      'march',
      'april',
      'may',
      'june',
      'july',
      'august',
      'september',
      'october',
      'november',
      'december',
    ],
  },
  {
    name: 'day of week',
    maximum: 6,
    names: ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'],
  },
];

/** The schedule of one function is invalid. */
export class ScheduleError extends HostError {}

/** Throws a ScheduleError with the function, the schedule and the error. Five fields are accepted, with second 0. */
export function parseNcrontab(expression: string, functionName: string): Schedule {
  const invalid = (reason: string, cause?: unknown) =>
    new ScheduleError(
      `The schedule "${expression}" of the function ${functionName} is not valid: ${reason}. Expected six NCRONTAB fields such as "0 */5 * * * *".`,
      { cause },
    );
  const given = expression.trim().split(/\s+/);
  const parts = given.length === 5 ? ['0', ...given] : given;
  if (parts.length !== fields.length) throw invalid(`it has ${given.length} fields`);
  const rewritten = fields.map((field, index) => rewriteField(parts[index] ?? '', field, invalid));
  try {
    // In NCrontab both day and day of week must match; in classic cron, either.
    const cron = new Cron(rewritten.join(' '), { mode: '6-part', utcOffset: 0, domAndDow: true, paused: true });
    return {
      nextAfter: (time) => cron.nextRun(time) ?? undefined,
      isBelowOneMinute: parts.slice(1).every((part) => part === '*') && !/^\d+$/.test(parts[0] ?? ''),
    };
  } catch (cause) {
    throw invalid(cause instanceof Error ? cause.message.replace(/^CronPattern: /, '') : String(cause), cause);
  }
}

function rewriteField(text: string, field: Field, invalid: (reason: string) => HostError): string {
  return text
    .split(',')
    .map((item) => {
      const match = /^(\*|\w+)(?:-(\w+))?(?:\/(\d+))?$/.exec(item);
      if (match === null) throw invalid(`"${text}" is not a ${field.name}`);
      const [, first = '', last, step] = match;
      if (first === '*' && last !== undefined) throw invalid(`"${text}" is not a ${field.name}`);
      const value = (word: string) => (word === '*' ? '*' : String(parseValue(word, field, invalid)));
      const range = last === undefined ? value(first) : `${value(first)}-${value(last)}`;
      if (step === undefined) return range;
      // "5/10" means every 10, starting at 5; croner needs the whole range.
      return first === '*' || last !== undefined ? `${range}/${step}` : `${range}-${field.maximum}/${step}`;
    })
    .join(',');
}

function parseValue(word: string, field: Field, invalid: (reason: string) => HostError): number {
  if (/^\d+$/.test(word)) {
    const value = Number(word);
    if (value > field.maximum)
      throw invalid(`${word} is too large for the ${field.name}, whose maximum is ${field.maximum}`);
    return value;
  }
  const index = field.names?.findIndex((name) => word.length >= 3 && name.startsWith(word.toLowerCase())) ?? -1;
  if (index < 0) throw invalid(`"${word}" is not a ${field.name}`);
  return field.name === 'month' ? index + 1 : index;
}
