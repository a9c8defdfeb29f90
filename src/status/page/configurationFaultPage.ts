import { html } from './html.ts';
import type { PageResponse } from './pageResponse.ts';
import { renderPage } from './pageShell.ts';
import { stateIcon } from './stateIcon.ts';

export interface ConfigurationFaults {
  /** ISO 8601. */
  readonly generatedAt: string;
  readonly location: string;
  /** `path` names the setting or field; `message` says what was expected there. */
  readonly faults: readonly { readonly path: string; readonly message: string }[];
}

/** In place of the overview while the configuration is not valid: nothing runs, and this is all that there is to mend. */
export function renderConfigurationFaultPage({ generatedAt, location, faults }: ConfigurationFaults): PageResponse {
  const text = faults.length === 1 ? 'The configuration has a fault' : `The configuration has ${faults.length} faults`;
  return renderPage({
    status: 503,
    title: text,
    state: 'failing',
    now: generatedAt,
    location,
    query: {},
    main: html`<div class="hero failing">${stateIcon('failing')}<div><h1>${text}, so no probe runs</h1>
<p class="next"><strong>Next step:</strong> Mend what is listed in the app’s settings. <code>npm run validate</code> reads them as the app would.</p></div></div>
<section aria-labelledby="faults"><h2 id="faults">Faults</h2>
<dl class="facts">${faults.map(({ path, message }) => html`<div><dt><code>${path}</code></dt><dd>${message}</dd></div>`)}</dl></section>`,
  });
}
