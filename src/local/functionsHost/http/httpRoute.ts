/**
 * Converts ASP.NET Core route templates, as used by `app.http`, to URLPattern:
 * https://learn.microsoft.com/aspnet/core/fundamentals/routing#route-templates
 */
import { HostError } from '../hostError.ts';

export interface RoutePattern {
  /** The parameters of a path that matches, percent-decoded; undefined when it does not match. */
  match(pathname: string): Readonly<Record<string, string>> | undefined;
  /** Sort key that puts more specific templates first: literal, constrained, parameter, catch-all. */
  readonly precedence: string;
}

/** Throws a HostError with the function's name when the template has a feature that this host does not support. */
export function parseRoute(prefix: string, template: string, functionName: string): RoutePattern {
  const segments = [...splitSegments(prefix), ...splitSegments(template)].map((segment) =>
    parseSegment(segment, (problem) => {
      throw new HostError(`The route "${template}" of the function ${functionName} ${problem}.`);
    }),
  );
  const pathname = `/${segments.map(({ pattern }) => pattern).join('/')}`;
  const pattern = new URLPattern({ pathname }, { ignoreCase: true });
  return {
    precedence: segments.map(({ rank }) => rank).join(''),
    match(path) {
      // In ASP.NET Core a trailing slash is optional.
      const groups = pattern.exec({ pathname: path.replace(/(?<=.)\/$/, '') })?.pathname.groups;
      if (groups === undefined) return undefined;
      const given = Object.entries(groups).filter((entry): entry is [string, string] => entry[1] !== undefined);
      return Object.fromEntries(given.map(([name, value]) => [name, decodeValue(value)]));
    },
  };
}

interface Segment {
  readonly pattern: string;
  readonly rank: string;
}

/** Splits at slashes, except inside braces, where a regular expression may contain them. */
function splitSegments(template: string): string[] {
  return template.split(/\/(?![^{]*\})/).filter((segment) => segment !== '');
}

function parseSegment(segment: string, fail: (problem: string) => never): Segment {
  const parts = [...segment.matchAll(/\{((?:[^{}]|\{\d+(?:,\d*)?\})+)\}|([^{}]+)/g)];
  if (parts.map((part) => part[0]).join('') !== segment) fail(`has unbalanced braces in "${segment}"`);
  const parameters = parts.filter((part) => part[1] !== undefined);
  if (parameters.length === 0) return { pattern: escapeLiteral(segment), rank: '1' };
  const patterns = parts.map(([, parameter, literal]) =>
    parameter === undefined ? escapeLiteral(literal ?? '') : parameterPattern(parameter, parts.length === 1, fail),
  );
  if (segment.startsWith('{*')) return { pattern: patterns.join(''), rank: '5' };
  return { pattern: patterns.join(''), rank: parts.length > 1 || segment.includes(':') ? '2' : '3' };
}

/** `{name}`, `{name?}`, `{name:constraint}`, `{*name}` → `:name(regular expression)modifier`. */
function parameterPattern(text: string, isWholeSegment: boolean, fail: (problem: string) => never): string {
  const match = /^(\*{0,2})([A-Za-z_]\w*)((?::[^?]+)?)(\??)$/.exec(text);
  const name = match?.[2];
  if (match === null || name === undefined)
    return fail(`has the parameter {${text}}, which this host does not support`);
  const [catchAll, constraint, optional] = [match[1] !== '', match[3] ?? '', match[4] === '?'];
  if (catchAll) return `:${name}(.*)?`;
  if (optional && !isWholeSegment)
    return fail(`makes {${text}} optional inside a segment, which this host does not support`);
  const expression = constraint === '' ? '' : `(${constraintExpression(constraint.slice(1), fail)})`;
  return `:${name}${expression}${optional ? '?' : ''}`;
}

/** URLPattern compiles them with the flag v, which requires escaping `/` and `-` in a class. */
const constraints: Readonly<Record<string, string>> = {
  int: '[+\\-]?\\d{1,10}',
  long: '[+\\-]?\\d{1,19}',
  bool: 'true|false',
  alpha: '[a-zA-Z]+',
  guid: '\\{?[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}\\}?',
};

function constraintExpression(constraint: string, fail: (problem: string) => never): string {
  const simple = constraints[constraint];
  if (simple !== undefined) return simple;
  const [, kind, argument] = /^(length|minlength|maxlength|regex)\((.+)\)$/.exec(constraint) ?? [];
  switch (kind) {
    case 'length':
      return `[^\\/]{${argument}}`;
    case 'minlength':
      return `[^\\/]{${argument},}`;
    case 'maxlength':
      return `[^\\/]{0,${argument}}`;
    case 'regex':
      return (argument ?? '').replace(/^\^|\$$/g, '');
    default:
      return fail(
        `has the constraint ${constraint}; this host supports ${Object.keys(constraints).join(', ')}, length, minlength, maxlength and regex`,
      );
  }
}

function escapeLiteral(text: string): string {
  return text.replace(/[.+*?^${}()[\]|\\:]/g, '\\$&');
}

/** An encoded slash stays encoded, as in the real host. */
function decodeValue(value: string): string {
  try {
    return value
      .split(/(%2f)/i)
      .map((part) => (/^%2f$/i.test(part) ? part : decodeURIComponent(part)))
      .join('');
  } catch {
    return value;
  }
}
