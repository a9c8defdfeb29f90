import type { StatusReport } from '../../src/status/report/statusReport.ts';
import { buildReport } from './buildReport.ts';
import { sampleReports } from './sampleReports.ts';

/** Text that breaks out of text, of an attribute in either quotes, of a comment, a style sheet and a URL. */
export const hostileText = `-->'"></title></style><script>window.evil=1</script><img src=x onerror="window.evil=1" evil>&lt;javascript:evil\u202e`;

/** Values that only the code sets, so nothing from outside can be in them. */
const ownWords = ['kind', 'state', 'verdict', 'phase', 'cause', 'direction'];

/** A complete report in which every string from outside is replaced, including times. */
export const hostileReport = replaceStrings(
  buildReport({
    ...sampleReports['several failing'],
    timers: sampleReports['timers silent'].timers,
    webhook: sampleReports['webhook failing'].webhook,
    probes: [...sampleReports['several failing'].probes, ...sampleReports.missed.probes],
  }),
) as StatusReport;

function replaceStrings(value: unknown, name = ''): unknown {
  if (typeof value === 'string') return ownWords.includes(name) ? value : hostileText;
  if (Array.isArray(value)) return value.map((item) => replaceStrings(item, name));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaceStrings(item, key)]));
}
