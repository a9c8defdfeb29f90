import { html } from './html.ts';
import { publicPage } from './pageContext.ts';
import { type RenderedPage, renderPage } from './pageShell.ts';
import { stateIcon } from './stateLabel.ts';

export interface ConfigurationErrors {
  /** ISO 8601. */
  readonly generatedAt: string;
  /** `path` names the setting or field; `message` states what was expected. */
  readonly errors: readonly { readonly path: string; readonly message: string }[];
}

/** Replaces the overview while the configuration is invalid and so no probe runs. */
export function renderConfigurationErrorPage({ generatedAt, errors }: ConfigurationErrors): RenderedPage {
  const text = errors.length === 1 ? 'The configuration has an error' : `The configuration has ${errors.length} errors`;
  return renderPage({
    title: text,
    state: 'failing',
    now: generatedAt,
    location: '',
    context: publicPage,
    main: html`<div class="hero failing">${stateIcon('failing')}<div><h1>${text}, so no probe runs</h1>
<p class="next"><strong>Next step:</strong> Fix the settings listed below. <code>npm run validate</code> checks them the same way.</p></div></div>
<section aria-labelledby="errors"><h2 id="errors">Errors</h2>
<dl class="facts">${errors.map(({ path, message }) => html`<div><dt><code>${path}</code></dt><dd>${message}</dd></div>`)}</dl></section>`,
  });
}
