import type { ProbeState, StatusReport } from '../report/statusReport.ts';
import { html } from './html.ts';
import { overviewLink, type PageContext } from './pageContext.ts';
import { type RenderedPage, renderPage } from './pageShell.ts';
import { stateIcon } from './stateLabel.ts';

export interface Message {
  readonly title: string;
  /** A sentence or two below the title. */
  readonly text?: string;
  readonly state?: ProbeState;
  /** The link below the text; default: the overview. */
  readonly link?: { readonly href: string; readonly words: string };
}

/** A page with one message: the requested item does not exist, or cannot be shown now. */
export function renderMessagePage(
  { title, text, state = 'none', link }: Message,
  { generatedAt, location }: Pick<StatusReport, 'generatedAt' | 'location'>,
  context: PageContext,
): RenderedPage {
  const { href, words } = link ?? { href: overviewLink(context), words: 'All probes' };
  return renderPage({
    found: false,
    title,
    state,
    now: generatedAt,
    location,
    context,
    main: html`<div class="hero ${state}">${stateIcon(state)}<div><h1>${title}</h1>
${text !== undefined && html`<p>${text}</p>`}
<p><a href="${href}">${words}</a></p></div></div>`,
  });
}
