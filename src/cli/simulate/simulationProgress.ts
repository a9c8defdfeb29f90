import { SingleBar } from 'cli-progress';
import { verdicts } from '../../outcomes/outcome.ts';
import type { SimulationView } from '../../simulations/simulationView.ts';

export interface ProgressDisplay {
  update(view: SimulationView): void;
  end(): void;
}

/** Without a terminal, a line every few seconds is easier to read than a bar that is redrawn. */
const plainLineEveryMs = 2000;

/** Writes to stderr, so that stdout contains only the result. */
export function showProgress(first: SimulationView): ProgressDisplay {
  return process.stderr.isTTY === true ? bar(first) : lines(first);
}

function bar(first: SimulationView): ProgressDisplay {
  const display = new SingleBar({
    format: '{bar} {value}/{total} {words}',
    barsize: 30,
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
    linewrap: false,
  });
  display.start(first.devices, 0, { words: inWords(first) });
  return {
    update: (view) => display.update(view.done, { words: inWords(view) }),
    end: () => display.stop(),
  };
}

function lines(first: SimulationView): ProgressDisplay {
  let loggedAtMs = Date.now();
  console.error(`Simulation ${first.id}: ${first.devices} devices of ${first.probe}`);
  return {
    update(view) {
      if (Date.now() - loggedAtMs < plainLineEveryMs) return;
      loggedAtMs = Date.now();
      console.error(`${view.done}/${view.devices} ${inWords(view)}`);
    },
    end: () => undefined,
  };
}

/** `running, 16.4/s, healthy 320 failing 2, 95 s left, slowed down by 429 to 8.0/s`. */
function inWords({
  state,
  devicesPerSecond = 0,
  verdicts: counts,
  cancelled,
  estimatedSecondsLeft,
  pace,
}: SimulationView): string {
  const seen = verdicts.filter((verdict) => counts[verdict] > 0).map((verdict) => `${verdict} ${counts[verdict]}`);
  return [
    state,
    `${devicesPerSecond.toFixed(1)}/s`,
    [...seen, ...(cancelled > 0 ? [`cancelled ${cancelled}`] : [])].join(' '),
    estimatedSecondsLeft !== undefined && `${estimatedSecondsLeft} s left`,
    pace.ratePerSecond < pace.askedPerSecond && `slowed down by 429 to ${pace.ratePerSecond.toFixed(1)}/s`,
  ]
    .filter((part) => part !== false && part !== '')
    .join(', ');
}
