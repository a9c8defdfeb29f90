import { type Html, html } from '../html.ts';

/** The word by which an outcome's reason marks where the finding ends and what to do begins. */
const nextStep = '. Next: ';

/** Reasons as people read them: what happened in one paragraph, what to do next in another. */
export function reasonParagraphs(reasons: readonly string[]): readonly Html[] {
  return reasons.map((reason) => {
    const at = reason.lastIndexOf(nextStep);
    if (at === -1) return html`<p class="what">${capitalized(reason)}</p>`;
    return html`<p class="what">${capitalized(reason.slice(0, at))}.</p><p class="next"><strong>Next step:</strong> ${capitalized(reason.slice(at + nextStep.length))}</p>`;
  });
}

function capitalized(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
